"""Staff terminals over TLS: tokens, revocation, guessers, and the clients people have anyway."""

import selectors
import ssl

from shop import *


class TlsClient(StaffClient):
    """A staff terminal over TLS 1.3 with Python's own library."""

    def __init__(self, shop, token=None, **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(shop.folder / "shop.pem")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context = context
        plain = self.connected(shop.port)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
        self.buffer, self.ended = b"", False
        self.hello = self.line()
        if token:
            self.send({"type": "auth", "token": token})
        if options.get("resume", True):
            self.send({"type": "resume", "after": 0})

    def line(self, timeout=HANG_S):
        deadline = time.monotonic() + timeout * PATIENCE
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                got = self.socket.recv(65536)
            except TimeoutError:
                return None
            except (ConnectionError, ssl.SSLError):
                got = b""
            if not got:
                self.ended = True
                return None
            self.buffer += got
        text, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(text)


@unittest.skipUnless(shutil.which("openssl"), "skipped: no openssl program")
class Tls(ShopTest):
    def setUp(self):
        self.box, _ = self.shop_with_alerts()
        self.box.section("visits", cooldown="1s", escalate=[], alert_ttl="3d")
        self.box.section("staff", listen=f"127.0.0.1:{self.box.port}", tls_cert="shop.pem",
                         tls_key="shop.key")
        self.certify()
        self.box.write()
        self.token = self.box.do("staff", "add", "till")["token"]

    def certify(self):
        """A new certificate and key, where the configuration names them."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=shop",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        self.box.folder / "shop.key", "-out", self.box.folder / "shop.pem"],
                       check=True, capture_output=True)

    def watch(self, *words, token=None, server=False, count=1):
        command = [BIN / "maitredctl", "-c", self.box.config, "--json", "watch", "--count",
                   str(count)]
        if "--seconds" not in words:
            command += ["--seconds", str(HANG_S)]
        if server:
            command += ["--server", f"127.0.0.1:{self.box.port}"]
        done = subprocess.run([*command, *words], capture_output=True, text=True,
                              timeout=2 * HANG_S * PATIENCE, env={**os.environ, "MAITRED_STAFF_TOKEN": token or self.token})
        return Answer(done)

    def test_alerts_arrive_over_tls_at_every_kind_of_client(self):
        self.box.start(spawn=False)
        python = TlsClient(self.box, self.token)
        self.assertEqual(python.socket.version(), "TLSv1.3")
        alert = python.until("alert")
        python.send({"type": "claim", "visit": alert["visit"], "by": "Sam"})
        self.assertTrue(python.until("claimed")["ok"])
        # openssl s_client, as the documentation has it.
        lines = json.dumps({"type": "auth", "token": self.token}) + "\n" + \
            json.dumps({"type": "resume", "after": 0}) + "\n"
        client = subprocess.Popen(["openssl", "s_client", "-quiet", "-verify_return_error",
                                   "-CAfile", self.box.folder / "shop.pem", "-connect",
                                   f"127.0.0.1:{self.box.port}"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        client.stdin.write(lines)
        client.stdin.flush()
        self.assertEqual(json.loads(client.stdout.readline())["type"], "hello")
        self.assertEqual(json.loads(client.stdout.readline())["type"], "alert")
        client.kill()
        client.communicate()
        # maitredctl, on the box and from elsewhere.
        pin = subprocess.run(["openssl", "x509", "-noout", "-sha256", "-fingerprint", "-in",
                              self.box.folder / "shop.pem"], capture_output=True, text=True,
                             check=True).stdout.strip().split("=")[1]
        for words, server in (([], False), (["--ca", self.box.folder / "shop.pem"], True),
                              (["--cert", self.box.folder / "shop.pem"], True),
                              (["--pin", pin], True)):
            answer = self.watch(*words, server=server)
            self.assertEqual(answer.status, 0, (words, answer.err))
            self.assertEqual(json.loads(answer.out.splitlines()[0])["type"], "alert")
        # Not with an older TLS, and not in clear.
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(OSError):
            old.wrap_socket(socket.create_connection(("127.0.0.1", self.box.port)))
        plain = socket.create_connection(("127.0.0.1", self.box.port))
        plain.sendall(b'{"type":"resume","after":0}\n')
        plain.settimeout(HANG_S * PATIENCE)
        try:
            answer = plain.recv(4096)
        except ConnectionError:
            answer = b""
        self.assertNotIn(b"hello", answer)

    def test_a_new_certificate_is_taken_over_without_dropping_anyone(self):
        board_port, api_port = free_port(), free_port()
        self.box.section("board", listen=f"127.0.0.1:{board_port}", tls_cert="shop.pem",
                         tls_key="shop.key")
        self.box.section("api", listen=f"127.0.0.1:{api_port}")
        self.box.write().start(spawn=False)
        ports = (self.box.port, board_port, api_port)

        def shown():
            return {ssl.get_server_certificate(("127.0.0.1", port)) for port in ports}

        def reload_until(text):
            seen = self.box.log.read_text().count(text)
            self.box.daemon.send_signal(signal.SIGHUP)
            eventually(lambda: self.box.log.read_text().count(text) > seen,
                       lambda: f"{text!r} in {self.box.log.read_text()}")

        first = shown()
        self.assertEqual(len(first), 1)
        till = TlsClient(self.box, self.token)
        self.certify()
        reload_until("is in use")
        second = shown()
        self.assertEqual((len(second), len(first & second)), (1, 0))
        till.send({"type": "ping"})
        self.assertIsNotNone(till.until("pong"))
        # A key of another certificate is refused, and what was there stays.
        (self.box.folder / "shop.pem").write_text("nonsense")
        reload_until("keeping the previous configuration")
        self.assertEqual(shown(), second)
        till.send({"type": "ping"})
        self.assertIsNotNone(till.until("pong"))

    def test_a_crowd_learns_of_each_claim_and_answer(self):
        """From what is sent, through the store, to the last of $MAITRED_CROWD terminals."""
        crowd, wanted = int(os.environ.get("MAITRED_CROWD", "100")), 2
        self.box.start(spawn=False)
        sam = TlsClient(self.box, self.token)
        visits = [sam.until("alert")["visit"] for _ in range(wanted)]
        sam.send({"type": "ping"})
        self.assertIsNotNone(sam.until("pong"))
        everyone = selectors.DefaultSelector()
        for _ in range(crowd):
            client = TlsClient(self.box, self.token)
            client.send({"type": "ping"})
            self.assertIsNotNone(client.until("pong"))
            client.socket.setblocking(False)
            everyone.register(client.socket, selectors.EVENT_READ, client)
        delays = []
        steps = [{"type": kind, "visit": visit, "by": "Sam"} | more for visit in visits
                 for kind, more in (("claim", {}), ("close", {"outcome": "served"}))]
        for step in steps:
            told = f'"visit":"{step["visit"]}"'.encode()
            last = b'"state":"closed"' if step["type"] == "close" else b'"state":"claimed"'
            sent = time.monotonic()
            sam.send(step)
            waiting = {key.data for key in everyone.get_map().values()}
            while waiting:
                ready = everyone.select(HANG_S * PATIENCE)
                self.assertTrue(ready, f"{len(waiting)} terminals hear nothing")
                for key, _ in ready:
                    client = key.data
                    try:
                        client.buffer += key.fileobj.recv(65536)
                    except ssl.SSLWantReadError:
                        continue
                    if client in waiting and told in client.buffer and last in client.buffer:
                        waiting.remove(client)
                        client.buffer = b""
                        delays.append(time.monotonic() - sent)
        delays.sort()
        print(f"{crowd} terminals: median {delays[len(delays) // 2] * 1000:.1f} ms, p99 "
              f"{delays[int(len(delays) * 0.99)] * 1000:.1f} ms", file=sys.stderr)
        self.assertEqual(len(delays), crowd * len(steps))
        self.assertWithin(delays[int(len(delays) * 0.99)], 0.5, "99 % of the terminals know")

    def test_revocation_ends_a_connection_at_once_and_guessers_wait(self):
        self.box.start(spawn=False)
        till, other = TlsClient(self.box, self.token), None
        other = TlsClient(self.box, self.box.do("staff", "add", "other", "--skill", "shoes",
                                                "--zone", "ground", "--manager")["token"])
        till.send({"type": "ping"})
        self.assertIsNotNone(till.until("pong"))
        listed = {one["name"]: one for one in self.box.do("staff", "list")["staff"]}
        self.assertEqual((listed["other"]["skills"], listed["other"]["zones"],
                          listed["other"]["manager"]), (["shoes"], ["ground"], True))
        self.box.do("staff", "revoke", "till")
        self.assertEqual(till.until("error")["code"], "token_revoked")
        self.assertEqual(till.to_the_end(), [])
        other.send({"type": "ping"})
        self.assertIsNotNone(other.until("pong"))
        waits = []
        for _ in range(5):
            asked = time.monotonic()
            guesser = TlsClient(self.box, "x" * 43, resume=False)
            self.assertEqual(guesser.until("error")["code"], "bad_token")
            waits.append(time.monotonic() - asked)
        # Three mistakes are free; then the answer waits for 0.5 s, 1 s, 2 s and so on.
        self.assertGreaterEqual(waits[3], 0.5)
        self.assertGreaterEqual(waits[4], 1.0)
        self.assertEqual(self.watch("--seconds", "2", token=self.token).status, 1)
        log = self.box.log.read_text()
        self.assertNotIn(self.token, log)
        self.assertNotIn("x" * 43, log)

    def test_other_machines_only_with_tls_and_tokens(self):
        def start_status():
            self.box.write()
            with open(self.box.log, "ab") as log:
                done = subprocess.run([BIN / "maitred", "-c", self.box.config, "--exit-when-done"],
                                      stdout=log, stderr=subprocess.PIPE, text=True,
                                      timeout=HANG_S * PATIENCE)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            return done.returncode, done.stderr

        self.box.camera(small_film()[0], realtime=False)
        self.box.section("staff", listen=f"0.0.0.0:{self.box.port}")
        self.box.do("staff", "revoke", "till")
        status, message = start_status()
        self.assertNotEqual(status, 0)
        self.assertIn("staff add", message)
        self.box.do("staff", "add", "till")
        self.box.section("staff", tls_cert="", tls_key="")
        status, message = start_status()
        self.assertEqual(status, 2)
        self.assertIn("tls_cert", message)


if __name__ == "__main__":
    run_tests()
