"""Many customers at once: import from CSV and JSON lines."""

import csv
import random
import threading

from shop import *

COLUMNS = ["name", "photo", "consent-version", "consent-ref", "scope", "preference", "loyalty",
           "external-id", "allow-duplicate"]


class Import(ShopTest):
    def row(self, number, photo, **changes):
        # A few drawn people resemble each other; that is not what is tested here.
        row = {"name": f"Customer {number}", "photo": str(photo), "consent-version": "v1",
               "consent-ref": f"form {number}", "scope": "history", "preference": "shoe=43;tea=yes",
               "loyalty": f"L{number}", "external-id": "", "allow-duplicate": "yes"}
        return {**row, **changes}

    def csv(self, rows, name="customers.csv"):
        path = self.box.folder / name
        with open(path, "w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def names(self):
        return sorted(one["name"] for one in self.box.do("list")["customers"])

    def setUp(self):
        self.box = self.shop()
        self.box.init()
        # As in an export: beside the file, under a relative name.
        (self.box.folder / "photos").mkdir()
        for member in range(4):
            shutil.copy(portrait(member), self.box.folder / "photos" / f"{member}.png")

    def photo(self, number):
        return f"photos/{number % 4}.png"

    def test_good_rows_come_in_and_bad_ones_say_why(self):
        rows = [self.row(n, self.photo(n)) for n in range(4)]
        rows[1]["photo"] += ";photos/1.png"
        rows.insert(2, self.row(10, "photos/absent.png"))
        rows.insert(3, self.row(11, self.photo(1), **{"consent-version": ""}))
        rows.insert(4, self.row(12, self.photo(1), scope="everything"))
        rows.append(self.row(13, self.photo(1), loyalty="L0"))
        rows.append(self.row(14, self.photo(0), **{"allow-duplicate": ""}))
        (self.box.folder / "photos" / "text.png").write_text("no picture")
        rows.append(self.row(15, "photos/text.png"))
        path = self.csv(rows)
        answer = self.box.ctl("import", path)
        self.assertEqual(answer.status, 0, answer.err)
        self.assertEqual(answer.json["enrolled"], 4)
        reasons = {one["row"]: one["reason"] for one in answer.json["rejected"]}
        self.assertEqual(sorted(reasons), [3, 4, 5, 8, 9, 10])
        for number, word in ((3, "absent.png"), (4, "consent"), (5, "everything"), (8, "loyalty"),
                             (9, "enrolled already"), (10, "text.png")):
            self.assertIn(word, reasons[number])
        self.assertEqual(self.names(), [f"Customer {n}" for n in range(4)])
        ids = {one["name"]: one["id"] for one in self.box.do("list")["customers"]}
        shown = self.box.do("show", ids["Customer 1"])
        self.assertEqual(shown["templates"], 2)
        self.assertEqual(shown["preferences"], {"shoe": "43", "tea": "yes"})
        self.assertEqual(shown["external"], "")
        # For people: a line a rejected row.
        text = self.box.ctl("import", path, json_out=False)
        self.assertEqual(len([line for line in text.out.splitlines() if line.startswith("row ")]), 6,
                         text.out)
        self.assertIn("4 known already", text.out)
        self.assertEqual(len(self.names()), 4)
        strict = self.box.ctl("import", "--strict", path)
        self.assertEqual((strict.status, len(strict.json["rejected"])), (2, 6))
        # Whole files that cannot be meant.
        for name, content in (("a.csv", "name,foto\n1,2\n"), ("b.csv", ""), ("c.xlsx", "x")):
            (self.box.folder / name).write_text(content)
            answer = self.box.ctl("import", self.box.folder / name)
            self.assertEqual(answer.status, 2)
            self.assertEqual(len(answer.err.splitlines()), 1)

    def test_json_lines_into_a_running_daemon_update_by_external_id(self):
        self.box.start(spawn=False)
        rows = [self.row(n, self.photo(n), **{"external-id": f"crm-{n}", "allow-duplicate": True,
                                              "preference": {"shoe": "43"}}) for n in range(3)]
        path = self.box.folder / "customers.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        self.assertEqual(self.box.do("import", path)["enrolled"], 3)
        rows[1].update(name="Renamed", preference={"shoe": "44"}, loyalty="L9")
        path.write_text("\n".join(json.dumps(row) for row in rows))
        again = self.box.do("import", path)
        self.assertEqual((again["enrolled"], again["updated"], again["unchanged"]), (0, 1, 2))
        renamed = [one for one in self.box.do("list")["customers"] if one["name"] == "Renamed"]
        self.assertEqual([one["loyalty"] for one in renamed], ["L9"])
        self.assertEqual(self.box.do("show", renamed[0]["id"])["preferences"], {"shoe": "44"})
        # Forgotten is forgotten: the same row is a new customer.
        self.box.do("forget", renamed[0]["id"])
        self.assertEqual(self.box.do("import", path)["enrolled"], 1)
        self.assertEqual(self.box.do("status")["customers"], 3)

    def test_purchases_asks_and_appointments_come_in_once(self):
        rows = [self.row(n, self.photo(n), **{"external-id": f"crm-{n}"}) for n in range(2)]
        self.box.do("import", self.csv(rows))
        ids = {one["name"]: one["id"] for one in self.box.do("list")["customers"]}
        self.box.start(spawn=False)
        path = self.box.folder / "history.csv"
        path.write_text("customer,item,status,date,text,at,with,external-id\n"
                        "external:crm-0,TS-43,out_of_stock,2026-11-01,,,,r-1\n"
                        "loyalty:L1,wool socks,bought,2026-11-02,,,,r-2\n"
                        f"{ids['Customer 0']},TS-43,,,\"trail shoes, size 43\",,,\n"
                        "external:crm-1,,,,,2026-11-22T10:30Z,Kim,b-5\n"
                        "external:nobody,TS-43,bought,,,,,r-3\n"
                        "external:crm-1,TS-43,stolen,,,,,r-4\n")
        answer = self.box.do("import", path)
        self.assertEqual((answer["noted"], answer["unchanged"]), (4, 0))
        self.assertEqual([(one["row"], one["line"]) for one in answer["rejected"]], [(5, 6), (6, 7)])
        shown = self.box.do("show", ids["Customer 0"])
        self.assertEqual([(one["item"], one["status"]) for one in shown["purchases"]],
                         [("TS-43", "out_of_stock")])
        self.assertTrue(shown["purchases"][0]["date"].startswith("2026-11-01"))
        self.assertEqual([one["text"] for one in shown["asks"]], ["trail shoes, size 43"])
        # What was out of stock last time is in what staff would be told.
        tried = self.box.do("rule", "test", ids["Customer 0"])
        self.assertIn("trail shoes", json.dumps(tried))
        # Again, and as JSON lines without the daemon: nothing twice.
        self.assertEqual(self.box.do("import", path)["unchanged"], 4)
        self.box.stop()
        lines = self.box.folder / "history.jsonl"
        lines.write_text(json.dumps({"customer": "external:crm-0", "item": "TS-43",
                                     "status": "out_of_stock", "external-id": "r-1"}) + "\n" +
                         json.dumps({"customer": "external:crm-0", "item": 4711, "status": "bought",
                                     "date": "2026-11-03"}) + "\n")
        for noted in (1, 0):
            answer = self.box.do("import", lines)
            self.assertEqual((answer["noted"], answer["unchanged"]), (noted, 2 - noted))
        self.assertEqual(len(self.box.do("show", ids["Customer 0"])["purchases"]), 2)
        nothing = self.box.folder / "nothing.csv"
        nothing.write_text("customer,item,status\nexternal:nobody,x,bought\n")
        self.assertEqual(self.box.ctl("import", nothing).status, 1)

    def test_killed_at_any_moment_and_run_again_nobody_is_missing_or_there_twice(self):
        rows = [self.row(n, self.photo(n)) for n in range(40)]
        rows[7]["photo"] = "photos/absent.png"
        path = self.csv(rows)
        command = [str(BIN / "maitredctl"), "-c", str(self.box.config), "--quiet", "import", str(path)]
        for _ in range(6):
            run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.2, 1.2))
            run.kill()
            run.wait()
            names = [one["name"] for one in self.box.do("list")["customers"]]
            # In order, without a gap, and each whole.
            self.assertEqual(names, [f"Customer {n}" for n in range(41) if n != 7][:len(names)])
        done = self.box.do("import", path)
        self.assertEqual([one["row"] for one in done["rejected"]], [8], done["rejected"])
        self.assertEqual(done["enrolled"] + done["unchanged"], 39)
        self.assertEqual(len(self.names()), 39)
        self.assertEqual(len(set(self.names())), 39)
        self.assertEqual(self.box.do("audit", "verify")["ok"], True)


if __name__ == "__main__":
    run_tests()
