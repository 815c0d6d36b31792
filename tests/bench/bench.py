#!/usr/bin/env python3
"""Runs the measurements of tests/bench and prints how many times faster maitred is than its peers.

Everything is compared within one run, repetition by repetition, by the processor time of one
thread: what else this machine does changes both sides alike. Ratios are min / median / max.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("MAITRED_SHARED", SOURCE.parent / "shared"))
MODELS = pathlib.Path(os.environ.get("MAITRED_MODELS", SHARED / "models"))

# what, ours, the peer's, at least
RATIOS = [
    ("YuNet forward, 640x384, against OpenCV dnn", "detect/maitred", "detect/opencv", 4),
    ("0095 embedding of one face, against OpenCV dnn", "embed1/maitred", "embed1/opencv", 3),
    ("0095 in 8 bits, as cameras use it, against OpenCV dnn", "embed-int8/maitred", "embed1/opencv", 3),
    ("0095, a face in a batch of 8, against one by one", "embed8/maitred", "embed1/maitred", 1),
    ("dlib ResNet embedding, against dlib with OpenBLAS", "resnet/maitred", "resnet/dlib", 5),
    ("tried: a 1x1 convolution in 8 bits (VNNI), against 32", "int8/8-bit", "int8/32-bit", None),
    ("search 100 000 x 256, against FAISS flat", "search/maitred/100000", "search/faiss/100000", 1),
    ("search 100 000 x 256, against a plain read", "search/maitred/100000", "search/read/100000",
     0.8),
]


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def ratio(ours, peers):
    """Times faster, repetition by repetition."""
    return spread([peer / own for own, peer in zip(ours, peers)])


def show(text, found, least=None):
    line = f"  {text:58} {found['min']:7.2f} {found['median']:7.2f} {found['max']:7.2f}"
    print(line + (f"   at least {least:g}" if least else ""), flush=True)


def missing():
    """What is left out on this machine, and why."""
    left_out = []
    if not (MODELS / "yunet_n_640_640.onnx").exists():
        left_out.append(f"networks, faces in view and films: no model files in {MODELS} "
                        "(set MAITRED_MODELS, or: maitredctl models fetch)")
    elif not (SHARED / "data/video").is_dir():
        left_out.append(f"films: none in {SHARED / 'data/video'} (set MAITRED_SHARED, or give one "
                        "with --film)")
    if not (MODELS / "dlib_face_recognition_resnet_model_v1.dat").exists():
        left_out.append("the recognised people of dlib: its ResNet has random weights here "
                        "(the arithmetic is the same)")
    return left_out


def run(command, blas):
    environment = {**os.environ, "MAITRED_MODELS": str(MODELS), "OMP_NUM_THREADS": "1"}
    if blas and blas.is_dir():
        environment["LD_LIBRARY_PATH"] = str(blas)
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout)


def measure_parts(options):
    """{name: [nanoseconds of processor time an item, ...]}"""
    if options.filter == "none":
        return {}, {}
    found = run([options.bin / "bench-parts", "--benchmark_format=json",
                 f"--benchmark_repetitions={options.repetitions}",
                 "--benchmark_enable_random_interleaving=true",
                 f"--benchmark_min_time={0.05 if options.quick else 0.2}",
                 f"--benchmark_filter={options.filter}"], options.blas)
    times, faces = {}, {}
    for row in found["benchmarks"]:
        if row.get("run_type") == "aggregate" or row.get("error_occurred"):
            continue
        name = row["run_name"].split("/iterations:")[0]
        times.setdefault(name, []).append(1e9 / row["items_per_second"])
        faces[name] = row.get("faces")
    return times, faces


def measure_film(options, film, min_face, extra=()):
    pipelines = {"maitred": [], "opencv": [], "dlib": []}
    last = {}
    for turn in range(1 if options.quick else 3):
        for name, costs in pipelines.items():
            if name == "dlib" and turn > 0:
                continue  # minutes each
            last[name] = run([options.bin / "bench-pipeline", "--pipeline", name, "--film", film,
                              "--models", MODELS, "--min-face", min_face,
                              "--seconds", options.seconds, *extra], options.blas)
            costs.append(last[name]["cpu_s"])
    return pipelines, last


def measure_live(options):
    """The real programs, from outside. Rows as live.row makes them."""
    os.environ["MAITRED_BIN"] = str(options.bin.resolve())
    os.environ["MAITRED_SHARED"] = str(SHARED)
    import live
    rows = live.many_customers(options)
    video = SHARED / "data/video"
    if (video / "walkin-dev.mp4").exists():
        appearances = run([options.bin / "bench-pipeline", "--appearances", "60", "--film",
                           video / "walkin-dev.mp4", "--truth", video / "walkin-dev.json",
                           "--known", SHARED / "data/people/known", "--models", MODELS], None)
        rows += live.first_looks(options, SHARED, appearances)
        rows += live.four_cameras(options, SHARED)
    return rows


def print_live(rows):
    print("\nThe real programs")
    for one in rows:
        print(f"  {one['what']:76} {one['measured']}   (at most/least: {one['target']})"
              f"{'' if one['met'] else '   MISSED'}", flush=True)


def table(title, names, rows):
    print(f"\n{title}")
    print("  " + "".join(f"{name:>14}" for name in names))
    for row in rows:
        print("  " + "".join(f"{value:>14}" for value in row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--blas", type=pathlib.Path, help="folder of the dlib peer's libblas.so.3")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--filter", default=".", help="of the parts, a regular expression; or none")
    parser.add_argument("--film", type=pathlib.Path)
    parser.add_argument("--truth", type=pathlib.Path)
    parser.add_argument("--known", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=1e6, help="of each film")
    parser.add_argument("--no-films", action="store_true")
    parser.add_argument("--no-live", action="store_true", help="not the real programs")
    parser.add_argument("--only-live", action="store_true")
    options = parser.parse_args()
    options.repetitions = 3 if options.quick else 7
    report = {"machine": platform.processor() or platform.machine(), "ratios": {}, "films": {}}

    report["left_out"] = missing()
    for line in report["left_out"]:
        print(f"Left out: {line}", flush=True)
    if not options.no_live and (MODELS / "yunet_n_640_640.onnx").exists():
        report["live"] = measure_live(options)
        print_live(report["live"])
    if options.only_live:
        options.out.write_text(json.dumps(report, indent=1) + "\n")
        return
    times, faces = measure_parts(options)
    report["ns_an_item"] = times
    print("\nTimes faster, in processor time of one thread          min  median     max")
    for text, own, peer, least in RATIOS:
        if own in times and peer in times:
            report["ratios"][text] = ratio(times[own], times[peer])
            show(text, report["ratios"][text], least)
    if "still-scene/maitred/0" in times:
        share = [100.0 * nanoseconds * 10 / 1e9 for nanoseconds in times["still-scene/maitred/0"]]
        report["still_scene_percent"] = spread(share)
        print(f"  a still scene, 1280x720 at 10 fps, without decoding: "
              f"{statistics.median(share):.2f} % of one core (at most 2)")

    def ms(name):
        return f"{statistics.median(times[name]) / 1e6:.3f}" if name in times else "-"

    sizes = [100, 1000, 10000, 100000, 1000000]
    if any(f"search/maitred/{size}" in times for size in sizes):
        table("Search, ms a probe of 256 values", ["rows", "maitred", "FAISS flat", "plain read"],
              [[size, ms(f"search/maitred/{size}"), ms(f"search/faiss/{size}"),
                ms(f"search/read/{size}")] for size in sizes])
        table("Search of 100 000 rows, ms a probe", ["probes", "maitred", "FAISS flat"],
              [[1, ms("search/maitred/100000"), ms("search/faiss/100000")]] +
              [[n, ms(f"search-{n}-probes/maitred/100000"), ms(f"search-{n}-probes/faiss/100000")]
               for n in (4, 16)])
    if "embed1/maitred" in times:
        table("Embedding, ms a face", ["batch", "maitred"],
              [[n, ms(f"embed{n}/maitred")] for n in (1, 2, 4, 8)])
    if "faces/maitred/1" in times:
        table("Whole pipeline, ms a frame of 1280x720 with drawn faces",
              ["faces", "maitred", "OpenCV dnn", "dlib", "(seen by)", "maitred", "dlib"],
              [[n, ms(f"faces/maitred/{n}"), ms(f"faces/opencv/{n}"), ms(f"faces/dlib/{n}"), "",
                f"{faces.get(f'faces/maitred/{n}') or 0:.1f}",
                f"{faces.get(f'faces/dlib/{n}') or 0:.1f}"] for n in (1, 2, 4, 8, 16)])

    films = []
    video = SHARED / "data/video"
    if options.film:
        extra = ["--truth", options.truth, "--known", options.known] if options.truth else []
        films.append((options.film, 60, extra))
    elif not options.no_films and video.is_dir():
        films = [(video / "walkin-dev.mp4", 24, ["--truth", video / "walkin-dev.json", "--known",
                                                 SHARED / "data/people/known", "--dwell"]),
                 (video / "short_hamilton_clip.mp4", 20, [])]
    for film, min_face, extra in films:
        pipelines, last = measure_film(options, film, min_face, extra)
        report["films"][film.name] = {"cpu_s": pipelines, "last": last}
        print(f"\n{film.name}, whole pipeline without decoding: times less processor time")
        for peer in ("opencv", "dlib"):
            show(f"against {peer}", ratio(pipelines["maitred"], pipelines[peer]),
                 {"dlib": 10, "opencv": 6}[peer])
        for name, one in last.items():
            print(f"  {name:8} {one['detections']:6} looks {one['faces']:6} faces "
                  f"{one['embeddings']:6} embeddings {len(one['recognised']):3} recognised "
                  f"{len(one['wrong']):3} wrong")
    options.out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nAll of it is in {options.out}")


if __name__ == "__main__":
    main()
