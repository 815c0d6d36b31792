"""The staff web page, as a browser's requests see it: the same alerts and claims as the terminals
have, and nothing for those who should not be there."""

import re
import threading

from shop import *
from web_client import Board, WebSocket


class Texts(unittest.TestCase):
    def test_every_text_of_the_page_is_in_one_file(self):
        page = SOURCE / "src/doors/board/page"
        texts = json.loads((page / "texts.json").read_text())
        markup, script = (page / "index.html").read_text(), (page / "board.js").read_text()
        shown = re.sub(r"<(title|span)>maitred</\1>", "", markup.split("</head>")[1])
        self.assertEqual(re.sub(r"<[^>]*>|\s", "", shown), "", "words in the markup")
        self.assertEqual(re.findall(r'(?:aria-label|placeholder|title|alt)="[^"]+"', markup), [])
        code = re.sub(r"^\s*//.*$|(?<=\s)//.*$|/\*.*?\*/", "", script, flags=re.M)
        used = re.findall(r'\bt\("(\w*[a-z])"', code) + re.findall(r'data-text="(\w+)"', markup)
        self.assertGreater(len(used), 40)
        self.assertEqual(set(used) - set(texts), set())
        # Nothing a person would read stands in the program: texts with a blank between two words.
        said = [text for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)
                if re.search(r"[A-Za-z]{3,} [a-z]{3,}", text)]
        self.assertEqual(set(said) - {"use strict", "primary wide", ".actions button"}, set())


