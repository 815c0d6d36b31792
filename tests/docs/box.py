"""A scratch shop in which the blocks of one document are run, as a reader would run them."""

import contextlib
import fnmatch
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer

from facts import BIN, LISTS

BLOCK_S = 300  # ends a block that hangs; judges no speed
# Reader and test see the same commands; the test has its own ports and folders.
PORTS = {"7433": "staff", "7480": "board", "7485": "api", "7490": "metrics"}
FOLDERS = ("/etc/maitred", "/var/lib/maitred", "/media/stick")
NOBODY_SUDO = re.compile(r"\bsudo (-u maitred )?")
WILD = "…"


class Wrong(Exception):
    """A block does not do what the document says."""


def free_ports(count):
    """Different ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def drawn(folder, *words):
    """A file drawn by maitred-draw, once for all boxes."""
    path = folder / words[0]
    if not path.exists():
        subprocess.run([str(word) for word in (BIN / "maitred-draw", *words[1:], "--out", path)],
                       check=True, stdout=subprocess.DEVNULL, timeout=300)
    return path


def matches(pattern, line):
    """True if the line is the pattern; "…" in it stands for anything."""
    escaped = re.sub(r"([\[\]*?])", r"[\1]", pattern).replace(WILD, "*")
    return fnmatch.fnmatchcase(line, escaped)


def matches_lines(patterns, lines):
    """The same of whole outputs; a line "…" stands for any number of lines."""
    if not patterns:
        return not lines
    if patterns[0].strip() == WILD:
        return any(matches_lines(patterns[1:], lines[skip:]) for skip in range(len(lines) + 1))
    return bool(lines) and matches(patterns[0].rstrip(), lines[0].rstrip()) \
        and matches_lines(patterns[1:], lines[1:])


def fits(example, real, names, where=""):
    """Holds a JSON value to an example of the document: the same keys and values, where the text
    "…" stands for any value and "<name>" for a value that is remembered. Raises Wrong."""
    if example == WILD:
        return
    if isinstance(example, str) and re.search(r"<\w+>", example):
        named = re.split(r"(<\w+>)", example)
        found = re.fullmatch("".join("(.+)" if part.startswith("<") else re.escape(part)
                                     for part in named), str(real))
        for name, value in zip(named[1::2], found.groups() if found else ()):
            if names.setdefault(name, value) != value:
                raise Wrong(f"{where or 'the value'}: {name} is {value!r}, not {names[name]!r}")
        if found:
            return
    if isinstance(example, dict) and isinstance(real, dict):
        if WILD not in example and example.keys() != real.keys():
            raise Wrong(f"{where or 'the object'} has the keys {sorted(real)}, "
                        f"the document says {sorted(example)}")
        for key, value in example.items():
            if key != WILD:
                fits(value, real.get(key), names, f"{where}.{key}".strip("."))
        return
    if isinstance(example, list) and isinstance(real, list) and len(example) == len(real):
        for number, (one, other) in enumerate(zip(example, real)):
            fits(one, other, names, f"{where}[{number}]")
        return
    if isinstance(example, str) and isinstance(real, str) and WILD in example:
        if matches(example, real):
            return
    elif example == real and isinstance(example, bool) == isinstance(real, bool):
        return
    raise Wrong(f"{where or 'the value'} is {json.dumps(real, ensure_ascii=False)}, "
                f"the document says {json.dumps(example, ensure_ascii=False)}")


class Receiver:
    """Takes what a [[webhook]] posts."""

    def __init__(self):
        self.taken = []  # (headers, body)

        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.taken.append((dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self):
        return [json.loads(body) for _, body in list(self.taken)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def toml_text(settings):
    """The settings as TOML; enough of it for a configuration."""
    lines = []
    for section, value in settings.items():
        for table in value if isinstance(value, list) else [value]:
            lines.append(f"[[{section}]]" if isinstance(value, list) else f"[{section}]")
            lines += [f"{key} = {json.dumps(item, ensure_ascii=False)}"
                      for key, item in table.items()]
    return "\n".join(lines) + "\n"


def until(condition, what, seconds=BLOCK_S):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise Wrong(f"waited in vain for {what() if callable(what) else what}")
        time.sleep(0.05)
    return answer


class Box:
    """Photos a.png b.png c.png d.png of drawn people, a camera that is a drawn film, an empty
    store, no daemon. Only local addresses and its own folder are touched."""

    def __init__(self, media):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-doc-"))
        self.media = media
        self.ports = dict(zip(PORTS.values(), free_ports(len(PORTS))))
        self.daemon = None
        self.staff = None
        self.receiver = None
        self.names = {}  # what "<name>" stands for
        (self.folder / "stick").mkdir()
        for name, words in {"a.png": ["--person", "1"], "b.png": ["--person", "1", "--look", "1"],
                            "c.png": ["--person", "1", "--look", "2"], "d.png": ["--person", "2"],
                            "amber.png": ["--member", "amber"]}.items():
            shutil.copy(drawn(media, name, "portrait", *words), self.folder / name)
        film = drawn(media, "film.avi", "film", "--size", "320x240", "--fps", "5", "--seconds",
                     "16", "--truth", media / "film.json")
        self.settings = {
            "store": {"path": "store.db", "key": "file:store.key"},
            "models": {"dir": "models", "engine": "demo"},
            "recognition": {"allow_demo_engine": True},
            "camera": [{"name": "entrance", "source": str(film), "realtime": False}],
            "visits": {"escalate": ["1h"]},
            "staff": {"listen": f"127.0.0.1:{self.ports['staff']}"},
            "board": {"listen": f"127.0.0.1:{self.ports['board']}"},
            "api": {"listen": f"127.0.0.1:{self.ports['api']}"},
            "metrics": {"listen": f"127.0.0.1:{self.ports['metrics']}"},
        }
        self.config = self.folder / "maitred.toml"
        self.environment = {
            **{key: value for key, value in os.environ.items()
               if not key.startswith("MAITRED_")},
            "PATH": f"{BIN}:{os.environ['PATH']}", "MAITRED_CONFIG": str(self.config),
            "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def write(self):
        self.config.write_text(toml_text(self.settings), encoding="utf-8")
        self.config.chmod(0o600)
        return self

    def init(self):
        self.write()
        self.ctl("init")
        return self

    def ctl(self, *words):
        """A command that must succeed; its JSON."""
        done = subprocess.run([BIN / "maitredctl", "-c", self.config, "--json", *words],
                              capture_output=True, text=True, timeout=BLOCK_S,
                              env=self.environment, cwd=self.folder)
        if done.returncode != 0:
            raise Wrong(f"maitredctl {' '.join(map(str, words))}: status {done.returncode}: {done.stdout}"
                        f"{done.stderr}")
        return json.loads(done.stdout)

    def enrol(self, name, photo, *more):
        return self.ctl("enroll", "--name", name, "--photo", photo, "--consent-version", "v1",
                        "--consent-ref", "form 1", *more)["id"]

    def webhook(self):
        """Adds a receiver of events to the configuration."""
        self.receiver = Receiver()
        (self.folder / "hook.secret").write_text("a shared secret\n")
        (self.folder / "hook.secret").chmod(0o600)
        self.settings["webhook"] = [{"url": f"http://127.0.0.1:{self.receiver.port}/hook",
                                     "secret_file": "hook.secret"}]
        return self.write()

    def start(self):
        """The daemon with its eyes."""
        with open(self.folder / "daemon.log", "ab") as log:
            self.daemon = subprocess.Popen([BIN / "maitred", "--spawn-eyes"], stdout=log,
                                           stderr=log, env=self.environment, cwd=self.folder)

        def listens():
            if self.daemon.poll() is not None:
                raise Wrong("the daemon ended: " + (self.folder / "daemon.log").read_text())
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.ports["staff"]), 1).close()
                return True

        until(listens, "a daemon that listens")
        return self

    def close(self):
        if self.staff:
            self.staff.close()
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(30)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        if self.receiver:
            self.receiver.close()
        if os.environ.get("MAITRED_KEEP"):
            print(f"kept {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- blocks -----------------------------------------------------------------------------------

    def placed(self, text):
        """The text with this box's ports and folders."""
        for number, name in PORTS.items():
            text = re.sub(rf"\b{number}\b", str(self.ports[name]), text)
        for folder in FOLDERS:
            own = self.folder / "stick" if folder.startswith("/media") else self.folder
            text = text.replace(folder, str(own))
        for name, value in self.names.items():
            text = text.replace(name, str(value))
        return NOBODY_SUDO.sub("", text)

    def run(self, block):
        """Does what the block says; raises Wrong."""
        kind = {"sh": self._run_sh, "console": self._run_console, "toml": self._run_toml,
                "json": self._run_json, "staff": self._run_staff}.get(block.language)
        if kind:
            kind(block)

    def _bash(self, text):
        """Variables and functions stay from block to block."""
        kept = shlex.quote(str(self.folder / ".kept"))
        script = (f"set -eu -o pipefail\n[ ! -e {kept} ] || . {kept}\n"
                  f"trap 'status=$?; {{ declare -f; export -p; }} > {kept}; exit $status' EXIT\n"
                  f"set -a\n{self.placed(text)}\n")
        try:
            done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                  timeout=BLOCK_S, env=self.environment, cwd=self.folder)
        except subprocess.TimeoutExpired as hung:
            raise Wrong(f"does not end within {BLOCK_S} s") from hung
        return done.returncode, done.stdout

    def _run_sh(self, block):
        status, output = self._bash(block.text)
        if status != block.status():
            raise Wrong(f"ends with status {status}:\n{output}")

    def _run_console(self, block):
        command, expected = None, []
        steps = []
        for line in block.text.split("\n") + ["$ "]:
            if line.startswith("$ "):
                if command is not None:
                    steps.append((command, expected))
                command, expected = line[2:], []
            elif command is None:
                raise Wrong('a console block begins with "$ COMMAND"')
            else:
                expected.append(line)
        for number, (command, expected) in enumerate(steps, 1):
            status, output = self._bash(command)
            lines = output.rstrip("\n").split("\n") if output.strip() else []
            expected = [self.placed(line) for line in expected if line.strip()]
            lines = [line for line in lines if line.strip()]
            wanted = block.status() if number == len(steps) else 0
            if status != wanted or not matches_lines(expected, lines):
                raise Wrong(f"$ {command}\nends with status {status} and says\n{output}")

    def _run_toml(self, block):
        try:
            given = tomllib.loads(self.placed(block.text))
        except tomllib.TOMLDecodeError as error:
            raise Wrong(f"is no TOML: {error}") from error
        whole = {name: list(value) if name in LISTS else dict(value)
                 for name, value in self.settings.items()}
        for name, value in given.items():
            if isinstance(value, dict) and isinstance(whole.get(name, {}), dict):
                whole[name] = {**whole.get(name, {}), **value}
            else:
                whole[name] = value
        trial = self.folder / "trial.toml"
        trial.write_text(toml_text(whole), encoding="utf-8")
        trial.chmod(0o600)
        done = subprocess.run([BIN / "maitred", "-c", trial, "--check"], capture_output=True,
                              text=True, timeout=BLOCK_S, env=self.environment, cwd=self.folder)
        if done.returncode != 0:
            raise Wrong(f"maitred --check ends with {done.returncode}: {done.stderr}{done.stdout}")

    def _run_json(self, block):
        """With a receiver the block is an event that must have come; else it only must be JSON."""
        try:
            example = json.loads(block.text)
        except ValueError as error:
            raise Wrong(f"is no JSON: {error}") from error
        if not (self.receiver and isinstance(example, dict) and "specversion" in example):
            return

        def came():
            return [event for event in self.receiver.events() if event["type"] == example["type"]]

        fits(example, until(came, f"an event {example['type']}")[0], self.names)

    def _run_staff(self, block):
        """A conversation: lines "C {…}" are sent, lines "S {…}" must come next."""
        if self.staff is None:
            self.staff = socket.create_connection(("127.0.0.1", self.ports["staff"]), 10)
            self.staff.settimeout(60)
            self.lines = self.staff.makefile("r", encoding="utf-8")
        for line in block.text.split("\n"):
            if not line.strip():
                continue
            side, _, text = line.partition(" ")
            if side == "C":
                self.staff.sendall((self.placed(text.strip()) + "\n").encode())
            elif side == "S":
                try:
                    example = json.loads(text)
                    said = self.lines.readline()
                except ValueError as error:
                    raise Wrong(f"is no JSON: {text}: {error}") from error
                if not said:
                    raise Wrong(f"the server closed the connection before {text}")
                try:
                    fits(example, json.loads(said), self.names)
                except Wrong as wrong:
                    raise Wrong(f"{wrong}\nthe server said {said}") from wrong
            else:
                raise Wrong(f'a line begins with "C " or "S ", not {line!r}')
