#!/usr/bin/env bash
# Checks that the C and C++ files are formatted as .clang-format says. Another version of
# clang-format formats differently, so the version is fixed: that of Debian 12.
#
#   tests/tools/format.sh          prints the files that differ; exit status 1 if there are any
#   tests/tools/format.sh --fix    rewrites them
set -euo pipefail
cd "$(dirname "$0")/../.."

version=14
program=
for candidate in "clang-format-$version" clang-format; do
  if "$candidate" --version 2> /dev/null | grep -q "version $version\."; then
    program=$candidate
    break
  fi
done
if [ -z "$program" ]; then
  echo "clang-format $version is not installed; run .ci/install.sh test" >&2
  exit 3
fi

mapfile -t files < <(find include src tests models \
  \( -name '*.cpp' -o -name '*.h' -o -name '*.c' -o -name '*.inc' \) -print | sort)
if [ "${1:-}" = --fix ]; then
  exec "$program" -i "${files[@]}"
fi
differing=0
for file in "${files[@]}"; do
  if ! "$program" "$file" | cmp -s - "$file"; then
    echo "$file"
    differing=$((differing + 1))
  fi
done
echo "clang-format: $differing of ${#files[@]} files differ"
if [ "$differing" -gt 0 ]; then
  echo "Run tests/tools/format.sh --fix" >&2
  exit 1
fi