class BoardTest(ShopTest):
    def setUp(self):
        self.box = self.with_board(self.shop())

    def with_board(self, box):
        self.board_port = free_port()
        box.section("board", listen=f"127.0.0.1:{self.board_port}")
        return box.section("visits", cooldown="1s", escalate=[], alert_ttl="3d")

    def empty(self):
        self.box.init()
        self.box.start(spawn=False)
        return Board(self.board_port)

    def with_alerts(self):
        self.box = self.with_board(self.shop_with_alerts()[0])
        self.box.write().start(spawn=False)
        return Board(self.board_port)

    def test_the_same_alerts_and_claims_as_on_tcp(self):
        board = self.with_alerts()
        self.assertEqual(board.ask("GET", "/")[0], 200)
        page, tcp = board.events(), self.box.client()
        on_tcp = [line for line in tcp.rest() if line["type"] == "alert"]
        on_page = [page.until("alert") for _ in on_tcp]
        self.assertEqual(on_page, on_tcp)
        self.assertGreaterEqual(len(on_page), 3)
        first, second = on_page[0]["visit"], on_page[1]["visit"]
        page.send({"type": "claim", "visit": first, "by": "Sam"})
        self.assertEqual(tcp.until("claimed")["by"], "Sam")
        self.assertEqual(tcp.until("update")["state"], "claimed")
        tcp.send({"type": "claim", "visit": first, "by": "Alex"})
        self.assertEqual((tcp.until("claimed")["by"]), "Sam")
        tcp.send({"type": "claim", "visit": second, "by": "Alex"})
        self.assertEqual(page.until("claimed")["by"], "Sam")  # its own
        self.assertEqual(page.until("claimed")["by"], "Alex")
        page.send({"type": "close", "visit": first, "outcome": "served", "note": "size 43"})
        self.assertEqual(tcp.until("update")["visit"], second)
        closed = tcp.until("update")
        self.assertEqual((closed["visit"], closed["outcome"], closed["by"]), (first, "served", "Sam"))
        # Today's history, and how it was.
        rows = board.json("GET", "/history?since=2020-01-01")["visits"]
        row = next(row for row in rows if row["visit"] == first)
        self.assertEqual((row["outcome"], row["note"], row["by"], row["feedback_due"]),
                         ("served", "size 43", "Sam", True))
        board.json("POST", "/feedback", {"visit": first, "rating": 9})
        row = next(row for row in board.json("GET", "/history?since=2020-01-01")["visits"]
                   if row["visit"] == first)
        self.assertEqual((row["rating"], row["feedback_due"]), (9, False))
        self.assertEqual(board.ask("POST", "/feedback", {"visit": first, "rating": 11})[0], 422)

    def test_tokens_sessions_and_their_end(self):
        board = self.empty()
        self.assertEqual(board.json("GET", "/session")["needed"], False)
        token = self.box.do("staff", "add", "till")["token"]
        self.assertEqual(board.json("GET", "/session")["needed"], True)
        self.assertEqual(board.ask("GET", "/history?since=2020-01-01")[0], 401)
        self.assertEqual(board.events().status, 401)
        self.assertEqual(board.sign_in(token), 200)
        self.assertTrue(board.json("GET", "/session")["signed_in"])
        self.assertEqual(board.ask("GET", "/history?since=2020-01-01")[0], 200)
        # It lasts over a restart of the core.
        self.box.stop()
        self.box.start(spawn=False)
        page = board.events()
        self.assertEqual(page.status, 101)
        # Signed out: the cookie is worth nothing, and the open page hears nothing more.
        old = board.cookie
        self.assertEqual(board.ask("POST", "/signout")[0], 200)
        board.cookie = old
        self.assertEqual(board.ask("GET", "/history?since=2020-01-01")[0], 401)
        page.send({"type": "ping"})
        self.assertIsNone(page.until("pong"))
        self.assertTrue(page.closed)
        # Revoked: the same.
        self.assertEqual(board.sign_in(token), 200)
        page = board.events()
        self.box.do("staff", "revoke", "till")
        self.box.do("staff", "add", "other")
        self.assertEqual(board.ask("GET", "/history?since=2020-01-01")[0], 401)
        page.send({"type": "ping"})
        self.assertIsNone(page.until("pong"))
        log = self.box.log.read_text()
        for secret in (token, old.split("=")[1]):
            self.assertNotIn(secret, log)

    def test_a_stalled_flood_shuts_nobody_out(self):
        board = self.empty()
        token = self.box.do("staff", "add", "till")["token"]
        self.assertEqual(board.sign_in(token), 200)
        page = board.events()
        crowd = []
        try:
            for number in range(600):
                one = socket.create_connection(("127.0.0.1", self.board_port))
                one.sendall(b"POST /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n"
                            b"Content-Type: application/json\r\n\r\n{" if number % 2 else b"GET")
                crowd.append(one)
            began = time.monotonic()
            self.assertEqual(Board(self.board_port).ask("GET", "/")[0], 200, "a new visitor")
            self.assertEqual(board.ask("GET", "/history?since=2020-01-01")[0], 200)
            page.send({"type": "ping"})
            self.assertIsNotNone(page.until("pong"))
            # The wrong tokens of others behind this address do not shut out the right one.
            guesser = Board(self.board_port)
            for number in range(12):
                self.assertIn(guesser.sign_in(f"guess-{number}-0123456789"), (401, 429))
            self.assertEqual(Board(self.board_port).sign_in(token), 200)
            self.assertWithin(time.monotonic() - began, 15, "answers beside a stalled flood")
            # As many pages as there are places, all of one terminal: requests still get through.
            for _ in range(260):
                one = board.events(resume=False)
                crowd.append(one.socket)
            self.assertEqual(one.status, 503)
            self.assertEqual(Board(self.board_port).ask("GET", "/")[0], 200)
        finally:
            for one in crowd:
                one.close()

    def test_another_user_of_the_box_gets_nothing_without_a_token(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be another user")
        self.empty()
        asks = 'exec 3<>/dev/tcp/127.0.0.1/$1; printf "$2" >&3; cat <&3'

        def as_nobody(port, text):
            return subprocess.run(["bash", "-c", asks, "ask", str(port), text], user=65534,
                                  group=65534, extra_groups=[], capture_output=True, text=True,
                                  cwd="/", timeout=60).stdout

        refused = as_nobody(self.box.port, '{"type":"resume","after":0}\n')
        self.assertIn("not_allowed", refused)
        self.assertIn("maitredctl staff add", refused)
        self.assertNotIn("hello", refused)
        history = "GET /history?since=2020-01-01 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
        self.assertIn("401", as_nobody(self.board_port, history).split("\n")[0])
        self.assertEqual(Board(self.board_port).ask("GET", "/history?since=2020-01-01")[0], 200)

    def test_guessers_floods_and_other_sites(self):
        board = self.empty()
        token = self.box.do("staff", "add", "till")["token"]
        self.assertEqual(board.sign_in(token), 200)
        healthy = board.events()
        done = threading.Event()

        def guess():
            guesser = Board(self.board_port)
            answers = set()
            for number in range(40):
                answers.add(guesser.sign_in(f"guess-{number}-0123456789"))
            self.assertEqual(answers, {401, 429})

        def flood():
            while not done.is_set():
                try:
                    socket_ = board.events()
                    for _ in range(5000):
                        socket_.send({"type": "ping"})
                except OSError:
                    pass

        def long_line():
            for _ in range(5):
                try:
                    with socket.create_connection(("127.0.0.1", self.board_port)) as one:
                        one.sendall(b"GET /" + b"x" * 1_000_000)
                except OSError:
                    pass
                page = board.events()
                try:
                    page.frame(b"x" * 1_000_000)
                except OSError:
                    pass
                self.assertIsNone(page.line())
                self.assertTrue(page.closed)

        def slow():
            idle = [socket.create_connection(("127.0.0.1", self.board_port)) for _ in range(400)]
            done.wait()
            for one in idle:
                one.close()

        crowd = [threading.Thread(target=one) for one in (guess, flood, long_line, slow)]
        for thread in crowd:
            thread.start()
        delays = []
        try:
            for _ in range(40):
                sent = time.monotonic()
                healthy.send({"type": "ping"})
                self.assertIsNotNone(healthy.until("pong"))
                delays.append(time.monotonic() - sent)
                time.sleep(0.05)
        finally:
            done.set()
            for thread in crowd:
                thread.join()
        self.assertWithin(sorted(delays)[20], 0.2, "median answer beside a flood")
        # Another site, with the cookie of a member of staff.
        evil = {"Origin": "http://evil.example"}
        self.assertEqual(board.ask("POST", "/feedback", {"visit": "x", "rating": 1}, evil)[0], 403)
        self.assertEqual(board.ask("POST", "/signout", {}, evil)[0], 403)
        self.assertEqual(board.events(origin="http://evil.example").status, 403)
        self.assertEqual(board.ask("POST", "/signout", b"a=b",
                                   {"Content-Type": "application/x-www-form-urlencoded"})[0], 415)
        self.assertEqual(board.ask("GET", "/", headers={"Host": "evil.example"})[0], 421)
        log = self.box.log.read_text()
        self.assertIn("another site", log)
        self.assertIn("too many messages", log)
        self.assertNotIn("guess-", log)
        self.assertNotIn(board.cookie.split("=")[1], log)
        self.assertTrue(self.box.do("status")["running"])
        self.assertEqual(self.box.stop(), 0)

    def test_verification_at_the_desk(self):
        self.box.init()
        person = self.box.enrol("Robin", portrait(1), portrait(1, 1), portrait(1, 2))
        soon = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + 1800))
        self.box.do("appointment", person, "--at", soon, "--with", "Kim")
        self.box.start(spawn=False)
        board = Board(self.board_port)
        png = {"Content-Type": "image/png"}
        same = portrait(1, 3).read_bytes()
        # Some drawn people look alike: the first that the command line tells apart.
        other = next(photo for photo in map(portrait, range(2, 12))
                     if self.box.ctl("verify", person, "--photo", photo).status == 1
                     and self.box.ctl("identify", "--photo", photo).status == 1).read_bytes()
        answer = board.json("POST", f"/desk/verify?id={person}", same, png)
        self.assertEqual((answer["verified"], answer["name"], answer["appointment"]["with"]),
                         (True, "Robin", "Kim"))
        answer = board.json("POST", f"/desk/verify?id={person}", other, png)
        self.assertEqual(answer["verified"], False)
        self.assertNotIn("name", answer)
        answer = board.json("POST", "/desk/identify", same, png)
        self.assertEqual((answer["match"], answer["id"], answer["name"]), (True, person, "Robin"))
        self.assertEqual(board.json("POST", "/desk/identify", other, png)["match"], False)
        for bad in (b"not a picture", b"\xff\xd8\xff" + b"x" * 2000, b""):
            status, _, text = board.ask("POST", "/desk/identify", bad, png)
            self.assertEqual(status, 422, text)
        self.assertEqual(board.ask("POST", "/desk/identify", b"x" * (5 << 20), png)[0], 413)
        self.assertEqual(board.ask("POST", "/desk/verify?id=nobody77", same, png)[0], 422)
        # The core decoded nothing itself and kept nothing.
        self.assertNotIn("opencv", pathlib.Path(f"/proc/{self.box.daemon.pid}/maps").read_text())
        self.assertEqual(children_of(self.box.daemon.pid), [])
        self.box.stop()
        for file in self.box.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(same[1000:1100], file.read_bytes(), file)

    def test_beyond_this_machine_only_with_tls_and_tokens(self):
        self.box.section("board", listen=f"0.0.0.0:{self.board_port}")
        self.box.init()
        self.box.start(spawn=False, wait=False)
        self.assertEqual(self.box.wait(), 2)
        self.assertIn("staff add", self.box.log.read_text())
        self.box.do("staff", "add", "till")
        self.box.start(spawn=False, wait=False)
        self.assertEqual(self.box.wait(), 2)
        self.assertIn("TLS", self.box.log.read_text())
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", self.box.folder / "tls.key", "-out", self.box.folder / "tls.pem",
             "-days", "2", "-subj", "/CN=till.example"], capture_output=True)
        if made.returncode != 0:
            self.skipTest("skipped: no openssl to make a certificate")
        self.box.section("board", tls_cert="tls.pem", tls_key="tls.key")
        self.box.write().start(spawn=False)
        import ssl
        context = ssl._create_unverified_context()
        with socket.create_connection(("127.0.0.1", self.board_port)) as plain:
            with context.wrap_socket(plain) as secure:
                self.assertEqual(secure.version(), "TLSv1.3")
                secure.sendall(b"GET /session HTTP/1.1\r\nHost: till.example\r\nConnection: close\r\n\r\n")
                text = b""
                while got := secure.recv(4096):
                    text += got
        self.assertIn(b'"needed":true', text)


if __name__ == "__main__":
    run_tests()
