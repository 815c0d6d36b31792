"""Metrics and health: true numbers, nobody in them, and a dashboard that asks for what exists."""

import re
import urllib.error
import urllib.request

from shop import *


def get(port, path, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=HANG_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(text):
    """name{labels}: value."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


class Metrics(ShopTest):
    def metered_shop(self):
        box = self.shop()
        box.metrics_port = free_port()
        box.section("metrics", listen=f"127.0.0.1:{box.metrics_port}")
        return box

    def until(self, box, condition):
        def fitting():
            found = samples(get(box.metrics_port, "/metrics")[1])
            return found if condition(found) else None

        return eventually(fitting, lambda: get(box.metrics_port, "/metrics")[1], every=0.2)

    def test_a_visit_is_counted_from_recognition_to_outcome(self):
        path, truth = live_film()
        box = self.metered_shop().camera(path, realtime=True, loop=True)
        box.init()
        ids = [box.enrol(f"Robin {member}", portrait_of_member(member),
                         extra=["--allow-duplicate"]) for member in truth["enroll"]]
        box.start()
        client = box.client()
        visit = client.until("alert")["visit"]
        alerted = time.monotonic()
        client.send({"type": "claim", "visit": visit, "by": "Sam Staff"})
        self.assertIsNotNone(client.until("claimed"))
        client.send({"type": "close", "visit": visit, "outcome": "served"})
        found = self.until(
            box, lambda now: now['maitred_alert_outcomes_total{outcome="served"}'] == 1)
        self.assertGreaterEqual(found["maitred_visits_total"], 1)
        self.assertEqual(found["maitred_time_to_claim_seconds_count"], 1)
        # The picture that decided may be some time older than the alert; seconds, not milliseconds.
        self.assertLess(found["maitred_time_to_claim_seconds_sum"], time.monotonic() - alerted + 100)
        self.assertEqual(found["maitred_staff_connected"], 1)
        self.assertEqual(found["maitred_customers"], len(ids))
        self.assertEqual(found['maitred_camera_state{camera="entrance",state="running"}'], 1)
        self.assertGreater(found['maitred_camera_frames_total{camera="entrance"}'], 0)
        self.assertGreater(sum(value for name, value in found.items()
                               if name.startswith("maitred_recognitions_total{")), 0)
        self.assertGreater(found["process_resident_memory_bytes"], 1 << 20)
        status, text = get(box.metrics_port, "/metrics")
        self.assertEqual(status, 200)
        for secret in ids + [visit, "Robin", "Sam"]:
            self.assertNotIn(secret, text)
        self.assertEqual(get(box.metrics_port, "/healthz"), (200, "ok\n"))
        self.assertEqual(get(box.metrics_port, "/readyz"), (200, "ok\n"))
        self.assertEqual(get(box.metrics_port, "/secret")[0], 404)
        self.assertEqual(get(box.metrics_port, "/metrics", "POST")[0], 405)
        # The dashboard asks for nothing that does not exist.
        dashboard = (SOURCE / "config/grafana-dashboard.json").read_text()
        asked = set(re.findall(r"\b(?:maitred|process)_[a-z0-9_]+", dashboard))
        there = {name.split("{")[0] for name in found}
        self.assertGreater(len(asked), 20)
        self.assertEqual(asked - there, set())
        # A camera that hangs: not ready, still healthy.
        eye = children_of(box.daemon.pid)[0]
        os.kill(eye, signal.SIGSTOP)
        began = time.monotonic()
        self.until(box, lambda now:
                   now['maitred_camera_state{camera="entrance",state="stalled"}'] == 1)
        self.assertWithin(time.monotonic() - began, 3, "a camera that hangs is seen")
        status, text = get(box.metrics_port, "/readyz")
        self.assertEqual(status, 503)
        self.assertIn("camera entrance", text)
        self.assertEqual(get(box.metrics_port, "/healthz")[0], 200)
        os.kill(eye, signal.SIGKILL)
        self.until(box, lambda now: now["maitred_eye_restarts_total"] == 1 and
                   now['maitred_camera_state{camera="entrance",state="running"}'] == 1)
        self.assertEqual(box.stop(), 0)

    def test_off_is_off(self):
        box = self.metered_shop().section("metrics", listen="").init()
        box.start(spawn=False)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", box.metrics_port), timeout=1).close()


if __name__ == "__main__":
    run_tests()
