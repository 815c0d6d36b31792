"""As a service: units that confine, sockets that are passed, watchdogs, reload."""

import re

from shop import *

UNITS = SOURCE / "systemd"


class Manager:
    """What systemd is to a service: its notify socket."""

    def __init__(self, folder):
        self.path = str(folder / "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def said(self, wanted):
        """Seconds until this message came."""
        began = time.monotonic()
        self.socket.settimeout(HANG_S * PATIENCE)
        while self.socket.recv(4096).decode() != wanted:
            pass
        return time.monotonic() - began

    def silent(self, unwanted, seconds):
        """Nothing of this comes for so long, after what is under way."""
        time.sleep(0.5)
        self.socket.settimeout(0.01)
        try:
            while True:
                self.socket.recv(4096)
        except TimeoutError:
            pass
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(4096).decode() != unwanted
        except TimeoutError:
            return True


def listener(port=0):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    one.listen(64)
    return one


@unittest.skipUnless(shutil.which("systemd-analyze"), "skipped: no systemd-analyze")
class Units(unittest.TestCase):
    def exposure(self, unit):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / unit
            path.write_text((UNITS / (unit + ".in")).read_text().replace("@BINDIR@", "/usr/bin"))
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                                   str(path)], capture_output=True, text=True)
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout + done.stderr)
        if not found:
            self.skipTest(f"skipped: systemd-analyze cannot judge units here: {done.stderr[:200]}")
        return float(found[1])

    def test_the_core_is_confined(self):
        self.assertLessEqual(self.exposure("maitred.service"), 0.5)

    def test_the_eye_is_confined(self):
        self.assertLessEqual(self.exposure("maitred-eye@.service"), 1.5)

    def test_looks_at_photos_are_confined(self):
        self.assertLessEqual(self.exposure("maitred-photo@.service"), 0.8)


@unittest.skipUnless(shutil.which("strace") and shutil.which("systemd-analyze"),
                     "skipped: no strace or no systemd-analyze")
class Confinement(ShopTest):
    """The main job does nothing that the units forbid."""

    def allowed(self, unit):
        """The system calls of the unit's SystemCallFilter lines."""
        groups = {}
        name = None
        text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], check=True,
                              capture_output=True, text=True).stdout
        for line in text.splitlines():
            if line.startswith("@"):
                name = line.strip()
                groups[name] = []
            elif name and line.strip() and not line.strip().startswith("#"):
                groups[name].append(line.strip())

        def calls(name):
            """The calls of a group, or the one call of that name."""
            if not name.startswith("@"):
                return {name}
            return set().union(*(calls(one) for one in groups[name]))

        allowed = set()
        for line in re.findall(r"^SystemCallFilter=(.*)",
                               (UNITS / (unit + ".in")).read_text(), re.MULTILINE):
            names = set().union(*(calls(one) for one in line.lstrip("~").split()))
            allowed = allowed - names if line.startswith("~") else allowed | names
        return allowed

    def traced(self, trace):
        lines = trace.read_text(errors="replace").splitlines()
        return [line for line in lines if re.match(r"\d+ +[a-z_0-9]+\(", line)]

    def test_the_main_job_under_a_trace(self):
        path, truth = small_film()
        box = self.shop().camera(path, realtime=False, loop=True).init()
        trace = {name: box.folder / f"{name}.trace" for name in ("core", "eye")}
        staff = listener(box.port)

        def strace(name, command, **options):
            return subprocess.Popen(["strace", "-f", "-o", trace[name], "-s", "0",
                                     *map(str, command)], **options)

        with open(box.log, "ab") as log:
            core = strace("core", ["sh", "-c", f"LISTEN_FDS=1 LISTEN_PID=$$ exec {BIN}/maitred -c "
                                   f"{box.config} 3<&{staff.fileno()}"], stderr=log,
                          pass_fds=[staff.fileno()])
            self.addCleanup(core.kill)
            client = box.client()
            member = list(truth["enroll"])[0]
            customer = box.enrol("Robin Sample", portrait_of_member(member))
            eye = strace("eye", [BIN / "maitred-eye", "-c", box.config, "entrance"], stderr=log)
            self.addCleanup(eye.kill)
            visit = client.until("alert")
        self.assertIsNotNone(visit, box.log.read_text())
        client.send({"type": "claim", "visit": visit["visit"], "by": "Sam"})
        self.assertIsNotNone(client.until("claimed"))
        box.do("forget", customer)
        for traced in (eye, core):
            os.kill(children_of(traced.pid)[0], signal.SIGTERM)
            traced.wait(HANG_S * PATIENCE)
        for name, unit in (("core", "maitred.service"), ("eye", "maitred-eye@.service")):
            lines = self.traced(trace[name])
            # What the shell and the loader of the test do before is not the program's.
            begin = max(i for i, line in enumerate(lines) if " execve(" in line)
            lines = lines[begin + 1:]
            used = {re.match(r"\d+ +([a-z_0-9]+)\(", line)[1] for line in lines}
            print(f"{name}: {len(used)} system calls", file=sys.stderr)
            self.assertGreater(len(used), 20)
            # Scheduling hints of the numeric libraries are refused without harm; SQLite hands its
            # files to the owner of the database when it is run by root, as here perhaps.
            harmless = {"sched_setaffinity", "mbind", "set_mempolicy"}
            if os.geteuid() == 0:
                harmless.add("fchown")
            self.assertEqual(used - self.allowed(unit) - harmless, set(), name)
        core_lines = self.traced(trace["core"])
        writable_code = [line for line in core_lines
                         if "PROT_WRITE|PROT_EXEC" in line or
                         (" mprotect(" in line and "PROT_EXEC" in line)]
        self.assertEqual(writable_code, [], "MemoryDenyWriteExecute would refuse this")
        self.assertEqual([line for line in core_lines if re.search(r" socket\(AF_INET", line)], [])
        self.assertEqual([line for line in self.traced(trace["eye"]) if "store.key" in line], [])


