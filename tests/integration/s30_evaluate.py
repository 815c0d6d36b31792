"""evaluate: the engine measured on the operator's own photos, in the terms of the field."""

from shop import *

# Trials of galleries want 20 people more than are enrolled.
PEOPLE, LOOKS, STRANGERS = 6, 3, 18


class Evaluate(ShopTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-people-"))
        for person in range(1, PEOPLE + STRANGERS + 1):
            home = cls.folder / f"person-{person}"
            home.mkdir()
            for look in range(LOOKS if person <= PEOPLE else 1):
                shutil.copy(portrait(person, look), home)
        (cls.folder / "person-1" / "notes.txt").write_text("no photo")
        (cls.folder / "person-1" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
        (cls.folder / "README").write_text("no person")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.box = self.shop().write()  # no store is needed

    def test_rates_are_what_the_pairs_say(self):
        report = self.box.folder / "report.html"
        found = self.box.do("evaluate", self.folder, "--gallery", "4", "--photos", "1,2",
                            "--draws", "3", "--report", report, "--calibration")
        self.assertEqual(found["people"], PEOPLE + STRANGERS)
        self.assertEqual(found["photos"], PEOPLE * LOOKS + STRANGERS + 1)
        self.assertGreaterEqual(found["without_face"], 1)  # the broken one
        seen = found["photos"] - found["without_face"]
        pairs = found["pairs"]
        self.assertEqual(pairs["genuine"] + pairs["impostor"], seen * (seen - 1))
        rates = found["fmr"]
        for row in rates:
            self.assertTrue(0 <= row["fmr"] <= 1 and 0 <= row["fnmr"] <= 1, row)
        # A stricter threshold lets fewer strangers in, and turns more customers away.
        for looser, stricter in zip(rates, rates[1:]):
            self.assertLess(looser["threshold"], stricter["threshold"])
            self.assertGreaterEqual(looser["fmr"], stricter["fmr"])
            self.assertLessEqual(looser["fnmr"], stricter["fnmr"])
        self.assertEqual({row["photos_per_person"] for row in found["identification"]}, {1, 2})
        for row in found["identification"]:
            self.assertEqual(row["gallery"], 4)
            low, high = row["fnir_interval"]
            self.assertTrue(low <= row["fnir"] <= high, row)
            self.assertTrue({"fpir_target", "threshold", "fpir"} <= set(row))
        thresholds = [row[0] for row in found["calibration"]]
        self.assertEqual(thresholds, sorted(thresholds, reverse=thresholds[0] > thresholds[-1]))
        page = report.read_text()
        self.assertIn("<svg", page)
        self.assertNotIn("http", page.replace("http://www.w3.org", ""))  # whole by itself

    def test_halves_share_nobody(self):
        halves = [self.box.ctl("evaluate", self.folder, "--half", half, "--gallery", "2",
                               "--draws", "1") for half in ("first", "second")]
        people = sum(one.json["people"] for one in halves if one.status == 0)
        self.assertEqual(people, PEOPLE + STRANGERS)

    def test_a_table_for_people(self):
        said = self.box.ctl("evaluate", self.folder, "--gallery", "4", "--photos", "1", "--draws",
                            "1", "--calibration", json_out=False)
        self.assertEqual(said.status, 0, said.err)
        for word in ("FNMR", "GALLERY", f"{PEOPLE + STRANGERS} people", "calibration = ["):
            self.assertIn(word, said.out)

    def test_what_cannot_be_measured(self):
        empty = self.box.folder / "empty"
        empty.mkdir()
        self.assertEqual(self.box.ctl("evaluate", empty).code, "no_photos")
        missing = self.box.ctl("evaluate", self.box.folder / "nowhere")
        self.assertEqual((missing.status, missing.code), (2, "file_missing"))
        self.assertEqual(self.box.ctl("evaluate", self.folder, "--half", "third").status, 2)
        self.assertEqual(self.box.ctl("evaluate", self.folder, "--photos", "0").status, 2)
        for person in (1, 2):
            (empty / str(person)).mkdir()
            shutil.copy(portrait(person), empty / str(person))
        alone = self.box.ctl("evaluate", empty)  # nobody to compare with themselves
        self.assertEqual((alone.status, alone.code), (2, "too_few_photos"))
        for person in (1, 2):
            shutil.copy(portrait(person, 1), empty / str(person))
        unwritable = self.box.ctl("evaluate", empty, "--report", "/proc/nowhere/report.html")
        self.assertEqual((unwritable.status, unwritable.code), (3, "file_unwritable"))


if __name__ == "__main__":
    run_tests()
