#!/usr/bin/env python3
"""Compares the logs of several runs of ctest: which tests failed, in how many runs, and the slowest.

    repeated.py LOG...

Exit status 1 if any test failed in any run, or if a log has no result.
"""

import collections
import pathlib
import re
import sys

# " 3/61 Test #17: s09_rules ........***Failed   12.34 sec"; a status may have several words.
LINE = re.compile(r"^\s*\d+/\d+ Test\s+#\d+: (\S+) \.*\s*(\*\*\*)?(.*?)\s+([\d.]+) sec", re.MULTILINE)
SLOWEST = 15


def results(text):
    """{test: (passed, seconds)} of one run; a skipped test counts as passed."""
    return {name: (status in ("Passed", "Skipped"), float(seconds))
            for name, _, status, seconds in LINE.findall(text)}


def compare(runs):
    """Flaky tests, tests that always failed, and the longest times of all, slowest first."""
    failed, seen, longest = collections.Counter(), collections.Counter(), {}
    for run in runs:
        for name, (passed, seconds) in run.items():
            seen[name] += 1
            failed[name] += not passed
            longest[name] = max(seconds, longest.get(name, 0.0))
    flaky = {name: failed[name] for name in sorted(failed) if 0 < failed[name] < seen[name]}
    always = sorted(name for name in failed if 0 < failed[name] == seen[name])
    return flaky, always, sorted(longest.items(), key=lambda item: -item[1])


def main():
    runs = [results(pathlib.Path(path).read_text(errors="replace")) for path in sys.argv[1:]]
    flaky, always, longest = compare(runs)
    print("slowest, longest of the runs:")
    for name, seconds in longest[:SLOWEST]:
        print(f"  {seconds:8.1f} s  {name}")
    print(f"  {sum(seconds for _, seconds in longest):8.1f} s  all {len(longest)} tests")
    for name, times in flaky.items():
        print(f"flaky: {name} ({times} of {len(runs)} runs failed)")
    for name in always:
        print(f"failed: {name} (every run)")
    if not all(runs) or not runs:
        print("failed: a run has no results")
        return 1
    if not flaky and not always:
        print(f"no test failed in {len(runs)} runs")
    return 1 if flaky or always else 0


if __name__ == "__main__":
    sys.exit(main())
