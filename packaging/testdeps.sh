#!/usr/bin/env bash
# Installs what the tests need on Debian or Ubuntu and says so; elsewhere says
# what is missing and stops. Nothing is skipped in silence.
set -eu

fail() { echo "test-deps: $1" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "the tests build network namespaces, so they need root: run sudo make test"
command -v go >/dev/null || fail "Go is missing: install Go $(awk '/^go /{print $2}' go.mod) or newer from https://go.dev/dl/"
command -v gcc >/dev/null || need_gcc=gcc

missing=()
[ -z "${need_gcc:-}" ] || missing+=(gcc libc6-dev)          # the race detector
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v ip >/dev/null || missing+=(iproute2)              # network namespaces
command -v curl >/dev/null || missing+=(curl)                # asks the programs inside them

if [ ${#missing[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || fail "missing: ${missing[*]} (Debian's names); install them and run again"
	echo "test-deps: installing ${missing[*]} with apt-get"
	apt-get update -qq
	# No cluster of its own: the tests start their own PostgreSQL in a temporary folder.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] ||
		echo 'create_main_cluster = false' | tee /etc/postgresql-common/createcluster.conf >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || fail "PostgreSQL's server programs are still missing under /usr/lib/postgresql"
echo "test-deps: Go $(go env GOVERSION), PostgreSQL $(ls /usr/lib/postgresql | sort -n | tail -1), $(ip -V | awk '{print $3}')"
