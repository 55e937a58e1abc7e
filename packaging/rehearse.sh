#!/bin/bash
# Plays rehearsals: `make rehearse FILES=… [JSON=1] [SEED=n,…] [SIZE=n,…]`. Files may
# lie anywhere. What is said on the way goes to standard error; the table, or with
# JSON=1 one object a run, or with REPORT=1 the score in Markdown, to standard output.
# SHEETS=… prints objects of JSON=1 again instead. Exit 1 when a file falls short.
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
sheets=()
for file in ${SHEETS:-}; do
  case $file in
    /*) ;;
    *) file=$PWD/$file ;;
  esac
  sheets+=("$file")
done
((${#files[@]} + ${#sheets[@]})) || { echo "rehearse: name one file at least: make rehearse FILES=configs/rehearsals/20-clean-cut.yaml" >&2; exit 2; }

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
how=(-sheets="$(IFS=:; echo "${sheets[*]}")")
[[ -n ${JSON:-} && ${JSON:-} != 0 ]] && how+=(-json)
[[ -n ${REPORT:-} && ${REPORT:-} != 0 ]] && how+=(-report)
[[ -n ${FORCE:-} && ${FORCE:-} != 0 ]] && how+=(-force)
(cd controller/fleettest && "$work/rehearse" -test.run '^TestRehearse$' -test.timeout 24h -test.parallel "${PARALLEL:-2}" \
  -files="$list" -out="$out" -seed="${SEED:-0}" -size="${SIZE:-0}" -dump="${DUMP:-}" "${how[@]}") >"$work/said" || status=1
if ((status)) && [[ ! -s $out ]]; then
  cat "$work/said" >&2
fi
cat "$out"
exit $status
