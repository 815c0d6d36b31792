"""Long life: MAITRED_SOAK=MINUTES of looped film with staff coming and going and customers enrolled
and forgotten. Memory, descriptors and threads must not grow, and no alert may be missed.

MAITRED_SOAK_SPEED=20 lets the clocks of the programs run so much faster: 72 minutes are a day, with
its retention and all that happens by the hour.
"""

import datetime
import random
import threading

from other_systems import Receiver
from s03_kill import Control
from s18_metrics import get, samples
from shop import *

MINUTES = float(os.environ.get("MAITRED_SOAK", "0"))
SPEED = int(os.environ.get("MAITRED_SOAK_SPEED", "1"))
SIMULATED_HOURS = MINUTES * SPEED / 60
# An hour of real time. Over minutes a few pages more or less are a steep slope, and SQLite's cache
# (2 MiB) fills for some hours of the shop; over hours neither counts.
SLOPE_MIB_PER_HOUR = float(os.environ.get("MAITRED_SOAK_SLOPE",
                                          "1" if MINUTES >= 60 else 3 * SPEED))
# A film that a camera at this speed can keep up with.
FILM = ("--size", "320x240", "--fps", "5", "--seconds", "120") if SPEED > 1 else ()
LENGTH_S = 120 if SPEED > 1 else 24
START_S = 25 if SPEED > 1 else 0  # at the ordinary speed: the programs read their models
LEFT_EVERY = 50  # of so many enrolled customers one is left to the end of their consent
RETENTION_S = 6 * 3600  # an administrator asks for it more often than each day


