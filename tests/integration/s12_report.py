"""The report, whose figures are recomputed here from the raw rows."""

import math
import statistics

from shop import *
from visits_shop import VisitsTest


class Report(VisitsTest):
    def test_the_report_equals_what_the_rows_say(self):
        box, people = self.shop_with_visits()
        self.play(box)
        alerts = self.serve_all(box, ("served", "wrong_person", "declined"))
        self.assertGreaterEqual(len(alerts), 2)
        for number, alert in enumerate(alerts):
            box.do("feedback", alert["visit"], "--rating", str(10 - 3 * number))
        page = box.folder / "report.html"
        report = box.do("report", "--html", page)
        visits = box.do("visits")["visits"]
        raw = {alert["visit"]: alert for alert in box.do("alerts")["alerts"]}
        events = {}
        for row in box.do("audit")["audit"]:
            if row["action"] == "alert":
                events.setdefault(row["subject"], {})[row["detail"].split()[-1]] = row["at"]

        def seconds(later, earlier):
            parse = lambda text: __import__("datetime").datetime.fromisoformat(text.replace("Z", "+00:00"))
            return max(0.0, (parse(later) - parse(earlier)).total_seconds())

        self.assertEqual(report["visits"], len(visits))
        self.assertEqual(report["alerts"], len(raw))
        claims = sorted(seconds(states["claimed"], states["new"]) for states in events.values())
        self.assertAlmostEqual(report["to_claim"]["median_s"], statistics.median(claims), places=3)
        served = [seconds(states["closed"], states["new"]) for visit, states in events.items()
                  if next(row for row in visits if row["visit"] == visit)["outcome"] == "served"]
        self.assertAlmostEqual(report["to_serve"]["median_s"], statistics.median(served), places=3)
        outcomes = {}
        for row in visits:
            outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + 1
        self.assertEqual(report["outcomes"], outcomes)
        n, hits, z = len(alerts), outcomes.get("wrong_person", 0), 1.959964
        share, z2 = hits / n, z * z
        half = z * math.sqrt(share * (1 - share) / n + z2 / 4 / n / n) / (1 + z2 / n)
        middle = (share + z2 / 2 / n) / (1 + z2 / n)
        self.assertAlmostEqual(report["wrong_person_rate"]["high"], middle + half, places=4)
        self.assertAlmostEqual(report["wrong_person_rate"]["low"], max(0, middle - half), places=4)
        ratings = [10 - 3 * number for number in range(len(alerts))]
        arm = report["arms"]["alerts"]
        self.assertEqual(arm["ratings"], len(ratings))
        self.assertAlmostEqual(arm["mean_rating"]["estimate"], statistics.mean(ratings), places=6)
        nps = statistics.mean(100 if r >= 9 else -100 if r <= 6 else 0 for r in ratings)
        self.assertAlmostEqual(arm["nps"]["estimate"], nps, places=6)
        self.assertEqual(sum(report["by_hour_utc"]), len(visits))
        self.assertEqual(sum(one["visits"] for one in report["cameras"]), len(visits))
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


if __name__ == "__main__":
    run_tests()
