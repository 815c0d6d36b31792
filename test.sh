#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test; the last line is ctest's.
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
failed=build/release/Testing/Temporary/LastTestsFailed.log
rm -f "$failed"
status=0
ctest --preset release "$@" || status=$?
if [ "$status" -eq 0 ] || [ ! -s "$failed" ]; then exit "$status"; fi
heading "Once more what failed: a busy machine can be too slow for a test of time"
exec ctest --preset release --rerun-failed
