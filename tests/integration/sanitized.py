"""What sanitizers say of the programs under test: any report fails the test.

A program ends at a report, but a test looks not at how each of its programs ended, and an eye is
started again. So reports go to files, and what is in them afterwards is shown. Programs of an
ordinary build write none.
"""

import os
import pathlib
import shutil
import sys
import tempfile

OPTIONS = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


class Reports:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-reports-"))
        self.folder.chmod(0o777)  # programs that gave up being root
        for name in OPTIONS:
            given = os.environ.get(name)
            path = f"log_path={self.folder}/report"
            os.environ[name] = f"{given}:{path}" if given else path

    def show(self):
        """Prints and removes the reports; how many there were."""
        found = sorted(self.folder.iterdir())
        for report in found:
            print(f"\nsanitizer: {report.name}\n{report.read_text(errors='replace')}", file=sys.stderr)
        shutil.rmtree(self.folder)
        return len(found)
