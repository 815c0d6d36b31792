#!/usr/bin/env python3
"""Checks the include graph against the levels of the architecture (src/README.md).

usage: include_graph.py [--print] [SOURCE_FOLDER]

Reads src/ and include/ and fails, with a line for each, on:
  - a room that is not in the table;
  - an include that does not point to a lower level, or is forbidden to that part by name;
  - an include of a header that does not exist, or of another room's private header;
  - a loop of headers;
  - a folder with more lines than a newcomer reads in an hour;
  - a public header that does not begin with a comment that says what it is;
  - a pure room that includes a thread, lock, file, socket, log, database or image header.

--print shows the rooms, level by level, with their lines and the rooms they include.
"""

import pathlib
import re
import sys

# Each room, from the ground up. A room may include rooms of lower levels only.
LEVELS = {
    "base": 0,
    "base/net": 1, "types": 1,
    "settings": 2, "models": 2, "link": 2,
    # maitred-eye: pixels in, sightings out; no key
    "eye/capture": 3, "eye/inference": 3, "eye/tracking": 3,
    "eye/vision": 4,
    "eye/watch": 5,
    "eye": 6,
    # what a shop knows and decides; no socket, no pixel
    "shop/consent": 3, "shop/visits": 3, "shop/matching": 3, "shop/report": 3, "shop/store": 3,
    "shop/desk": 4,
    "admin": 5,
    # every protocol to the outside
    "doors/control": 6, "doors/eyes": 6, "doors/staff": 6, "doors/web": 6,
    "doors/api": 7, "doors/board": 7, "doors/outbound": 7,
    "doors/metrics": 8,
    # maitred
    "daemon": 9,
    # maitredctl
    "ctl/doctor": 4, "ctl/evaluation": 4,
    "ctl": 9,
}

# What a part must not even see. The eye holds no key and no store; the core and its tools decode no
# pixels; the shop knows no door.
FORBIDDEN = {
    "eye": ("shop", "admin", "doors", "daemon", "ctl"),
    "shop": ("eye", "admin", "doors", "daemon", "ctl"),
    "admin": ("eye", "doors", "daemon", "ctl"),
    "doors": ("eye", "daemon", "ctl"),
    "daemon": ("eye", "ctl"),
    "ctl": ("eye", "daemon"),
}

# maitredctl is a client: all it sees of the doors. So it links no server.
CLIENT_HEADERS = {
    "maitred/doors/control/client.h", "maitred/doors/control/protocol.h",
    "maitred/doors/staff/staff_client.h", "maitred/doors/staff/staff_codec.h",
    "maitred/doors/outbound/check_integrations.h",
}

LONGEST_FOLDER_LINES = 2500

PURE = {"eye/tracking", "shop/matching", "shop/consent", "shop/visits", "shop/report",
        "ctl/evaluation"}
IMPURE_HEADER = re.compile(
    r"^(thread|mutex|shared_mutex|condition_variable|future|fstream|filesystem|iostream|cstdio|"
    r"stdio\.h|unistd\.h|fcntl\.h|poll\.h|time\.h|ctime|random_device|"
    r"sys/.*|netinet/.*|arpa/.*|netdb\.h|spdlog/(?!fmt/).*|sqlite3.*|sodium.*|opencv.*|dlib/.*|"
    r"boost/(?!math/).*|asio.*|curl/.*|nlohmann/.*|toml\+\+/.*|"
    r"maitred/base/(log|file|unix_socket|backoff)\.h)$")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def room_of(parts):
    """The room of a file whose folders are `parts`: the longest path that the table knows."""
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in LEVELS:
            return "/".join(parts[:length])
    return "/".join(parts)


class Source:
    """A file, the room it belongs to, and what it includes as (quote, name, line)."""

    def __init__(self, path, room, public_name):
        self.path = path
        self.room = room
        self.public_name = public_name  # "maitred/ROOM/x.h", or None for what is private
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.includes = [(m.group(1), m.group(2), self.text.count("\n", 0, m.start()) + 1)
                         for m in INCLUDE.finditer(self.text)]


def read_sources(root):
    sources = []
    for folder, public in ((root / "src", False), (root / "include" / "maitred", True)):
        for path in sorted(folder.rglob("*")):
            if path.suffix not in (".h", ".hpp", ".cpp", ".inc") or not path.is_file():
                continue
            parts = path.relative_to(folder).parts
            name = "/".join(("maitred", *parts)) if public else None
            sources.append(Source(path, room_of(parts[:-1]), name))
    return sources


