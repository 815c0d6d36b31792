"""Real photos and films, where this machine has them."""

import pathlib
import sys

from shop import *

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import score_film  # noqa: E402

DATA = SHARED / "data"


@needs_shared("photos and films of real people")
class RealPeople(ShopTest):
    def test_two_men_of_a_clip_are_each_announced_once_and_nobody_else(self):
        shop = self.shop(engine="retail")
        shop.camera(DATA / "video/short_hamilton_clip.mp4", realtime=False, dwell="0s", min_face=20)
        shop.init()
        photos = DATA / "photos"
        first = shop.enrol("First", photos / "lin-manuel-miranda.png")
        second = shop.enrol("Second", photos / "alex-lacamoire.png")
        alerts = shop.replay()
        # The second is 25 px wide, for 0.6 s.
        announced = [alert["customer"]["id"] for alert in alerts]
        self.assertEqual(announced.count(first), 1)
        self.assertEqual(announced.count(second), 1)
        self.assertLessEqual(set(announced), {first, second})

    def test_walkers_are_recognised_and_strangers_are_not(self):
        video = DATA / "video"
        result = score_film.play(video / "walkin-dev.mp4",
                                 json.loads((video / "walkin-dev.json").read_text()),
                                 DATA / "people/known", gallery=200,
                                 false_alerts="1 per 1000 visitors", min_face=24)
        print(result, file=sys.stderr)
        self.assertGreaterEqual(result["gallery"], 190)
        self.assertGreaterEqual(result["recognised"], 7)
        self.assertEqual(result["false_alerts"], [])
        self.assertLessEqual(result["median_s"], 1.0)

    def test_a_scene_without_faces_costs_no_template(self):
        shop = self.shop(engine="retail")
        shop.camera(DATA / "video/no-faces.mp4", realtime=False, name="empty")
        shop.init()
        shop.enrol("First", DATA / "photos/lin-manuel-miranda.png")
        shop.start("--exit-when-done", wait=False)
        camera = {}
        while shop.daemon.poll() is None:
            answer = shop.ctl("status")
            cameras = answer.json.get("cameras") if answer.status == 0 else None
            camera = cameras[0] if cameras and cameras[0]["frames"] else camera
            time.sleep(0.05)
        self.assertEqual(shop.daemon.returncode, 0)
        self.assertGreater(camera["frames"], 0)
        self.assertEqual((camera["tracks"], camera["embeddings"]), (0, 0))
        self.assertIn(camera["backend"], ("onednn", "opencv"))

    def test_identify_and_verify_tell_people_apart(self):
        shop = self.shop(engine="retail").init()
        known = DATA / "people/known"
        people = sorted(known.iterdir())[:6]
        ids = {}
        for person in people:
            photos = sorted(person.iterdir())
            ids[person] = shop.enrol(person.name, *photos[:3])
        right = 0
        for person in people:
            probe = sorted(person.iterdir())[3]
            answer = shop.ctl("identify", "--photo", probe)
            right += answer.status == 0 and answer.json["id"] == ids[person]
            self.assertIn(answer.status, (0, 1))
            if answer.status == 0:
                self.assertEqual(answer.json["id"], ids[person])
            other = people[(people.index(person) + 1) % len(people)]
            self.assertEqual(shop.ctl("verify", ids[other], "--photo", probe).status, 1)
        self.assertGreaterEqual(right, 5)
        stranger = sorted((DATA / "people/strangers").iterdir())[0]
        answer = shop.ctl("identify", "--photo", sorted(stranger.iterdir())[0])
        self.assertEqual((answer.status, answer.json), (1, {"match": False}))


    def test_a_picture_of_a_face_is_not_the_person(self):
        if not (SHARED / "models/2.7_80x80_MiniFASNetV2.onnx").exists():
            self.skipTest("skipped: no liveness models")
        shop = self.shop(engine="retail")
        shop.camera(DATA / "video/no-faces.mp4")
        shop.init()
        live, printed, shown = (DATA / f"spoof/image_{name}.jpg" for name in ("T1", "F1", "F2"))
        person = shop.enrol("Live", live)
        answer = shop.do("verify", person, "--photo", live)
        self.assertEqual((answer["verified"], answer["live"], answer["name"]), (True, True, "Live"))
        for attack in (printed, shown):
            answer = shop.ctl("verify", person, "--photo", attack)
            self.assertEqual((answer.status, answer.json), (1, {"verified": False, "live": False}))
            answer = shop.ctl("identify", "--photo", attack)
            self.assertEqual((answer.status, answer.json["match"], answer.json["live"]),
                             (1, False, False))


if __name__ == "__main__":
    run_tests()
