"""Prints what coverage.sh measured: lines by module, the branches of the code that must not be
wrong, and where in it a branch is never taken."""

import collections
import json
import re
import sys

STRICT = {
    "consent": r"(src|include/maitred)/shop/consent/",
    "visits": r"(src|include/maitred)/shop/visits/",
    "matching": r"(src|include/maitred)/shop/matching/",
    "sealing": r"src/shop/store/keys/sealing\.",
    "parsing of the protocols": r"(src|include/maitred)/(doors/staff/\w+_codec|link/(eye_codec|bytes)|base/net/host_port|base/json_fields)\.",
}


def row(name, reached, total):
    share = 100.0 * reached / total if total else 100.0
    print(f"{name:26} {share:6.1f} % of {total}")


def lines_by_module(path):
    with open(path, encoding="utf-8") as text:
        files = json.load(text)["files"]
    sums = collections.defaultdict(lambda: [0, 0])
    for file in files:
        parts = file["filename"].split("/")
        for name in (parts[1] if parts[0] == "src" else parts[2], "everything"):
            sums[name][0] += file["line_covered"]
            sums[name][1] += file["line_total"]
    print("lines")
    for name in sorted(sums, key=lambda one: (one == "everything", one)):
        row(name, *sums[name])


def branches_of(file, source):
    """Each condition once, whatever number of programs and templates it is in: place, true, false."""
    taken = collections.defaultdict(lambda: [0, 0])
    for line, column, end_line, end_column, yes, no, *_ in file["branches"]:
        taken[line, column, end_line, end_column][0] += yes
        taken[line, column, end_line, end_column][1] += no
    for (line, column, end_line, end_column), counts in sorted(taken.items()):
        text = source[line - 1]
        # The end of a switch over an enumeration of which every value has its case.
        if re.match(r"\s*switch \(", text) and end_line == line and min(counts) == 0:
            continue
        yield line, text[column - 1:end_column - 1 if end_line == line else None], counts


def strict_branches(path):
    with open(path, encoding="utf-8") as text:
        files = json.load(text)["data"][0]["files"]
    sums, never = collections.defaultdict(lambda: [0, 0]), []
    for file in files:
        for name, pattern in STRICT.items():
            match = re.search(pattern, file["filename"])
            if not match:
                continue
            with open(file["filename"], encoding="utf-8") as source:
                lines = source.read().split("\n")
            for line, text, counts in branches_of(file, lines):
                sums[name][0] += sum(count > 0 for count in counts)
                sums[name][1] += 2
                never += [f"{file['filename'][match.start():]}:{line}: never {word}: {text}"
                          for word, count in zip(("true", "false"), counts) if count == 0]
    print("\nbranches")
    for name in STRICT:
        row(name, *sums[name])
    print("\n".join(["", *never]))


lines_by_module(sys.argv[1])
strict_branches(sys.argv[2])
