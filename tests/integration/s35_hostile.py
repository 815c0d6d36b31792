"""Helpers of the core that were taken over: an eye, the process that looks at photos, a maitredctl."""

import base64
import struct
import threading

from s04_privacy import ScriptedEye
from shop import *
from web_client import Board

YEAR_2099 = 4_070_908_800_000


class HostileEye(ScriptedEye):
    def say(self, track, values, at=None, first=None, frames=6):
        now = int(time.time() * 1000)
        at = now if at is None else at
        self.send(2, struct.pack("<QqqqB", track, at if first is None else first, at, 0, 0) +
                  struct.pack("<fffff", 10, 10, 100, 100, 0.9) + struct.pack("<I", frames) +
                  self.name(self.engine) + struct.pack(f"<I{self.length}f", self.length, *values))

    def is_closed(self):
        return eventually(lambda: not self.connected(), "the core closes the eye", every=0.02)


class Hostile(ShopTest):
    def setUp(self):
        self.box = self.shop()
        self.port = free_port()
        self.box.section("board", listen=f"127.0.0.1:{self.port}")
        self.box.camera("/dev/null", name="entrance").camera("/dev/null", name="till")
        self.box.section("recognition", allow_demo_engine=True)
        self.box.init()
        photo = portrait(1)
        self.customer = self.box.enrol("Robin Sample", photo, portrait(1, 1))
        report = subprocess.run([BIN / "maitred-eye", "-c", self.box.config, "--photo"],
                                stdin=open(photo, "rb"), capture_output=True, check=True)
        self.report = json.loads(report.stdout)
        self.face = base64.b64decode(self.report["template"])
        self.length = len(self.face) // 4
        self.values = struct.unpack(f"<{self.length}f", self.face)

    def eye(self, camera="entrance"):
        return HostileEye(self.box, camera, self.box.engine, self.length)

    def last_visit(self):
        return self.box.do("show", self.customer)["last_visit"]

    def log_has(self, text):
        eventually(lambda: text in self.box.log.read_text(), text, every=0.02)

    def test_an_eye_is_bounded_by_the_clock_the_camera_and_the_rate_of_the_core(self):
        self.box.start(spawn=False)
        eye = self.eye()
        eye.say(1, self.values, at=YEAR_2099)
        eye.say(2, self.values, at=YEAR_2099, first=0)
        eye.send(3, struct.pack("<Qq", 1, YEAR_2099))
        self.log_has("its time is ahead of the core's clock")
        self.assertEqual(self.box.do("alerts")["alerts"], [])
        self.assertIsNone(self.last_visit())
        self.assertEqual(self.box.log.read_text().count("ahead of the core's clock"), 1)
        # The same process speaks for another camera.
        other = self.eye("till")
        self.assertTrue(other.is_closed())
        self.log_has("it is the eye of camera 'entrance'")
        # Another process takes a camera whose eye is well.
        taker = subprocess.run(
            [sys.executable, "-B", "-c",
             "import sys; from s35_hostile import *\n"
             "from types import SimpleNamespace as N\n"
             "from pathlib import Path\n"
             "HostileEye(N(folder=Path(sys.argv[1])), 'entrance', sys.argv[2], int(sys.argv[3]))"
             ".is_closed()", self.box.folder, self.box.engine, str(self.length)],
            cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, timeout=HANG_S * PATIENCE)
        self.assertEqual(taker.returncode, 0, taker.stderr)
        self.log_has("is connected and well")
        self.assertTrue(eye.connected())
        # Each bad template closes the connection that sent it, and only that.
        for bad in ([float("nan")] * self.length, [float("inf")] * self.length,
                    [0.0] * self.length, [1.0] * self.length):
            eye = self.eye()
            eye.say(3, bad)
            self.assertTrue(eye.is_closed())
        for garbage in (b"", b"MTRE", os.urandom(200), b"MTRE\x02\x02\0\0" + b"\xff" * 300):
            eye = self.eye()
            eye.socket.send(garbage or b"x")
            self.assertTrue(eye.is_closed())
        # A flood of tracks that never end leaves a core that answers, and recognises.
        eye = self.eye()
        eye.socket.setblocking(False)
        sent = 0

        def flooded():
            nonlocal sent
            for _ in range(200):
                try:
                    eye.say(100 + sent, self.values[::-1])
                    sent += 1
                except BlockingIOError:
                    break
            return "messages a second" in self.box.log.read_text()

        eventually(flooded, "the core slows the eye down", every=0.001)
        self.log_has("new tracks in a minute")
        eye.socket.close()
        self.assertEqual(self.box.do("status")["running"], True)
        honest = self.eye()
        honest.say(1, self.values)
        alerts = eventually(lambda: self.box.do("alerts")["alerts"], "the alert", every=0.1)
        self.assertEqual(len(alerts), 1)
        self.assertLess(self.last_visit()[:4], "2099")
        self.assertEqual(self.box.stop(), 0)
        self.assertEqual(self.box.ctl("list").status, 0)  # no clock_behind

    def test_a_photo_process_that_answers_nonsense_gets_an_error_and_no_match(self):
        lines = [b"", b"null", b"[]", b"5", b"{}", b'{"error":5}', b'{"error":null}', b"\xff\xfe",
                 b'{"error":{"code":5,"message":[]}}', b"[" * 1000, b"x" * 100_000,
                 json.dumps({key: value for key, value in self.report.items()
                             if key != "live"}).encode(),
                 json.dumps({**self.report, "live": True}).encode(),
                 json.dumps({**self.report, "quality": "high"}).encode()]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.box.folder / "photo.sock"))
        listener.listen()
        self.addCleanup(listener.close)

        def serve():
            for line in lines + [json.dumps({**self.report, "live": None}).encode()]:
                with listener.accept()[0] as client:
                    while client.recv(65536):
                        pass
                    try:
                        client.sendall(line)
                    except OSError:  # the core has heard enough
                        pass

        server = threading.Thread(target=serve)
        server.start()
        self.box.start(spawn=False)
        board, png = Board(self.port), {"Content-Type": "image/png"}
        for line in lines:
            status, _, text = board.ask("POST", "/desk/identify", b"a photo", png)
            self.assertIn(status, (422, 503), (line[:80], text))
            self.assertIn("error", json.loads(text), line[:80])
        answer = board.json("POST", "/desk/identify", b"a photo", png)
        self.assertEqual((answer["match"], answer["id"]), (True, self.customer))
        server.join()
        self.assertEqual(self.box.stop(), 0)

    def test_garbage_on_the_control_socket_ends_nothing_but_its_connection(self):
        self.box.start(spawn=False)
        asks = [b"\n", b"null\n", b"[]\n", b"5\n", b'"x"\n', b"{}\n", b'{"verb":5}\n',
                b'{"verb":"identify","args":5}\n', b'{"verb":"identify","args":{"photos":[5]}}\n',
                b'{"verb":"identify","args":{"photos":{"a":1}}}\n',
                b'{"verb":"verify","args":{"id":[],"photos":[{}]}}\n',
                b'{"verb":"identify","args":{"photos":[{"engine":"demo","template":"AAAA",'
                b'"quality":7,"live":"no"}]}}\n', b"[" * 5000 + b"\n", b"\xff\xfe\n", b"\0\n",
                os.urandom(5000)]
        for ask in asks:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(HANG_S * PATIENCE)
                client.connect(str(self.box.folder / "control.sock"))
                client.sendall(ask)
                client.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: client.recv(65536), b""))
            self.assertNotIn(b'"match":true', answer)
            self.assertEqual(self.box.do("status")["running"], True, ask[:60])
        self.assertEqual(self.box.stop(), 0)


