"""The report, whose figures are recomputed here from the raw rows."""

import datetime
import http.client
import math
import statistics
import zipfile

from shop import *
from visits_shop import VisitsTest


Z, POWER = 1.959964, 0.841621


def student(freedom):
    """The 97.5 % point of Student's t: its density, with t = sqrt(freedom) tan(angle), integrated."""
    scale = math.gamma((freedom + 1) / 2) / math.sqrt(math.pi) / math.gamma(freedom / 2)

    def share_below(t, steps=400):
        width = math.atan(t / math.sqrt(freedom)) / steps
        heights = [math.cos(step * width) ** (freedom - 1) for step in range(steps + 1)]
        return 0.5 + scale * width / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2])
                                          + 2 * sum(heights[2:-1:2]))

    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if share_below(middle) < 0.975 else (low, middle)
    return low


def seconds(later, earlier):
    def parse(text):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

    return max(0.0, (parse(later) - parse(earlier)).total_seconds())


def quantile(values, p):
    """Between the order statistics; None of nothing."""
    values = sorted(values)
    if len(values) < 2:
        return values[0] if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[round(p * 100) - 1]


def mean_interval(values):
    if len(values) < 2:
        return None
    half = student(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.mean(values) - half, statistics.mean(values) + half


class Report(VisitsTest):
    def same(self, shown, wanted, what):
        """A number, or an interval."""
        if wanted is None:
            return self.assertIsNone(shown, what)
        if isinstance(wanted, tuple):
            self.assertAlmostEqual(shown["low"], wanted[0], places=3, msg=what)
            return self.assertAlmostEqual(shown["high"], wanted[1], places=3, msg=what)
        self.assertAlmostEqual(shown, wanted, places=3, msg=what)

    def arm(self, shown, rows, ratings, what):
        self.assertEqual(shown["visits"], len(rows), what)
        self.assertEqual(shown["customers"], len({row["id"] for row in rows}), what)
        given = [ratings[row["visit"]] for row in rows if row["visit"] in ratings]
        self.assertEqual(shown["ratings"], len(given), what)
        for name, values, least, most in (
                ("mean_rating", given, 0, 10),
                ("nps", [100 if r >= 9 else -100 if r <= 6 else 0 for r in given], -100, 100)):
            interval = mean_interval(values)
            if interval:
                interval = max(interval[0], least), min(interval[1], most)
                self.same(shown[name]["estimate"], statistics.mean(values), f"{what} {name}")
            self.same(shown[name], interval, f"{what} {name}")
        return given

    def test_the_report_equals_what_the_rows_say(self):
        box, people = self.shop_with_visits(cooldown="1ms")
        path, api_port = box.cameras[0]["source"], free_port()
        box.section("api", listen=f"127.0.0.1:{api_port}")
        token = box.do("staff", "add", "till", "--system")["token"]
        ratings, texts = {}, iter([9, 4, 10, 7, 8, 6, 9, 3, 10, 5] * 10)
        # Two cameras, and a time without alerts.
        alerts = []
        for camera, share in (("entrance", 0.0), ("till", 1.0)):
            box.cameras = []
            box.camera(path, name=camera, realtime=False).section("visits", holdout=share)
            box.write()
            self.play(box)
            alerts += self.serve_all(box, ("served", "wrong_person", "declined", "served"))
            for row in box.do("visits")["visits"]:
                if row["visit"] not in ratings and row["outcome"] != "wrong_person":
                    ratings[row["visit"]] = next(texts)
                    if len(ratings) % 2:
                        box.do("feedback", row["visit"], "--rating", ratings[row["visit"]])
                        continue
                    till = http.client.HTTPConnection("127.0.0.1", api_port, timeout=HANG_S)
                    till.request("POST", f"/v1/visits/{row['visit']}/feedback",
                                 json.dumps({"rating": ratings[row["visit"]]}),
                                 {"Authorization": f"Bearer {token}",
                                  "Content-Type": "application/json"})
                    self.assertIn(till.getresponse().status, (200, 201))
            box.stop()
        box.start(spawn=False)
        self.assertGreaterEqual(len(alerts), 2)
        page = box.folder / "report.html"
        report = box.do("report", "--html", page)
        visits = box.do("visits")["visits"]
        raw = {alert["visit"]: alert for alert in box.do("alerts")["alerts"]}
        events = {}
        for row in box.do("audit")["audit"]:
            if row["action"] == "alert":
                events.setdefault(row["subject"], {})[row["detail"].split()[-1]] = row["at"]
        of = {row["visit"]: row for row in visits}

        def claims(camera=None):
            return [seconds(states["claimed"], states["new"]) for visit, states in events.items()
                    if "claimed" in states and camera in (None, of[visit]["camera"])]

        self.assertEqual(report["visits"], len(visits))
        self.assertEqual(report["customers"], len({row["id"] for row in visits}))
        self.assertEqual((report["alerts"], report["claimed"]), (len(raw), len(claims())))
        served = [seconds(states["closed"], states["new"]) for visit, states in events.items()
                  if of[visit]["outcome"] == "served"]
        for name, values in (("to_claim", claims()), ("to_serve", served)):
            self.assertEqual(report[name]["count"], len(values))
            self.same(report[name]["median_s"], statistics.median(values), name)
            self.same(report[name]["p95_s"], quantile(values, 0.95), name)
        outcomes = {}
        for visit in raw:
            outcomes[of[visit]["outcome"]] = outcomes.get(of[visit]["outcome"], 0) + 1
        self.assertEqual(report["outcomes"], outcomes)
        n, hits = sum(outcomes.values()), outcomes["wrong_person"]
        self.assertEqual(report["answered"], n)
        share, z2 = hits / n, Z * Z
        half = Z * math.sqrt(share * (1 - share) / n + z2 / 4 / n / n) / (1 + z2 / n)
        middle = (share + z2 / 2 / n) / (1 + z2 / n)
        self.same(report["wrong_person_rate"]["estimate"], share, "wrong person")
        self.same(report["wrong_person_rate"], (max(0, middle - half), middle + half), "wrong person")
        with_alerts = self.arm(report["arms"]["alerts"],
                               [row for row in visits if row["visit"] in raw], ratings, "alerts")
        without = self.arm(report["arms"]["holdout"],
                           [row for row in visits if row["visit"] not in raw], ratings, "holdout")
        self.assertGreaterEqual(min(len(with_alerts), len(without)), 2)
        # The two arms against each other, and how many answers would tell them apart.
        na, nb = len(with_alerts), len(without)
        va, vb = statistics.variance(with_alerts), statistics.variance(without)
        gain = statistics.mean(with_alerts) - statistics.mean(without)
        self.same(report["rating_gain"]["estimate"], gain, "gain")
        freedom = (va / na + vb / nb) ** 2 / ((va / na) ** 2 / (na - 1) + (vb / nb) ** 2 / (nb - 1))
        half = student(freedom) * math.sqrt(va / na + vb / nb)
        self.same(report["rating_gain"], (gain - half, gain + half), "gain")
        pooled = ((na - 1) * va + (nb - 1) * vb) / (na + nb - 2)
        needed = math.ceil(2 * (Z + POWER) ** 2 * pooled / report["effect"] ** 2)
        self.assertLessEqual(abs(report["answers_needed"] - needed), 1)
        self.assertEqual(report["answers_still_needed"],
                         max(0, report["answers_needed"] - min(na, nb)))
        hours = [0] * 24
        for row in visits:
            hours[int(row["start"][11:13])] += 1
        self.assertEqual(report["by_hour_utc"], hours)
        self.assertEqual([one["camera"] for one in report["cameras"]], ["entrance", "till"])
        for one in report["cameras"]:
            rows = [row for row in visits if row["camera"] == one["camera"]]
            self.assertEqual(
                [one[key] for key in ("visits", "alerts", "served", "wrong_person")],
                [len(rows), sum(row["visit"] in raw for row in rows)] +
                [sum(row["outcome"] == word for row in rows) for word in ("served", "wrong_person")])
            self.same(one["to_claim"]["median_s"], quantile(claims(one["camera"]), 0.5), one)
            self.same(one["to_claim"]["p95_s"], quantile(claims(one["camera"]), 0.95), one)
        # Nobody by name, unless asked for.
        name = alerts[0]["customer"]["name"]
        self.assertNotIn(name, page.read_text())
        self.assertNotIn(name, json.dumps(report))
        self.assertIn(name, json.dumps(box.do("report", "--names")))
        self.assertIn("median", box.ctl("report", json_out=False).out)
        self.assertEqual(box.ctl("report", "--from", "2030-01-01", "--to", "2029-01-01").status, 2)
        # The same without the daemon.
        before = box.do("report", "--from", "2020-01-01", "--to", "2099-01-01")
        box.stop()
        self.assertEqual(box.do("report", "--from", "2020-01-01", "--to", "2099-01-01"), before)

    def test_held_out_customers_have_visits_without_alerts_and_stay_held_out(self):
        box, people = self.shop_with_visits(holdout=1.0)
        box.start("--exit-when-done", wait=False)
        self.assertEqual(box.wait(), 0)
        visits = box.do("visits")["visits"]
        self.assertGreaterEqual(len(visits), 2)
        self.assertEqual(box.do("alerts")["alerts"], [])
        report = box.do("report")
        self.assertEqual((report["arms"]["holdout"]["visits"], report["arms"]["alerts"]["visits"]),
                         (len(visits), 0))
        # A script in a name is text in the page, and in what customers are given.
        customer = visits[0]["id"]
        box.do("update", customer, "--name", "<script>alert(1)</script>\x1b[2J")
        page, archive = box.folder / "report.html", box.folder / "customer.zip"
        box.do("report", "--names", "--html", page)
        box.do("export", customer, "--format", "zip", "--output", archive)
        box.do("consent", customer, "receipt", "--format", "html", "--output", box.folder / "r.html")
        with zipfile.ZipFile(archive) as opened:
            texts = [page.read_text(), (box.folder / "r.html").read_text(),
                     opened.read("customer.html").decode()]
        for text in texts:
            self.assertIn("&lt;script&gt;alert(1)", text)
            self.assertNotIn("<script", text)
        receipt = box.ctl("consent", customer, "receipt", json_out=False).out
        self.assertIn("<script>alert(1)", receipt)
        self.assertNotIn("\x1b", receipt)


if __name__ == "__main__":
    run_tests()
