#!/usr/bin/env python3
"""Checks what a program links.

usage: links.py PROGRAM --without WORD... [--direct] [--without-class NAME...]

Fails if a shared library that the program needs, itself or through others, has one of the words in
its name. With --direct only those count that it asks for itself: OpenCV brings half of Debian along.
Fails if the program holds code of one of the classes. The program must not be stripped.
"""

import argparse
import re
import subprocess
import sys


def needed_directly(program):
    """Names in the program's own dynamic section."""
    text = subprocess.run(["readelf", "-d", program], check=True, capture_output=True,
                          text=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[([^\]]+)\]", text))


def needed(program):
    """Names of all shared libraries that are loaded with the program."""
    text = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    names = {line.split()[0] for line in text.splitlines() if line.split()}
    return names | needed_directly(program)


def classes(program, names):
    """Those of `names` that the program has member functions of."""
    text = subprocess.run(["nm", "--demangle", "--defined-only", program], check=True,
                          capture_output=True, text=True).stdout
    if "maitred::" not in text:
        raise SystemExit(f"{program}: it has no symbols of maitred; is it stripped?")
    return [name for name in names if re.search(rf"\bmaitred::(\w+::)?{name}::", text)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--without", nargs="+", required=True)
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("--without-class", nargs="+", default=[])
    options = parser.parse_args()
    look = needed_directly if options.direct else needed
    libraries = look(options.program)
    if not any(name.startswith("libc.so") for name in libraries):
        print(f"{options.program}: cannot tell what it links")
        return 1
    wrong = sorted(name for name in libraries
                   if any(word in name.lower() for word in options.without))
    wrong += classes(options.program, options.without_class) if options.without_class else []
    for name in wrong:
        print(f"{options.program} links {name}")
    if not wrong:
        print(f"{options.program}: {len(libraries)} libraries, none of "
              f"{', '.join(options.without + options.without_class)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
