#!/usr/bin/env python3
"""Checks the names of the scenarios: each number belongs to one scenario, and every scenario that
the README, the configuration of the tests or .ci/run names exists.

    scenario_names.py [ROOT]
"""

import collections
import pathlib
import re
import sys

NAMED_IN = ("README.md", "tests/README.md", ".ci/run", "CMakePresets.json", "tests/integration/CMakeLists.txt")
NAME = re.compile(r"\bs\d\d_[a-z_]+[a-z]\b")


def problems(root):
    scenarios = sorted(path.stem for path in (root / "tests/integration").glob("s[0-9]*.py"))
    by_number = collections.defaultdict(list)
    for name in scenarios:
        by_number[name.split("_")[0]].append(name)
    found = [f"{' and '.join(names)} have the same number"
             for names in by_number.values() if len(names) > 1]
    if not scenarios:
        found.append("there are no scenarios in tests/integration")
    for file in NAMED_IN:
        path = root / file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found += [f"{file} names {name}, which is not there"
                  for name in sorted(set(NAME.findall(text)) - set(scenarios))]
    return found


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = problems(root)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
