#!/bin/bash
# Plays rehearsals: `make rehearse FILES=… [JSON=1] [SEED=n]`. Files may lie
# anywhere. What is said on the way goes to standard error; the table, or with
# JSON=1 one object a file, to standard output. Exit 1 when a file falls short.
set -euo pipefail
cd "$(dirname "$0")/.."

files=()
for file in "$@"; do
  case $file in
    /*) ;;
    *) file=$PWD/$file ;;
  esac
  [[ -e $file ]] || { echo "rehearse: there is no file $file" >&2; exit 2; }
  files+=("$file")
done
((${#files[@]})) || { echo "rehearse: name one file at least: make rehearse FILES=configs/rehearsals/20-clean-cut.yaml" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "rehearse: building (a few seconds, the first time minutes)" >&2
"${GO:-go}" test -c -o "$work/rehearse" ./controller/fleettest >&2

# The stage writes a database and some thousand small files: memory bears that better.
if [[ -z ${TMPDIR:-} && -d /dev/shm && -w /dev/shm ]]; then
  export TMPDIR=/dev/shm
fi
export GOGC=${GOGC:-400} # a stage lives for seconds and its memory is small
out=$work/out
: >"$out"
list=$(IFS=:; echo "${files[*]}")
status=0
json=()
[[ -n ${JSON:-} && ${JSON:-} != 0 ]] && json=(-json)
(cd controller/fleettest && "$work/rehearse" -test.run '^TestRehearse$' -test.timeout 24h -test.parallel "${PARALLEL:-2}" \
  -files="$list" -out="$out" -seed="${SEED:-0}" -dump="${DUMP:-}" "${json[@]}") >"$work/said" || status=1
if ((status)) && [[ ! -s $out ]]; then
  cat "$work/said" >&2
fi
cat "$out"
exit $status
