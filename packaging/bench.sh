#!/usr/bin/env bash
# Measures the figures of docs/benchmarks.md on this machine and prints them
# beside their budgets. It runs about a quarter of an hour and wants the machine
# to itself; root, or namespaces for unprivileged users, for the site of fifteen.
# MUSTER_BENCH_FOR=10m watches the agents longer; MUSTER_BENCH_QUICK=1 leaves the cuts
# beside Prometheus out.
set -u
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
demo=""
trap '[ -z "$demo" ] || kill "$demo" 2>/dev/null; rm -rf "$tmp"' EXIT

printf '%-58s %14s %14s  %s\n' figure budget measured verdict
row() { # what, budget, measured, "<=" or ">=" or "" where there is no budget
	local verdict=""
	case "$4" in
	"<=") verdict=$(awk -v a="$3" -v b="$2" 'BEGIN{print (a=="" ? "not measured" : a+0<=b+0 ? "within" : "OVER")}') ;;
	">=") verdict=$(awk -v a="$3" -v b="$2" 'BEGIN{print (a=="" ? "not measured" : a+0>=b+0 ? "within" : "UNDER")}') ;;
	esac
	printf '%-58s %14s %14s  %s\n' "$1" "${4}${2}" "${3:-–}" "$verdict"
}
# metric NAME FILE [BENCHMARK]: the value that a Go benchmark reported under NAME;
# of the one whose name holds BENCHMARK where a file has several.
metric() { awk -v n="$1" -v b="${3:-}" 'b=="" || index($1,b) {for(i=2;i<=NF;i++) if($i==n) v=$(i-1)} END{print v}' "$2"; }
# bench PACKAGE PATTERN FILE ARGS…: one Go benchmark; what it says goes to FILE.
bench() {
	local pkg=$1 pattern=$2 out=$3
	shift 3
	go test "$pkg" -run '^$' -bench "$pattern" -timeout 60m "$@" >"$out" 2>&1 || { echo "bench: $pkg $pattern failed:"; tail -20 "$out"; }
}

row "agent: stripped binary, MB" 12 "$(awk -v b="$(stat -c %s bin/muster-agent)" 'BEGIN{printf "%.1f", b/1e6}')" "<="

bench ./controller/fleettest 'Inventory$' "$tmp/inventory" -benchtime 20x
row "agent: one whole inventory, CPU s" 0.3 "$(metric cpu-s/op "$tmp/inventory")" "<="

if command -v prometheus-node-exporter >/dev/null; then
	bench ./controller/fleettest 'SiteOfFifteen$' "$tmp/fifteen" -benchtime 1x
	row "agent: RSS in a pool of 15, median of 15, MiB" 15 "$(metric agent-rss-MiB "$tmp/fifteen")" "<="
	row "agent: RSS in a pool of 15, worst of 15, MiB" 15 "$(metric agent-rss-MiB-worst "$tmp/fifteen")" "<="
	row "  beside it: prometheus-node-exporter, RSS, MiB" "" "$(metric exporter-rss-MiB "$tmp/fifteen")" ""
	row "agent: CPU at rest, median of 15, s/h" 2.5 "$(metric agent-cpu-s/h "$tmp/fifteen")" "<="
	row "agent: CPU at rest, worst of 15, s/h" 2.5 "$(metric agent-cpu-s/h-worst "$tmp/fifteen")" "<="
	row "  beside it: prometheus-node-exporter, scraped each minute" "" "$(metric exporter-cpu-s/h "$tmp/fifteen")" ""
	row "agent: CPU of its start and first minute, s" "" "$(metric agent-first-minute-cpu-s "$tmp/fifteen")" ""
	row "site of 15: bytes over its link, both ways, MB/day" 27 "$(metric link-MB/day "$tmp/fifteen")" "<="
else
	echo "not measured: a site of fifteen; install prometheus-node-exporter to compare with: apt-get install prometheus-node-exporter"
fi

bench ./controller/fleettest 'Relay$' "$tmp/relay" -benchtime 10x
row "dropped path: next report by a neighbour, median of 10, s" 30 "$(metric median-s "$tmp/relay")" "<="
row "dropped path: next report by a neighbour, worst of 10, s" 30 "$(metric worst-s "$tmp/relay")" "<="

