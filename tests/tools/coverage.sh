#!/usr/bin/env bash
# Which lines and branches the tests reach. Needs Debian's gcovr, clang and llvm.
#
#   tests/tools/coverage.sh                 all tests
#   tests/tools/coverage.sh -R unit_visits  these tests only, as ctest chooses them
#
# Lines are those of everything, by the unit programs and the scenarios of the real programs (a
# program that is killed writes no counts). Branches are those written in the code that decides,
# seals and parses, by its unit programs, as clang counts them: without those of exceptions.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset coverage > /dev/null
cmake --build --preset coverage
find build/coverage -name '*.gcda' -delete
failed=0
ctest --preset coverage "$@" || failed=$?
gcovr --root . --object-directory build/coverage --filter src/ --filter include/ -j 2 \
  --json-summary build/coverage/summary.json build/coverage > /dev/null

cmake --preset branches > /dev/null
cmake --build --preset branches
profiles=build/branches/profiles
rm -rf "$profiles"
objects=()
for module in consent visits matching store wire; do
  LLVM_PROFILE_FILE="$profiles/$module.profraw" "build/branches/bin/unit_$module" \
    --gtest_brief=1 || failed=$?
  objects+=(-object "build/branches/bin/unit_$module")
done
llvm-profdata merge -o "$profiles/all" "$profiles"/*.profraw
llvm-cov export "${objects[@]:1}" -instr-profile "$profiles/all" > build/branches/branches.json

python3 -B tests/tools/coverage_table.py build/coverage/summary.json build/branches/branches.json
if [ "$failed" -ne 0 ]; then
  echo "Some tests failed: the figures are of what ran." >&2
fi
exit "$failed"
