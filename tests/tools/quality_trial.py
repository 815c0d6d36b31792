#!/usr/bin/python3
"""Which measure of a photo's quality foretells a miss: maitred's own, its parts, or LightQNet?

    quality_trial.py --people DIR --models DIR [--bin build/release/bin]

DIR/PERSON/*.jpg. For each measure the photos of least quality are left out, and the FNMR of the rest
is printed, at the cosine where all photos have an FMR of 1e-3 and of 1e-4. Then each measure weighs
three photos of a person in a mean: FNIR of galleries of 200 at FPIR 1e-2 and 1e-3, by plain cosines.
Needs Debian's python3-opencv, and lightqnet-dm050.pb among the models.
"""

import argparse
import base64
import json
import pathlib
import struct
import subprocess
import tempfile

import cv2
import numpy as np

AT_ONCE = 60                      # photos of one maitred-eye --photos
LEFT_OUT = (0.01, 0.02, 0.05, 0.1, 0.2)
STRIDES = (8, 16, 32)
GALLERY, PHOTOS, DRAWS = 200, 3, 200
LEAST = 0.05                      # weight of the poorest photo
# Eyes and the middle of the mouth, in 96 x 96.
TARGET = np.float32([[30.3, 43.7], [65.5, 43.5], [48.1, 84.3]])


def reports(photos, options, purpose):
    """What maitred says of each photo, None where it refuses one."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "maitred.toml"
        config.write_text(f'[store]\npath = "{folder}/store.db"\nkey = "file:{folder}/key"\n'
                          f'[models]\ndir = "{options.models.resolve()}"\nengine = "retail"\n')
        for first in range(0, len(photos), AT_ONCE):
            some = [photo.read_bytes() for photo in photos[first:first + AT_ONCE]]
            asked = b"".join(struct.pack("<I", len(photo)) + photo for photo in some)
            done = subprocess.run([options.bin / "maitred-eye", "-c", config, "--photos", "--purpose",
                                   purpose], input=asked, stdout=subprocess.PIPE, check=True)
            for line in done.stdout.splitlines():
                report = json.loads(line)
                yield report if "template" in report else None


def landmarks(detector, image, box):
    """Of the face in the box, five points; None where YuNet does not see it."""
    rows, columns = (-(-side // 32) * 32 for side in image.shape[:2])
    padded = np.zeros((rows, columns, 3), np.uint8)
    padded[:image.shape[0], :image.shape[1]] = image
    detector.setInput(cv2.dnn.blobFromImage(padded))
    names = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
    outputs = dict(zip(names, detector.forward(names)))
    best, points = 0.0, None
    for stride in STRIDES:
        score = np.sqrt(outputs[f"cls_{stride}"] * outputs[f"obj_{stride}"]).reshape(-1)
        boxes = outputs[f"bbox_{stride}"].reshape(-1, 4)
        for cell in np.where(score > 0.5)[0]:
            place = np.array([cell % (columns // stride), cell // (columns // stride)])
            apart = np.abs((place + boxes[cell, :2]) * stride - box[:2] - np.array(box[2:]) / 2).sum()
            if score[cell] > best and apart < 0.3 * box[2]:
                best = score[cell]
                points = (outputs[f"kps_{stride}"].reshape(-1, 5, 2)[cell] + place) * stride
    return points


def lightqnet(network, image, points):
    three = np.float32([points[0], points[1], (points[3] + points[4]) / 2])
    transform, _ = cv2.estimateAffinePartial2D(three, TARGET, method=cv2.LMEDS)
    face = cv2.warpAffine(image, transform, (96, 96)).astype(np.float32)
    network.setInput(((face - 128) / 128).transpose(2, 0, 1)[None])
    return float(network.forward().reshape(-1)[0])


def draw(people, fit, chance):
    """Photos to enrol by person, one more of each, and one of everybody else."""
    enrolled, probes, strangers = {}, {}, []
    for person in chance.permutation(people.max() + 1):
        photos = chance.permutation(np.where(people == person)[0])
        good = photos[fit[photos]]
        if len(enrolled) < GALLERY and len(good) >= PHOTOS and len(photos) > PHOTOS:
            enrolled[person] = good[:PHOTOS]
            probes[person] = next(photo for photo in photos if photo not in good[:PHOTOS])
        else:
            strangers.append((person, photos[0], good[:1]))
    for person, _, good in strangers:
        if len(enrolled) < GALLERY and len(good):
            enrolled[person] = good
    return enrolled, probes, [photo for person, photo, _ in strangers if person not in enrolled]


def fnir(draws, templates, weights):
    """At FPIR 1e-2 and 1e-3, of the probes that are enrolled with PHOTOS photos."""
    own, others = [], []
    for enrolled, probes, strangers in draws:
        means = np.array([weights[photos] @ templates[photos] for photos in enrolled.values()])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        others.append((templates[strangers] @ means.T).max(1))
        scores = templates[list(probes.values())] @ means.T
        place = [list(enrolled).index(person) for person in probes]
        right = scores.argmax(1) == place
        own.append(np.where(right, scores.max(1), -1))
    own, others = np.concatenate(own), np.concatenate(others)
    return [100 * (own < np.quantile(others, 1 - fpir)).mean() for fpir in (1e-2, 1e-3)]


def print_weights(people, fit, templates, measures):
    _, people = np.unique(people, return_inverse=True)
    for name, allowed in (("photos that enrolment takes", fit), ("all photos", fit | True)):
        chance = np.random.default_rng(1)
        draws = [draw(people, allowed, chance) for _ in range(DRAWS)]
        print(f"\nMeans of {PHOTOS} of {name}, gallery {GALLERY}, {DRAWS} draws: FNIR at FPIR "
              "1e-2, 1e-3")
        tried = {"equal": np.ones(len(people))}
        for measure in ("overall", "lightqnet"):
            quality = np.maximum([one[measure] for one in measures], LEAST)
            tried |= {f"root of {measure}": np.sqrt(quality), measure: quality}
        for what, weights in tried.items():
            print(f"  {what:18} {' '.join(f'{rate:5.2f} %' for rate in fnir(draws, templates, weights))}")


def trial_options(description):
    """What every trial on a folder of people takes."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=pathlib.Path, required=True)
    parser.add_argument("--models", type=pathlib.Path, required=True)
    return parser


