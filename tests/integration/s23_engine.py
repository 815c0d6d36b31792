"""Kept photos, and the change of engine they allow: `maitredctl models use`."""

from shop import *

PEOPLE = 5


def enrol_people(shop):
    """All but the first with their photo; their ids."""
    shop.init()
    return [shop.enrol(f"P{person}", portrait(person), scopes="recognition,photos",
                       extra=["--allow-duplicate", *(["--keep-photos"] if person else [])])
            for person in range(PEOPLE)]


@needs_shared("models of a second engine")
class Engine(ShopTest):
    def setUp(self):
        self.box, self.ids = self.prepared("kept-photos", enrol_people, engine="retail")

    def engine_in_file(self):
        return [line for line in self.box.config.read_text().splitlines()
                if line.startswith("engine")]

    def test_everybody_is_embedded_again(self):
        shown = [self.box.do("show", one) for one in self.ids]
        self.assertEqual([one["photos_kept"] for one in shown], [0] + [1] * (PEOPLE - 1))
        # Who has no photos is named, and nothing changes.
        refused = self.box.ctl("models", "use", "demo")
        self.assertEqual(refused.status, 1)
        self.assertEqual((refused.json["without_photos"], refused.json["switched"]),
                         ([self.ids[0]], False))
        self.assertEqual(self.engine_in_file(), ['engine = "retail"'])
        self.assertIn(self.ids[0], self.box.ctl("models", "use", "demo", json_out=False).out)

        done = self.box.do("models", "use", "demo", "--anyway")
        self.assertEqual((done["engine"], done["already"]), ("demo", PEOPLE - 1))
        self.assertEqual(self.engine_in_file(), ['engine = "demo"'])
        self.assertEqual(self.box.do("status")["engine"], "demo")
        for person in (1, 2):
            verified = self.box.ctl("verify", self.ids[person], "--photo", portrait(person, 1))
            self.assertEqual(verified.status, 0, verified.err)
        # Back again: the templates of before are still there, also of those without photos.
        back = self.box.do("models", "use", "retail")
        self.assertEqual((back["reembedded"], back["already"]), (0, PEOPLE))
        self.assertEqual(self.box.ctl("verify", self.ids[0], "--photo", portrait(0)).status, 0)
        self.assertEqual(self.box.ctl("models", "use", "sface").status, 3)  # not calibrated
        self.assertTrue(self.box.do("audit", "verify")["ok"])

    def test_a_killed_run_goes_on(self):
        self.box.do("update", self.ids[0], "--photo", portrait(0), "--keep-photos")
        killed = 0
        for wait in (0.1, 0.5, 1.0):  # no machine is done after the first
            run = subprocess.Popen([BIN / "maitredctl", "-c", self.box.config, "models", "use",
                                    "demo"], stdout=subprocess.DEVNULL)
            try:
                run.wait(wait)
            except subprocess.TimeoutExpired:
                run.kill()
                killed += 1
            run.wait()
        self.assertGreater(killed, 0)
        done = self.box.do("models", "use", "demo")
        self.assertEqual(done["reembedded"] + done["already"], PEOPLE)
        self.assertTrue(self.box.do("audit", "verify")["ok"])
        self.assertEqual(self.box.ctl("verify", self.ids[3], "--photo", portrait(3)).status, 0)

    def test_a_running_daemon_follows(self):
        path, truth = small_film()
        member = list(truth["enroll"])[0]
        self.box.camera(path, realtime=False, loop=True)
        self.box.section("visits", cooldown="1s", escalate=[])
        self.box.write()
        mine = self.box.enrol("Member", portrait_of_member(member), scopes="recognition,photos",
                              extra=["--allow-duplicate", "--keep-photos"])
        self.box.start()
        self.box.do("models", "use", "demo", "--anyway")
        self.assertEqual(self.box.do("status")["engine"], "demo")
        client = self.box.client(after=10**6)
        while client.until("alert")["customer"]["id"] != mine:
            pass
        self.assertEqual(self.box.stop(), 0)

    def test_photos_go_with_consent(self):
        one = self.ids[1]
        exported = self.box.do("export", one)
        self.assertEqual(len(exported["photos"]), 1)
        self.assertNotIn(portrait(1).read_bytes()[100:140], (self.box.folder / "store.db").read_bytes())
        self.assertEqual(self.box.ctl("enroll", "--name", "X", "--consent-version", "v1",
                                      "--consent-ref", "r", "--photo", portrait(9),
                                      "--keep-photos").code, "scope_missing")
        self.box.do("consent", one, "withdraw")
        self.assertEqual(self.box.do("show", one)["photos_kept"], 0)
        # Agreed to anew, but not to photos.
        two = self.ids[2]
        self.box.do("consent", two, "renew", "--consent-version", "v2", "--consent-ref", "r",
                    "--scope", "history")
        self.assertEqual(self.box.do("show", two)["photos_kept"], 0)
        self.box.do("update", self.ids[3], "--photo", portrait(3, 1))
        self.assertEqual(self.box.do("show", self.ids[3])["photos_kept"], 0)


if __name__ == "__main__":
    run_tests()
