"""Long life: MAITRED_SOAK=MINUTES of looped film with staff coming and going and customers enrolled
and forgotten. Memory, descriptors and threads must not grow, and no alert may be missed.
"""

import random
import threading

from shop import *
from s18_metrics import get, samples

MINUTES = float(os.environ.get("MAITRED_SOAK", "0"))
# Over minutes a few pages more or less are a steep slope; over hours they are none.
SLOPE_MIB_PER_HOUR = float(os.environ.get("MAITRED_SOAK_SLOPE", "1" if MINUTES >= 60 else "3"))


def held(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return (int(status.split("VmRSS:")[1].split()[0]) / 1024,
            len(os.listdir(f"/proc/{pid}/fd")), int(status.split("Threads:")[1].split()[0]))


def slope(points):
    """Least squares, MiB an hour of (seconds, MiB)."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return 3600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


@unittest.skipUnless(MINUTES > 0, "skipped: MAITRED_SOAK=MINUTES runs it")
class Soak(ShopTest):
    def churn(self, work):
        try:
            while not self.over.wait(random.uniform(0.2, 1.5)):
                work()
                self.rounds[work.__name__] = self.rounds.get(work.__name__, 0) + 1
        except Exception as error:
            self.failures.append(error)
            raise

    def staff(self):
        client = self.box.client(after=random.choice((0, 10 ** 9)))
        alert = client.until("alert", timeout=2)
        if alert:
            client.send({"type": "claim", "visit": alert["visit"], "by": "Sam"})
            client.send({"type": "close", "visit": alert["visit"],
                         "outcome": random.choice(("served", "declined", "not_found"))})
            client.rest(0.3)
        client.close()

    def customers(self):
        person = random.choice(self.strangers)
        answer = self.box.ctl("enroll", "--name", "A B", "--photo", person, "--consent-version",
                              "v1", "--consent-ref", "form", "--allow-duplicate")
        if answer.status == 0:
            self.box.do("forget", answer.json["id"])

    def looks(self):
        get(self.metrics_port, "/metrics")
        self.box.do("status")

    def test_nothing_grows_and_nothing_is_missed(self):
        path, truth = film()
        self.box = self.shop()
        self.metrics_port = free_port()
        self.box.section("metrics", listen=f"127.0.0.1:{self.metrics_port}")
        self.box.section("visits", cooldown="5s", alert_ttl="20s", escalate=["5s"])
        self.box.camera(path, realtime=True, loop=True).init()
        member = list(truth["enroll"])[0]
        self.box.enrol("Robin Sample", portrait_of_member(member))
        # Drawn people who are not in the film.
        self.strangers = [portrait(person) for person in range(900, 904)]
        self.box.start()
        self.over, self.failures, self.rounds = threading.Event(), [], {}
        threads = [threading.Thread(target=self.churn, args=(work,))
                   for work in (self.staff, self.staff, self.customers, self.looks)]
        for thread in threads:
            thread.start()
        core, eye = self.box.daemon.pid, None
        points = {"core": [], "eye": []}
        counts = []
        began = time.monotonic()
        try:
            while time.monotonic() - began < MINUTES * 60:
                time.sleep(5)
                now = time.monotonic() - began
                pid = children_of(core)[0]
                self.assertIn(eye, (None, pid), "the eye was started again")
                eye = pid
                both = held(core), held(eye)
                points["core"].append((now, both[0][0]))
                points["eye"].append((now, both[1][0]))
                counts.append((both[0][1:], both[1][1:]))
                self.assertEqual(self.failures, [])
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        found = samples(get(self.metrics_port, "/metrics")[1])
        # Each round of the film shows the customer once.
        rounds = int((MINUTES * 60 - 30) // max(walk["end"] for walk in truth["visits"]))
        visits = found["maitred_visits_total"]
        slopes = {name: round(slope(line[len(line) // 3:]), 2) for name, line in points.items()}
        last = {name: round(line[-1][1], 1) for name, line in points.items()}
        warm = counts[len(counts) // 3]
        print(f"{MINUTES:g} min: RSS slope in MiB an hour {slopes}, at the end {last} MiB; "
              f"descriptors and threads of core and eye {warm} then {counts[-1]}; "
              f"{visits:.0f} visits in {rounds} rounds; {self.rounds}; log "
              f"{self.box.log.stat().st_size} bytes, store {found['maitred_store_bytes']:.0f}",
              file=sys.stderr)
        self.assertGreaterEqual(visits, rounds)
        if MINUTES >= 10:
            for name in slopes:
                self.assertLess(slopes[name], SLOPE_MIB_PER_HOUR, name)
        for part in (0, 1):
            self.assertLessEqual(max(one[part][1] for one in counts[len(counts) // 3:]),
                                 warm[part][1] + 1)
        self.assertLess(found["process_open_fds"], 64)
        self.assertEqual(self.box.stop(), 0)


if __name__ == "__main__":
    run_tests()
