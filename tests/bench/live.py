"""The real programs, measured from outside: delay, processor share, memory, start.

Each function returns rows for the table of bench.py: (what, at most or at least, measured).
"""

import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def row(what, target, measured, met):
    return {"what": what, "target": target, "measured": measured, "met": bool(met)}


def first_looks(options, shared, appearances):
    """A film in real time: from the frame in which a customer is 60 px wide to the staff client."""
    import score_film
    import shop as shops
    truth = json.loads((shared / "data/video/walkin-dev.json").read_text())
    shop = shops.Shop(engine="retail")
    try:
        shop.camera(shared / "data/video/walkin-dev.mp4", dwell="0s", min_face=60)
        shop.init()
        ids, _ = score_film.enrol_gallery(shop, truth, shared / "data/people/known", 0)
        shop.start()
        client = shop.client()
        arrived, peak = [], 0.0
        end = time.time() + max(visit["end"] for visit in truth["visits"]) + 10
        while time.time() < end:
            eyes = shops.children_of(shop.daemon.pid)
            peak = max([peak] + [peak_mib(pid) for pid in eyes])
            alert = client.line(timeout=1)
            now = time.time()
            if alert is None or alert["type"] != "alert":
                continue
            arrived.append((ids[alert["customer"]["id"]], now,
                            seconds_of(alert["at"]) - alert["position"]))
        start = min((film for _, _, film in arrived), default=0)
        delays = sorted(1000 * (now - start - appearances[person])
                        for person, now, _ in arrived if person in appearances)
        if not delays:
            return [row("first appearance to alert", "median 400 ms", "no alert came", False)]
        median = statistics.median(delays)
        late = delays[min(len(delays) - 1, int(0.95 * len(delays)))]
        return [
            row(f"first appearance at 60 px to the alert on a TCP client, {len(delays)} customers",
                "median 400 ms, 95 % 800 ms", f"median {median:.0f} ms, 95 % {late:.0f} ms",
                median <= 400 and late <= 800),
            row("peak memory of an eye", "150 MiB", f"{peak:.0f} MiB", peak <= 150),
        ]
    finally:
        shop.close()


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def four_cameras(options, shared):
    import shop as shops
    shop = shops.Shop(engine="retail")
    try:
        names = ["north", "east", "south", "west"]
        for name in names:
            shop.camera(shared / "data/video/walkin-dev.mp4", name=name, loop=True, fps=10)
        shop.init()
        shop.start()

        def frames():
            cameras = shop.do("status")["cameras"]
            return time.monotonic(), {camera["name"]: camera["frames"] for camera in cameras}

        deadline = time.monotonic() + 30
        while min(frames()[1].values()) < 10 and time.monotonic() < deadline:
            time.sleep(0.2)
        pids = [shop.daemon.pid] + shops.children_of(shop.daemon.pid)
        before, at_first = frames()
        cost = sum(cpu_seconds(pid) for pid in pids)
        time.sleep(10 if options.quick else 30)
        after, at_last = frames()
        cost = sum(cpu_seconds(pid) for pid in pids) - cost
        seconds = after - before
        rates = [(at_last[name] - at_first[name]) / seconds for name in names]
        share = 100 * cost / seconds / 2
        return [row("four cameras of 1280x720 at 10 fps, people in view, two cores",
                    "9 fps each, 70 % of the cores",
                    f"{min(rates):.1f} fps, {share:.0f} %", min(rates) >= 9 and share < 70)]
    finally:
        shop.close()


def many_customers(options, customers=10000):
    import shop as shops
    shop = shops.Shop(engine="retail")
    os.environ["RUNTIME_DIRECTORY"] = str(shop.folder)
    walker = None
    try:
        shop.camera("/dev/null")
        shop.write()
        subprocess.run([options.bin / "bench-shop", "fill", "--store", shop.folder / "store.db",
                        "--key", shop.folder / "store.key", "--customers", str(customers)],
                       check=True)
        times, peak = [], 0.0
        for run in range(3):
            walker = subprocess.Popen([options.bin / "bench-shop", "walk-in", "--socket",
                                       shop.folder / "eye.sock", "--customer", str(run)])
            begin = time.monotonic()
            shop.start(spawn=False, wait=False)
            client = shop.client(timeout=20)
            alert = client.until("alert", timeout=20)
            times.append(time.monotonic() - begin)
            assert alert is not None, shop.log.read_text()
            peak = max(peak, peak_mib(shop.daemon.pid))
            client.close()
            shop.stop()
            walker.kill()
            walker.wait()
        median = statistics.median(times)
        return [
            row(f"start of the core with {customers} customers to its first match", "1 s",
                f"{median:.2f} s", median <= 1),
            row(f"peak memory of the core with {customers} customers of 3 templates", "80 MiB",
                f"{peak:.0f} MiB", peak <= 80),
        ]
    finally:
        if walker:
            walker.kill()
        shop.close()
        del os.environ["RUNTIME_DIRECTORY"]