class Service(ShopTest):
    def start_as_service(self, box, sockets=(), watchdog=None, eye=None, expect=None):
        """As systemd does: descriptors from 3 on, and the environment."""
        manager = Manager(box.folder)
        setup = " ".join(f"{3 + i}<&{one.fileno()}" for i, one in enumerate(sockets))
        program = f"{BIN}/maitred-eye -c {box.config} {eye}" if eye else \
            f"{BIN}/maitred -c {box.config}"
        env = {**os.environ, "NOTIFY_SOCKET": manager.path}
        if watchdog:
            env["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        # Out of the way of 3, 4, ...
        high = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(sockets)]
        setup = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(high))
        command = f"LISTEN_FDS={len(sockets)} LISTEN_PID=$$ exec {program} {setup}"
        with open(box.log, "ab") as log:
            child = subprocess.Popen(["bash", "-c", command], stdout=log, stderr=log, env=env,
                                     pass_fds=high)
        for fd in high:
            os.close(fd)
        self.addCleanup(lambda: (child.kill(), child.wait()))
        return manager, child

    def test_passed_sockets_readiness_and_the_watchdog(self):
        box = self.shop().init()
        metrics_port = free_port()
        box.section("metrics", listen=f"127.0.0.1:{metrics_port}").write()
        staff, metrics = listener(box.port), listener(metrics_port)
        # A connection made before the daemon runs is not lost.
        early = socket.create_connection(("127.0.0.1", box.port))
        manager, child = self.start_as_service(box, (staff, metrics), watchdog=1.5)
        manager.said("READY=1")
        self.assertIn(b"hello", early.recv(4096))
        for _ in range(4):
            self.assertWithin(manager.said("WATCHDOG=1"), 1.5, "the watchdog is fed")
        self.assertIsNotNone(box.client().hello)
        # A core that hangs does not feed it.
        os.kill(child.pid, signal.SIGSTOP)
        self.assertTrue(manager.silent("WATCHDOG=1", 2))
        os.kill(child.pid, signal.SIGCONT)
        manager.said("WATCHDOG=1")
        child.terminate()
        manager.said("STOPPING=1")
        self.assertEqual(child.wait(HANG_S * PATIENCE), 0)
        # The sockets are the manager's: the next one goes on with them.
        manager.socket.close()
        os.unlink(manager.path)
        waiting = socket.create_connection(("127.0.0.1", box.port))
        manager, child = self.start_as_service(box, (staff, metrics))
        manager.said("READY=1")
        self.assertIn(b"hello", waiting.recv(4096))

    def test_sockets_and_configuration_that_differ_are_refused(self):
        box = self.shop().init()
        _, child = self.start_as_service(box, (listener(),))
        self.assertEqual(child.wait(HANG_S * PATIENCE), 2)
        self.assertIn("maitred.socket", box.log.read_text())

    def test_an_eye_feeds_its_own_watchdog(self):
        path, _ = small_film()
        box = self.shop().camera(path, realtime=True, loop=True).init()
        box.start(spawn=False)
        manager, child = self.start_as_service(box, watchdog=2, eye="entrance")
        manager.said("READY=1")
        for _ in range(3):
            manager.said("WATCHDOG=1")
        os.kill(child.pid, signal.SIGSTOP)
        self.assertTrue(manager.silent("WATCHDOG=1", 2))
        os.kill(child.pid, signal.SIGCONT)
        child.terminate()
        self.assertEqual(child.wait(HANG_S * PATIENCE), 0)


