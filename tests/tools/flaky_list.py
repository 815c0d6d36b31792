#!/usr/bin/env python3
"""Keeps the list of flaky tests over the runs of CI: one line a run, with the names of the tests that
passed only at the second attempt.

    flaky_list.py LIST FLAKY

LIST is the file that outlives a run, FLAKY the file with this run's names, one a line. After five
runs the list must be empty: it says so for each test that one of the last five runs names. Exit
status 1 if a test was flaky in two of them, for then it is the test and not the machine.
"""

import collections
import pathlib
import sys
import time

RUNS = 5
TWICE = 2
KEPT = 100  # lines


def note(path, when, names):
    """Adds a run; how many runs are looked at, {test: times}, and whether that is good."""
    lines = path.read_text().splitlines() if path.exists() else []
    lines = (lines + [" ".join([when, *names])])[-KEPT:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    latest = lines[-RUNS:]
    flaky = collections.Counter(name for line in latest for name in line.split()[1:])
    return len(latest), dict(flaky), max(flaky.values(), default=0) < TWICE or len(latest) < RUNS


def main():
    path, fresh = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    names = fresh.read_text().split() if fresh.exists() else []
    runs, flaky, good = note(path, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), names)
    print(f"Flaky tests of the last {runs} runs ({path}): {len(flaky)}")
    for name, times in sorted(flaky.items()):
        print(f"flaky: {name} ({times} of {runs} runs)")
    if flaky and runs == RUNS:
        print(f"WARNING: the list must be empty after {RUNS} runs", file=sys.stderr)
    if not good:
        print("A test was flaky in two runs: repair it.", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
