"""What staff answer is learned from: a wrong person raises the threshold, too many suspend."""

from shop import *


class Answers(ShopTest):
    def setUp(self):
        self.box, self.ids = self.shop_with_members()
        self.box.camera(small_film()[0], realtime=False, loop=True)
        self.box.section("visits", cooldown="1s", escalate=[], alert_ttl="3d").write()

    def answer(self, client, outcome):
        """Closes the next alert; whose it was."""
        alert = client.until("alert")
        self.assertIsNotNone(alert, self.box.log.read_text())
        client.send({"type": "close", "visit": alert["visit"], "outcome": outcome})
        while (update := client.until("update"))["visit"] != alert["visit"]:
            pass
        self.assertEqual(update["state"], "closed")
        return alert["customer"]["id"]

    def another_round(self):
        """The whole film once more."""
        def frames():
            return self.box.do("status")["cameras"][0]["frames"]

        first = frames()
        eventually(lambda: frames() > first + small_film()[1]["frames"], "a round of the film",
                   every=0.2)

    def test_wrong_answers_raise_suspend_and_are_reversible(self):
        self.box.start()
        client = self.box.client()
        before = self.box.do("status")
        self.assertEqual((before["suspended"], before["raised_thresholds"]), ([], 0))
        answered = [self.answer(client, "wrong_person")]
        raised = answered[0]
        self.assertEqual(self.box.do("show", raised)["threshold_steps"], 1)
        self.assertEqual(self.box.do("status")["raised_thresholds"], 1)
        # A few more of a handful of visitors: far more than one in a thousand.
        while not (suspended := self.box.do("status")["suspended"]):
            self.assertLess(len(answered), 5, "the camera goes on alerting")
            answered.append(self.answer(client, "wrong_person"))
        self.assertEqual(suspended[0]["camera"], "entrance")
        self.assertGreaterEqual(suspended[0]["wrong"], 3)
        self.assertIn("alerts suspended after", self.box.log.read_text())
        visits = len(self.box.do("visits")["visits"])
        client.rest()
        self.another_round()
        self.assertEqual([line for line in client.rest() if line["type"] == "alert"], [],
                         "a suspended camera alerts")
        self.assertEqual(len(self.box.do("visits")["visits"]), visits)
        finding = [one for one in self.box.ctl("doctor").json["findings"]
                   if one["check"] == "false alerts"]
        self.assertEqual([one["verdict"] for one in finding], ["fault"])
        self.assertIn("resume --camera entrance", finding[0]["cure"])

        # It holds over a restart; the operator lifts it.
        self.box.stop()
        self.assertEqual(self.box.do("status")["suspended"][0]["camera"], "entrance")
        self.assertEqual(self.box.ctl("resume", "--camera", "exit").code, "not_suspended")
        self.assertEqual(self.box.ctl("resume").status, 2)
        self.box.do("resume", "--camera", "entrance")
        self.assertEqual(self.box.do("status")["suspended"], [])
        self.box.start()
        client = self.box.client(after=10**9)
        self.assertIsNotNone(client.until("alert"))
        self.assertEqual(self.box.stop(), 0)

        # The customer's own threshold stays raised until it is set back.
        self.assertGreaterEqual(self.box.do("show", raised)["threshold_steps"], 1)
        self.assertEqual(self.box.do("update", raised, "--reset-threshold")["threshold_steps"], 0)
        actions = [row["action"] for row in self.box.do("audit")["audit"]]
        for action in ("caution", "suspend", "resume"):
            self.assertIn(action, actions)
        self.assertTrue(self.box.do("audit", "verify")["ok"])

    def test_a_confirmed_visit_improves_the_template_of_who_agreed(self):
        agreed, other = self.ids[0], self.ids[1]
        self.box.do("consent", agreed, "renew", "--consent-version", "v2", "--consent-ref", "r",
                    "--scope", "template-improvement")
        self.box.start()
        client = self.box.client()
        served = []
        while served.count(agreed) < 4 or other not in served:
            served.append(self.answer(client, "served"))
            self.assertLess(len(served), 40, "who agreed does not come any more")
        self.assertEqual(self.box.do("show", agreed)["templates_learned"], 3)
        self.assertEqual(self.box.do("show", other)["templates_learned"], 0)
        self.box.do("update", agreed, "--forget-learned")
        self.assertEqual(self.box.stop(), 0)
        self.assertLessEqual(self.box.do("show", agreed)["templates_learned"], 1)
        # Without the scope nothing of it stays.
        self.box.do("consent", agreed, "renew", "--consent-version", "v3", "--consent-ref", "r",
                    "--scope", "history")
        self.assertEqual(self.box.do("show", agreed)["templates_learned"], 0)
        details = [row["detail"] for row in self.box.do("audit")["audit"]]
        self.assertIn("template of a confirmed visit", details)
        self.assertTrue(self.box.do("audit", "verify")["ok"])


if __name__ == "__main__":
    run_tests()
