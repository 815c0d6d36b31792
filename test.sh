#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test. A test that fails is tried once
# more; one that passes then is printed as "flaky: NAME" and listed in build/flaky.txt. The last line
# is ctest's verdict on all tests, the second attempts included.
#
#   ./test.sh              all tests
#   ./test.sh -L unit      what ctest takes: only the unit tests
#
# Tests with real photos and videos find them by $MAITRED_SHARED (a folder) and are skipped where
# it is absent.
set -euo pipefail
cd "$(dirname "$0")"

heading() { printf '\n==> %s\n' "$*"; }

heading "Packages"
.ci/install.sh test
heading "Building (the first time takes some minutes)"
mkdir -p build
cmake --preset release > build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
cmake --build --preset release
heading "Testing"
logs=build/release/Testing/Temporary
failed=$logs/LastTestsFailed.log
flaky=build/flaky.txt
first=build/tests-first.log
: > "$flaky"
rm -f "$failed"
status=0
ctest --preset release "$@" 2>&1 | tee "$first" || status=$?
verdict=$(grep -E '^[0-9]+% tests passed' "$first" || true)
if [ "$status" -ne 0 ] && [ -s "$failed" ]; then
  # "12:s09_rules"
  mapfile -t tried_again < <(cut -d: -f2 "$failed" | sort)
  heading "Second attempt: ${tried_again[*]}"
  status=0
  ctest --preset release --rerun-failed || status=$?
  # ctest leaves the old list where nothing fails any more.
  [ "$status" -ne 0 ] || : > "$failed"
  comm -23 <(printf '%s\n' "${tried_again[@]}") <(cut -d: -f2 "$failed" | sort) > "$flaky"
  total=${verdict##* }
  still=$(wc -l < "$failed")
  verdict="$(((total - still) * 100 / total))% tests passed, $still tests failed out of $total"
fi
echo
sed 's/^/flaky: /' "$flaky"
echo "$verdict"
exit "$status"
