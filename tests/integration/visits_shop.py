"""A shop whose customers agreed to everything, come in on film, and are served."""

from shop import *


class VisitsTest(ShopTest):
    def shop_with_visits(self, extra="", before_start=lambda box: None, **visits):
        box, people = self.shop_with_members()
        box.section("visits", **{"cooldown": "4h", "escalate": [], "alert_ttl": "3d"} | visits)
        box.camera(small_film()[0], realtime=False)
        box.write(extra)
        before_start(box)
        return box, people

    def serve_all(self, box, outcomes=("served",)):
        """Every open alert is claimed and closed; the alerts."""
        client = box.client()
        alerts = [line for line in client.rest() if line["type"] == "alert"]
        for number, alert in enumerate(alerts):
            client.send({"type": "claim", "visit": alert["visit"], "by": "Sam"})
            self.assertTrue(client.until("claimed")["ok"])
            client.send({"type": "close", "visit": alert["visit"],
                         "outcome": outcomes[number % len(outcomes)], "note": "secret note"})
            self.assertIsNotNone(client.until("update"))
        return alerts

    def play(self, box, extra=""):
        """The film, to its end; then the daemon runs without a camera."""
        box.start("--exit-when-done", wait=False)
        self.assertEqual(box.wait(), 0, box.log.read_text())
        box.cameras = []
        box.write(extra).start(spawn=False)
