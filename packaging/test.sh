#!/usr/bin/env bash
# Runs every test under the race detector, and then some scenarios of the live county
# by themselves: these are real processes on real links, which have deadlines of
# their own and want the cores. It ends with a list of what was not played, and why:
# go test alone keeps that to itself.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
live=ScenariosInNamespaces

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$go" build -o "$work/played" ./packaging/played

tests() {
	local failed=0
	echo "test: every package under the race detector, real databases and network namespaces included"
	"$go" test -json -race -timeout 40m -skip "$live" ./... || failed=1
	echo "test: the live county by itself: real processes on real links in network namespaces, four minutes"
	"$go" test -json -race -timeout 15m -run "$live" ./controller/fleettest -args -quick || failed=1
	return $failed
}
tests | "$work/played"
