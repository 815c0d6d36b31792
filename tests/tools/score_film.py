#!/usr/bin/env python3
"""Plays a film of people walking up to a camera through the real daemon and prints the score.

    score_film.py --film FILM --truth TRUTH.json --known DIR [--gallery 200] [--engine retail]

TRUTH.json: {"enroll": {PERSON: PHOTO}, "visits": [{"kind": "known"|"stranger", "person", "start",
"end"}]}, times in seconds. The people of "enroll" are enrolled from DIR/PERSON/PHOTO (or DIR/PHOTO);
with --gallery, others of DIR fill the gallery with their first photo. Exit status 1 below the
limits of --least and --most-false.
"""

import argparse
import json
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from shop import Shop  # noqa: E402

# An alert counts for a visit until this long after its end: a track's last decision falls there.
GRACE_S = 1.5


def photo_of(folder, person, photo):
    in_folder = folder / person / photo
    return in_folder if in_folder.exists() else folder / photo


def enrol_gallery(shop, truth, known, gallery):
    """Enrols the film's people and fills the gallery in one import, which loads the models once:
    {customer id: person}, and who was refused and why."""
    photos = {person: photo_of(known, person, photo) for person, photo in truth["enroll"].items()}
    in_film = {visit["person"] for visit in truth["visits"]}
    for folder in sorted(known.iterdir()):
        if len(photos) >= gallery:
            break
        if folder.is_dir() and folder.name not in in_film:
            photos[folder.name] = sorted(folder.iterdir())[0]
    rows = [{"name": person, "photo": str(photo), "consent-version": "1", "consent-ref": "x"}
            for person, photo in photos.items()]
    path = shop.folder / "gallery.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = shop.do("import", path)
    refused = [(rows[one["row"] - 1]["name"], one["reason"]) for one in done["rejected"]]
    return {row["id"]: row["name"] for row in shop.do("list")["customers"]}, refused


def score(alerts, truth, ids):
    """Who was recognised in time, how soon, and who was not there."""
    recognised, seconds, false_alerts = {}, [], []
    for alert in alerts:
        person = ids[alert["customer"]["id"]]
        visit = next((visit for visit in truth["visits"]
                      if visit["kind"] == "known" and visit["person"] == person and
                      visit["start"] <= alert["position"] <= visit["end"] + GRACE_S), None)
        if visit is None:
            false_alerts.append((person, alert["position"]))
        elif person not in recognised:
            recognised[person] = round(alert["position"] - visit["start"], 3)
            seconds.append(alert["position"] - visit["start"])
    known = sorted({visit["person"] for visit in truth["visits"] if visit["kind"] == "known"})
    return {
        "known": len(known),
        "recognised": len(recognised),
        "missed": [person for person in known if person not in recognised],
        "false_alerts": false_alerts,
        "median_s": round(statistics.median(seconds), 2) if seconds else None,
        "seconds": recognised,
    }


def play(film, truth, known, gallery, engine="retail", models=None, false_alerts=None, **camera):
    shop = Shop(engine=engine, models=models)
    try:
        shop.camera(film, realtime=False, **camera)
        if false_alerts:
            shop.section("recognition", false_alerts=false_alerts)
        shop.init()

        ids, refused = enrol_gallery(shop, truth, known, gallery)
        alerts = shop.replay()
        result = score(alerts, truth, ids)
        result["gallery"] = len(ids)
        result["refused"] = refused
        return result
    finally:
        shop.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--film", type=pathlib.Path, required=True)
    parser.add_argument("--truth", type=pathlib.Path, required=True)
    parser.add_argument("--known", type=pathlib.Path, required=True)
    parser.add_argument("--gallery", type=int, default=0)
    parser.add_argument("--engine", default="retail")
    parser.add_argument("--models", type=pathlib.Path)
    parser.add_argument("--false-alerts", default="1 per 1000 visitors")
    parser.add_argument("--min-face", type=int, default=24, help="px; small, to decide early")
    parser.add_argument("--dwell", default="700ms")
    parser.add_argument("--least", type=int, default=0, help="recognised people")
    parser.add_argument("--most-false", type=int, default=10**6)
    options = parser.parse_args()
    truth = json.loads(options.truth.read_text())
    result = play(options.film, truth, options.known, options.gallery, options.engine,
                  options.models, options.false_alerts, min_face=options.min_face,
                  dwell=options.dwell)
    print(json.dumps(result, indent=1))
    good = (result["recognised"] >= options.least and
            len(result["false_alerts"]) <= options.most_false)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
