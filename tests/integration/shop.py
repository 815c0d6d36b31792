"""A shop for one test: its own folder, configuration, store, daemon and staff clients.

Only the standard library. The programs come from $MAITRED_BIN, real media from $MAITRED_SHARED.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import sanitized

BIN = pathlib.Path(os.environ.get("MAITRED_BIN", "build/release/bin")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("MAITRED_SHARED", SOURCE.parent / "shared")).resolve()
# Sanitizers and valgrind make everything slower.
PATIENCE = float(os.environ.get("MAITRED_PATIENCE", "1"))
# The longest wait for something that must come: it ends a test that hangs, it judges no speed.
HANG_S = 300
SANITIZED = os.environ.get("MAITRED_SANITIZED", "")
OWN_MOUNTS = "MAITRED_OWN_MOUNTS"


def needs_shared(what):
    """Skips a test where the real media or models are not on this machine."""
    there = (SHARED / "data").is_dir() and (SHARED / "models").is_dir()
    return unittest.skipUnless(there, f"skipped: no {what} (set MAITRED_SHARED)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def enter_own_mounts():
    """Runs this file again where what it mounts concerns nobody else."""
    if OWN_MOUNTS in os.environ or os.geteuid() != 0 or not shutil.which("unshare"):
        return
    own = ["unshare", "--mount", "--propagation", "private"]
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run([*own, "mount", "-t", "tmpfs", "none", folder], capture_output=True)
    if tried.returncode == 0:
        os.execvpe(own[0], [*own, sys.executable, "-B", *sys.argv], {**os.environ, OWN_MOUNTS: "1"})


def eventually(condition, what, every=0.05, timeout=HANG_S):
    """The first true answer of the condition."""
    deadline = time.monotonic() + timeout * PATIENCE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what() if callable(what) else what}")
        time.sleep(every)
    return answer


class Answer:
    """What a program said: status, stdout, stderr, and the JSON object where there is one."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def code(self):
        return self.json["error"]["code"]


class StaffClient:
    """A staff terminal on a plain TCP socket."""

    def __init__(self, port, after=0, resume=True):
        def connected():
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=HANG_S * PATIENCE)
            except ConnectionError:
                return None

        self.socket = eventually(connected, "a connection for staff")
        self.buffer = b""
        self.ended = False
        self.hello = self.line()
        if resume:
            self.send({"type": "resume", "after": after})

    def send(self, message):
        self.raw(json.dumps(message).encode() + b"\n")

    def raw(self, data):
        self.socket.sendall(data)

    def line(self, timeout=HANG_S):
        """The next line as an object; None at the end of the connection or the time."""
        deadline = time.monotonic() + timeout * PATIENCE
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                got = self.socket.recv(65536)
            except ConnectionError:
                got = b""
            if not got:
                self.ended = True
                return None
            self.buffer += got
        text, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(text)

    def until(self, wanted, timeout=HANG_S):
        """The next line of this type."""
        deadline = time.monotonic() + timeout * PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            line = self.line(left / PATIENCE)
            if line is None:
                return None
            if line["type"] == wanted:
                return line
        return None

    def rest(self):
        """Every line that is due by now: those before the answer to a ping."""
        with contextlib.suppress(OSError):
            self.send({"type": "ping"})
        return list(iter(self._line_before_pong, None))

    def _line_before_pong(self):
        line = self.line()
        if line is None and not self.ended:
            raise AssertionError("the core does not answer a ping")
        return None if line is None or line["type"] == "pong" else line

    def to_the_end(self):
        """Every line until the core ends the connection."""
        lines = list(iter(self.line, None))
        if not self.ended:
            raise AssertionError(f"the connection stays open after {lines}")
        return lines

    def close(self):
        self.socket.close()


