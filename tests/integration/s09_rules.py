"""Rules of the shop: who is called for whom, and what is said."""

import datetime

from shop import *

RULES = """
[[rule]]
name = "vip"
when = "tier"
tier = "gold"
headline = "{tier} customer {name} at {camera}"
priority = "high"
skill = "wine"
[[rule]]
name = "asked"
when = "ask"
headline = "{name} asks: {ask}, size {preference:size}"
"""


def parsed(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Rules(ShopTest):
    def setUp(self):
        self.box, (self.gold, self.asks, self.plain) = self.shop_with_members()
        self.box.camera(small_film()[0], realtime=False).write(RULES)
        self.box.do("update", self.gold, "--name", "Gold", "--tier", "Gold")
        self.box.do("update", self.asks, "--name", "Asks", "--preference", "size=43")
        self.box.do("ask", self.asks, "trail shoes")

    def test_alerts_are_those_of_the_rules(self):
        # Not Shop.replay, which would write the configuration without the rules.
        self.box.start("--exit-when-done", wait=False)
        self.assertEqual(self.box.wait(), 0, self.box.log.read_text())
        alerts = {one["customer"]["id"]: one for one in self.box.do("alerts")["alerts"]}
        visitors = {one["id"] for one in self.box.do("visits")["visits"]}
        self.assertNotIn(self.plain, alerts)
        for who, rule, headline in ((self.gold, "vip", "Gold customer Gold at entrance"),
                                    (self.asks, "asked", "Asks asks: trail shoes, size 43")):
            if who in visitors:
                self.assertEqual((alerts[who]["rule"], alerts[who]["headline"]), (rule, headline))
        self.assertTrue(visitors & {self.gold, self.asks})
        if self.gold in alerts:
            self.assertEqual(alerts[self.gold]["priority"], "high")
            self.assertEqual(alerts[self.gold]["reason"], "loyalty")

    def test_those_with_the_skill_are_called_first_then_all_then_managers(self):
        tokens = {name: self.box.do("staff", "add", name, *words)["token"] for name, words in (
            ("wine", ["--skill", "wine"]), ("shoes", ["--skill", "shoes"]), ("boss", ["--manager"]))}
        first, second = 1.5, 4.0
        self.box.section("visits", escalate=[f"{first:g}s", f"{second:g}s"])
        self.box.cameras[0] |= {"source": str(live_film()[0]), "realtime": True, "loop": True}
        self.box.write(RULES).start(spawn=False)
        clients = {}
        for name, token in tokens.items():
            clients[name] = self.box.client(resume=False)
            clients[name].send({"type": "auth", "token": token})
            clients[name].send({"type": "resume", "after": 0})
            self.assertEqual(clients[name].rest(), [])
        self.box.eye()

        def hears(name):
            """The first that this terminal hears of the customer, and the time of its clock."""
            while (line := clients[name].until("alert"))["customer"]["id"] != self.gold:
                pass
            late[name] = round(time.time() - parsed(line["at"]), 3)
            return line

        late = {}
        heard = {name: hears(name) for name in tokens}
        visit = heard["wine"]["visit"]
        self.assertEqual({line["visit"] for line in heard.values()}, {visit})
        # Nobody hears of it before the alert is at the level that is meant for them.
        levels = {name: line.get("escalation", 0) for name, line in heard.items()}
        self.assertEqual((levels["wine"], levels["boss"]), (0, 2))
        self.assertGreaterEqual(levels["shoes"], 1)
        self.assertGreaterEqual(late["shoes"], first)
        self.assertGreaterEqual(late["boss"], second)
        # When it rose, by the core's own clock.
        said = [(row["detail"], parsed(row["at"])) for row in self.box.do("audit")["audit"]
                if row["action"] == "alert" and row["subject"] == visit]
        came = parsed(heard["wine"]["at"])
        risen = [round(at - came, 3) for detail, at in said if detail.endswith("escalated")]
        print(f"escalated after {risen} s", file=sys.stderr)
        self.assertIn(len(risen), (1, 2), said)
        self.assertGreaterEqual(risen[0], first)
        self.assertGreaterEqual(risen[-1], second)
        clients["boss"].send({"type": "claim", "visit": visit, "by": "Kim"})
        self.assertEqual({clients[name].until("claimed")["by"] for name in tokens}, {"Kim"})

    def test_rules_can_be_tried_out(self):
        tried = self.box.do("rule", "test", self.gold, "--camera", "door")
        self.assertEqual([one["verdict"] for one in tried["rules"]], ["raises", "does_not_apply"])
        self.assertEqual(tried["alert"]["headline"], "Gold customer Gold at door")
        self.assertEqual(tried["alert"]["for"], {"skill": "wine"})
        nothing = self.box.ctl("rule", "test", self.plain)
        self.assertEqual((nothing.status, nothing.json["alert"]), (1, None))
        self.assertEqual([one["name"] for one in self.box.do("rule", "list")["rules"]],
                         ["vip", "asked"])
        text = self.box.ctl("rule", "test", self.asks, json_out=False).out
        self.assertIn("Asks asks: trail shoes, size 43", text)
        # Without rules: what the contract says.
        self.box.write()
        self.assertEqual(self.box.do("rule", "test", self.plain)["alert"]["reason"], "arrival")
        self.assertEqual(self.box.do("rule", "test", self.asks)["alert"]["headline"],
                         "Advisor needed: trail shoes")
        answer = self.box.ctl("rule", "test", "nobody")
        self.assertEqual(answer.code, "unknown_customer")
        self.assertEqual(self.box.do("visits")["visits"], [])


if __name__ == "__main__":
    run_tests()
