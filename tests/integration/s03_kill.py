"""kill -9 of the core at random moments: nothing acknowledged is lost, nothing is shown twice.

$MAITRED_KILLS rounds (12; the README has the figure of 300).
"""

import random
import threading

from shop import *

KILLS = int(os.environ.get("MAITRED_KILLS", "12"))


class Control:
    """Asks the running core, as maitredctl does."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20 * PATIENCE)
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
        except (OSError, ValueError):
            pass


class Kill(ShopTest):
    def photo_report(self, shop, photo):
        done = subprocess.run([BIN / "maitred-eye", "-c", shop.config, "--photo", "--purpose",
                               "enrol"], stdin=open(photo, "rb"), capture_output=True, check=True)
        return json.loads(done.stdout)

    def test_nothing_acknowledged_is_lost(self):
        path, truth = film()
        shop = self.shop()
        # Time runs fast in a film read as fast as it goes: every pass is a new visit.
        shop.camera(path, realtime=False, loop=True)
        shop.section("visits", cooldown="5s", alert_ttl="3d", escalate=[])
        shop.init()
        walker = shop.enrol("Walker", portrait_of_member(list(truth["enroll"])[0]))
        other = self.photo_report(shop, portrait(999_983))
        enrolled, shown, last = {walker}, {}, 0
        seed = int(os.environ.get("MAITRED_SEED", time.time()))
        print(f"{KILLS} kills, seed {seed}", file=sys.stderr)
        chance = random.Random(seed)
        number = 0
        for _ in range(KILLS):
            shop.start()
            enroller = Enroller(shop, other, number)
            enroller.start()
            client = shop.client(after=last)
            end = time.monotonic() + chance.uniform(0.05, 4.0) * PATIENCE
            while time.monotonic() < end:
                line = client.line(max(0.0, end - time.monotonic()) / PATIENCE)
                if line is None or "seq" not in line:
                    continue
                self.assertGreater(line["seq"], last, "a client is shown nothing twice")
                last = line["seq"]
                if line["type"] == "alert":
                    self.assertNotIn(line["visit"], shown)
                    shown[line["visit"]] = line["seq"]
            shop.stop(signal.SIGKILL)
            # What was on its way to the client when the core died still counts as sent.
            for line in client.rest(0.1):
                if line.get("type") == "alert":
                    self.assertNotIn(line["visit"], shown)
                    shown[line["visit"]] = line["seq"]
                last = max(last, line.get("seq", 0))
            client.close()
            enroller.join()
            enrolled.update(enroller.acknowledged)
            number = enroller.number
            verified = shop.ctl("audit", "verify")
            self.assertEqual(verified.status, 0, verified.err)
            held = {row["id"] for row in shop.do("list")["customers"]}
            self.assertLessEqual(enrolled, held)
            alerts = {row["visit"] for row in shop.do("alerts")["alerts"]}
            self.assertLessEqual(set(shown), alerts)
        # Whoever resumes gets every alert that was committed and not yet shown.
        shop.cameras = []
        shop.write().start(spawn=False)
        client = shop.client(after=last)
        for line in client.rest():
            if line["type"] == "alert":
                self.assertNotIn(line["visit"], shown)
                shown[line["visit"]] = line["seq"]
        self.assertEqual(set(shown), {row["visit"] for row in shop.do("alerts")["alerts"]})
        print(f"{len(enrolled)} enrolments and {len(shown)} alerts survived", file=sys.stderr)
        self.assertGreater(len(shown), 0)
        self.assertEqual(shop.stop(), 0)


if __name__ == "__main__":
    run_tests()