if [ "${MUSTER_BENCH_QUICK:-}" = 1 ]; then
	echo "not measured: the cuts beside Prometheus take as long again (MUSTER_BENCH_QUICK=1)"
elif command -v prometheus >/dev/null && command -v prometheus-alertmanager >/dev/null && command -v prometheus-blackbox-exporter >/dev/null; then
	bench ./controller/fleettest 'SideBySide$' "$tmp/beside" -benchtime 1x
	row "cut link: detected, worst of 3, s" 5 "$(metric muster-detected-worst-s "$tmp/beside")" "<="
	row "cut link: named, worst of 3, s" 15 "$(metric muster-named-worst-s "$tmp/beside")" "<="
	row "cut link: somebody notified, worst of 3, s" 40 "$(metric muster-notified-worst-s "$tmp/beside")" "<="
	for every in 15 60; do
		row "  beside it: prometheus every $every s: detected, median, s" "" "$(metric prometheus$every-detected-s "$tmp/beside")" ""
		row "  beside it: prometheus every $every s: firing, median, s" "" "$(metric prometheus$every-named-s "$tmp/beside")" ""
		row "  beside it: prometheus every $every s: notified, median, s" "" "$(metric prometheus$every-notified-s "$tmp/beside")" ""
	done
else
	echo "not measured: Prometheus beside it; install it with: apt-get install prometheus prometheus-alertmanager prometheus-blackbox-exporter"
fi

bench ./controller/intake 'IntakeReports' "$tmp/intake" -benchtime 15000x
row "intake on SQLite, reports/s" 5000 "$(metric reports/s "$tmp/intake" as-fast)" ">="
row "intake at 2,500/s, p99 acknowledgement, ms" 100 "$(metric p99-ms "$tmp/intake" paced)" "<="

bench ./controller/readiness 'County$|Nation$|OneReport$' "$tmp/gates" -cpu 1 -benchtime 3x
row "every gate, 130 sites, 2,000 positions, processor ms" 50 "$(metric cpu-ms/op "$tmp/gates" County)" "<="
row "every gate, 6,500 sites, 100,000 positions, processor ms" 3000 "$(metric cpu-ms/op "$tmp/gates" Nation)" "<="
row "gates of a site after one report, processor ms" 1 "$(metric cpu-ms/op "$tmp/gates" OneReport)" "<="

if go test ./controller/intake -run Killed -count 1 -v -kills 200 >"$tmp/kills" 2>&1; then
	row "200 kill -9 under load: reports lost or counted twice" 0 0 "<="
	grep -ho '200 kills: .*' "$tmp/kills" | sed 's/^/  /'
else
	row "200 kill -9 under load: reports lost or counted twice" 0 "" "<="
	tail -5 "$tmp/kills"
fi

# The demo, as a process.
port=$((20000 + RANDOM % 20000))
bin/muster demo --listen 127.0.0.1:$port --data "$tmp/demo" --for 120s >"$tmp/demo.out" 2>&1 &
demo=$!
for _ in $(seq 1 90); do
	grep -q '^Awake' "$tmp/demo.out" && break
	kill -0 $demo 2>/dev/null || break
	sleep 1
done
present=$(sed -n 's/^Awake.*after \([0-9]*\) s.*/\1/p' "$tmp/demo.out")
sleep 20
ticks() { awk '{print $14+$15}' /proc/$demo/stat; }
before=$(ticks)
sleep 30
after=$(ticks)
row "demo: 1,950 of 1,950 present, s" 60 "$present" "<="
row "demo: RSS, MiB" 1536 "$(awk '/VmRSS/{print int($2/1024)}' /proc/$demo/status)" "<="
row "demo: steady CPU, cores" 1 "$(awk -v a="$after" -v b="$before" -v hz="$(getconf CLK_TCK)" 'BEGIN{printf "%.2f", (a-b)/hz/30}')" "<="
kill -INT $demo
stopping=$(date +%s%N)
wait $demo
demo=""
row "demo: interrupt to the end, s" 5 "$(awk -v a="$stopping" -v b="$(date +%s%N)" 'BEGIN{printf "%.1f", (b-a)/1e9}')" "<="
echo "load average at the end: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $(awk -F': ' '/model name/{print $2; exit}' /proc/cpuinfo)"
