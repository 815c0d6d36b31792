"""Rules of the shop: who is called for whom, and what is said."""

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


class Rules(ShopTest):
    def setUp(self):
        path, truth = film()
        self.box = self.shop()
        self.box.camera(path, realtime=False)
        self.box.write(RULES)
        self.box.do("init")
        members = list(truth["enroll"])[:3]
        self.gold = self.box.enrol("Gold", portrait_of_member(members[0]),
                                   extra=["--allow-duplicate", "--tier", "Gold"])
        self.asks = self.box.enrol("Asks", portrait_of_member(members[1]),
                                   extra=["--allow-duplicate", "--preference", "size=43"])
        self.plain = self.box.enrol("Plain", portrait_of_member(members[2]),
                                    extra=["--allow-duplicate"])
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
        self.box.section("visits", escalate=["1500ms", "3s"])
        self.box.cameras[0] |= {"realtime": True, "loop": True}
        self.box.write(RULES).start()
        clients, heard = {}, {}
        for name, token in tokens.items():
            clients[name] = self.box.client(resume=False)
            clients[name].send({"type": "auth", "token": token})
            clients[name].send({"type": "resume", "after": 0})

        def hears(name):
            while (line := clients[name].until("alert", timeout=60))["customer"]["id"] != self.gold:
                pass
            heard[name] = time.monotonic()
            return line

        visits = {hears(name)["visit"] for name in tokens}
        self.assertEqual(len(visits), 1)
        self.assertGreater(heard["shoes"] - heard["wine"], 1.0)
        self.assertGreater(heard["boss"] - heard["shoes"], 1.0)
        self.assertLess(heard["boss"] - heard["wine"], 4 * PATIENCE)
        clients["boss"].send({"type": "claim", "visit": visits.pop(), "by": "Kim"})
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
