"""kill -9 of the core at random moments: nothing acknowledged is lost, nothing is shown twice.

$MAITRED_KILLS rounds (12; tests/README.md has the figure of 300). A third of the kills follow an alert,
a third an acknowledged enrolment, and a third come at any moment from the start on. The first two
kinds wait for their event, so a slow machine takes longer but tests the same.
"""

import random
import threading

from shop import *

KILLS = int(os.environ.get("MAITRED_KILLS", "12"))
# The event that a kill waits for, and the longest random delay after it, in seconds.
MOMENTS = (("alert", 0.5), ("enrolment", 0.5), (None, 4.0))


class Control:
    """Asks the running core, as maitredctl does."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(HANG_S * PATIENCE)
        self.socket.connect(str(folder / "control.sock"))
        self.stream = self.socket.makefile("rw")

    def ask(self, verb, **args):
        self.stream.write(json.dumps({"verb": verb, "args": args}) + "\n")
        self.stream.flush()
        answer = json.loads(self.stream.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]


class Enroller(threading.Thread):
    """Enrols one after another until the core is gone; knows what was acknowledged."""

    def __init__(self, shop, photo, number):
        super().__init__()
        self.shop, self.photo, self.number = shop, photo, number
        self.acknowledged = []
        self.refusal = None

    def run(self):
        try:
            control = Control(self.shop.folder)
            while True:
                self.number += 1
                answer = control.ask(
                    "enroll", name=f"Customer {self.number}", photos=[self.photo],
                    loyalty=f"L{self.number}", allow_duplicate=True,
                    consent={"version": "v1", "reference": "form", "expires": "2099-01-01"})
                self.acknowledged.append(answer["id"])
        except AssertionError as refused:
            self.refusal = refused
        except (OSError, ValueError):
            pass  # The core is gone.


class Kill(ShopTest):
    def photo_report(self, shop, photo):
        done = subprocess.run([BIN / "maitred-eye", "-c", shop.config, "--photo", "--purpose",
                               "enrol"], stdin=open(photo, "rb"), capture_output=True, check=True)
        return json.loads(done.stdout)

    def take(self, line):
        """Notes a line that the client was shown; true if it is an alert."""
        if "seq" not in line:
            return False
        self.assertGreater(line["seq"], self.last, "a client is shown nothing twice")
        self.last = line["seq"]
        if line["type"] != "alert":
            return False
        self.assertNotIn(line["visit"], self.shown)
        self.shown[line["visit"]] = line["seq"]
        return True

    def watch_until_the_kill(self, shop, client, enroller, event, longest_s):
        """Waits for the event, then for a random time; the client reads all the while."""
        hang = time.monotonic() + HANG_S * PATIENCE
        end = None if event else time.monotonic() + self.chance.uniform(0.05, longest_s)
        alerts = 0
        while end is None or time.monotonic() < end:
            left = 0.05 if end is None else max(0.0, end - time.monotonic())
            line = client.line(left / PATIENCE)
            alerts += line is not None and self.take(line)
            if end is None and (alerts if event == "alert" else enroller.acknowledged):
                end = time.monotonic() + self.chance.uniform(0.0, longest_s)
            self.assertIsNone(enroller.refusal)
            self.assertLess(time.monotonic(), hang, f"no {event}: {shop.log.read_text()}")

    def test_nothing_acknowledged_is_lost(self):
        path, truth = small_film()
        shop = self.shop()
        # Time runs fast in a film read as fast as it goes: every pass is a new visit.
        shop.camera(path, realtime=False, loop=True)
        shop.section("visits", cooldown="5s", alert_ttl="3d", escalate=[])
        shop.init()
        walker = shop.enrol("Walker", portrait_of_member(list(truth["enroll"])[0]))
        other = self.photo_report(shop, portrait(999_983))
        enrolled, self.shown, self.last = {walker}, {}, 0
        seed = int(os.environ.get("MAITRED_SEED", time.time()))
        print(f"{KILLS} kills, seed {seed}", file=sys.stderr)
        self.chance = random.Random(seed)
        number = 0
        for round_number in range(KILLS):
            shop.start()
            enroller = Enroller(shop, other, number)
            enroller.start()
            client = shop.client(after=self.last)
            self.watch_until_the_kill(shop, client, enroller,
                                      *MOMENTS[round_number % len(MOMENTS)])
            shop.stop(signal.SIGKILL)
            # Lines that were on their way when the core died still count as sent.
            for line in client.to_the_end():
                self.take(line)
            client.close()
            enroller.join()
            self.assertIsNone(enroller.refusal)
            enrolled.update(enroller.acknowledged)
            number = enroller.number
            verified = shop.ctl("audit", "verify")
            self.assertEqual(verified.status, 0, verified.err)
            held = {row["id"] for row in shop.do("list")["customers"]}
            self.assertLessEqual(enrolled, held)
            alerts = {row["visit"] for row in shop.do("alerts")["alerts"]}
            self.assertLessEqual(set(self.shown), alerts)
        # Whoever resumes gets every alert that was committed and not yet shown.
        shop.cameras = []
        shop.write().start(spawn=False)
        client = shop.client(after=self.last)
        for line in client.rest():
            self.take(line)
        self.assertEqual(set(self.shown), {row["visit"] for row in shop.do("alerts")["alerts"]})
        print(f"{len(enrolled)} enrolments and {len(self.shown)} alerts survived", file=sys.stderr)
        rounds_with_alert = (KILLS + 2) // 3
        self.assertGreaterEqual(len(self.shown), rounds_with_alert)
        self.assertGreater(len(enrolled), 1)
        self.assertEqual(shop.stop(), 0)


if __name__ == "__main__":
    run_tests()