# Run in a mount namespace of its own: a journal that writes down what programs tell it.
JOURNAL = """
import json, os, socket, subprocess, sys, time
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
os.makedirs("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(float(sys.argv[1]))
with open(sys.argv[2], "wb") as log:
    place = os.fstat(log.fileno())
    daemon = subprocess.Popen(sys.argv[3:], stderr=log, env={
        **os.environ, "JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"})
    entries = []
    try:
        while not any("eye connected" in entry["MESSAGE"] for entry in entries):
            text = journal.recv(65536).decode()
            entries.append(dict(line.split("=", 1) for line in text.splitlines()))
    finally:
        daemon.terminate()
        daemon.wait()
print(json.dumps(entries))
"""


class Journal(ShopTest):
    def test_messages_have_fields_to_search_by(self):
        alone = ["unshare", "-m"]
        if os.geteuid() != 0 or subprocess.run([*alone, "true"]).returncode != 0:
            self.skipTest("skipped: only root may have a journal of its own")
        box = self.shop().camera(small_film()[0]).init()
        done = subprocess.run([*alone, sys.executable, "-c", JOURNAL, str(HANG_S * PATIENCE), box.log,
                               BIN / "maitred", "-c", box.config, "--spawn-eyes"],
                              capture_output=True, text=True, timeout=2 * HANG_S * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        entries = json.loads(done.stdout)
        connected = next(entry for entry in entries if "eye connected" in entry["MESSAGE"])
        self.assertEqual(connected["PRIORITY"], "6")
        self.assertEqual(connected["SYSLOG_IDENTIFIER"], "maitred")
        self.assertEqual(connected["MAITRED_MODULE"], "daemon")
        self.assertNotIn("eye connected", box.log.read_text())  # not a second time


class Reload(ShopTest):
    def log_says(self, box, text):
        eventually(lambda: text in box.log.read_text(), lambda: f"{text!r} in {box.log.read_text()}")

    def hup(self, box, text):
        box.daemon.send_signal(signal.SIGHUP)
        self.log_says(box, text)

    def test_a_running_daemon_takes_over_what_can_change(self):
        path, truth = small_film()
        box = self.shop().camera(path, realtime=True, loop=True)
        box.section("recognition", false_alerts="1 per 1000 visitors").init()
        box.enrol("Robin Sample", portrait_of_member(list(truth["enroll"])[0]))
        box.start()
        client = box.client()
        before = box.do("status")["threshold"]
        box.section("recognition", false_alerts="1 per 100000 visitors")
        box.section("log", level="debug")
        box.camera(path, name="till", realtime=True, loop=True)
        box.write()
        self.hup(box, "is in use")
        status = box.do("status")
        self.assertGreater(status["threshold"], before)
        self.assertEqual([one["name"] for one in status["cameras"]], ["entrance", "till"])
        self.await_running(box, 2)
        # Staff stay connected.
        client.send({"type": "ping"})
        self.assertIsNotNone(client.until("pong"))
        # A changed camera gets a new eye, a camera that is gone loses its.
        eyes = set(children_of(box.daemon.pid))
        box.cameras = [{**box.cameras[0], "fps": 5}]
        box.write()
        box.log.write_text("")
        self.hup(box, "is in use")
        self.await_running(box, 1, new_since=eyes)
        self.assertEqual(box.stop(), 0)

    def await_running(self, box, count, new_since=frozenset()):
        """So many cameras, each with a running eye that is none of those before."""
        def run():
            cameras = box.do("status")["cameras"]
            eyes = set(children_of(box.daemon.pid))
            return (len(cameras) == len(eyes) == count and not eyes & new_since and
                    all(one["state"] == "running" for one in cameras))

        eventually(run, lambda: f"{count} cameras: {box.log.read_text()}", every=0.2)

    def test_a_bad_file_is_refused_and_the_one_before_stays(self):
        box = self.shop().init()
        box.start(spawn=False)
        good = box.config.read_text()
        before = box.do("status")

        # Before the reload, beside the core that has the store.
        status, said = box.check()
        self.assertEqual(status, 0, said)
        self.assertIn("configuration and models", said)
        self.assertIn(f"process {box.daemon.pid}", said)
        for bad in ("[store]\npath = 7\n", good + "[nonsense]\n", "", "\x00\xff"):
            box.config.write_bytes(bad.encode("latin-1"))
            if bad:
                self.assertEqual(box.check()[0], 2, bad)
            box.log.write_text("")
            box.daemon.send_signal(signal.SIGHUP)
            if bad:
                self.log_says(box, "keeping the previous configuration")
            self.assertIsNotNone(box.client().hello)
            box.config.write_text(good)
        box.section("staff", listen="127.0.0.1:1").write()
        self.hup(box, "staff.listen: takes effect at the next start")
        self.assertEqual(box.do("status")["staff_listen"], before["staff_listen"])


if __name__ == "__main__":
    run_tests()