class Clock:
    """The time of the shop."""

    def __init__(self, folder):
        self.real = time.monotonic() + START_S
        self.wall = time.time() + START_S
        self.environment = {}
        if SPEED == 1:
            return
        library = folder / "fast_clock.so"
        source = pathlib.Path(__file__).parent / "fast_clock.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAST_CLOCK": f"{round(self.real * 1e9)} {round(self.wall * 1e9)} {SPEED}"}

    def now(self):
        since = time.monotonic() - self.real
        return self.wall + since * (SPEED if since > 0 else 1)


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def held(pid):
    """Resident MiB, descriptors, threads."""
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
@unittest.skipUnless(SPEED == 1 or shutil.which("cc"), "skipped: no C compiler")
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
            client.rest()
        client.close()

    def customers(self):
        """Enrolled and forgotten; some are left until their consent has ended."""
        control = Control(self.box.folder)
        self.enrolled += 1
        left = self.enrolled % LEFT_EVERY == 0
        answer = control.ask(
            "enroll", name=f"Customer {self.enrolled}", photos=[random.choice(self.photos)],
            allow_duplicate=True, loyalty=f"L{self.enrolled}",
            consent={"version": "v1", "reference": "form",
                     "expires": utc(self.clock.now() + 7200)[:19] + "Z"})
        control.ask("ask", id=answer["id"], text="trail shoes")
        if left:
            self.left.append((answer["id"], self.clock.now() + 7200))
        else:
            control.ask("forget", id=answer["id"])
        control.socket.close()

    def looks(self):
        get(self.metrics_port, "/metrics")
        status = self.box.ctl("status", env=self.clock.environment).json
        self.waiting = sum(one["waiting"] for one in status["integrations"])
        if self.clock.now() > self.next_retention:
            self.next_retention += RETENTION_S
            self.box.do("retention", "run")
        # The system that is told goes and comes back.
        self.receiver.answer = 500 if random.random() < 0.2 else 200

    def watch(self):
        """All alerts, as one who was there all the time has them."""
        client = self.box.client()
        while not self.over.is_set():
            line = client.line(0.5)
            if line and line["type"] == "alert" and line["visit"] not in self.seen:
                self.seen[line["visit"]] = (line["customer"]["id"], seconds_of(line["at"]),
                                            line["position"])
            elif line is None and not select.select([client.socket], [], [], 0)[0]:
                client.send({"type": "ping"})

    def report_of(self, photo):
        done = subprocess.run([BIN / "maitred-eye", "-c", self.box.config, "--photo", "--purpose",
                               "enrol"], stdin=open(photo, "rb"), capture_output=True, check=True)
        return json.loads(done.stdout)

    def opened(self):
        """The shop, its members enrolled, and its daemon started."""
        path, truth = film(*FILM, name="film-slow" if FILM else "film")
        self.box = self.shop()
        self.metrics_port, hook_port = free_port(), free_port()
        self.box.section("metrics", listen=f"127.0.0.1:{self.metrics_port}")
        self.box.section("visits", cooldown="5s" if SPEED == 1 else "60s", alert_ttl="20s",
                         escalate=["5s"])
        if self.box.engine != "demo":  # drawn people are more alike than real ones
            self.box.section("recognition", false_alerts="1 per 1000000 visitors")
        small = {"fps": 5, "min_face": 24} if SPEED > 1 else {}
        self.box.camera(path, realtime=True, loop=True, **small)
        hook = f'[[webhook]]\nurl = "http://127.0.0.1:{hook_port}/"\nretry_at_most = "10s"\n'
        self.box.write(hook)
        self.box.do("init")
        # An engine for real people may take two drawn ones for one, and refuses the second.
        self.members = {}
        for walk in truth["visits"]:
            if walk["kind"] != "known":
                continue
            answer = self.box.ctl("enroll", "--name", f"Member {walk['person']}", "--photo",
                                  portrait_of_member(walk["person"]), "--consent-version", "v1",
                                  "--consent-ref", "form")
            if answer.status == 0:
                self.members[answer.json["id"]] = walk["start"]
        # Drawn people who are not in the film.
        self.photos = [self.report_of(portrait(person)) for person in range(900, 904)]
        self.receiver = Receiver(hook_port)
        self.receiver.start()
        self.addCleanup(self.receiver.close)
        self.clock = Clock(self.box.folder)
        self.next_retention = self.clock.wall + RETENTION_S
        self.box.start(env=self.clock.environment)

    def sizes(self):
        """Bytes of the log, the store with its write-ahead log, and what waits to be told."""
        store = sum(one.stat().st_size for one in self.box.folder.glob("store.db*"))
        return self.box.log.stat().st_size, store, self.waiting

    def measure(self):
        core, eye = self.box.daemon.pid, None
        points, counts, sizes = {"core": [], "eye": []}, [], []
        began = time.monotonic()
        while time.monotonic() - began < MINUTES * 60 + START_S:
            time.sleep(5)
            now = time.monotonic() - began
            pid = children_of(core)[0]
            self.assertIn(eye, (None, pid), f"the eye was started again: {self.tail()}")
            eye = pid
            both = held(core), held(eye)
            points["core"].append((now, both[0][0]))
            points["eye"].append((now, both[1][0]))
            counts.append((both[0][1:], both[1][1:]))
            sizes.append(self.sizes())
            if len(counts) % 60 == 0:
                print(f"{now / 60:.0f} min, {utc(self.clock.now())[:16]}: core {both[0]}, eye "
                      f"{both[1]}, log, store and waiting {sizes[-1]}, {len(self.seen)} alerts, "
                      f"{self.rounds}", file=sys.stderr, flush=True)
            self.assertEqual(self.failures, [])
        return points, counts, sizes

    def tail(self):
        return f"{self.missed()}\n{self.box.log.read_text()[-3000:]}"

    def missed(self):
        """How many alerts there should be, and those that are not there or come twice."""
        first = min((at - position for _, at, position in self.seen.values()),
                    default=self.clock.wall)
        rounds = int((self.clock.now() - 30 - first) // LENGTH_S)
        found = [(customer, round((at - position - first) / LENGTH_S))
                 for customer, at, position in self.seen.values()]
        wanted = {(member, number) for member in self.members for number in range(rounds)}
        twice = len(found) - len(set(found))
        return len(wanted), sorted((number, self.members[member])
                                   for member, number in wanted - set(found)), twice

    def test_nothing_grows_and_nothing_is_missed(self):
        self.opened()
        self.over, self.failures, self.rounds = threading.Event(), [], {}
        self.enrolled, self.left, self.seen, self.waiting = 0, [], {}, 0
        threads = [threading.Thread(target=self.watch)]
        threads += [threading.Thread(target=self.churn, args=(work,))
                    for work in (self.staff, self.staff, self.customers, self.looks)]
        for thread in threads:
            thread.start()
        try:
            points, counts, sizes = self.measure()
            wanted, missed, twice = self.missed()
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        self.receiver.answer = 200
        slopes = {name: round(slope(line[len(line) // 3:]), 2) for name, line in points.items()}
        last = {name: round(line[-1][1], 1) for name, line in points.items()}
        warm = counts[len(counts) // 3]
        log = self.box.log.read_text()
        print(f"{MINUTES:g} min, {SIMULATED_HOURS:g} h of the shop: RSS slope in MiB a real hour "
              f"{slopes}, at the end {last} MiB; descriptors and threads of core and eye {warm} "
              f"then {counts[-1]}; {wanted} alerts due, missed {missed}, {twice} twice; "
              f"{self.rounds}, told {len(self.receiver.taken)}; log, store, waiting after a third "
              f"{sizes[len(sizes) // 3]}, at the end {sizes[-1]}, at most waiting "
              f"{max(one[2] for one in sizes)}; stalls {log.count('stalled')}",
              file=sys.stderr)
        self.assertGreater(wanted, 0)
        self.assertEqual(missed, [])
        self.assertNotIn("killing it", log)
        if MINUTES >= 10:
            for name in slopes:
                self.assertLess(slopes[name], SLOPE_MIB_PER_HOUR, name)
        for part in (0, 1):
            self.assertLessEqual(max(one[part][1] for one in counts[len(counts) // 3:]),
                                 warm[part][1] + 1)
            self.assertLess(max(one[part][0] for one in counts), 64)
        # The log: not a line a picture, nor one an alert that staff answer.
        self.assertLess(sizes[-1][0], 100_000 + 100_000 * SIMULATED_HOURS)
        self.assertEqual(self.box.stop(), 0)
        verified = self.box.ctl("audit", "verify", env=self.clock.environment)
        self.assertEqual(verified.status, 0, verified.err)
        there = {row["id"] for row in
                 self.box.ctl("list", env=self.clock.environment).json["customers"]}
        self.assertLessEqual(set(self.members), there)
        # Whose consent had ended when retention ran is gone.
        ran = self.next_retention - RETENTION_S
        if ran > self.clock.wall:
            gone = {one for one, ends in self.left if ends < ran}
            self.assertGreater(len(gone), 0)
            self.assertEqual(gone & there, set())


if __name__ == "__main__":
    run_tests()
