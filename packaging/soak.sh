#!/usr/bin/env bash
# The longer runs, after `make test`: every fuzz target in the tree for the given
# time (20s where none is given), 200 kills of the controller under load, the
# incident engine on drawn evidence: every scenario with five seeds, other sizes and
# losses, and 30 ordinary days of 130 sites (half an hour), and whole agents: 120 cuts
# and 120 crashes at each of three losses, and an ordinary day of six sites.
#
#   packaging/soak.sh 5m
set -eu -o pipefail
cd "$(dirname "$0")/.."

fuzz_for=${1:-20s}
go=${GO:-go}
failed=()

targets=$(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' agent controller dashboards inventory mesh | sed 's|/[^/]*:func |  |' | sort -u)
echo "soak: $(wc -l <<<"$targets") fuzz targets, $fuzz_for each, then 200 kills"
while read -r folder target; do
	echo "soak: $folder $target"
	"$go" test "./$folder" -run '^$' -fuzz "^$target\$" -fuzztime "$fuzz_for" -fuzzminimizetime 20x </dev/null || failed+=("$folder $target")
done <<<"$targets"

echo "soak: 200 kills of the controller under load"
"$go" test ./controller/intake -run Killed -kills 200 -timeout 60m -v || failed+=("controller/intake, 200 kills")

echo "soak: the incident engine: five seeds, sizes and losses"
"$go" test ./controller/incident -run 'EveryScenario|OtherSizes' -scenario-seeds 5 -matrix-seeds 2 -timeout 60m -v || failed+=("controller/incident, scenarios")
echo "soak: the incident engine: 30 ordinary days of 130 sites"
GOGC=400 "$go" test ./controller/incident -run OrdinaryCounty -county-sites 130 -county-days 30 -timeout 4h -v || failed+=("controller/incident, 30 days")

echo "soak: whole agents: cuts and crashes at 0, 5 and 20 % loss"
GOGC=400 "$go" test ./controller/fleettest -run DeadLinksAndCrashes -timeout 4h -v -args -trials 120 || failed+=("controller/fleettest, trials")
echo "soak: whole agents: an ordinary day of six sites"
GOGC=400 "$go" test ./controller/fleettest -run OrdinaryDay -timeout 4h -v -args -day-hours 24 || failed+=("controller/fleettest, a day")

if ((${#failed[@]})); then
	printf 'soak: failed: %s\n' "${failed[@]}"
	exit 1
fi
echo "soak: nothing failed"
