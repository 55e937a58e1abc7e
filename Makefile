# Everything a person does with this repository. `make` lists it.
SHELL        := /bin/bash
.SHELLFLAGS  := -eu -o pipefail -c
GO           ?= go
VERSION      ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS      := -s -w -X main.version=$(VERSION)
GOLANGCI     := v2.15.0
TOOLS        := $(CURDIR)/.tools
FILES        ?= configs/rehearsals/*.yaml
JSON         ?=
SEED         ?= 0
DEMO         ?=
SCENARIOS    ?=
FUZZ_FOR     ?= 20s

.DEFAULT_GOAL := help
.PHONY: help demo test test-deps lint build bench rehearse live fmt soak fuzz clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## build and run a whole county on this machine (DEMO='--sites 20 --workstations 200' for a smaller one)
	@bin/muster demo $(DEMO)

test: test-deps ## install what the tests need (as root, on Debian), then lint and run all of them
	@$(MAKE) --no-print-directory lint
	@GO='$(GO)' packaging/test.sh

test-deps:
	@packaging/testdeps.sh

lint: $(TOOLS)/golangci-lint-$(GOLANGCI) ## hold the code against .golangci.yml, the walls between the rooms included
	@$(TOOLS)/golangci-lint-$(GOLANGCI) run ./...

$(TOOLS)/golangci-lint-$(GOLANGCI):
	@mkdir -p $(TOOLS)
	@echo "lint: building golangci-lint $(GOLANGCI) once, a few minutes"
	@GOBIN=$(TOOLS) GOFLAGS=-mod=mod $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv $(TOOLS)/golangci-lint $@

build: ## build bin/muster and bin/muster-agent
	@echo "build: bin/muster and bin/muster-agent (the first time takes a few minutes)"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/muster-agent ./agent
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/muster ./controller

bench: build ## measure the figures of docs/benchmarks.md and print them beside their budgets
	@packaging/bench.sh

rehearse: ## play rehearsals with real agents in a test bubble (FILES=..., JSON=1, SEED=1,2, SIZE=6,60, REPORT=1)
	@GO='$(GO)' JSON='$(JSON)' SEED='$(SEED)' SIZE='$(SIZE)' FORCE='$(FORCE)' REPORT='$(REPORT)' SHEETS='$(SHEETS)' packaging/rehearse.sh $(FILES)

live: build test-deps ## play every scenario of the live county: real processes on real links in namespaces, as root
	@MUSTER_LAB_PROGRAMS='$(CURDIR)/bin' $(GO) test ./controller/fleettest -count 1 -run ScenariosInNamespaces -v -timeout 40m -args -live -scenarios='$(SCENARIOS)'

fmt: $(TOOLS)/golangci-lint-$(GOLANGCI) ## format the code
	@$(TOOLS)/golangci-lint-$(GOLANGCI) fmt ./...

soak: ## the longer runs: every fuzz target for FUZZ_FOR each, 200 kills of the controller, 30 days of the incident engine, trials and a day of whole agents
	@packaging/soak.sh $(FUZZ_FOR)

clean: ## remove what was built
	@rm -rf bin .tools