class Shop:
    def __init__(self, engine=os.environ.get("MAITRED_ENGINE", "demo"), models=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-test-"))
        self.engine = engine
        self.models = models or (SHARED / "models" if engine != "demo" else self.folder / "models")
        self.cameras = []
        self.sections = {}
        self.port = free_port()
        self.daemon = None
        self.log = self.folder / "maitred.log"
        self.config = self.folder / "maitred.toml"

    def camera(self, source, name="entrance", **settings):
        self.cameras.append({"name": name, "source": str(source), **settings})
        return self

    def section(self, name, **settings):
        self.sections.setdefault(name, {}).update(settings)
        return self

    def write(self, extra=""):
        def value(item):
            return json.dumps(item)

        sections = {
            "store": {"path": "store.db", "key": "file:store.key"},
            "models": {"dir": str(self.models), "engine": self.engine},
            "staff": {"listen": f"127.0.0.1:{self.port}"},
            "board": {"listen": ""},
            "metrics": {"listen": ""},
        }
        for name, settings in self.sections.items():
            sections.setdefault(name, {}).update(settings)
        lines = []
        for name, settings in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {value(item)}" for key, item in settings.items()]
        for camera in self.cameras:
            lines.append("[[camera]]")
            lines += [f"{key} = {value(item)}" for key, item in camera.items()]
        self.config.write_text("\n".join(lines) + "\n" + extra)
        return self

    def ctl(self, *words, json_out=True, stdin=None, env=None):
        command = [BIN / "maitredctl", "-c", self.config]
        if json_out:
            command.append("--json")
        done = subprocess.run([str(word) for word in command + list(words)], capture_output=True,
                              text=True, timeout=HANG_S * PATIENCE, input=stdin,
                              env={**os.environ, **(env or {})})
        return Answer(done)

    def do(self, *words):
        """A command that must succeed; its JSON."""
        answer = self.ctl(*words)
        if answer.status != 0:
            raise AssertionError(f"{words}: status {answer.status}: {answer.err}")
        return answer.json

    def init(self):
        self.write()
        self.do("init")
        return self

    def enrol(self, name, *photos, scopes="recognition,history", extra=()):
        words = ["enroll", "--name", name, "--consent-version", "v1", "--consent-ref", "form 1",
                 "--scope", scopes]
        for photo in photos:
            words += ["--photo", photo]
        return self.do(*words, *extra)["id"]

    def start(self, *words, wait=True, spawn=True, env=None):
        command = [str(BIN / "maitred"), "-c", str(self.config)]
        command += (["--spawn-eyes"] if spawn else []) + list(words)
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(command, stdout=log, stderr=log,
                                           env={**os.environ, **(env or {})})
        if wait:
            self.await_ready()
        return self

    def await_ready(self):
        def listens():
            if self.daemon.poll() is not None:
                raise AssertionError(f"the daemon ended at once: {self.log.read_text()}")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return True

        eventually(listens, lambda: f"a daemon that listens: {self.log.read_text()}", every=0.02)

    def check(self):
        """`maitred --check`: its status and what it says."""
        done = subprocess.run([BIN / "maitred", "-c", self.config, "--check"],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def client(self, **options):
        return StaffClient(self.port, **options)

    def wait(self):
        """Until the daemon ends by itself; its status."""
        return self.daemon.wait(2 * HANG_S * PATIENCE)

    def stop(self, sig=signal.SIGTERM):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(sig)
            self.daemon.wait(HANG_S * PATIENCE)
        return self.daemon.returncode if self.daemon else None

    def replay(self):
        """Plays every camera to its end and returns the alerts as a resumed client sees them."""
        self.start("--exit-when-done", wait=False)
        status = self.wait()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}: {self.log.read_text()}")
        return self.do("alerts")["alerts"]

    def close(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        if os.environ.get("MAITRED_KEEP"):
            print(f"kept {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class ShopTest(unittest.TestCase):
    """Makes shops and takes them down."""

    def shop(self, *args, **options):
        shop = Shop(*args, **options)
        self.addCleanup(shop.close)
        return shop


# Drawn people: made once for a test run, by the project's own generator.

def drawn_folder():
    folder = pathlib.Path(os.environ.get("MAITRED_DRAWN", BIN.parent / "drawn-for-tests"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _drawing_alone():
    """Several tests may run at once; what one draws the others find."""
    with open(drawn_folder() / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _drawn(path, *words):
    if not path.exists():
        # Beside, then renamed: never half a picture.
        fresh = path.with_name(f".{os.getpid()}-{path.name}")
        subprocess.run([str(word) for word in (BIN / "maitred-draw", *words, "--out", fresh)],
                       check=True, stdout=subprocess.DEVNULL, timeout=2 * HANG_S * PATIENCE)
        os.replace(fresh, path)
    return path


def _draw(path, *words):
    with _drawing_alone():
        return _drawn(path, *words)


def portrait(person, look=0):
    return _draw(drawn_folder() / f"portrait-{person}-{look}.png", "portrait", "--person", person,
                 "--look", look)


def portrait_of_member(member):
    """The enrolment portrait of somebody of the film's cast."""
    return _draw(drawn_folder() / f"member-{member}.png", "portrait", "--member", member)


def film(*options, name="film"):
    """A film of the demo cast and its truth."""
    path = drawn_folder() / f"{name}.avi"
    truth = drawn_folder() / f"{name}.json"
    with _drawing_alone():
        if not truth.exists():
            fresh = truth.with_name(f".{os.getpid()}-{truth.name}")
            path.unlink(missing_ok=True)
            _drawn(path, "film", "--truth", fresh, *options)
            os.replace(fresh, truth)
    return path, json.loads(truth.read_text())


def children_of(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def run_tests():
    """Exits with 77, which ctest shows as skipped, when nothing could run."""
    reports = sanitized.Reports()
    result = unittest.main(verbosity=2, exit=False, warnings="ignore").result
    found = reports.show()
    if result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(found > 0 or not result.wasSuccessful())


__all__ = [name for name in dir() if not name.startswith("_")]