def forbidden(room, other):
    return other.split("/")[0] in FORBIDDEN.get(room.split("/")[0], ())


def allowed(room, other):
    if room == other:
        return True
    return not forbidden(room, other) and LEVELS[other] < LEVELS[room]


def check_include(root, source, quote, name, public_names):
    """What is wrong with one include, or None."""
    if source.room in PURE and IMPURE_HEADER.match(name):
        return f"a pure room must not include {name}"
    if name.startswith("maitred/"):
        other = room_of(name.split("/")[1:-1])
        if other not in LEVELS:
            return f"includes {name}, of a room that is not in the level table"
        if not allowed(source.room, other):
            return f"{source.room} must not include {other} ({name})"
        if source.room.startswith("ctl") and other.startswith("doors/") \
                and name not in CLIENT_HEADERS:
            return f"{source.room} must not include {name}: it links no server"
        if name not in public_names:
            return f"includes {name}, which does not exist"
        return None
    if quote == '"':
        if ".." in pathlib.PurePath(name).parts:
            return f"includes {name}: no paths upwards"
        near, far = source.path.parent / name, root / name
        target = near if near.is_file() else far
        if target.is_file():
            folder = target.resolve().relative_to(root).parts[1:-1]
            if room_of(folder) != source.room:
                return f"includes {name}, which is another room's"
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


def header_graph(root, sources):
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
                near = source.path.parent / name
                target = str(near if near.is_file() else root / name)
            if target in headers:
                targets.append(target)
        graph[str(source.path)] = targets
    return graph


def folder_lines(root, sources):
    """Lines of each folder of src/, without those of its sub-folders."""
    lines = {}
    for source in sources:
        if source.public_name is None:
            folder = str(source.path.parent.relative_to(root))
            lines[folder] = lines.get(folder, 0) + source.text.count("\n")
    return lines


def print_rooms(sources):
    rooms, arrows = {}, {}
    for source in sources:
        rooms[source.room] = rooms.get(source.room, 0) + source.text.count("\n")
        for _, name, _ in source.includes:
            if name.startswith("maitred/"):
                other = room_of(name.split("/")[1:-1])
                if other != source.room:
                    arrows.setdefault(source.room, set()).add(other)
    for room in sorted(rooms, key=lambda name: (LEVELS.get(name, 99), name)):
        print(f"{LEVELS.get(room, '?')}  {room:16}{rooms[room]:6}  "
              f"{' '.join(sorted(arrows.get(room, ())))}")
    print(f"{len(rooms)} rooms, {sum(len(to) for to in arrows.values())} arrows")


def problems(root):
    sources = read_sources(root)
    found = []
    if not sources:
        return [f"{root}: no sources in src/ and include/maitred/"]
    public_names = {s.public_name for s in sources if s.public_name}
    for source in sources:
        where = source.path.relative_to(root)
        if source.room not in LEVELS:
            found.append(f"{where}: room \"{source.room}\" is not in the level table of "
                         "tests/tools/include_graph.py")
            continue
        if source.public_name and not begins_with_comment(source.text):
            found.append(f"{where}:1: a public header begins with a comment that says what it is")
        for quote, name, line in source.includes:
            wrong = check_include(root, source, quote, name, public_names)
            if wrong:
                found.append(f"{where}:{line}: {wrong}")
    for folder, lines in sorted(folder_lines(root, sources).items()):
        if lines > LONGEST_FOLDER_LINES:
            found.append(f"{folder}: {lines} lines in one folder, at most {LONGEST_FOLDER_LINES}")
    loop = find_loop(header_graph(root, sources))
    if loop:
        names = [str(pathlib.Path(path).relative_to(root)) for path in loop]
        found.append("loop: " + " -> ".join(names))
    return found


def main(arguments):
    show = arguments[:1] == ["--print"]
    arguments = arguments[1:] if show else arguments
    default = pathlib.Path(__file__).resolve().parent.parent.parent
    root = pathlib.Path(arguments[0]).resolve() if arguments else default
    if show:
        print_rooms(read_sources(root))
        return 0
    found = problems(root)
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} problems; the level table is at the top of "
              "tests/tools/include_graph.py")
        return 1
    print(f"include graph: {len(read_sources(root))} files, every arrow points down")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
