#!/usr/bin/env bash
# Runs the tests of build/release several times without a second attempt, and prints which of them
# failed in some runs (flaky) or in all, and the slowest.
#
#   tests/tools/repeat.sh 5                    five runs
#   tests/tools/repeat.sh 3 --busy 2           three runs beside two busy loops
#   tests/tools/repeat.sh 3 -L integration     further words go to ctest
#   taskset -c 0 tests/tools/repeat.sh 1       one run on one core
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=${1:?how many runs}
shift
busy=0
if [ "${1:-}" = --busy ]; then
  busy=${2:?how many busy loops}
  shift 2
fi

folder=build/repeat
rm -rf "$folder"
mkdir -p "$folder"
loops=()
stop_loops() { for loop in "${loops[@]}"; do kill "$loop" 2> /dev/null || true; done; }
trap stop_loops EXIT
for ((i = 0; i < busy; i++)); do
  (while :; do :; done) &
  loops+=($!)
done

for ((run = 1; run <= runs; run++)); do
  began=$SECONDS
  ctest --preset release "$@" > "$folder/$run.log" 2>&1 || true
  echo "run $run: $((SECONDS - began)) s, $(grep -E '^[0-9]+% tests passed' "$folder/$run.log" ||
    echo 'ctest did not finish')"
done
python3 -B tests/tools/repeated.py "$folder"/*.log
