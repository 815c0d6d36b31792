"""The clock of the box is set while everything runs: forward, back, far back.

With libfaketime (Debian: faketime), which leaves the monotonic clock alone.
"""

import datetime
import glob

from jpeg_camera import JpegCamera, jpegs
from shop import *

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


@unittest.skipUnless(FAKETIME, "skipped: no libfaketime")
class Clock(ShopTest):
    def shop_with_a_live_camera(self):
        _, truth = film()
        shop = self.shop()
        # The frames of a live source carry the time of the clock.
        camera = JpegCamera(jpegs())
        self.addCleanup(camera.close)
        shop.camera(f"http://127.0.0.1:{camera.port}/", dwell="300ms")
        shop.section("recognition", allow_demo_engine=True)
        shop.section("visits", cooldown="1h", alert_ttl="10m", escalate=[])
        shop.init()
        walker = list(truth["enroll"])[0]
        shop.enrol(walker, portrait_of_member(walker))
        self.offset = shop.folder / "offset"
        self.set_clock("+0")
        self.environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.offset),
                            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        return shop

    def set_clock(self, offset):
        self.offset.write_text(offset + "\n")

    def next_alert(self, client, seen):
        """The next alert of a visit that was not seen yet."""
        deadline = time.monotonic() + 60 * PATIENCE
        while time.monotonic() < deadline:
            line = client.line(deadline - time.monotonic())
            self.assertIsNotNone(line, "no alert came")
            if line["type"] == "alert" and line["visit"] not in seen:
                seen.add(line["visit"])
                return line
        self.fail("no new alert came")

    def ahead_s(self, alert):
        """By how much the alert's time is ahead of the real one."""
        at = datetime.datetime.fromisoformat(alert["at"].replace("Z", "+00:00"))
        return at.timestamp() - time.time()

    def test_alerts_come_whatever_the_clock_does(self):
        shop = self.shop_with_a_live_camera()
        shop.start(env=self.environment)
        client, seen = shop.client(), set()
        self.assertLess(abs(self.ahead_s(self.next_alert(client, seen))), 60 * PATIENCE)
        for offset, seconds in (("+3h", 10800), ("-1h", -3600), ("+0", 0)):
            self.set_clock(offset)
            alert = self.next_alert(client, seen)
            while abs(self.ahead_s(alert) - seconds) > 60 * PATIENCE:
                alert = self.next_alert(client, seen)
            self.assertEqual(shop.do("status")["cameras"][0]["state"], "running", offset)
        self.assertEqual(shop.stop(), 0)

        self.set_clock("-10d")
        # So far back that ended consents might come to life: an administrator has to look.
        shop.start(wait=False, env=self.environment)
        self.assertEqual(shop.wait(20), 3)
        self.assertIn("audit accept", shop.log.read_text())
        self.assertEqual(shop.ctl("list", env=self.environment).code, "clock_behind")
        for words in (("audit", "accept"), ("audit", "verify")):
            self.assertEqual(shop.ctl(*words, env=self.environment).status, 0)
        shop.start(env=self.environment)
        self.next_alert(shop.client(), seen)


if __name__ == "__main__":
    run_tests()