def all_pairs(people, templates):
    """Of the photos of two indices each: the cosine, and whether they are of one person."""
    first, second = np.triu_indices(len(people), 1)
    return first, second, (templates @ templates.T)[first, second], people[first] == people[second]


def main():
    parser = trial_options(__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    options = parser.parse_args()
    detector = cv2.dnn.readNet(str(options.models / "yunet_n_640_640.onnx"))
    network = cv2.dnn.readNet(str(options.models / "lightqnet-dm050.pb"))

    photos = sorted(options.people.glob("*/*.jpg"))
    people, templates, measures, fit = [], [], [], []
    taken = reports(photos, options, "enrol")
    for photo, report, enrolled in zip(photos, reports(photos, options, "probe"), taken):
        image = cv2.imread(str(photo))
        points = report and landmarks(detector, image, report["box"])
        if points is None:
            continue
        people.append(photo.parent.name)
        fit.append(enrolled is not None)
        templates.append(np.frombuffer(base64.b64decode(report["template"]), np.float32))
        measures.append({**report["quality"], "lightqnet": lightqnet(network, image, points)})
    templates = np.array(templates)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    people = np.array(people)
    first, second, cosine, genuine = all_pairs(people, templates)
    first, second = first[genuine], second[genuine]
    print(f"{len(people)} photos, {genuine.sum()} genuine pairs")
    for fmr in (1e-3, 1e-4):
        missed = cosine[genuine] < np.quantile(cosine[~genuine], 1 - fmr)
        print(f"\nFMR {fmr:g}: FNMR {100 * missed.mean():.2f} %; without the worst "
              + ", ".join(f"{100 * share:g} %" for share in LEFT_OUT))
        for name in measures[0]:
            quality = np.array([one[name] for one in measures])
            row = []
            for share in LEFT_OUT:
                least = np.quantile(quality, share)
                kept = (quality[first] >= least) & (quality[second] >= least)
                row.append(f"{100 * missed[kept].mean():.2f}")
            print(f"  {name:10} {'  '.join(row)}")
    print_weights(people, np.array(fit), templates, measures)


if __name__ == "__main__":
    main()
