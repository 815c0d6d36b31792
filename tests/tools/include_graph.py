#!/usr/bin/env python3
"""Holds the include graph to the level table of the architecture.

usage: include_graph.py [SOURCE_FOLDER]

Reads src/ and include/ and fails, a line for each, on:
  - a module that is not in the table;
  - an include that does not point to a lower level, is not one of the named exceptions, or is
    forbidden to that module by name;
  - an include of a header that is not there, or of another module's private header;
  - a loop of headers;
  - a public header that does not begin with a comment that says what it is;
  - a pure module that includes a thread, lock, file, socket, log, database or image header.
"""

import pathlib
import re
import sys

LEVELS = {
    "base": 0,
    "types": 1,
    # pure
    "tracking": 2, "matching": 2, "consent": 2, "visits": 2, "report": 2,
    "evaluation": 2,
    # input and output
    "settings": 2, "models": 2, "capture": 2, "inference": 2, "vision": 2, "store": 2, "wire": 2,
    "control": 2, "web": 2, "board": 2, "webhook": 2, "mqtt": 2,
    "eye": 3, "core": 3, "doctor": 3,
    "maitred": 4, "maitred-eye": 4, "maitredctl": 4,
}

# Arrows within a level.
EXCEPTIONS = {("vision", "inference"), ("vision", "models"), ("board", "web"), ("evaluation", "matching"),
              ("webhook", "web")}

# What each side of the process boundary must not even see: the eye holds no key and no store; the
# core and its tools decode no pixels.
KEYS = {"store", "control", "board", "consent", "visits", "core"}
PIXELS = {"capture", "inference", "vision", "eye"}
FORBIDDEN = {"eye": KEYS, "maitred-eye": KEYS, "core": PIXELS, "maitred": PIXELS,
             "maitredctl": PIXELS}

PURE = {"tracking", "matching", "evaluation", "consent", "visits", "report"}
IMPURE_HEADER = re.compile(
    r"^(thread|mutex|shared_mutex|condition_variable|future|fstream|filesystem|iostream|cstdio|"
    r"stdio\.h|unistd\.h|fcntl\.h|poll\.h|time\.h|ctime|random_device|"
    r"sys/.*|netinet/.*|arpa/.*|netdb\.h|spdlog/(?!fmt/).*|sqlite3.*|sodium.*|opencv.*|dlib/.*|"
    r"boost/(?!math/).*|asio.*|curl/.*|nlohmann/.*|toml\+\+/.*|"
    r"maitred/base/(log|file|unix_socket|backoff)\.h)$")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


class Source:
    """A file, the module it belongs to, and what it includes as (quote, name, line)."""

    def __init__(self, path, module, public_name):
        self.path = path
        self.module = module
        self.public_name = public_name  # "maitred/MODULE/x.h", or None for what is private
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.includes = [(m.group(1), m.group(2), self.text.count("\n", 0, m.start()) + 1)
                         for m in INCLUDE.finditer(self.text)]


def read_sources(root):
    sources = []
    for folder, public in ((root / "src", False), (root / "include" / "maitred", True)):
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".h", ".hpp", ".cpp") or not path.is_file():
                continue
            parts = path.relative_to(folder).parts
            if len(parts) < 2:
                parts = ("", *parts)
            name = "/".join(("maitred", *parts)) if public else None
            sources.append(Source(path, parts[0], name))
    return sources


def allowed(module, other):
    if module == other:
        return True
    if other in FORBIDDEN.get(module, ()):
        return False
    return (module, other) in EXCEPTIONS or LEVELS[other] < LEVELS[module]


def check_include(root, source, quote, name, public_names):
    """What is wrong with one include, or None."""
    if source.module in PURE and IMPURE_HEADER.match(name):
        return f"a pure module must not include {name}"
    if name.startswith("maitred/"):
        parts = name.split("/")
        other = parts[1] if len(parts) > 2 else ""
        if other not in LEVELS:
            return f"includes {name}, of a module that is not in the level table"
        if not allowed(source.module, other):
            return f"{source.module} must not include {other} ({name})"
        if name not in public_names:
            return f"includes {name}, which is not there"
        return None
    if quote == '"':
        target = (source.path.parent / name).resolve()
        own = (root / "src" / source.module).resolve()
        if target.is_file() and own not in target.parents:
            return f"includes {name}, which is another module's"
        if ".." in pathlib.PurePath(name).parts:
            return f"includes {name}: no paths upwards"
    return None


def begins_with_comment(text):
    return text.lstrip().startswith(("//", "/*"))


def find_loop(graph):
    """One loop of `graph` (node: [nodes]) as a list that ends where it begins, or None."""
    state = {}

    def visit(node, trail):
        state[node] = "open"
        for other in graph.get(node, ()):
            if state.get(other) == "open":
                return trail[trail.index(other):] + [other] if other in trail else [node, other]
            if other not in state:
                loop = visit(other, trail + [other])
                if loop:
                    return loop
        state[node] = "done"
        return None

    for node in sorted(graph):
        if node not in state:
            loop = visit(node, [node])
            if loop:
                return loop
    return None


def header_graph(sources):
    """Headers by path, public ones and private ones, and what each includes."""
    by_public = {s.public_name: str(s.path) for s in sources if s.public_name}
    headers = {str(s.path) for s in sources if s.path.suffix != ".cpp"}
    graph = {}
    for source in sources:
        if str(source.path) not in headers:
            continue
        targets = []
        for quote, name, _ in source.includes:
            target = by_public.get(name)
            if target is None and quote == '"':
                target = str(source.path.parent / name)
            if target in headers:
                targets.append(target)
        graph[str(source.path)] = targets
    return graph


def problems(root):
    sources = read_sources(root)
    found = []
    if not sources:
        return [f"{root}: no sources in src/ and include/maitred/"]
    public_names = {s.public_name for s in sources if s.public_name}
    for source in sources:
        where = source.path.relative_to(root)
        if source.module not in LEVELS:
            found.append(f"{where}: module \"{source.module}\" is not in the level table of "
                         "tests/tools/include_graph.py")
            continue
        if source.public_name and not begins_with_comment(source.text):
            found.append(f"{where}:1: a public header begins with a comment that says what it is")
        for quote, name, line in source.includes:
            wrong = check_include(root, source, quote, name, public_names)
            if wrong:
                found.append(f"{where}:{line}: {wrong}")
    loop = find_loop(header_graph(sources))
    if loop:
        names = [str(pathlib.Path(path).relative_to(root)) for path in loop]
        found.append("loop: " + " -> ".join(names))
    return found


def main(arguments):
    default = pathlib.Path(__file__).resolve().parent.parent.parent
    root = pathlib.Path(arguments[0]).resolve() if arguments else default
    found = problems(root)
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} wrong; the level table is at the top of tests/tools/include_graph.py")
        return 1
    print(f"include graph: {len(read_sources(root))} files, every arrow points down")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
