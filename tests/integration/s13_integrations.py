"""Other systems learn what happens: signed webhooks against a real HTTP server, MQTT against a real
mosquitto; and they may be away for as long as they like."""

import hashlib
import hmac
import shutil

from shop import *
from visits_shop import VisitsTest
from other_systems import MOSQUITTO, Receiver, broker


def knows_localhost():
    """A bare root without /etc/hosts does not, and certificates are checked by name."""
    try:
        return bool(socket.gethostbyname("localhost"))
    except OSError:
        return False


needs_localhost = unittest.skipUnless(knows_localhost(), "skipped: localhost is not known here")


class Integrations(VisitsTest):
    @classmethod
    def setUpClass(cls):
        """The film is played once, with nobody at either address."""
        cls.hook_port, cls.broker_port = free_port(), free_port()
        cls.hook = (f'[[webhook]]\nurl = "http://127.0.0.1:{cls.hook_port}/hook?from=shop"\n'
                    'secret_file = "hook.secret"\nretry_at_most = "1s"\n')
        cls.mqtt = (f'[mqtt]\nbroker = "mqtt://127.0.0.1:{cls.broker_port}"\nprefix = "shop"\n'
                    'discovery = "homeassistant"\nretry_at_most = "1s"\n')
        case = cls("serve_all")
        cls.first, cls.people = case.shop_with_visits(
            cls.hook + cls.mqtt,
            lambda box: (box.folder / "hook.secret").write_text("a shared secret\n"))
        cls.addClassCleanup(case.doCleanups)
        cls.first.replay()

    def played(self, extra):
        """A shop of its own in that state, with this configuration."""
        box = self.shop()
        for path in self.first.folder.iterdir():
            if path.is_file() and path.suffix not in (".toml", ".log"):
                shutil.copy2(path, box.folder)
        box.section("visits", cooldown="4h", escalate=[], alert_ttl="3d")
        return box.write(extra)

    def certificate(self, folder, name):
        """Of "localhost", signed by itself: certificate and key."""
        files = (folder / f"{name}.pem", folder / f"{name}.key")
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "9", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]],
            capture_output=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        return files

    def broker_folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-mqtt-"))
        self.addCleanup(shutil.rmtree, folder, True)
        return folder

    def state_of(self, box, prefix):
        return next(one for one in box.do("status")["integrations"] if one["name"].startswith(prefix))

    def trouble(self, box, prefix):
        """What ails it, as soon as it does not deliver."""
        def retrying():
            state = self.state_of(box, prefix)
            return state if state["state"] != "delivering" else None

        return eventually(retrying, f"trouble of {prefix}", every=0.1)["trouble"]

    def test_webhooks_arrive_in_order_signed_and_once(self):
        port = self.hook_port
        box = self.played(self.hook)
        # A server that accepts and says nothing: staff are served all the same, and at once.
        deaf = socket.create_server(("127.0.0.1", port))
        box.start(spawn=False)
        alerts = self.serve_all(box)
        self.assertGreaterEqual(len(alerts), 2)
        self.assertGreater(self.state_of(box, "webhook")["waiting"], 0)
        client, slowest = box.client(), 0.0
        for _ in range(50):
            began = time.monotonic()
            client.send({"type": "ping"})
            self.assertIsNotNone(client.until("pong"))
            slowest = max(slowest, time.monotonic() - began)
        self.assertWithin(slowest, 0.5, "slowest answer beside a receiver that hangs")
        deaf.close()
        receiver = Receiver(port)
        receiver.answer = 503
        receiver.start()
        self.addCleanup(receiver.server.shutdown)
        eventually(lambda: receiver.refused >= 2, lambda: f"refusals: {box.log.read_text()}")
        state = self.state_of(box, "webhook")
        self.assertEqual((state["state"], state["trouble"]), ("retrying", "the answer is HTTP 503"))
        # A crash loses nothing.
        box.stop(signal.SIGKILL)
        box.start(spawn=False)
        receiver.answer = 200
        self.assertEqual({row["feedback_due"] for row in box.do("visits")["visits"]}, {True})
        wanted = 4 * len(alerts)  # new, claimed, closed, feedback_due
        receiver.wait_for(wanted)
        eventually(lambda: self.state_of(box, "webhook")["waiting"] == 0, "an empty queue")
        events = receiver.wait_for(0)
        self.assertEqual(len(events), wanted, box.log.read_text())
        self.assertEqual(len({event["id"] for event in events}), wanted)
        for alert in alerts:
            of_visit = [event for event in events if event["subject"] == alert["visit"]]
            self.assertEqual([event["type"] for event in of_visit],
                             ["maitred.alert.new", "maitred.alert.claimed", "maitred.alert.closed",
                              "maitred.feedback_due"])
            self.assertEqual(of_visit[2]["data"]["outcome"], "served")
            self.assertIn(of_visit[0]["data"]["customer"], self.people)
        seqs = [event["data"]["seq"] for event in events if "seq" in event["data"]]
        self.assertEqual(seqs, sorted(seqs))
        names = [alert["customer"]["name"] for alert in alerts]
        for headers, body in receiver.taken:
            self.assertEqual(headers["Content-Type"], "application/cloudevents+json; charset=utf-8")
            stamp, code = (part.split("=")[1] for part in headers["X-Maitred-Signature"].split(","))
            right = hmac.new(b"a shared secret", f"{stamp}.".encode() + body, hashlib.sha256)
            self.assertTrue(hmac.compare_digest(code, right.hexdigest()))
            self.assertLess(abs(time.time() - int(stamp)), 600)
            self.assertEqual(json.loads(body)["specversion"], "1.0")
            for secret in names + ["secret note"]:
                self.assertNotIn(secret.encode(), body)
        for secret in ("a shared secret", "from=shop"):
            self.assertNotIn(secret, box.log.read_text())
        # Not a second time after another start.
        box.stop()
        box.start(spawn=False)
        state = self.state_of(box, "webhook")
        self.assertEqual((state["state"], state["waiting"]), ("delivering", 0))
        time.sleep(1)  # a second delivery would follow at once
        self.assertEqual(len(receiver.taken), wanted)

    @needs_localhost
    def test_certificates_are_checked(self):
        port = free_port()
        extra = f'[[webhook]]\nurl = "https://localhost:{port}/"\nretry_at_most = "500ms"\n'
        box = self.played(extra)
        receiver = Receiver(port, self.certificate(box.folder, "crm"))
        receiver.start()
        self.addCleanup(receiver.server.shutdown)
        box.start(spawn=False)
        self.serve_all(box)
        self.assertIn("certificate verify failed", self.trouble(box, "webhook"))
        self.assertEqual(receiver.taken, [])
        box.stop()
        box.write(extra + 'ca_file = "crm.pem"\n').start(spawn=False)
        self.assertGreaterEqual(len(receiver.wait_for(1)), 1, box.log.read_text())

    @unittest.skipUnless(MOSQUITTO, "skipped: no mosquitto")
    def test_settings_and_secrets_are_taken_over_while_it_runs(self):
        old, new = Receiver(self.hook_port), Receiver(free_port())
        for receiver in (old, new):
            receiver.start()
            self.addCleanup(receiver.close)
        box = self.played(self.hook).start(spawn=False)
        alerts = [line for line in box.client().rest() if line["type"] == "alert"]
        self.assertGreaterEqual(len(alerts), 2)
        self.assertEqual(len(old.wait_for(len(alerts))), len(alerts))
        client = box.client()
        client.rest()

        def reload(extra, says):
            before = box.log.read_text().count(says)
            box.write(extra)
            box.daemon.send_signal(signal.SIGHUP)
            eventually(lambda: box.log.read_text().count(says) > before,
                       lambda: f"{says!r} in {box.log.read_text()}", every=0.02)

        def names():
            return sorted(one["name"] for one in box.do("status")["integrations"])

        def signed_with(secret, receiver):
            headers, body = receiver.taken[-1]
            stamp, code = (part.split("=")[1] for part in headers["X-Maitred-Signature"].split(","))
            right = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            return hmac.compare_digest(code, right)

        # A file with a fault, a secret or an authority that is not there: the one before stays.
        added = self.hook.replace(str(self.hook_port), str(new.server.server_port))
        for bad in (added.replace("http:", "ftp:"), added.replace("hook.secret", "absent"),
                    added + 'ca_file = "maitred.toml"\n', added + "[mqtt]\nbroker = 7\n"):
            reload(bad, "keeping the previous configuration")
            box.write(self.hook)
            self.assertEqual(names(), [f"webhook 127.0.0.1:{self.hook_port}"])
        # Another receiver and a broker besides: they are told from now on, the first goes on.
        port, folder = free_port(), self.broker_folder()
        process = broker(self, folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        mqtt = f'[mqtt]\nbroker = "mqtt://127.0.0.1:{port}"\nretry_at_most = "500ms"\n'
        reload(self.hook + added + mqtt, "is in use")
        self.assertEqual(names(), sorted([f"mqtt 127.0.0.1:{port}"] + [
            f"webhook 127.0.0.1:{one.server.server_port}" for one in (old, new)]))
        client.send({"type": "claim", "visit": alerts[0]["visit"], "by": "Sam"})
        self.assertEqual(len(old.wait_for(len(alerts) + 1)), len(alerts) + 1)
        self.assertEqual([one["type"] for one in new.wait_for(1)], ["maitred.alert.claimed"])
        # A new secret in the same file signs what comes next; nothing is told twice or left out.
        (box.folder / "hook.secret").write_text("another secret\n")
        reload(self.hook + mqtt, "is in use")
        eventually(lambda: len(names()) == 2, names)
        client.send({"type": "close", "visit": alerts[0]["visit"], "outcome": "served"})
        told = old.wait_for(len(alerts) + 3)  # closed, and feedback is due
        self.assertTrue(signed_with(b"another secret", old))
        self.assertEqual(len({one["id"] for one in told}), len(told))
        self.assertEqual(len(told), len(alerts) + 3)
        # With another prefix the broker says good-bye and welcome, and staff wait for neither.
        reload(self.hook + mqtt + 'prefix = "till"\n', "is in use")
        client.send({"type": "ping"})
        self.assertIsNotNone(client.until("pong"))
        wanted = {("maitred/available", "offline"), ("till/available", "online")}

        def available():
            heard = subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-v", "-W",
                                    "1", "-t", "+/available"], capture_output=True, text=True).stdout
            return {tuple(line.split(" ", 1)) for line in heard.splitlines()}

        eventually(lambda: available() == wanted, lambda: f"{wanted}: {box.log.read_text()}")
        self.assertEqual(len(new.taken), 1)
        self.assertEqual(len(old.taken), len(told))
        # And none at all, of which the broker, which hangs, is told in vain.
        process.send_signal(signal.SIGSTOP)
        reload("", "is in use")
        slowest, end = 0.0, time.monotonic() + 3
        while time.monotonic() < end:
            began = time.monotonic()
            client.send({"type": "ping"})
            self.assertIsNotNone(client.until("pong"))
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.02)
        process.send_signal(signal.SIGCONT)
        self.assertWithin(slowest, 0.5, "slowest answer beside a broker that hangs")
        self.assertEqual(box.do("status")["integrations"], [])
        self.assertNotIn("another secret", box.log.read_text())
        self.assertEqual(box.stop(), 0)

    def test_what_is_wrong_is_said_before_the_start(self):
        box = self.shop().init()
        for extra, word in (
                ('[[webhook]]\nurl = "ftp://x/"\n', "url"),
                ('[[webhook]]\nurl = "http://u:p@x/"\n', "https://host.example/path"),
                ('[[webhook]]\nurl = "http://x/"\nsecret_file = "absent"\n', "absent"),
                ('[[webhook]]\nurl = "http://x/"\nca_file = "maitred.toml"\n', "maitred.toml"),
                ('[[webhook]]\nurl = "http://x/"\n[[webhook]]\nurl = "http://x/"\n', "another"),
                ('[webhook]\nurl = "http://x/"\n', "[[webhook]]"),
                ('[mqtt]\nbroker = "localhost"\n', "mqtt://"),
                ('[mqtt]\nbroker = "mqtt://localhost"\nprefix = "a/#"\n', "prefix"),
                ('[mqtt]\nbroker = "mqtt://localhost"\nretry_at_most = "2d"\n', "retry_at_most"),
                ('[mqtt]\nbroker = "mqtt://x"\npassword_file = "absent"\n', "absent")):
            box.write(extra)
            done = subprocess.run([BIN / "maitred", "-c", box.config, "--check"],
                                  capture_output=True, text=True,
                                  timeout=HANG_S * PATIENCE)
            self.assertEqual(done.returncode, 2, extra)
            self.assertIn(word, done.stderr)
            self.assertIn(str(box.config), done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    @unittest.skipUnless(MOSQUITTO and shutil.which("mosquitto_sub"),
                         "skipped: no mosquitto and mosquitto_sub")
    def test_mqtt_against_a_real_broker(self):
        port = self.broker_port
        folder = self.broker_folder()
        box = self.played(self.mqtt).start(spawn=False)  # and no broker there
        self.trouble(box, "mqtt")
        first = broker(self, folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        heard = folder / "heard"
        with open(heard, "wb") as out:
            listener = subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-v",
                                         "-q", "1", "-t", "#"], stdout=out)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)

        def lines(wanted):
            def there():
                found = [line.split(" ", 1) for line in heard.read_text().splitlines()]
                return found if wanted(found) else None

            return eventually(there, lambda: heard.read_text() + box.log.read_text())

        lines(lambda found: ["shop/available", "online"] in found)
        alerts = self.serve_all(box)
        self.assertGreaterEqual(len(alerts), 2)
        found = lines(lambda found: sum(topic == "shop/alerts" for topic, _ in found) >= 4 * len(alerts))
        told = [json.loads(text) for topic, text in found if topic == "shop/alerts"]
        self.assertEqual(sorted({event["event_type"] for event in told}),
                         ["claimed", "closed", "feedback_due", "new"])
        config = next(json.loads(text) for topic, text in found if topic.startswith("homeassistant/event/"))
        self.assertEqual(config["state_topic"], "shop/alerts")
        self.assertTrue({event["event_type"] for event in told} <= set(config["event_types"]))
        everything = heard.read_text()
        for secret in self.people + [alert["visit"] for alert in alerts] + [
                alert["customer"]["name"] for alert in alerts]:
            self.assertNotIn(secret, everything)
        self.assertEqual(len({event["customer"] for event in told}), len(alerts))
        self.assertEqual(len({event["id"] for event in told}), 4 * len(alerts))
        # Alerts are not retained, availability is; a core that dies is told by the broker.
        box.stop(signal.SIGKILL)
        lines(lambda found: found[-1] == ["shop/available", "offline"])

        def retained():
            return subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-v", "-t",
                                   "shop/#", "-W", "1"], capture_output=True, text=True).stdout

        eventually(lambda: retained() == "shop/available offline\n", retained)
        box.start(spawn=False)
        lines(lambda found: found[-1] == ["shop/available", "online"])
        self.assertEqual(box.stop(), 0)
        lines(lambda found: found[-1] == ["shop/available", "offline"])
        first.terminate()

    @unittest.skipUnless(MOSQUITTO and shutil.which("mosquitto_passwd"),
                         "skipped: no mosquitto and mosquitto_passwd")
    @needs_localhost
    def test_mqtt_over_tls_with_a_password(self):
        port = free_port()
        folder = self.broker_folder()
        cert, key = self.certificate(folder, "broker")
        subprocess.run(["mosquitto_passwd", "-b", "-c", folder / "users", "shop", "open sesame"],
                       check=True, capture_output=True)
        for path in (folder, cert, key, folder / "users"):
            path.chmod(0o755)  # the broker gives up root
        broker(self, folder, f"listener {port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\n"
                            f"allow_anonymous false\npassword_file {folder / 'users'}\n")
        extra = (f'[mqtt]\nbroker = "mqtts://localhost:{port}"\nuser = "shop"\n'
                 'password_file = "mqtt.password"\nretry_at_most = "500ms"\n')
        box = self.played(extra)
        (box.folder / "mqtt.password").write_text("wrong\n")
        box.start(spawn=False)
        self.serve_all(box)

        # An unknown authority, then a wrong password: nothing is said to either.
        self.assertNotEqual(self.trouble(box, "mqtt"), "")
        box.stop()
        extra += f'ca_file = "{cert}"\n'
        box.write(extra).start(spawn=False)
        self.assertIn("password", self.trouble(box, "mqtt"))
        box.stop()
        (box.folder / "mqtt.password").write_text("open sesame\n")
        box.start(spawn=False)

        def delivered():
            state = self.state_of(box, "mqtt")
            return state["waiting"] == 0 and state["delivered"]

        eventually(delivered, box.log.read_text, every=0.1)
        self.assertNotIn("sesame", box.log.read_text())


if __name__ == "__main__":
    run_tests()
