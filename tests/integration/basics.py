"""Where the programs and the media are, and how long a test waits."""

import os
import pathlib
import time
import unittest

BIN = pathlib.Path(os.environ.get("MAITRED_BIN", "build/release/bin")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("MAITRED_SHARED", SOURCE.parent / "shared")).resolve()
# Sanitizers and valgrind make everything slower.
PATIENCE = float(os.environ.get("MAITRED_PATIENCE", "1"))
# The longest wait for something that must come: it ends a test that hangs, it judges no speed.
HANG_S = 300
# Promised times are measured and printed; they are judged only where the machine has nothing else to
# do, which MAITRED_JUDGE_TIMES=1 says.
JUDGE_TIMES = os.environ.get("MAITRED_JUDGE_TIMES", "") == "1"
SANITIZED = os.environ.get("MAITRED_SANITIZED", "")


def needs_shared(what):
    """Skips a test where the real media or models are not on this machine."""
    there = (SHARED / "data").is_dir() and (SHARED / "models").is_dir()
    return unittest.skipUnless(there, f"skipped: no {what} (set MAITRED_SHARED)")


def eventually(condition, what, every=0.05, timeout=HANG_S):
    """The first true answer of the condition."""
    deadline = time.monotonic() + timeout * PATIENCE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what() if callable(what) else what}")
        time.sleep(every)
    return answer
