"""A shop for one test: its own folder, configuration, store, daemon and staff clients.

Only the standard library. The programs come from $MAITRED_BIN, real media from $MAITRED_SHARED.
"""

import contextlib
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
from basics import (BIN, HANG_S, JUDGE_TIMES, PATIENCE, SANITIZED, SHARED, SOURCE, eventually,
                    needs_shared)
from drawn import (alone, build_of, drawn_folder, film, live_film, portrait,
                   portrait_of_member, small_film)
from staff_client import StaffClient

OWN_MOUNTS = "MAITRED_OWN_MOUNTS"


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


class Shop:
    def __init__(self, engine=os.environ.get("MAITRED_ENGINE", "demo"), models=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-test-"))
        self.engine = engine
        self.models = models or (SHARED / "models" if engine != "demo" else self.folder / "models")
        self.cameras = []
        self.sections = {}
        self.port = free_port()
        self.daemon = None
        self.eyes = []
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
                              text=True, timeout=4 * HANG_S * PATIENCE, input=stdin,
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

    def eye(self, camera="entrance"):
        """Starts the eye of a camera, for a daemon that was started with spawn=False."""
        with open(self.folder / "eye.log", "ab") as log:
            eye = subprocess.Popen([BIN / "maitred-eye", "-c", self.config, camera], stdout=log,
                                   stderr=log)
        self.eyes.append(eye)
        return eye

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
        for process in [self.daemon, *self.eyes]:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if os.environ.get("MAITRED_KEEP"):
            print(f"kept {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def enrol_members(shop):
    """The customers of the film, with consent to everything but photos; their ids."""
    shop.init()
    return [shop.enrol(member, portrait_of_member(member), scopes="recognition,history,feedback",
                       extra=["--allow-duplicate"]) for member in small_film()[1]["enroll"]]


def play_to_members(shop):
    """The small film is played once to its end."""
    shop.camera(small_film()[0], realtime=False)
    shop.section("visits", cooldown="1s", escalate=[], alert_ttl="3d")
    ids = enrol_members(shop)
    alerts = {alert["customer"]["id"] for alert in shop.replay()}
    if alerts != set(ids):
        raise AssertionError(f"alerts of {alerts}, not of {ids}")
    return ids


class ShopTest(unittest.TestCase):
    """Makes shops and takes them down."""

    def shop(self, *args, **options):
        shop = Shop(*args, **options)
        self.addCleanup(shop.close)
        return shop

    def assertWithin(self, seconds, limit, what):
        """Prints a time that is promised; judges it where MAITRED_JUDGE_TIMES=1."""
        print(f"{what}: {seconds:.3f} s, promised {limit:g} s", file=sys.stderr)
        if JUDGE_TIMES:
            self.assertLess(seconds, limit * PATIENCE, what)

    def shop_with_members(self):
        """A shop in which the customers of the small film are enrolled; their ids."""
        return self.prepared("members", enrol_members)

    def shop_with_alerts(self):
        """The same after the film was played: an open alert of each; the ids."""
        return self.prepared("alerts", play_to_members)

    def prepared(self, name, fill, **options):
        """A new shop with a copy of the store that fill(shop) makes, and what that returns. The
        store is made once for these programs and this day, and shared by all scenarios."""
        shop = self.shop(**options)
        build = build_of("maitred", "maitred-eye", "maitredctl")
        home = drawn_folder() / f"shop-{name}-{shop.engine}-{build}-{int(time.time() // 86400)}"
        with alone(f".lock-{name}"):
            if not home.exists():
                for old in drawn_folder().glob(f"shop-{name}-{shop.engine}-*"):
                    shutil.rmtree(old)
                self._make(home, fill, options)
            shutil.copytree(home, shop.folder, dirs_exist_ok=True)
        told = shop.folder / "told.json"
        ids = json.loads(told.read_text())
        told.unlink()
        return shop.write(), ids

    def _make(self, home, fill, options):
        maker = Shop(**options)
        try:
            told = fill(maker)
            maker.stop()
            (maker.folder / "told.json").write_text(json.dumps(told))
            fresh = home.with_name(f".{os.getpid()}-{home.name}")
            shutil.copytree(maker.folder, fresh, ignore=shutil.ignore_patterns(
                "*.sock", "*.log", "*.toml", "models"))
            os.replace(fresh, home)
        finally:
            maker.close()


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
