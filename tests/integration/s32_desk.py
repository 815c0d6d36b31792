"""Enrolment at the desk: who stands before the camera."""

import struct
import zlib

from shop import *


def grey_png(width, height):
    """A picture of nothing."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\x00" + b"\x80" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Desk(ShopTest):
    def desk(self, *people):
        """A shop whose camera shows these drawn people, a few moments each."""
        box = self.shop()
        pictures = box.folder / "pictures"
        pictures.mkdir()
        for number, (person, look) in enumerate(people):
            shutil.copy(portrait(person, look), pictures / f"{number:03}.png")
        # Two pictures a second.
        box.camera(pictures, realtime=False, fps=2)
        return box.init()

    def enrol(self, box, *words):
        return box.ctl("enroll", "--camera", "entrance", "--seconds", "4", "--name", "Ada Example",
                       "--consent-version", "v1", "--consent-ref", "form 1", *words)

    def test_the_best_pictures_of_the_camera_make_a_customer(self):
        box = self.desk(*[(3, look) for look in range(6)])
        answer = self.enrol(box)
        self.assertEqual(answer.status, 0, answer.err)
        self.assertGreaterEqual(answer.json["templates"], 3)
        self.assertLessEqual(answer.json["templates"], 5)
        self.assertEqual(len(answer.json["quality"]), answer.json["templates"])
        found = box.do("identify", "--photo", portrait(3, 7))
        self.assertEqual(found["id"], answer.json["id"])
        # Once is enough, and the daemon may run.
        box.cameras[0] |= {"loop": True, "realtime": True}
        box.write().start()
        again = self.enrol(box)
        self.assertEqual((again.status, again.code), (2, "face_enrolled"))

    def test_who_stands_before_the_camera_is_told_at_the_desk(self):
        box = self.desk(*[(3, look) for look in range(6)])
        there = box.enrol("Robin Sample", portrait(3, 7), portrait(3, 8))
        soon = time.time() + 1800
        box.do("appointment", there, "--at", time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(soon)),
               "--with", "Kim")
        answer = box.do("identify", "--camera", "entrance", "--seconds", "3")
        self.assertEqual((answer["match"], answer["id"], answer["appointment"]["with"]),
                         (True, there, "Kim"))
        said = box.ctl("verify", there, "--camera", "entrance", json_out=False)
        self.assertEqual(said.out, "Verified: Robin Sample, appointment "
                         f"{time.strftime('%H:%M', time.localtime(soon))} with Kim.\n")
        # Some drawn people look alike: the first that the command line tells apart.
        other = next(number for number in range(4, 40)
                     if box.ctl("verify", there, "--photo", portrait(number)).status == 1)
        away = box.enrol("Ada Example", portrait(other), extra=["--allow-duplicate"])
        answer = box.ctl("verify", away, "--camera", "entrance", "--seconds", "3")
        self.assertEqual((answer.status, answer.json["verified"]), (1, False))
        for words in (["verify", away], ["identify", "--camera", "garage"],
                      ["identify", "--camera", "entrance", "--photo", portrait(1)],
                      ["identify", "--photo", portrait(1), "--seconds", "3"]):
            answer = box.ctl(*words)
            self.assertEqual(answer.status, 2, words)
            self.assertEqual(len(answer.err.splitlines()), 1, answer.err)

    def test_what_cannot_be_enrolled_is_said(self):
        box = self.desk((3, 0))
        picture = grey_png(640, 480)
        for number in range(6):
            (box.folder / "pictures" / f"{number:03}.png").write_bytes(picture)
        answer = self.enrol(box)
        self.assertEqual((answer.status, answer.code), (2, "no_good_picture"))
        self.assertEqual(len(answer.err.splitlines()), 1)
        self.assertEqual(self.enrol(box, "--camera", "garage").status, 2)
        for words, status in ((["--consent-version", ""], 2), (["--photo", portrait(1)], 2)):
            answer = self.enrol(box, *words)
            self.assertEqual(answer.status, status, answer.err)
            self.assertEqual(len(answer.err.splitlines()), 1)
        self.assertEqual(box.do("list")["customers"], [])


if __name__ == "__main__":
    run_tests()
