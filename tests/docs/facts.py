"""What the programs say of themselves: the truth that documents are held to."""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MAITRED_BIN", SOURCE / "build/release/bin")).resolve()

LISTS = ("camera", "rule", "webhook")  # sections that may come several times
# Without these a section of a list is refused before its keys are looked at.
NEEDED = {"camera": {"name": "a", "source": "/dev/video0", "zone": [0.0, 0.0, 1.0, 1.0]},
          "rule": {"name": "a", "when": "arrival"},
          "webhook": {"url": "http://127.0.0.1/"}}


def _said(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          timeout=60)
    return done.stdout + done.stderr


def _help(*words):
    """The lines of each section of a --help."""
    sections, name = {}, ""
    for line in _said(BIN / "maitredctl", *words, "--help").splitlines():
        heading = re.fullmatch(r"([A-Z][a-z]+):", line)
        name = heading.group(1) if heading else ("" if not line else name)
        if line.startswith("  ") and name:
            sections.setdefault(name, []).append(line)
    return sections


@functools.lru_cache
def verbs():
    """Each verb of maitredctl, "key slot add", and its options; "" has those of all."""
    found = {}

    def look(path):
        sections = _help(*path)
        found[" ".join(path)] = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*",
                                               " ".join(line[:30] if len(line) > 30 else line
                                                        for line in sections.get("Options", []))))
        for line in sections.get("Subcommands", []):
            name = re.match(r"  (\S+)", line)
            if name:
                look((*path, name.group(1)))

    look(())
    if len(found) < 30:
        raise SystemExit(f"{BIN}/maitredctl --help names only {len(found)} verbs")
    return found


@functools.lru_cache
def options(program):
    """The options of another program than maitredctl."""
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", _said(BIN / program, "--help")))


@functools.lru_cache
def variables():
    """The environment variables that the tree reads or sets."""
    found = set()
    for folder in ("src", "include", "tests", "config", ".ci", "."):
        for path in (SOURCE / folder).glob("*" if folder == "." else "**/*"):
            if path.is_file() and path.suffix in (".cpp", ".h", ".py", ".sh", ".txt", ".in", "",
                                                  ".json", ".cmake", ".mjs"):
                found |= set(re.findall(r"MAITRED_[A-Z_0-9]+",
                                        path.read_text(encoding="utf-8", errors="replace")))
    return found


def dashboard_metrics():
    text = (SOURCE / "config/grafana-dashboard.json").read_text(encoding="utf-8")
    return {re.sub(r"_(bucket|sum|count)$", "", name)
            for name in re.findall(r"\b(?:maitred|process)_[a-z_0-9]+", text)}


def leaf_verbs():
    """The verbs that do something themselves; a verb like `key` only has others below it."""
    names = [name for name in verbs() if name]
    return {name for name in names
            if not any(other.startswith(name + " ") for other in names) or name == "audit"}


def _complaint(text):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "maitred.toml")
        file.write_text(text)
        return _said(BIN / "maitred", "-c", file, "--check")


@functools.lru_cache
def settings():
    """{section: keys}, as the configuration's reader names them when it finds an unknown one."""
    said = _complaint("[no_such_section]\n")
    sections = re.findall(r"\[+([a-z]+)\]+", said.split("known", 2)[-1])
    if len(sections) < 10:
        raise SystemExit(f"the error for an unknown section names no sections: {said}")
    found = {}
    for section in sections:
        head = f"[[{section}]]" if section in LISTS else f"[{section}]"
        needed = "".join(f"{key} = {json.dumps(value)}\n"
                         for key, value in NEEDED.get(section, {}).items())
        said = _complaint(f"{head}\n{needed}no_such_key = 1\n")
        known = re.search(r"unknown key; [^:]*: ([a-z0-9_, ]+)", said)
        if not known:
            raise SystemExit(f"the error for an unknown key of {head} names no keys: {said}")
        found[section] = set(known.group(1).replace(" ", "").split(","))
    return found


@functools.lru_cache
def defaults():
    """{section: {key: value as it is written}} of the shipped configuration, which says that what
    it writes are the defaults."""
    found, section = {}, ""
    for line in (SOURCE / "config/maitred.toml").read_text(encoding="utf-8").splitlines():
        head = re.match(r"(?:# )?\[+([a-z]+)\]+$", line)
        key = re.match(r"([a-z_]+) = (.*?)\s*(?:#.*)?$", line)
        if head:
            section = head.group(1)
        elif key:
            found.setdefault(section, {})[key.group(1)] = key.group(2)
    return found


def levels():
    """{room: level} of the architecture."""
    sys.path.insert(0, str(SOURCE / "tests/tools"))
    try:
        import include_graph
        return include_graph.LEVELS
    finally:
        sys.path.pop(0)


def api_calls():
    """{"POST /v1/..."} that the HTTP API describes of itself."""
    described = json.loads((SOURCE / "src/doors/api/openapi.json").read_text(encoding="utf-8"))
    return {f"{method.upper()} {path}" for path, methods in described["paths"].items()
            for method in methods if method in ("get", "post", "patch", "put", "delete")}


def presets():
    described = json.loads((SOURCE / "CMakePresets.json").read_text(encoding="utf-8"))
    return {one["name"] for kind in ("configurePresets", "buildPresets", "testPresets")
            for one in described[kind]}


def test_names():
    """Names that ctest knows, as far as the tree tells: scenarios, unit programs, tests of tools."""
    names = {path.stem for path in (SOURCE / "tests/integration").glob("s[0-9]*.py")}
    for path in (SOURCE / "tests").rglob("CMakeLists.txt"):
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r"add_test\(NAME (\w+)", text))
        for unit in re.findall(r"maitred_unit_test\(([^)]*)\)", text):
            words = unit.split()
            own = words[words.index("NAME") + 1] if "NAME" in words else words[0].split("/")[-1]
            names.add("unit_" + own)
    return names
