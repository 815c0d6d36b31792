#!/usr/bin/env bash
# clang-tidy over modules, from the compile commands alone: nothing is built. Needs Debian's clang-tidy.
#
#   tests/tools/tidy.sh                 every module
#   tests/tools/tidy.sh base shop/consent   these folders of src
#   tests/tools/tidy.sh --since main    what differs from this commit
set -euo pipefail
cd "$(dirname "$0")/../.."

files=()
if [ "${1:-}" = --since ]; then
  mapfile -t files < <(git diff --name-only --diff-filter=d "${2:?commit}" -- 'src/*.cpp')
else
  for module in "${@:-}"; do
    [ -d "src/$module" ] || { echo "there is no src/$module" >&2; exit 2; }
    mapfile -t -O "${#files[@]}" files < <(find "src/$module" -name '*.cpp' | sort)
  done
fi
if [ ${#files[@]} -eq 0 ]; then
  echo "Nothing to look at."
  exit 0
fi
cmake --preset tidy > /dev/null
failed=0
printf '%s\0' "${files[@]}" |
  xargs -0 -n 1 -P "${JOBS:-2}" clang-tidy -p build/tidy --quiet 2> /dev/null || failed=1
echo "clang-tidy: ${#files[@]} files, $([ $failed -eq 0 ] && echo no finding || echo see above)"
exit "$failed"
