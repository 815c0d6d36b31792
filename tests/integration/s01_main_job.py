"""From a film of drawn people to an alert on a staff terminal, on a bare machine (engine demo)."""

import json

from shop import *


def customers_of(truth):
    return list(truth["enroll"])


def cast_portrait(member):
    return portrait_of_member(member)


class MainJob(ShopTest):
    def setUp(self):
        self.film, self.truth = small_film()
        self.members = customers_of(self.truth)

    def opened(self, **camera):
        shop = self.shop()
        shop.camera(self.film, realtime=False, **camera).init()
        return shop

    def test_a_customer_who_asked_is_announced_once(self):
        shop = self.opened()
        customer = shop.enrol("Robin Sample", cast_portrait(self.members[0]))
        shop.do("ask", customer, "trail shoes, size 43")
        shop.start("--exit-when-done")
        client = shop.client()
        self.assertEqual(client.hello["type"], "hello")
        self.assertEqual(client.hello["protocol"], 1)
        alert = client.until("alert")
        self.assertIsNotNone(alert, shop.log.read_text())
        self.assertEqual(alert["customer"]["id"], customer)
        self.assertEqual(alert["customer"]["name"], "Robin Sample")
        self.assertEqual(alert["reason"], "ask")
        self.assertIn("trail shoes, size 43", alert["headline"])
        self.assertEqual(alert["camera"], "entrance")
        self.assertEqual(alert["state"], "new")
        visit = next(v for v in self.truth["visits"] if v["person"] == self.members[0])
        self.assertGreaterEqual(alert["position"], visit["start"])
        self.assertLessEqual(alert["position"], visit["end"] + 1.5)
        self.assertEqual(shop.wait(), 0)
        self.assertEqual([line for line in client.rest() if line["type"] == "alert"], [])
        visits = shop.do("visits")["visits"]
        self.assertEqual([row["id"] for row in visits], [customer])

    def test_strangers_stay_unknown(self):
        shop = self.opened()
        # Somebody who is not in the film.
        shop.enrol("Elsewhere", portrait(999_983))
        self.assertEqual(shop.replay(), [])
        self.assertEqual(shop.do("visits")["visits"], [])

    def test_every_customer_of_the_film_once_and_nobody_else(self):
        shop = self.shop().camera(film()[0], realtime=False).init()
        ids = {shop.enrol(member, cast_portrait(member)): member for member in self.members}
        alerts = shop.replay()
        self.assertEqual(sorted(ids[alert["customer"]["id"]] for alert in alerts),
                         sorted(self.members))

    def test_a_second_pass_within_the_cooldown_is_the_same_visit(self):
        shop, ids = self.shop_with_alerts()
        first = shop.do("visits")["visits"]
        self.assertEqual(sorted(visit["id"] for visit in first), sorted(ids))
        shop.camera(self.film, realtime=False).write()
        self.assertEqual(len(shop.replay()), len(ids))
        self.assertEqual({visit["visit"] for visit in shop.do("visits")["visits"]},
                         {visit["visit"] for visit in first})

    def test_changes_reach_the_running_daemon_at_once(self):
        shop = self.shop()
        shop.camera(self.film, realtime=False, loop=True).section("visits", cooldown="0s").init()
        shop.start()
        client = shop.client()
        self.assertTrue(shop.do("status")["running"])
        customer = shop.enrol("Robin Sample", cast_portrait(self.members[0]))
        alert = client.until("alert")
        self.assertEqual(alert["customer"]["id"], customer)
        # Withdrawal: the open alert goes, and no new one comes while the film is played again.
        shop.do("consent", customer, "withdraw")
        update = client.until("update")
        self.assertEqual((update["visit"], update["state"]), (alert["visit"], "withdrawn"))
        frames = shop.do("status")["cameras"][0]["frames"]
        eventually(lambda: shop.do("status")["cameras"][0]["frames"] >=
                   frames + self.truth["frames"], "another round of the film", every=0.2)
        self.assertEqual([line for line in client.rest() if line["type"] == "alert"], [])
        # Renewal: at once again. Erasure: gone for good.
        shop.do("consent", customer, "renew", "--consent-version", "v2", "--consent-ref", "form 2")
        self.assertIsNotNone(client.until("alert"))
        receipt = shop.do("forget", customer, "--receipt", shop.folder / "receipt.json")
        self.assertTrue(receipt["erased"])
        self.assertEqual(shop.do("list")["customers"], [])
        self.assertEqual(shop.ctl("show", customer).status, 2)
        self.assertEqual(shop.ctl("receipt", "verify", shop.folder / "receipt.json").status, 0)
        self.assertEqual(shop.stop(), 0)

    def test_history_is_sent_only_with_its_scope(self):
        shop, sent = self.opened(), {}
        for member, scopes in zip(self.members, ("recognition", "recognition,history")):
            customer = shop.enrol(member, cast_portrait(member), scopes=scopes,
                                  extra=["--allow-duplicate"])
            shop.do("purchase", customer, "--item", "socks", "--status", "bought")
            sent[customer] = "history" in scopes
        alerts = shop.replay()
        self.assertEqual({alert["customer"]["id"]: "recent" in alert["customer"]
                          for alert in alerts}, sent)
        self.assertNotIn("similarity", json.dumps(alerts))

    def test_the_eye_is_started_again_when_it_dies(self):
        shop = self.shop()
        shop.camera(self.film, loop=True).init()
        shop.enrol("Robin Sample", cast_portrait(self.members[0]))
        shop.start()
        client = shop.client()
        for sig in (signal.SIGKILL, signal.SIGSTOP):
            eventually(lambda: shop.do("status")["cameras"][0]["state"] == "running",
                       "a camera that runs", every=0.2)
            eyes = children_of(shop.daemon.pid)
            self.assertEqual(len(eyes), 1)
            os.kill(eyes[0], sig)

            def another_eye():
                # The core answers all the while.
                client.rest()
                return children_of(shop.daemon.pid) not in ([], eyes)

            eventually(another_eye, "another eye", every=0.1)
        self.assertEqual(shop.stop(), 0)


if __name__ == "__main__":
    run_tests()
