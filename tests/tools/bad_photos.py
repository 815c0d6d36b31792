#!/usr/bin/env python3
"""Makes bad photos out of good ones and counts whether enrolment refuses them for the right reason.

    bad_photos.py --good DIR [--count 200] [--keep DIR] [--engine retail] [--models DIR]

DIR holds photos (DIR/PERSON/*.jpg, or *.jpg) that are good for enrolment. Kinds: blurred, dark,
small, turned, covered and two faces, as many of each. The good ones themselves are counted as well:
how many are refused. Needs ffmpeg. Exit status 1 below the limits of --least and --most-refused.
"""

import argparse
import collections
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from shop import BIN, Shop  # noqa: E402

# What a kind may be refused for: a face that is spoilt altogether is no face any more.
REASONS = {
    "blurred": {"blurred"},
    "dark": {"too_dark"},
    "small": {"too_small"},
    "turned": {"turned_away", "no_face"},
    "covered": {"covered", "no_face"},
    "two": {"several_faces"},
}


class Eye:
    """maitred-eye --photos: one photo, one report."""

    def __init__(self, config):
        self.config = config
        self.left = 0

    def look(self, photo):
        if self.left == 0:
            self.process = subprocess.Popen(
                [str(BIN / "maitred-eye"), "-c", str(self.config), "--photos", "--purpose", "enrol"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.left = 60
        self.left -= 1
        data = photo.read_bytes()
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        report = json.loads(self.process.stdout.readline())
        if self.left == 0:
            self.process.stdin.close()
            self.process.wait()
        return report


def ffmpeg(inputs, graph, out):
    words = ["ffmpeg", "-v", "error", "-y"]
    for photo in inputs:
        words += ["-i", str(photo)]
    subprocess.run(words + ["-filter_complex", graph, "-frames:v", "1", str(out)], check=True)


def spoil(kind, photo, report, other, out, dice):
    """One bad photo of this kind from a good one, whose face is at `box`."""
    x, y, width, height = report["box"]
    if kind == "blurred":
        ffmpeg([photo], f"gblur=sigma={width * dice.uniform(0.035, 0.06):.1f}", out)
    elif kind == "dark":
        ffmpeg([photo], f"lutrgb=r=val*{dice.uniform(.08, .22):.2f}:g=val*.18:b=val*.15", out)
    elif kind == "small":
        factor = dice.uniform(24, 42) / width
        ffmpeg([photo], f"scale=iw*{factor:.3f}:ih*{factor:.3f},pad=400:300:(ow-iw)/2:(oh-ih)/2:gray",
               out)
    elif kind == "turned":
        angle = dice.choice([-1, 1]) * dice.uniform(55, 120)
        ffmpeg([photo], f"rotate={angle}*PI/180:c=gray", out)
    elif kind == "covered":
        # A hand or a mask over the mouth, a bar over the eyes.
        top, tall = dice.choice([(.58, .45), (.22, .28)])
        colour = dice.choice(["0x2a2a2e", "0xd8d8dc", "0xb08a70", "0x4a6aa0"])
        ffmpeg([photo], f"drawbox=x={x - .05 * width:.0f}:y={y + top * height:.0f}:"
               f"w={1.1 * width:.0f}:h={tall * height:.0f}:color={colour}:t=fill", out)
    else:
        def cut(box):
            x, y, width, height = box
            return (f"crop='min({1.6 * width:.0f},iw)':'min({1.6 * height:.0f},ih)':"
                    f"{max(0, x - .3 * width):.0f}:{max(0, y - .3 * height):.0f},scale=-2:300")

        ffmpeg([photo, other["photo"]],
               f"[0]{cut(report['box'])}[a];[1]{cut(other['box'])}[b];[a][b]hstack", out)


def good_photos(folder, eye):
    """Photos of the folder with their reports, and why others are refused."""
    photos = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    good, refused = [], collections.Counter()
    for number, photo in enumerate(photos):
        report = eye.look(photo)
        if "error" in report:
            refused[report["error"]["code"]] += 1
        else:
            good.append((photo, report))
        if sys.stderr.isatty():
            print(f"\rlooking {number + 1}/{len(photos)}", end="", file=sys.stderr)
    return good, refused, len(photos)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--good", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--keep", type=pathlib.Path, help="leave the bad photos in this folder")
    parser.add_argument("--engine", default="retail")
    parser.add_argument("--models", type=pathlib.Path)
    parser.add_argument("--least", type=float, default=0.0, help="share refused rightly")
    parser.add_argument("--most-refused", type=float, default=1.0, help="share of good ones")
    options = parser.parse_args()
    shop = Shop(engine=options.engine, models=options.models)
    shop.write()
    dice = random.Random(1)
    try:
        eye = Eye(shop.config)
        good, refused, looked = good_photos(options.good, eye)
        folder = options.keep or pathlib.Path(tempfile.mkdtemp(dir=shop.folder))
        folder.mkdir(parents=True, exist_ok=True)
        told = {kind: collections.Counter() for kind in REASONS}
        right = 0
        for number in range(options.count):
            kind = list(REASONS)[number % len(REASONS)]
            (photo, report), (other, of_other) = dice.sample(good, 2)
            other = {**of_other, "photo": other}
            out = folder / f"{kind}-{number}.png"
            spoil(kind, photo, report, other, out, dice)
            answer = eye.look(out)
            code = answer.get("error", {}).get("code", "accepted")
            told[kind][code] += 1
            right += code in REASONS[kind]
        share, wrong = right / max(1, options.count), sum(refused.values()) / looked
        print(json.dumps({"bad": options.count, "refused_rightly": round(share, 4), "told": told,
                          "good": looked, "good_refused": round(wrong, 4), "reasons": refused},
                         indent=1))
        return 0 if share >= options.least and wrong <= options.most_refused else 1
    finally:
        shop.close()


if __name__ == "__main__":
    sys.exit(main())
