"""Staff terminals: claims, resumption, and clients that misbehave."""

import fcntl
import pty
import struct
import termios
import threading

from shop import *


class Staff(ShopTest):
    def setUp(self):
        self.box, _ = self.shop_with_alerts()
        self.box.section("visits", cooldown="1s", escalate=[], alert_ttl="3d").write()

    def paused(self):
        """A shop with a few alerts and no camera."""
        self.box.start(spawn=False)

    def test_first_claim_wins_and_everyone_learns(self):
        self.paused()
        sam, alex = self.box.client(), self.box.client()
        visit = sam.until("alert")["visit"]
        sam.send({"type": "claim", "visit": visit, "by": "Sam"})
        won = alex.until("claimed")
        self.assertEqual((won["visit"], won["by"], won["ok"]), (visit, "Sam", True))
        self.assertEqual(alex.until("update")["state"], "claimed")
        alex.send({"type": "claim", "visit": visit, "by": "Alex"})
        lost = alex.until("claimed")
        self.assertEqual((lost["by"], lost["ok"]), ("Sam", False))
        sam.send({"type": "close", "visit": visit, "outcome": "served", "note": "bought"})
        closed = alex.until("update")
        self.assertEqual((closed["state"], closed["visit"]), ("closed", visit))
        rows = {row["visit"]: row for row in self.box.do("visits")["visits"]}
        self.assertEqual((rows[visit]["outcome"], rows[visit]["note"]), ("served", "bought"))
        sam.send({"type": "close", "visit": visit, "outcome": "served"})
        self.assertEqual(sam.until("error")["code"], "already_closed")
        sam.send({"type": "claim", "visit": "nonsense", "by": "Sam"})
        self.assertEqual(sam.until("error")["code"], "unknown_visit")
        sam.send({"type": "ping"})
        self.assertIsNotNone(sam.until("pong"))

    def test_a_client_resumes_where_it_was(self):
        self.paused()
        everything = [line["seq"] for line in self.box.client().rest()]
        self.assertEqual(everything, sorted(everything))
        self.assertGreaterEqual(len(everything), 3)
        later = [line["seq"] for line in self.box.client(after=everything[0]).rest()]
        self.assertEqual(later, everything[1:])
        self.assertEqual(self.box.client(after=everything[-1]).rest(), [])
        # The same after a restart of the core.
        self.box.stop(signal.SIGKILL)
        self.box.start(spawn=False)
        self.assertEqual([line["seq"] for line in self.box.client().rest()], everything)

    def test_garbage_gets_one_error_and_the_door(self):
        self.paused()
        deep = b'{"type":' + b"[" * 50 + b"]" * 50 + b"}\n"
        for garbage in (b"hello\n", b"\x00\xff\xfe\x01\n", b"[1,2]\n", b"{}\n", deep,
                        b'{"type":"dance"}\n', b'{"type":"claim"}\n', b'{"type":"resume","after":-1}\n',
                        b'{"type":"resume","after":"x"}\n', b"x" * 20000, b"{" * 17000 + b"\n", b"x" * 1_000_000):
            client = self.box.client(resume=False)
            try:
                client.raw(garbage)
            except OSError:
                pass
            lines = client.to_the_end()
            self.assertEqual([line["type"] for line in lines], ["error"], garbage[:40])
        self.assertTrue(self.box.do("status")["running"])

    def test_who_does_not_read_delays_nobody(self):
        self.box.camera(small_film()[0], realtime=False, loop=True).write().start()
        healthy = self.box.client(after=10**9)
        self.assertIsNotNone(healthy.until("alert"))
        # One never reads, with the smallest of buffers; some send garbage without end.
        deaf = self.box.client()
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        done = threading.Event()

        def vandal():
            while not done.is_set():
                try:
                    self.box.client(resume=False).raw(os.urandom(4000) + b"\n")
                except (OSError, TypeError):
                    pass

        vandals = [threading.Thread(target=vandal) for _ in range(2)]
        for thread in vandals:
            thread.start()
        try:
            delays = []
            for _ in range(20):
                sent = time.monotonic()
                healthy.send({"type": "ping"})
                self.assertIsNotNone(healthy.until("pong"))
                delays.append(time.monotonic() - sent)
            self.assertIsNotNone(healthy.until("alert"))
        finally:
            done.set()
            for thread in vandals:
                thread.join()
        self.assertWithin(sorted(delays)[len(delays) // 2], 0.2, "answer beside one that never reads")
        self.assertEqual(self.box.stop(), 0)

    def test_tokens_are_asked_for_once_there_are_some(self):
        self.paused()
        token = self.box.do("staff", "add", "till")["token"]
        stranger = self.box.client(resume=False)
        stranger.send({"type": "auth", "token": "guess"})
        self.assertEqual(stranger.until("error")["type"], "error")
        till = self.box.client(resume=False)
        till.send({"type": "auth", "token": token})
        till.send({"type": "ping"})
        self.assertIsNotNone(till.until("pong"))
        self.assertNotIn(token, self.box.log.read_text())

    def test_watch_on_a_terminal(self):
        # Names that would clear the screen, set its title, and say that a visit is over.
        tricks = "\x1b[2J\x1b]0;owned\x07\u009b2J\nvisit closed <script>"
        self.box, _ = self.shop_with_members()
        self.box.section("visits", cooldown="1s", escalate=[], alert_ttl="3d")
        self.box.camera(small_film()[0], realtime=False).write()
        for row in self.box.do("list")["customers"]:
            self.box.do("update", row["id"], "--name", row["name"] + tricks)
            self.box.do("appointment", row["id"], "--at", time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
                        "--with", "Kim")
        self.box.replay()
        self.box.cameras = []
        self.box.write()
        self.paused()
        master, terminal = pty.openpty()
        watch = subprocess.Popen([BIN / "maitredctl", "-c", self.box.config, "watch", "--as", "Sam"],
                                 stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True)
        os.close(terminal)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        shown = b""

        def until(*wanted, bells=0, timeout=HANG_S):
            """Reads until the last picture of the screen has all of it, and so many bells rang."""
            nonlocal shown
            deadline = time.monotonic() + timeout * PATIENCE
            while shown.count(b"\x07") < bells or \
                    not all(one in shown.rsplit(b"\x1b[H\x1b[J", 1)[-1] for one in wanted):
                left = deadline - time.monotonic()
                self.assertTrue(left > 0 and select.select([master], [], [], left)[0],
                                (wanted, shown[-2000:]))
                shown += os.read(master, 65536)
            return shown.rsplit(b"\x1b[H\x1b[J", 1)[-1]

        alerts = len(self.box.do("alerts")["alerts"])
        self.assertGreaterEqual(alerts, 3)
        until(b"connected", b"<script>", b"; appointment ", b"q quit", bells=alerts)
        own = [b"\x1b[?1049h", b"\x1b[?25l", b"\x1b[H", b"\x1b[J"]
        text = shown
        for control in own:
            text = text.replace(control, b"")
        for colour in range(100):
            text = text.replace(b"\x1b[%dm" % colour, b"")
        self.assertNotIn(b"\x1b", text)
        self.assertNotIn("\u009b".encode(), text)
        self.assertNotIn(b"\nvisit closed", text.replace(b"\r", b""))
        # One bell an alert, and no other.
        self.assertEqual(text.count(b"\x07"), alerts)
        # On a small terminal it shows the chosen one, and says how many there are.
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 9, 60, 0, 0))
        os.write(master, b"j" * alerts)
        small = until(f" {alerts} to {alerts} of {alerts}".encode(), b"<script>", b"q quit")
        self.assertLessEqual(small.count(b"\n"), 9)
        os.write(master, b"k")
        until(f" {alerts - 1} to {alerts - 1} of {alerts}".encode(), b"<script>")
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        # Claimed and closed with a key; others learn it.
        other = self.box.client()
        other.rest()
        os.write(master, b"jc")
        claimed = other.until("claimed")
        self.assertEqual((claimed["by"], claimed["ok"]), ("Sam", True))
        until(b"claimed by Sam")
        os.write(master, b"s")
        closed = other.until("update")
        while closed["state"] != "closed":
            closed = other.until("update")
        self.assertEqual((closed["visit"], closed["outcome"]), (claimed["visit"], "served"))
        # It comes back by itself.
        self.box.stop(signal.SIGKILL)
        until(b"OFFLINE")
        self.box.start(spawn=False)
        self.assertIn(b"new", until(b"connected", b"<script>"))
        os.write(master, b"q")
        self.assertEqual(watch.wait(HANG_S * PATIENCE), 0)
        # In a pipe each alert is one line, and on the command line too nothing gets through.
        done = subprocess.run([BIN / "maitredctl", "-c", self.box.config, "watch", "--count", "1",
                               "--seconds", "300"], capture_output=True,
                              timeout=2 * HANG_S * PATIENCE)
        printed = done.stdout
        for words in (["list"], ["visits"], ["show", self.box.do("list")["customers"][0]["id"]],
                      ["report", "--names"]):
            printed += self.box.ctl(*words, json_out=False).out.encode()
        self.assertIn(b"<script>", printed)
        for control in (b"\x1b", b"\x07", "\u009b".encode(), b"\nvisit closed"):
            self.assertNotIn(control, printed)

    def test_watch_in_a_pipe(self):
        self.paused()
        done = subprocess.run([BIN / "maitredctl", "-c", self.box.config, "--json", "watch",
                               "--count", "3", "--seconds", "300"], capture_output=True, text=True,
                              timeout=2 * HANG_S * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        alerts = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([alert["type"] for alert in alerts], ["alert"] * 3)


if __name__ == "__main__":
    run_tests()
