"""What an attacker finds in the files, and in the memory of the core."""

import base64
import random
import struct

from shop import *


class ScriptedEye:
    """An eye that says what the test wants: the messages of src/link/PROTOCOL.md."""

    def __init__(self, shop, camera, engine, length):
        self.engine, self.length = engine, length
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(str(shop.folder / "eye.sock"))
        self.send(1, self.name(camera) + self.name(engine) + struct.pack("<Ii", length, os.getpid()))

    @staticmethod
    def name(text):
        return struct.pack("<H", len(text)) + text.encode()

    def send(self, kind, body):
        self.socket.send(b"MTRE" + struct.pack("<BBHI", 2, kind, 0, len(body)) + body)

    def sighting(self, track, values, frames):
        now = int(time.time() * 1000)
        self.send(2, struct.pack("<QqqqB", track, now, now, 0, 0) +
                  struct.pack("<fffff", 10, 10, 100, 100, 0.9) + struct.pack("<I", frames) +
                  self.name(self.engine) + struct.pack(f"<I{self.length}f", self.length, *values))

    def connected(self):
        """Whether the core still listens: it never says anything."""
        try:
            return self.socket.recv(1, socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True

    def ended(self, track):
        self.send(3, struct.pack("<Qq", track, int(time.time() * 1000)))


def memory_of(pid):
    """What a core file would hold: every readable mapping."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("r") or "[v" in line:
                continue
            begin, end = (int(edge, 16) for edge in span.split("-"))
            try:
                memory.seek(begin)
                yield memory.read(end - begin)
            except (OSError, ValueError, OverflowError):
                continue


def pieces(data, size=24):
    """Runs of bytes that would betray a template, wherever it was cut."""
    return [data[at:at + size] for at in range(0, len(data) - size, 96)]


SECRETS = ["Xaviera Qantasdottir", "LOYALZZ-7741", "vintage zeppelin goggles", "Quokka Suede"]


class Privacy(ShopTest):
    def setUp(self):
        self.opened = self.shop()

    def fill(self, shop):
        customer = shop.enrol(SECRETS[0], portrait_of_member(self.member),
                              extra=["--loyalty", SECRETS[1], "--preference", "likes=" + SECRETS[3]])
        shop.do("ask", customer, SECRETS[2])
        shop.do("purchase", customer, "--item", SECRETS[2], "--status", "out_of_stock")
        return customer

    def template_bytes(self, shop, photo):
        done = subprocess.run([BIN / "maitred-eye", "-c", shop.config, "--photo", "--purpose",
                               "enrol"], stdin=open(photo, "rb"), capture_output=True, check=True)
        return base64.b64decode(json.loads(done.stdout)["template"])

    def scan(self, shop, what, secrets):
        for file in sorted(shop.folder.rglob("*")):
            if not file.is_file() or file.name in ("maitred.toml", "store.key"):
                continue
            data = file.read_bytes()
            for secret in secrets:
                self.assertNotIn(secret, data, f"{what}: found in {file.name}")

    def test_files_hold_no_personal_data_in_clear(self):
        path, truth = small_film()
        self.member = list(truth["enroll"])[0]
        shop = self.opened.camera(path, realtime=False).section("log", level="debug").init()
        customer = self.fill(shop)
        template = self.template_bytes(shop, portrait_of_member(self.member))
        secrets = [secret.encode() for secret in SECRETS] + pieces(template)
        shop.start("--exit-when-done", wait=False)
        while shop.daemon.poll() is None:
            self.scan(shop, "while running", secrets)
            time.sleep(0.3)
        self.assertEqual(len(shop.do("alerts")["alerts"]), 1)
        self.scan(shop, "afterwards", secrets)
        # The key wrapped for this customer goes with it, and nothing is written in clear by that.
        shop.do("forget", customer)
        self.scan(shop, "after erasure", secrets)

    def test_the_core_keeps_nothing_of_strangers(self):
        if os.geteuid() != 0:
            self.skipTest("skipped: only root may read the memory of the core")
        path, truth = small_film()
        self.member = list(truth["enroll"])[0]
        shop = self.opened.camera(path).init()
        self.fill(shop)
        member = self.template_bytes(shop, portrait_of_member(self.member))
        length = len(member) // 4
        shop.start(spawn=False)
        chance = random.Random(4711)
        eye = ScriptedEye(shop, "entrance", shop.engine, length)
        strangers = []
        for track in range(1, 21):
            values = [chance.gauss(0, 1) for _ in range(length)]
            size = sum(value * value for value in values) ** 0.5
            values = [value / size for value in values]
            strangers.append(struct.pack(f"<{length}f", *values))
            for frames in (1, 3, 6):
                eye.sighting(track, values, frames)
            eye.ended(track)
        # Whoever comes after them is recognised, so they were all looked at.
        eye.sighting(21, struct.unpack(f"<{length}f", member), 3)
        alerts = eventually(lambda: shop.do("alerts")["alerts"], "an alert", every=0.1)
        self.assertEqual(len(alerts), 1)
        self.assertTrue(eye.connected())
        found = 0
        needles = [piece for stranger in strangers for piece in pieces(stranger)]
        for block in memory_of(shop.daemon.pid):
            found += sum(needle in block for needle in needles)
        self.assertEqual(found, 0, "templates of strangers are still in memory")
        self.assertEqual(len(shop.do("alerts")["alerts"]), 1)
        self.assertEqual(shop.stop(), 0)

    def test_the_core_leaves_no_core_file(self):
        shop = self.opened.init()
        shop.start(spawn=False)
        limits = pathlib.Path(f"/proc/{shop.daemon.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        self.assertEqual(line.split()[4:6], ["0", "0"])


if __name__ == "__main__":
    run_tests()
