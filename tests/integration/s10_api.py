"""The HTTP API for point-of-sale and CRM systems."""

import http.client

from shop import *


class Api(ShopTest):
    def setUp(self):
        self.box = self.shop()
        self.port = free_port()
        self.box.section("api", listen=f"127.0.0.1:{self.port}")
        self.box.init()
        self.id = self.box.enrol("Ada Example", portrait(0),
                                 extra=["--loyalty", "L 1", "--external-id", "crm-1"])
        self.token = self.box.do("staff", "add", "till-system", "--system")["token"]
        self.box.start(spawn=False)

    def ask(self, method, path, body=None, token=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_S)
        sent = {"Authorization": f"Bearer {token or self.token}", **(headers or {})}
        if isinstance(body, dict):
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)

    def test_what_a_system_notes_is_what_staff_see(self):
        for path in (f"/v1/customers/{self.id}", "/v1/customers/external:crm-1",
                     "/v1/customers/loyalty:L%201"):
            status, customer = self.ask("GET", path)
            self.assertEqual((status, customer["id"]), (200, self.id))
        self.assertNotIn("consent", customer)
        base = "/v1/customers/external:crm-1"
        note = {"text": "trail shoes", "item": "TS-43", "external": "web-1"}
        self.assertEqual(self.ask("POST", base + "/asks", note)[0], 201)
        status, again = self.ask("POST", base + "/asks", note)
        self.assertEqual((status, again["number"], again["known"]), (200, 1, True))
        bought = {"item": "TS-43", "status": "out_of_stock", "date": "2026-11-01"}
        for expected in (201, 200):
            self.assertEqual(self.ask("POST", base + "/purchases", bought,
                                      headers={"Idempotency-Key": "receipt 9"})[0], expected)
        booked = {"at": "2099-11-22T10:30Z", "with": "Yara"}
        self.assertEqual(self.ask("POST", base + "/appointments", booked)[0], 201)
        status, changed = self.ask("PATCH", base, {"tier": "gold", "preferences": {"size": "43"}})
        self.assertEqual((status, changed["tier"]), (200, "gold"))
        shown = self.box.do("show", self.id)
        self.assertEqual([one["text"] for one in shown["asks"]], ["trail shoes"])
        self.assertEqual([one["status"] for one in shown["purchases"]], ["out_of_stock"])
        self.assertEqual([one["with"] for one in shown["appointments"]], ["Yara"])
        self.assertEqual((shown["tier"], shown["preferences"]), ("gold", {"size": "43"}))
        self.assertIn("not in store last time",
                      self.box.do("rule", "test", self.id)["alert"]["headline"])
        actors = {row["actor"] for row in self.box.do("audit")["audit"]}
        self.assertIn("api:till-system", actors)

    def test_what_is_wrong_is_said_and_changes_nothing(self):
        base = f"/v1/customers/{self.id}"
        for status, method, path, body in (
                (400, "POST", base + "/asks", {}), (400, "POST", base + "/asks", "no json"),
                (400, "POST", base + "/asks", {"text": "x", "price": 1}),
                (400, "POST", base + "/asks", "[" * 5000),
                (400, "POST", base + "/purchases", {"item": "x", "status": "stolen"}),
                (400, "POST", base + "/appointments", {"at": "soon", "with": "Y"}),
                (400, "POST", base + "/asks", {"text": 7}),
                (404, "GET", "/v1/customers/external:none", None),
                (404, "GET", "/v1/customers/nobody", None),
                (404, "POST", base + "/templates", {}), (404, "GET", "/", None),
                (404, "GET", "/v1/customers/%zz", None),
                (405, "DELETE", base, None), (405, "GET", base + "/asks", None),
                (404, "POST", "/v1/visits/none/feedback", {"rating": 9})):
            got, answer = self.ask(method, path, body)
            self.assertEqual((got, "error" in answer), (status, True), (method, path, answer))
        shown = self.box.do("show", self.id)
        self.assertEqual(shown["asks"] + shown["purchases"] + shown["appointments"], [])
        self.assertNotIn("Ada", self.box.log.read_text())

    def test_only_a_systems_token_opens_it_and_it_opens_nothing_else(self):
        till = self.box.do("staff", "add", "till")["token"]
        path = f"/v1/customers/{self.id}"
        for token in ("guess", till):
            self.assertEqual(self.ask("GET", path, token=token)[0], 401)
        client = self.box.client(resume=False)
        client.send({"type": "auth", "token": self.token})
        self.assertEqual(client.until("error")["code"], "bad_token")
        self.box.do("staff", "revoke", "till")
        self.assertEqual(self.ask("GET", path)[0], 200)
        # Staff need no token as long as only systems have one.
        anyone = self.box.client(resume=False)
        anyone.send({"type": "ping"})
        self.assertIsNotNone(anyone.until("pong"))
        self.box.do("staff", "revoke", "till-system")
        self.assertEqual(self.ask("GET", path)[0], 401)

    def test_the_description_is_served_and_true(self):
        status, described = self.ask("GET", "/openapi.json", token="none")
        self.assertEqual(status, 200)
        self.assertEqual(described, json.loads((SOURCE / "src/doors/api/openapi.json").read_text()))
        for path, methods in described["paths"].items():
            real = path.replace("{customer}", self.id).replace("{visit}", "none")
            for method in ("get", "post", "patch"):
                status, _ = self.ask(method.upper(), real, {} if method != "get" else None)
                self.assertEqual(status == 405, method not in methods, (method, path, status))


if __name__ == "__main__":
    run_tests()