def facts_of(pid):
    """What the kernel says of a process; {} if it has ended."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines)
        return {key: value.split() for key, value in facts.items()}
    except OSError:
        return {}


def is_confined(facts):
    return facts.get("Seccomp") == ["2"] and facts.get("NoNewPrivs") == ["1"]


@unittest.skipIf(SANITIZED, "skipped: sanitizers look into the process")
class Confined(ShopTest):
    """The programs that decode pictures, as the kernel sees them while they run."""

    SECRET = {"MAITRED_PASSPHRASE_FILE": "/a/secret", "OF_NOBODY": "a-secret"}

    def assertKnowsNoSecret(self, pid):
        if os.geteuid() != 0:  # it is hidden from other processes, also of its user
            return
        for variable in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            self.assertFalse(variable.startswith((b"MAITRED_", b"OF_NOBODY")), variable)

    def test_a_camera_of_the_core(self):
        path, _ = small_film()
        box = self.shop().camera(path, loop=True).init()
        box.start(env=self.SECRET)
        eventually(lambda: box.do("status")["cameras"][0]["state"] == "running", box.log.read_text,
                   every=0.05)
        eye, = children_of(box.daemon.pid)
        self.assertTrue(is_confined(facts_of(eye)), facts_of(eye))
        self.assertKnowsNoSecret(eye)
        self.assertEqual(box.stop(), 0)

    def test_a_photo_is_not_read_before_its_process_is_confined(self):
        box = self.shop().init()
        process = subprocess.Popen([BIN / "maitred-eye", "-c", box.config, "--must-confine",
                                    "--photo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.kill)
        eventually(lambda: is_confined(facts_of(process.pid)), "it confines itself", every=0.02)
        facts = facts_of(process.pid)
        if os.geteuid() == 0:
            self.assertNotIn("0", facts["Uid"] + facts["Gid"])
            self.assertEqual(facts.get("Groups", []), [])
        self.assertEqual(int(facts["CapEff"][0], 16), 0)
        # Inference works with what is left.
        report, _ = process.communicate(portrait(1).read_bytes(), timeout=HANG_S * PATIENCE)
        self.assertEqual(json.loads(report)["engine"], box.engine)

    def test_the_photo_process_of_the_desk(self):
        box, port = self.shop(), free_port()
        box.section("board", listen=f"127.0.0.1:{port}").init()
        box.start(spawn=False, env=self.SECRET)
        board, photo = Board(port), portrait(1).read_bytes()
        over = threading.Event()

        def ask():
            while not over.is_set():
                board.ask("POST", "/desk/identify", photo, {"Content-Type": "image/png"})

        asker = threading.Thread(target=ask)
        asker.start()

        def seen():
            for pid in children_of(box.daemon.pid):
                if is_confined(facts_of(pid)):
                    try:
                        self.assertKnowsNoSecret(pid)
                        return True
                    except OSError:  # it has ended meanwhile
                        pass
            return False

        try:
            eventually(seen, "a confined process", every=0.005)
        finally:
            over.set()
            asker.join()
        self.assertEqual(box.stop(), 0)


if __name__ == "__main__":
    run_tests()
