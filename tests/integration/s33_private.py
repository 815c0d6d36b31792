"""Keys, backups and erasure with the real programs: online, and against who comes later."""

import zipfile

from shop import *


def enrol_first(shop, count):
    """Customers with the same face; their ids."""
    shop.init()
    names = ["Anna Alpha", "Bert Beta", "Cleo Gamma"][:count]
    return [shop.enrol(name, portrait(7000), extra=["--allow-duplicate"]) for name in names]


def let_walker_in(shop):
    """A customer whose alert is open; and a backup from before that, and one from after it."""
    path, truth = small_film()
    shop.camera(path, realtime=False).section("visits", alert_ttl="3d", escalate=[]).init()
    customer = shop.enrol("Walker", portrait_of_member(list(truth["enroll"])[0]))
    shop.do("backup", shop.folder / "before")
    if len(shop.replay()) != 1:
        raise AssertionError("the walker is not seen once")
    shop.do("backup", shop.folder / "after")
    return customer


class Private(ShopTest):
    def setUp(self):
        self.opened = self.shop()

    def filled(self, count=2):
        shop, ids = self.prepared(f"filled-{count}", lambda fresh: enrol_first(fresh, count))
        return shop, ids

    def names(self, shop):
        return sorted(row["name"] for row in shop.do("list")["customers"])

    def test_backup_and_restore_while_the_daemon_runs(self):
        shop, (anna, bert) = self.filled()
        shop.start(spawn=False)
        backup = shop.folder / "backup"
        done = shop.do("backup", backup)
        self.assertTrue(done["verified"])
        self.assertEqual(done["bytes"], backup.stat().st_size)
        self.assertEqual(backup.stat().st_mode & 0o777, 0o600)
        shop.do("forget", anna)
        restored = shop.do("restore", backup)
        self.assertEqual(restored["erasures_replayed"], 1)
        self.assertEqual(self.names(shop), ["Bert Beta"])
        shop.do("ask", bert, "still works")
        self.assertEqual(shop.do("audit", "verify")["ok"], True)
        self.assertEqual(shop.stop(), 0)
        self.assertEqual(self.names(shop), ["Bert Beta"])

    def test_a_backup_with_a_passphrase_serves_an_empty_box(self):
        shop, (anna, bert) = self.filled()
        secret = shop.folder / "passphrase"
        secret.write_text("correct horse\n")
        env = {"MAITRED_BACKUP_PASSPHRASE_FILE": str(secret)}
        backup = shop.folder / "backup"
        self.assertEqual(shop.ctl("backup", backup, env=env).status, 0)
        for secret_text in (b"Anna Alpha", b"Bert Beta", anna.encode()):
            self.assertNotIn(secret_text, backup.read_bytes())
        for name in ("store.db", "store.db.generation", "store.key"):
            (shop.folder / name).unlink()
        answer = shop.ctl("restore", backup)
        self.assertNotEqual(answer.status, 0)
        secret.write_text("wrong\n")
        self.assertEqual(shop.ctl("restore", backup, env=env).code, "backup_key_wrong")
        secret.write_text("correct horse\n")
        answer = shop.ctl("restore", backup, env=env)
        self.assertEqual(answer.status, 0, answer.err)
        self.assertFalse(answer.json["erasures_known"])
        self.assertEqual(self.names(shop), ["Anna Alpha", "Bert Beta"])

    def test_a_backup_to_a_public_key_opens_with_the_secret_one_alone(self):
        shop, (anna, bert) = self.filled()
        pair = shop.do("key", "pair", shop.folder / "backup.key")
        elsewhere = shop.folder / "elsewhere.key"
        (shop.folder / "backup.key").rename(elsewhere)
        backup = shop.folder / "backup"
        shop.start(spawn=False)
        made = shop.do("backup", backup, "--to-key", pair["public"])
        self.assertEqual((made["verified"], made["sealed_for"]), (True, "public_key"))
        self.assertEqual(shop.stop(), 0)
        for name in ("store.db", "store.db.generation"):
            (shop.folder / name).unlink()
        self.assertEqual(shop.ctl("restore", backup).code, "backup_key_wrong")
        self.assertEqual(shop.ctl("backup", backup, "--to-key", elsewhere).status, 2)
        # Sealing to a public key proves nothing about the maker, and no store is left to ask.
        self.assertEqual(shop.ctl("restore", backup, "--key", elsewhere).code,
                         "backup_not_authenticated")
        self.assertEqual(shop.ctl("restore", backup, "--key", elsewhere, "--signed-by",
                                  "0" * 32).code, "backup_not_authenticated")
        self.assertEqual(shop.do("restore", backup, "--key", elsewhere, "--signed-by",
                                 made["signed_by"])["customers"], 2)
        self.assertEqual(self.names(shop), ["Anna Alpha", "Bert Beta"])

    def test_new_passphrases_are_long_enough_to_be_worth_something(self):
        shop, _ = self.filled()
        secret = shop.folder / "passphrase"
        secret.write_text("x\n")
        for verb, variable in ((("backup", shop.folder / "backup"), "BACKUP"),
                               (("key", "slot", "add", "--passphrase"), "NEW")):
            answer = shop.ctl(*verb, env={f"MAITRED_{variable}_PASSPHRASE_FILE": str(secret)})
            self.assertEqual((answer.status, answer.code), (2, "passphrase_short"))
        self.assertFalse((shop.folder / "backup").exists())

    def test_keys_rotate_while_the_daemon_runs(self):
        shop, (anna, bert) = self.filled()
        rescue = shop.folder / "rescue"
        rescue.write_text("come and rescue me\n")
        shop.start(spawn=False)
        self.assertEqual(shop.ctl("key", "slot", "add", "--passphrase", "--label", "safe",
                                  env={"MAITRED_NEW_PASSPHRASE_FILE": str(rescue)}).status, 0)
        before = (shop.folder / "store.key").read_bytes()
        self.assertEqual(shop.do("key", "rotate")["customers"], 2)
        self.assertNotEqual((shop.folder / "store.key").read_bytes(), before)
        self.assertEqual([slot["kind"] for slot in shop.do("key", "slot", "list")["slots"]],
                         ["passphrase", "file"])
        self.assertEqual(self.names(shop), ["Anna Alpha", "Bert Beta"])
        self.assertEqual(shop.stop(), 0)
        # The old key is worth nothing, the recovery passphrase still opens.
        (shop.folder / "store.key").write_bytes(before)
        self.assertEqual(shop.ctl("list").code, "key_wrong")
        shop.section("store", key="passphrase").write()
        answer = shop.ctl("list", env={"MAITRED_PASSPHRASE_FILE": str(rescue)})
        self.assertEqual(len(answer.json["customers"]), 2)

    def test_an_older_store_is_refused_and_can_be_taken(self):
        shop, (anna, bert) = self.filled()
        old = (shop.folder / "store.db").read_bytes()
        shop.do("forget", anna)
        (shop.folder / "store.db").write_bytes(old)
        self.assertEqual(shop.ctl("list").code, "store_older")
        self.assertEqual(shop.ctl("audit", "verify").status, 3)
        shop.start(spawn=False, wait=False)
        self.assertEqual(shop.wait(), 3)
        self.assertIn("older", shop.log.read_text())
        self.assertEqual(shop.do("audit", "accept")["customers"], 1)
        self.assertEqual(self.names(shop), ["Bert Beta"])

    def test_staff_learn_at_once_that_a_customer_is_gone(self):
        shop, customer, _, _ = self.shop_with_an_open_alert()
        client = shop.client()
        self.assertEqual(client.until("alert")["customer"]["name"], "Walker")
        shop.do("forget", customer)
        update = client.until("update")
        self.assertEqual(update["state"], "withdrawn")
        self.assertEqual(shop.do("alerts")["alerts"], [])
        late = shop.client()
        self.assertEqual([line for line in late.rest() if line["type"] == "alert"], [])

    def shop_with_an_open_alert(self):
        shop, customer = self.prepared("walker", let_walker_in)
        shop.section("visits", alert_ttl="3d", escalate=[]).write().start(spawn=False)
        return shop, customer, shop.folder / "before", shop.folder / "after"

    def test_staff_learn_what_a_restore_takes_away(self):
        shop, customer, before, _ = self.shop_with_an_open_alert()
        client = shop.client()
        alert = client.until("alert")
        shop.do("restore", before)
        update = client.until("update")
        self.assertEqual((update["visit"], update["state"]), (alert["visit"], "withdrawn"))
        self.assertGreater(update["seq"], alert["seq"])
        self.assertEqual(shop.do("alerts")["alerts"], [])

    def test_who_withdrew_stays_withdrawn_in_a_restored_store(self):
        shop, customer, _, after = self.shop_with_an_open_alert()
        client = shop.client()
        last = client.until("alert")["seq"]
        shop.do("consent", customer, "withdraw")
        self.assertEqual(client.until("update")["state"], "withdrawn")
        self.assertEqual(shop.do("restore", after)["withdrawals_replayed"], 1)
        self.assertFalse(shop.do("consent", customer, "show")["consent"]["valid"])
        alerts = shop.do("alerts")["alerts"]
        self.assertEqual([row["state"] for row in alerts], ["withdrawn"])
        self.assertGreater(alerts[0]["seq"], last)
        # Nobody who connects is sent to them.
        late = shop.client()
        self.assertEqual([line for line in late.rest() if line["type"] == "alert"], [])
        shop.do("audit", "verify")

    def test_everything_held_is_exported(self):
        shop = self.opened.init()
        photo = portrait(7000)
        customer = shop.enrol("Anna Alpha", photo, scopes="recognition,history,photos",
                              extra=["--keep-photos", "--loyalty", "L-77", "--preference", "size=43"])
        shop.do("ask", customer, "trail shoes", "--item", "TS-43")
        shop.do("purchase", customer, "--item", "TS-42", "--status", "returned")
        shop.do("appointment", customer, "--at", "2030-01-01T10:00Z", "--with", "Sam")
        held = shop.do("export", customer)
        text = json.dumps(held)
        for wanted in ("Anna Alpha", "L-77", "43", "trail shoes", "TS-42", "Sam", "form 1"):
            self.assertIn(wanted, text)
        archive = shop.folder / "out.zip"
        shop.do("export", customer, "--format", "zip", "--output", archive)
        with zipfile.ZipFile(archive) as opened:
            self.assertIsNone(opened.testzip())
            self.assertEqual(json.loads(opened.read("customer.json"))["name"], "Anna Alpha")
            self.assertIn(b"Anna Alpha", opened.read("customer.html"))
            photos = [name for name in opened.namelist() if name.startswith("photos/")]
            self.assertEqual(len(photos), 1)
            self.assertEqual(opened.read(photos[0]), pathlib.Path(photo).read_bytes())

    def test_consent_texts_and_receipts(self):
        shop = self.opened
        shop.section("privacy", controller="Example Shoes Ltd, 1 High Street", contact="privacy desk")
        shop.init()
        text = shop.folder / "text.txt"
        text.write_text("I agree to be recognised when I come in. <b>\n")
        shop.do("consent", "text", "add", "v1", text)
        self.assertEqual(shop.ctl("consent", "text", "add", "v1", text).status, 2)
        self.assertEqual([row["version"] for row in shop.do("consent", "text", "list")["texts"]],
                         ["v1"])
        self.assertEqual(shop.do("consent", "text", "show", "v1")["text"], text.read_text())
        customer = shop.enrol("Anna Alpha", portrait(7000),
                              extra=["--purpose", "advice in the shop", "--channel", "paper form",
                                     "--incentive", "voucher"])
        receipt = shop.ctl("consent", customer, "receipt", json_out=False).out
        for wanted in ("Anna Alpha", "Example Shoes", "advice in the shop", "paper form", "voucher",
                       "I agree to be recognised", "form 1"):
            self.assertIn(wanted, receipt)
        page = shop.folder / "receipt.html"
        shop.do("consent", customer, "receipt", "--format", "html", "--output", page)
        self.assertIn("&lt;b&gt;", page.read_text())

    def test_why_a_camera_looks_at_the_open_floor_is_on_record(self):
        shop = self.opened.camera("rtsp://192.0.2.1/floor", name="floor", mode="open",
                                  acknowledge_open_floor="assessed on 1 May, signs at both doors")
        shop.section("recognition", allow_demo_engine=True)  # nothing ever comes from there
        shop.camera("rtsp://192.0.2.1/door", name="door").init()

        def noted():
            rows = shop.do("audit")["audit"]
            return [(row["subject"], row["detail"]) for row in rows if row["action"] == "open_floor"]

        first = ("floor", "assessed on 1 May, signs at both doors")
        for _ in range(2):  # once, however often it starts
            shop.start(spawn=False)
            self.assertEqual(noted(), [first])
            self.assertEqual(shop.stop(), 0)
        shop.start(spawn=False)
        shop.cameras[0] = {"name": "floor", "source": "rtsp://192.0.2.1/floor"}
        shop.write()
        shop.daemon.send_signal(signal.SIGHUP)
        eventually(lambda: len(noted()) == 2, noted)
        self.assertEqual(noted(), [first, ("floor", "ended")])
        self.assertEqual(shop.do("audit", "verify")["ok"], True)

    @unittest.skipIf(SANITIZED, "sanitizers turn the locking of memory off")
    def test_keys_are_not_kept_where_memory_cannot_be_locked(self):
        shop = self.opened.init()
        command = ["prlimit", "--memlock=0:0", "--"]
        if os.geteuid() == 0:
            command = ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock", "--", *command]
        done = subprocess.run([*command, str(BIN / "maitredctl"), "-c", str(shop.config), "--json",
                               "list"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 3, done.stderr)
        error = json.loads(done.stdout)["error"]
        self.assertEqual(error["code"], "memory_not_locked")
        self.assertIn("LimitMEMLOCK=", error["message"])

    def test_a_profile_bounds_how_long_data_is_kept(self):
        shop = self.opened.section("visits", retention="5y")
        for profile in ("gdpr", "bipa"):
            shop.section("privacy", profile=profile).write()
            answer = shop.ctl("init")
            self.assertEqual(answer.status, 2, profile)
            self.assertIn("retention", answer.json["error"]["message"])
            self.assertIn("3y", answer.json["error"]["message"])
        shop.section("privacy", profile="nowhere").write()
        self.assertIn("profile", shop.ctl("init").json["error"]["message"])
        shop.section("privacy", profile="custom").init()
        self.assertEqual(shop.do("status")["retention"]["after"], "5y")

    def test_papers_are_filled_in_from_the_configuration(self):
        shop = self.opened.camera("rtsp://192.0.2.1/door", name="door", zone=[0.2, 0.1, 0.8, 1.0])
        shop.section("privacy", controller="Example Shoes Ltd", contact="privacy desk")
        shop.write()
        for kind in ("dpia", "records", "signage"):
            paper = shop.ctl("paper", kind, json_out=False)
            self.assertEqual(paper.status, 0, paper.err)
            self.assertIn("Example Shoes Ltd", paper.out)
            self.assertIn("3 years", " ".join(paper.out.split()))
            file = shop.folder / f"{kind}.html"
            shop.do("paper", kind, "--format", "html", "--output", file)
            self.assertIn("<h1>", file.read_text())
        words = shop.ctl("paper", "dpia", json_out=False).out.split()
        self.assertIn("20 to 80 %", " ".join(words))
        self.assertEqual(shop.ctl("paper", "poem").status, 2)

    def test_retention_erases_who_is_due_and_nobody_else(self):
        shop, (anna, bert, cleo) = self.filled(3)
        said = shop.ctl("consent", anna, "withdraw", json_out=False)
        self.assertIn("Recognition has stopped", said.out, said.err)
        listed = shop.ctl("list", json_out=False).out.splitlines()
        self.assertEqual(["withdrawn" in line for line in listed if "Alpha" in line], [True])
        self.assertEqual(["withdrawn" in line for line in listed if "Beta" in line], [False])
        self.assertEqual(shop.do("retention", "run")["erased"], [])
        shop.section("privacy", after_withdrawal="0s").write()
        receipts = shop.folder / "receipts"
        done = shop.do("retention", "run", "--receipts", receipts)
        self.assertEqual(done["erased"], [anna])
        self.assertEqual([receipt["customer"] for receipt in done["receipts"]], [anna])
        self.assertTrue(shop.do("receipt", "verify", receipts / f"{anna}.json")["valid"])
        for ahead_s in (3, 30, 300):  # until this machine is quick enough to note it before its end
            soon = int(time.time()) + ahead_s
            renewed = shop.ctl("consent", bert, "renew", "--consent-version", "v1", "--consent-ref",
                               "form 2", "--expires",
                               time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon)))
            if renewed.status == 0 or renewed.code != "consent_expired":
                break
        self.assertEqual(renewed.status, 0, renewed.err)
        time.sleep(max(0.0, soon + 0.2 - time.time()))
        self.assertEqual(shop.do("retention", "run")["erased"], [bert])
        self.assertEqual(self.names(shop), ["Cleo Gamma"])
        # The receipt can be had later, of the daemon's own daily run too.
        again = shop.folder / "again.json"
        shop.do("receipt", "issue", bert, "--receipt", again)
        self.assertEqual(shop.do("receipt", "verify", again)["customer"], bert)
        self.assertEqual(shop.ctl("receipt", "issue", cleo).status, 1)
        self.assertIsNotNone(shop.do("status")["retention"]["last_run"])


if __name__ == "__main__":
    run_tests()
