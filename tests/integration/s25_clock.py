"""The clock of the box is set while everything runs: forward, back, far back.

With libfaketime (Debian: faketime), which leaves the monotonic clock alone.
"""

import datetime
import getpass
import glob
import http.client

from jpeg_camera import JpegCamera, jpegs
from other_systems import MOSQUITTO, Receiver, broker
from shop import *

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


@unittest.skipUnless(FAKETIME, "skipped: no libfaketime")
class Clock(ShopTest):
    def shop_with_a_live_camera(self, cooldown="1h", scopes="recognition,history"):
        _, truth = small_film()
        shop = self.shop()
        # The frames of a live source carry the time of the clock. The first of the film's people
        # comes again and again.
        camera = JpegCamera(jpegs(27), rate=5)
        self.addCleanup(camera.close)
        shop.camera(f"http://127.0.0.1:{camera.port}/", dwell="300ms")
        shop.section("recognition", allow_demo_engine=True)
        shop.section("visits", cooldown=cooldown, alert_ttl="10m", escalate=[])
        shop.init()
        walker = list(truth["enroll"])[0]
        self.customer = shop.enrol(walker, portrait_of_member(walker), scopes=scopes)
        # The eye may read nothing of the shop but its models.
        self.offset = shop.models / "offset"
        shop.models.mkdir(exist_ok=True)
        self.set_clock("+0")
        self.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.offset),
                            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return shop

    def set_clock(self, offset):
        """All programs see the new time at once, as on one box, and no half of a file."""
        fresh = self.offset.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.rename(self.offset)

    def next_alert(self, client, seen):
        """The next alert of a visit that was not seen yet."""
        while (alert := client.until("alert")) and alert["visit"] in seen:
            pass
        self.assertIsNotNone(alert, "no alert came")
        seen.add(alert["visit"])
        return alert

    def ahead_s(self, alert):
        """By how much the alert's time is ahead of the real one."""
        at = datetime.datetime.fromisoformat(alert["at"].replace("Z", "+00:00"))
        return at.timestamp() - time.time()

    def test_alerts_come_whatever_the_clock_does(self):
        shop = self.shop_with_a_live_camera()
        shop.start(env=self.environment)
        client, seen = shop.client(), set()
        self.assertLess(abs(self.ahead_s(self.next_alert(client, seen))), 600)
        for offset, seconds in (("+3h", 10800), ("-1h", -3600), ("+0", 0)):
            self.set_clock(offset)
            alert = self.next_alert(client, seen)
            while abs(self.ahead_s(alert) - seconds) > 600:
                alert = self.next_alert(client, seen)
            self.assertEqual(shop.do("status")["cameras"][0]["state"], "running", offset)
        self.assertEqual(shop.stop(), 0)

        self.set_clock("-10d")
        # So far back that ended consents might come to life: an administrator has to look.
        shop.start(wait=False, env=self.environment)
        self.assertEqual(shop.wait(), 3)
        self.assertIn("audit accept", shop.log.read_text())
        self.assertEqual(shop.ctl("list", env=self.environment).code, "clock_behind")
        for words in (("audit", "accept"), ("audit", "verify")):
            self.assertEqual(shop.ctl(*words, env=self.environment).status, 0)
        shop.start(env=self.environment)
        self.next_alert(shop.client(), seen)

    @unittest.skipUnless(MOSQUITTO and shutil.which("mosquitto_sub"),
                         "skipped: no mosquitto and mosquitto_sub")
    def test_an_hour_without_broker_receiver_and_till(self):
        shop = self.shop_with_a_live_camera("10m", "recognition,history,feedback")
        hook_port, broker_port, api_port = free_port(), free_port(), free_port()
        shop.section("api", listen=f"127.0.0.1:{api_port}")
        shop.write(f'[[webhook]]\nurl = "http://127.0.0.1:{hook_port}/"\nretry_at_most = "1s"\n'
                   f'[mqtt]\nbroker = "mqtt://127.0.0.1:{broker_port}"\nretry_at_most = "1s"\n')
        folder = shop.folder / "broker"
        folder.mkdir()
        settings = (f"user {getpass.getuser()}\nlistener {broker_port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                    f"persistence_location {folder}/\n")

        def listen(words):
            """A listener whose place the broker keeps while it is away."""
            return subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker_port), "-c",
                                     "-i", "till", "-q", "1", "-t", "maitred/alerts", *words],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

        def await_states(wanted):
            def states():
                found = shop.do("status")["integrations"]
                return found if all(wanted(one) for one in found) else None

            return eventually(states, shop.log.read_text, every=0.1)

        first, receiver = broker(self, folder, settings), Receiver(hook_port)
        receiver.start()
        listen(["-E"]).wait(HANG_S * PATIENCE)
        token = shop.do("staff", "add", "till", "--system")["token"]
        shop.start(env=self.environment)
        client, seen, slowest = shop.client(), set(), 0.0

        def serve(offset_s):
            """The next customer is served; how late staff knew of the picture that decided it."""
            nonlocal slowest
            alert = self.next_alert(client, seen)
            late = -(self.ahead_s(alert) - offset_s)
            while late > 300:  # of before the clock was set
                alert = self.next_alert(client, seen)
                late = -(self.ahead_s(alert) - offset_s)
            began = time.monotonic()
            client.send({"type": "claim", "visit": alert["visit"], "by": "Sam"})
            self.assertTrue(client.until("claimed")["ok"])
            client.send({"type": "close", "visit": alert["visit"], "outcome": "served"})
            self.assertIsNotNone(client.until("update"))
            slowest = max(slowest, time.monotonic() - began)
            return late

        there = [serve(0)]
        await_states(lambda one: one["state"] == "delivering" and one["waiting"] == 0)
        # All of them go, and an hour passes by the clock.
        receiver.close()
        first.terminate()
        first.wait()
        before, gone = len(receiver.taken), []
        for minutes in (20, 40, 60):
            self.set_clock(f"+{minutes}m")
            gone.append(serve(minutes * 60))
        states = await_states(lambda one: one["state"] == "retrying")
        self.assertTrue(all(one["waiting"] >= 9 for one in states), states)
        self.assertEqual(len(receiver.taken), before)
        print(f"staff knew after {max(there):.2f} s with them, {max(gone):.2f} s without; slowest "
              f"claim and answer {slowest * 1000:.0f} ms", file=sys.stderr)
        self.assertWithin(max(gone), 2.0, "staff know of a picture without the others")
        self.assertWithin(slowest, 1.0, "claim and answer")
        # They come back. The till sends what it had noted, and sends it again: it saw no answer.
        again = Receiver(hook_port)
        again.taken = receiver.taken
        again.start()
        self.addCleanup(again.close)
        broker(self, folder, settings)
        for status in (201, 200):
            for number in range(3):
                till = http.client.HTTPConnection("127.0.0.1", api_port, timeout=HANG_S)
                till.request("POST", f"/v1/customers/{self.customer}/purchases",
                             json.dumps({"item": f"shoe {number}", "status": "bought"}),
                             {"Authorization": f"Bearer {token}", "Content-Type": "application/json",
                              "Idempotency-Key": f"receipt {number}"})
                self.assertEqual(till.getresponse().status, status)
        self.assertEqual(len(shop.do("show", self.customer)["purchases"]), 3)
        wanted = [f"maitred.{what}" for what in ("alert.new", "alert.claimed", "alert.closed",
                                                 "feedback_due")]
        await_states(lambda one: one["delivered"] >= len(seen) * len(wanted))
        self.assertEqual(shop.stop(), 0)
        told = again.wait_for(0)
        self.assertEqual(len(told), len({one["id"] for one in told}))
        for visit in seen:
            self.assertEqual([one["type"] for one in told if one["subject"] == visit], wanted)
        listener, heard = listen([]), ""
        for _ in told:
            heard += listener.stdout.readline()
        # Whatever comes once more comes at once.
        time.sleep(1)
        listener.terminate()
        heard += listener.communicate(timeout=HANG_S * PATIENCE)[0]
        events = [json.loads(line) for line in heard.splitlines()]
        self.assertEqual([one["event_type"] for one in events],
                         [one["type"].split(".")[-1] for one in told])
        self.assertEqual(len(events), len({one["id"] for one in events}))


if __name__ == "__main__":
    run_tests()
