"""Bad input is answered: each with its error and exit status, and nothing changed."""

import struct
import zlib

from shop import *


def png_of_gigapixels():
    """A small PNG that says it is 60000 x 60000 pixels, all of them black."""

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))

    header = struct.pack(">IIBBBBB", 60000, 60000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(4_000_000), 9)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) +
            chunk(b"IEND", b""))


class BadInput(ShopTest):
    def setUp(self):
        self.box = self.shop()
        self.box.init()
        self.face = portrait(1)

    def refuse(self, status, code, *words):
        """The command is refused so, in one line, and leaves the store as it was."""
        before = self.box.do("list")
        answer = self.box.ctl(*words)
        self.assertEqual(answer.status, status, (words, answer.out, answer.err))
        self.assertEqual(answer.code, code, answer.out)
        self.assertEqual(answer.err.count("\n"), 1, answer.err)
        self.assertNotIn("\n", answer.json["error"]["message"])
        self.assertEqual(self.box.do("list"), before)
        return answer.json["error"]["message"]

    def enrolment(self, *photos, **changes):
        words = {"--name": "Robin", "--consent-version": "v1", "--consent-ref": "form"}
        words.update({f"--{key.replace('_', '-')}": value for key, value in changes.items()})
        flat = [word for pair in words.items() if pair[1] is not None for word in pair]
        for photo in photos:
            flat += ["--photo", photo]
        return ["enroll", *flat]

    def file(self, name, data):
        path = self.box.folder / name
        path.write_bytes(data)
        return path

    def test_photos_that_are_none(self):
        self.refuse(2, "file_missing", *self.enrolment(self.box.folder / "absent.jpg"))
        self.refuse(2, "file_unreadable", *self.enrolment(self.box.folder))
        self.refuse(2, "photo_not_image", *self.enrolment(self.file("text.jpg", b"hello " * 99)))
        self.refuse(2, "photo_not_image", *self.enrolment(self.file("empty.jpg", b"")))
        self.refuse(2, "photo_too_large",
                    *self.enrolment(self.file("giga.png", png_of_gigapixels())))
        self.refuse(2, "file_too_large",
                    *self.enrolment(self.file("fat.jpg", bytes((16 << 20) + 1))))
        whole = self.face.read_bytes()
        answer = self.box.ctl(*self.enrolment(self.file("cut.png", whole[:len(whole) // 2])))
        self.assertEqual(answer.status, 2)
        self.assertIn(answer.code, ("photo_truncated", "photo_unreadable"))

    def test_photos_without_one_good_face(self):
        folder = drawn_folder()
        scene = folder / "scene.png"
        if not scene.exists():
            subprocess.run([BIN / "maitred-draw", "scene", "--out", scene], check=True)
        self.assertIn("scene.png", self.refuse(2, "no_face", *self.enrolment(scene)))
        two = self.draw("two.png", "several")
        self.refuse(2, "several_faces", *self.enrolment(two))
        tiny = self.draw("tiny.png", "tiny")
        answer = self.box.ctl(*self.enrolment(tiny))
        self.assertEqual(answer.status, 2)
        self.assertIn(answer.code, ("too_small", "no_face"))
        blurred = self.draw("blurred.png", "blurred")
        answer = self.box.ctl(*self.enrolment(blurred))
        self.assertEqual(answer.status, 2)
        self.assertIn(answer.code, ("blurred", "no_face"))
        self.refuse(2, "too_dark", *self.enrolment(self.draw("dark.png", "dark")))

    def draw(self, name, kind):
        """Spoils a drawn portrait with ffmpeg's or our own plain means."""
        path = drawn_folder() / name
        if not path.exists():
            subprocess.run([BIN / "maitred-draw", "portrait", "--person", "1", "--spoil", kind,
                            "--out", path], check=True)
        return path

    def test_a_face_or_a_loyalty_id_that_is_taken(self):
        first = self.box.enrol("First", self.face, extra=["--loyalty", "Card 7"])
        message = self.refuse(2, "face_enrolled", *self.enrolment(portrait(1, 3)))
        self.assertIn(first, message)
        message = self.refuse(2, "loyalty_taken",
                              *self.enrolment(portrait(2), loyalty=" card 7 "))
        self.assertIn(first, message)
        twin = self.box.ctl(*self.enrolment(portrait(1, 3)), "--allow-duplicate")
        self.assertEqual(twin.status, 0)
        self.assertEqual(twin.json["lookalikes"], [first])
        self.assertTrue(any(first in warning for warning in twin.json["warnings"]))

    def test_no_enrolment_without_consent(self):
        self.refuse(2, "consent_missing", *self.enrolment(self.face, consent_version=None))
        self.refuse(2, "consent_missing", *self.enrolment(self.face, consent_ref=None))
        self.refuse(2, "consent_expired", *self.enrolment(self.face, expires="2020-01-01"))
        self.refuse(2, "bad_time", *self.enrolment(self.face, expires="soon"))
        self.refuse(2, "bad_usage", *self.enrolment(self.face, scope="everything"))

    def test_check_refuses_what_the_start_would(self):
        box = self.shop().camera(small_film()[0]).init()

        def check(**sections):
            kept = {name: dict(settings) for name, settings in box.sections.items()}
            for name, settings in sections.items():
                box.section(name, **settings)
            box.write()
            box.sections = kept
            return box.check()

        status, said = check()
        self.assertEqual(status, 0, said)
        self.assertIn("0 can be recognised", said)
        for section in ("staff", "board", "api", "metrics"):
            status, said = check(**{section: {"listen": f"0.0.0.0:{free_port()}"}})
            self.assertEqual(status, 2, said)
            self.assertIn(f"{section}.listen: 0.0.0.0 can be reached from other machines", said)
        status, said = check(board={"listen": f"127.0.0.1:{box.port}"})
        self.assertEqual(status, 2, said)
        self.assertIn("staff.listen and board.listen are both", said)
        self.file("cert.pem", b"no certificate")
        status, said = check(staff={"tls_cert": str(box.folder / "cert.pem"),
                                    "tls_key": str(box.folder / "cert.pem")})
        self.assertEqual(status, 2, said)
        self.assertIn("cert.pem", said)

    def test_a_verb_that_is_none_is_named(self):
        self.assertIn("there is no verb 'enrol'", self.box.ctl("enrol").json["error"]["message"])
        self.assertEqual(self.box.ctl("enrol").status, 2)

    def test_a_token_that_is_not_taken_ends_a_watch(self):
        self.box.do("staff", "add", "till")
        self.box.start(spawn=False)
        for token, code in (("", "auth_required"), ("0" * 40, "bad_token")):
            answer = self.box.ctl("watch", "--seconds", "20", env={"MAITRED_STAFF_TOKEN": token})
            self.assertNotEqual(answer.status, 0)
            self.assertIn(code, answer.out + answer.err)

    def test_unknown_ids_and_words(self):
        for words in (["show", "zzzzzzzz"], ["forget", "zzzzzzzz"], ["ask", "zzzzzzzz", "x"],
                      ["consent", "zzzzzzzz", "withdraw"], ["update", "zzzzzzzz", "--name", "x"],
                      ["verify", "zzzzzzzz", "--photo", self.face]):
            self.refuse(2, "unknown_customer", *words)
        self.refuse(2, "bad_usage", "dance")
        self.refuse(2, "bad_usage", "show")
        self.refuse(2, "bad_usage", "list", "--frobnicate")
        self.refuse(2, "unknown_visit", "feedback", "nothing", "--rating", "5")

    def test_keys_and_stores_that_do_not_fit(self):
        folder = self.box.folder
        key = (folder / "store.key").read_bytes()

        def fails(code, *words):
            for command in (self.box.ctl(*(words or ["list"])),):
                self.assertEqual((command.status, command.code), (3, code), command.err)
            status, said = self.box.check()
            self.assertEqual(status, 3, said)

        (folder / "store.key").write_bytes(bytes(32))
        fails("key_wrong")
        (folder / "store.key").unlink()
        fails("key_missing")
        (folder / "store.key").write_bytes(key)
        os.chmod(folder / "store.key", 0o644)
        fails("key_permissions")
        os.chmod(folder / "store.key", 0o600)
        self.assertEqual(self.box.ctl("list").status, 0)
        self.assertEqual(self.box.ctl("init").code, "store_exists")

        store = (folder / "store.db").read_bytes()
        (folder / "store.db").write_bytes(b"not a store" * 1000)
        fails("store_corrupt")
        (folder / "store.db").write_bytes(store[:len(store) // 2])
        self.assertEqual(self.box.ctl("audit", "verify").status, 3)
        newer = bytearray(store)
        newer[60:64] = (9999).to_bytes(4, "big")  # user_version
        (folder / "store.db").write_bytes(newer)
        for beside in ("store.db-wal", "store.db-shm"):
            (folder / beside).unlink(missing_ok=True)
        fails("store_too_new")
        (folder / "store.db").unlink()
        fails("store_missing")

    def test_one_daemon_a_store_and_one_listener_a_port(self):
        self.box.start(spawn=False)
        second = subprocess.run([BIN / "maitred", "-c", self.box.config], capture_output=True,
                                text=True)
        self.assertEqual(second.returncode, 3)
        self.assertIn(str(self.box.daemon.pid), second.stderr)
        other = self.shop()
        other.port = self.box.port
        other.init()
        third = subprocess.run([BIN / "maitred", "-c", other.config], capture_output=True,
                               text=True)
        self.assertEqual(third.returncode, 3)
        self.assertIn(str(self.box.port), third.stderr)
        self.assertEqual(self.box.do("list"), {"customers": []})

    def test_cameras_and_models_that_are_not_there(self):
        def says(shop, *words):
            done = subprocess.run([BIN / "maitred", "-c", shop.write().config, *words],
                                  capture_output=True, text=True, timeout=HANG_S * PATIENCE)
            return done.returncode, done.stderr

        shop = self.shop(engine="demo").camera("absent.avi", name="door").init()
        status, text = says(shop)
        self.assertEqual(status, 3)
        self.assertIn("door", text)
        self.assertIn("absent.avi", text)
        shop.cameras[0]["source"] = "/dev/video93"
        self.assertEqual(says(shop)[0], 3, "the demo engine is refused for a real camera")
        shop.cameras = []
        shop.engine = "retail"
        shop.models = shop.folder / "models"
        status, text = says(shop)
        self.assertEqual(status, 3)
        self.assertIn("maitredctl models fetch", text)
        answer = shop.ctl(*self.enrolment(self.face))
        self.assertEqual((answer.status, answer.code), (3, "model_missing"))
        self.assertEqual(shop.ctl("models", "verify").status, 3)
        if (SHARED / "models").is_dir():
            shop.do("models", "fetch", "--from", SHARED / "models")
            self.assertEqual(shop.ctl("models", "verify").status, 0)
            weights = shop.models / "face-reidentification-retail-0095.bin"
            data = bytearray(weights.read_bytes())
            data[1000] ^= 1
            weights.write_bytes(data)
            status, text = says(shop)
            self.assertEqual(status, 3)
            self.assertIn("face-reidentification-retail-0095.bin", text)
            self.assertEqual(shop.ctl("models", "verify").status, 3)

    def test_configurations_with_faults(self):
        for extra, line, key in (("[store]\n", None, None), ("[visits]\nholdout = 7\n", True, "holdout"),
                                 ("[log]\nlevle = \"info\"\n", True, "levle"),
                                 ("[recognition]\nfalse_alerts = 3\n", True, "false_alerts")):
            self.box.write(extra)
            for program in ("maitred", "maitredctl"):
                words = [BIN / program, "-c", self.box.config] + (
                    ["list"] if program == "maitredctl" else [])
                done = subprocess.run(words, capture_output=True, text=True)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("maitred.toml:", done.stderr)
                if key:
                    self.assertIn(key, done.stderr)
        self.box.config.unlink()
        self.assertEqual(self.box.ctl("list").status, 3)


if __name__ == "__main__":
    run_tests()
