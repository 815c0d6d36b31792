"""doctor names what is wrong and how to correct it; setup writes a configuration that works."""

from shop import *


class Doctor(ShopTest):
    def findings(self, box):
        answer = box.ctl("doctor")
        self.assertIn(answer.status, (0, 1), answer.err)
        report = answer.json
        self.assertEqual(report["ok"], answer.status == 0)
        self.assertEqual(report["faults"],
                         sum(one["verdict"] == "fault" for one in report["findings"]))
        for one in report["findings"]:
            self.assertEqual(one["cure"] == "", one["verdict"] == "good", one)
        return report["findings"]

    def faults(self, box):
        return {(one["check"], one["subject"]) for one in self.findings(box)
                if one["verdict"] == "fault"}

    def test_a_box_that_works_and_one_fault_after_another(self):
        path, _ = small_film()
        box = self.shop().camera(path, realtime=True, loop=True, fps=1, zone=[0.1, 0, 0.9, 1])
        box.init().start()
        self.await_running(box)
        self.assertEqual(self.faults(box), set())
        checks = {one["check"] for one in self.findings(box)}
        self.assertLessEqual({"processor", "memory", "disk", "clock", "configuration", "key",
                              "permissions", "models", "licences", "daemon", "store", "port",
                              "camera", "zone"}, checks)
        # The camera's process stops answering.
        eye = children_of(box.daemon.pid)[0]
        os.kill(eye, signal.SIGSTOP)
        eventually(lambda: ("camera", "entrance") in self.faults(box), "a fault of the camera")
        os.kill(eye, signal.SIGCONT)
        box.stop()
        self.assertEqual(self.faults(box), {("daemon", "")})
        # The key is for everyone to read; the daemon refuses it, and so does the doctor.
        (box.folder / "store.key").chmod(0o644)
        self.assertLessEqual({("key", ""), ("store", "")}, self.faults(box))
        (box.folder / "store.key").chmod(0o600)
        # A byte of the store flips.
        store = box.folder / "store.db"
        content = bytearray(store.read_bytes())
        content[len(content) // 2] ^= 0xFF
        content[100] ^= 0xFF
        store.write_bytes(content)
        self.assertIn(("store", ""), self.faults(box))

    def await_running(self, box):
        eventually(lambda: all(one["state"] == "running" and one["fps"] >= 0.5
                               for one in box.do("status")["cameras"]),
                   lambda: f"a camera that runs: {box.log.read_text()}", every=0.2)

    def test_a_configuration_that_cannot_be_read_is_a_finding(self):
        box = self.shop()
        box.config.write_text("[store]\npath = 3\n")
        self.assertIn(("configuration", ""), self.faults(box))
        box.config.unlink()
        self.assertIn(("configuration", ""), self.faults(box))

    def test_a_camera_that_is_not_there(self):
        box = self.shop().camera("/dev/video-none").init()
        self.assertIn(("camera", "entrance"), self.faults(box))
        text = box.ctl("doctor", json_out=False)
        self.assertEqual(text.status, 1)
        self.assertIn("/dev/video-none does not exist", text.out)
        self.assertIn("faults found", text.out)

    def test_a_recording_is_tried(self):
        path, _ = film()
        # One picture a second is asked for, which a busy machine reads too.
        box = self.shop().camera(path, fps=1).init()
        camera = [one for one in self.findings(box) if one["check"] == "camera"]
        self.assertEqual([one["verdict"] for one in camera], ["good"], camera)
        self.assertRegex(camera[0]["message"], r"\d+ x \d+")

    @unittest.skipIf(SANITIZED, "libfaketime and a sanitizer both want to be loaded first")
    def test_what_lies_before_an_accident(self):
        box = self.shop().camera(small_film()[0]).init()

        def verdicts(days=0):
            env = {}
            if days:
                env = {"LD_PRELOAD": next(iter(
                    map(str, pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), ""),
                    "FAKETIME": f"+{days}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            answer = box.ctl("doctor", env=env)
            return {one["check"]: one["verdict"] for one in answer.json["findings"]
                    if one["check"] in ("backup", "consent")}

        self.assertEqual(verdicts(), {"backup": "advice", "consent": "advice"})
        text = box.folder / "text.txt"
        text.write_text("I agree.\n")
        box.do("consent", "text", "add", "v1", text)
        box.do("backup", box.folder / "backup")
        self.assertEqual(verdicts(), {"backup": "good", "consent": "good"})
        self.assertEqual(verdicts(days=8)["backup"], "fault")

    def placement(self, **camera):
        """What a camera's people say of its place: status, report."""
        box = self.shop().camera(small_film()[0], **camera).init()
        answer = box.ctl("doctor", "--camera", "entrance", "--seconds", "5")
        self.assertIn(answer.status, (0, 1), answer.err)
        self.assertEqual(answer.status, 1 if answer.json["faults"] else 0)
        return answer.json

    def test_a_camera_is_judged_by_who_passes_it(self):
        seen = self.placement()
        # Seconds of the film, in which the first of its people walks up.
        self.assertGreaterEqual(len(seen["people"]), 1)
        self.assertLess(seen["expected_misses"], 0.5)
        self.assertEqual({one["subject"] for one in seen["findings"]}, {"entrance"})
        corner = self.placement(zone=[0.0, 0.9, 0.1, 1.0])
        self.assertEqual(corner["expected_misses"], 1.0)
        self.assertTrue(any("never entered the zone" in one["message"] and "move the zone" in
                            one["cure"] for one in corner["findings"]), corner["findings"])
        tall = self.placement(min_face=400)
        self.assertTrue(any("narrower than min_face" in one["message"]
                            for one in tall["findings"]), tall["findings"])
        box = self.shop().camera(small_film()[0]).init()
        self.assertEqual(box.ctl("doctor", "--camera", "cellar").code, "camera_unknown")


class Setup(ShopTest):
    def test_answers_become_a_configuration_that_runs(self):
        path, _ = small_film()
        box = self.shop()
        # Wrong answers are asked for again, and what was answered is proposed.
        words = "\n".join(["", "nosuch.mp4", "front door", "0.1,0,0.9,1", str(path), "", "",
                           "", "front", "", "no", "few", "1 per 500 visitors"]) + "\n"
        answer = box.ctl("setup", stdin=words)
        self.assertEqual(answer.status, 0, answer.err)
        self.assertEqual(answer.err.count("Invalid answer"), 3, answer.err)
        self.assertIn("file or folder nosuch.mp4 does not exist", answer.err)
        self.assertEqual(answer.json["written"], str(box.config))
        text = box.config.read_text()
        self.assertIn("zone = [0.1,0,0.9,1]", text)
        self.assertIn('false_alerts = "1 per 500 visitors"', text)
        self.assertIn('name = "front"', text)
        self.assertIn("# Pictures analysed a second", text)
        self.assertEqual(box.config.stat().st_mode & 0o007, 0)
        box.do("init")
        # What is there stays.
        again = box.ctl("setup", "--yes", "--source", path)
        self.assertEqual(again.json["written"], str(box.config) + ".new")
        self.assertEqual(box.config.read_text(), text)
        self.assertEqual(box.ctl("setup", "--yes", "--source", path).status, 2)

    def test_no_camera_and_no_answer(self):
        if any(pathlib.Path("/dev").glob("video*")):
            self.skipTest("this machine has a camera")
        box = self.shop()
        answer = box.ctl("setup", "--yes")
        self.assertEqual((answer.status, answer.code), (2, "no_camera"))
        self.assertFalse(box.config.exists())


if __name__ == "__main__":
    run_tests()
