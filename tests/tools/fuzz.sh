#!/bin/bash
# Runs fuzz targets for so many executions each, in portions, so that an interrupted run counts:
#   cmake --preset fuzz && cmake --build --preset fuzz
#   tests/tools/fuzz.sh all 10000000      # or: tests/tools/fuzz.sh "settings receipt" 1000000
# What targets have come upon grows in $MAITRED_FUZZ_CORPUS (default /dev/shm/maitred-fuzz); inputs
# that are findings go to build/fuzz/findings, and the command ends with 1. $MAITRED_FUZZ_BIN is
# where the programs are (default build/fuzz/bin).
set -euo pipefail

here=$(cd "$(dirname "$0")/../.." && pwd)
bin=${MAITRED_FUZZ_BIN:-$here/build/fuzz/bin}
grown=${MAITRED_FUZZ_CORPUS:-/dev/shm/maitred-fuzz}
findings=$here/build/fuzz/findings
portion=1000000

# Bytes: as long as what the format needs to reach every branch. The quickest targets first.
declare -A longest=([eye_message]=2304 [ir]=4096 [control_line]=512 [manifest]=2048 [receipt]=512
  [settings]=2048 [onnx]=1024 [staff_line]=768 [backup_head]=1024 [sealed_row]=768 [import]=768
  [dlib_resnet]=1024 [unfinished_backup]=256)
order="eye_message unfinished_backup ir control_line manifest receipt settings onnx staff_line \
backup_head sealed_row dlib_resnet import"

if [ $# -ne 2 ] || ! [[ $2 =~ ^[0-9]+$ ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
targets=$1
[ "$targets" != all ] || targets=$order
wanted=$2

# Without what only makes reports of findings longer; a finding is run again with all of it.
export ASAN_OPTIONS=malloc_context_size=0:detect_stack_use_after_return=0:quarantine_size_mb=4
failed=0
for target in $targets; do
  program=$bin/fuzz_$target
  if [ -z "${longest[$target]:-}" ] || [ ! -x "$program" ]; then
    echo "there is no $program: see tests/fuzz, and build it with cmake --build --preset fuzz" >&2
    exit 2
  fi
  mkdir -p "$grown/$target" "$findings"
  log=$grown/$target.log
  done_runs=0
  SECONDS=0
  while [ "$done_runs" -lt "$wanted" ]; do
    runs=$((wanted - done_runs < portion ? wanted - done_runs : portion))
    if ! "$program" -runs="$runs" -max_len="${longest[$target]}" -entropic=0 -detect_leaks=0 \
      -reload=0 -timeout=120 -rss_limit_mb=3000 -verbosity=0 -print_funcs=0 -print_final_stats=1 \
      -artifact_prefix="$findings/$target-" \
      "$grown/$target" "$here/tests/fuzz/corpus/$target" >"$log" 2>&1; then
      echo "$target: a finding after $done_runs executions; see $log and $findings" >&2
      tail -n 20 "$log" >&2
      failed=1
      break
    fi
    done_runs=$((done_runs + runs))
    echo "$(date -u +%FT%H:%MZ) $target: $done_runs of $wanted executions without a finding," \
      "$(find "$grown/$target" -type f | wc -l) inputs, $SECONDS s"
  done
done
exit $failed
