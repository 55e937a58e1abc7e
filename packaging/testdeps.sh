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
command -v nft >/dev/null || missing+=(nftables)             # loss and black holes inside them
command -v curl >/dev/null || missing+=(curl)                # asks the programs inside them
command -v promtool >/dev/null || missing+=(prometheus)      # reads our series, and takes them by remote write
command -v prometheus-alertmanager >/dev/null || missing+=(prometheus-alertmanager)
command -v prometheus-blackbox-exporter >/dev/null || missing+=(prometheus-blackbox-exporter)
command -v systemd-analyze >/dev/null || missing+=(systemd)  # checks the units; nothing of it is started
command -v dbus-daemon >/dev/null || missing+=(dbus-daemon)  # a bus of the tests' own for logind's signals

if [ ${#missing[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || fail "missing: ${missing[*]} (Debian's names); install them and run again"
	echo "test-deps: installing ${missing[*]} with apt-get"
	apt-get update -qq
	# No cluster of its own: the tests start their own PostgreSQL in a temporary folder.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] ||
		echo 'create_main_cluster = false' | tee /etc/postgresql-common/createcluster.conf >/dev/null
	# The tests start what they need by themselves: no service begins with its package.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
# elogind is unpacked and not installed: installed it would replace the machine's
# own logind. The tests run it in namespaces.
elogind=.tools/elogind
if ! compgen -G "$elogind/*/elogind/elogind" >/dev/null && ! compgen -G "$elogind/usr/*/elogind/elogind" >/dev/null; then
	command -v apt-get >/dev/null || fail "elogind is missing: unpack Debian's elogind and libelogind0 into $elogind and run again"
	echo "test-deps: unpacking elogind into $elogind"
	rm -rf "$elogind.new" "$elogind"
	mkdir -p "$elogind.new"
	[ -n "$(apt-cache policy elogind 2>/dev/null)" ] || apt-get update -qq
	(cd "$elogind.new" && apt-get download -qq elogind libelogind0 >/dev/null 2>&1) ||
		fail "cannot download elogind and libelogind0 with apt-get"
	for package in "$elogind.new"/*.deb; do dpkg -x "$package" "$elogind.new"; done
	rm -f "$elogind.new"/*.deb
	mv "$elogind.new" "$elogind"
fi
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || fail "PostgreSQL's server programs are still missing under /usr/lib/postgresql"
if ! unshare --net --time true 2>/dev/null; then
	echo "test-deps: this system allows no namespaces of network and time: what is played on real links will NOT be played" >&2
fi
echo "test-deps: Go $(go env GOVERSION), PostgreSQL $(ls /usr/lib/postgresql | sort -n | tail -1), $(ip -V | awk '{print $3}')"
