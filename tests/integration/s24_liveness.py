"""Pictures of faces: at the desk, on a folder of presentations, and before a camera."""

from shop import *

SPOOF = SHARED / "data" / "spoof"
VIDEO = SHARED / "data" / "video"
PHOTOS = SHARED / "data" / "photos"
KNOWN = SHARED / "data" / "people" / "known"


@needs_shared("photos of attacks")
class Liveness(ShopTest):
    def setUp(self):
        self.box = self.shop(engine="retail")

    def presentations(self):
        """live/, paper/ and screen/ with photos, films, and folders that are films."""
        folder = self.box.folder / "spoof"
        for name in ("live/still", "paper/held", "screen"):
            (folder / name).mkdir(parents=True)
        people = sorted(KNOWN.iterdir())[:12]
        for number, person in enumerate(people):
            shutil.copy(sorted(person.iterdir())[0], folder / "live" / f"{number}.jpg")
        shutil.copy(SPOOF / "image_T1.jpg", folder / "live" / "still" / "1.jpg")
        shutil.copy(VIDEO / "short_hamilton_clip.mp4", folder / "live" / "film.mp4")
        for number in range(3):
            shutil.copy(SPOOF / "image_F1.jpg", folder / "paper" / "held" / f"{number}.jpg")
        shutil.copy(SPOOF / "image_F2.jpg", folder / "screen" / "2.jpg")
        return folder

    def test_a_folder_of_presentations_gives_error_rates(self):
        self.box.write()
        report = self.box.folder / "spoof.html"
        spoof = self.box.do("evaluate", "--spoof", self.presentations(), "--report", report)["spoof"]
        self.assertEqual(spoof["bona_fide"]["presentations"], 14)
        self.assertLessEqual(spoof["bona_fide"]["wrong"], 1)
        self.assertEqual([(one["kind"], one["presentations"], one["apcer"])
                          for one in spoof["attacks"]], [("paper", 1, 0.0), ("screen", 1, 0.0)])
        low, high = spoof["attacks"][0]["apcer_interval"]
        self.assertLess(low, 0.001)
        self.assertGreater(high, 0.5)  # one presentation proves little
        self.assertIn("APCER", report.read_text())
        self.assertEqual(self.box.ctl("evaluate").status, 2)
        self.assertEqual(self.box.ctl("evaluate", "--spoof", self.box.folder / "no").status, 2)

    def test_a_still_picture_is_told_from_a_face_that_moves(self):
        self.box.write()
        still = self.box.folder / "still"
        still.mkdir()
        for number in range(15):
            shutil.copy(SPOOF / "image_T1.jpg", still / f"{number:03}.jpg")

        def judged(film):
            done = subprocess.run([BIN / "maitred-eye", "-c", self.box.config, "--liveness", film],
                                  capture_output=True, check=True, timeout=HANG_S * PATIENCE)
            return json.loads(done.stdout)

        self.assertIs(judged(VIDEO / "close-face.mp4")["moves"], True)
        report = judged(still)
        self.assertIs(report["moves"], False)
        # A stillness is no proof: a face beyond doubt stays one.
        self.assertLess(report["liveness"], 0.31)
        self.assertGreaterEqual(report["liveness"], report["live_from"])

    def watched(self, film, liveness, **enrol):
        box = self.shop(engine="retail")
        box.camera(film, realtime=False, mode="open", acknowledge_open_floor="a test", min_face=40)
        box.section("recognition", liveness=liveness)
        box.init()
        for name, photo in enrol.items():
            box.enrol(name, photo, extra=["--allow-duplicate"])
        return {alert["customer"]["name"] for alert in box.replay()}

    def test_a_living_customer_is_recognised(self):
        self.assertEqual(self.watched(VIDEO / "short_hamilton_clip.mp4", "always",
                                      Lin=PHOTOS / "lin-manuel-miranda.png"), {"Lin"})

    def test_a_picture_held_before_the_camera_is_not(self):
        held = self.box.folder / "held"
        held.mkdir()
        for number in range(30):
            shutil.copy(SPOOF / "image_F2.jpg", held / f"{number:03}.jpg")
        self.assertEqual(self.watched(held, "desk", Held=SPOOF / "image_F2.jpg"), {"Held"})
        self.assertEqual(self.watched(held, "always", Held=SPOOF / "image_F2.jpg"), set())


if __name__ == "__main__":
    run_tests()
