"""A full disk, a read-only one, files of somebody else: a clear error, and nothing is lost.

The disks are of memory, in a mount namespace of this test's own: as root only.
"""

from shop import *

NOBODY = 65534


class BadDisk(ShopTest):
    def mount(self, *words):
        subprocess.run(["mount", *[str(word) for word in words]], check=True)

    def shop_on_a_disk(self, kib=2048):
        """Two customers in a store on a small disk; the key and a backup lie elsewhere."""
        if OWN_MOUNTS not in os.environ:
            self.skipTest("skipped: cannot mount a disk of its own")
        shop = self.shop()
        self.disk = shop.folder / "disk"
        self.disk.mkdir()
        self.mount("-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "none", self.disk)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)])
        shop.section("store", path="disk/store.db").init()
        self.anna = shop.enrol("Anna Alpha", portrait(7000))
        self.bert = shop.enrol("Bert Beta", portrait(7000), extra=["--allow-duplicate"])
        self.backup = shop.folder / "backup"
        shop.do("backup", self.backup)
        return shop

    def fill(self):
        with open(self.disk / "filler", "wb", buffering=0) as filler:
            for size in (65536, 4096, 512, 1):
                try:
                    while filler.write(b"x" * size):
                        pass
                except OSError:
                    continue

    def names(self, shop):
        return sorted(row["name"] for row in shop.do("list")["customers"])

    def is_whole(self, shop, names):
        self.assertEqual(shop.do("audit", "verify")["ok"], True)
        self.assertEqual(self.names(shop), names)

    def test_a_full_disk_refuses_and_loses_nothing(self):
        shop = self.shop_on_a_disk()
        both = ["Anna Alpha", "Bert Beta"]
        refused = 0
        verbs = [["enroll", "--name", "Cleo", "--photo", portrait(7000), "--consent-version", "v1",
                  "--consent-ref", "r", "--allow-duplicate"],
                 ["ask", self.anna, "shoes"],
                 ["update", self.anna, "--note", "n" * 400],
                 ["consent", self.anna, "withdraw"],
                 ["key", "rotate"],
                 ["retention", "run"],
                 ["backup", self.disk / "backup"],
                 ["restore", self.backup],
                 ["forget", self.bert]]
        for words in verbs:
            self.fill()
            answer = shop.ctl(*words)
            self.assertEqual(answer.status, 3, f"{words}: {answer.out}")
            message = answer.json["error"]["message"]
            self.assertRegex(message.lower(), "no space left|disk is full", words)
            self.assertIn(str(self.disk), message, words)
            (self.disk / "filler").unlink()
            self.is_whole(shop, both)
            self.assertTrue(shop.do("consent", self.anna, "show")["consent"]["valid"], words)
        # With space again, all of it works.
        shop.do("ask", self.anna, "shoes")
        shop.do("key", "rotate")
        shop.do("forget", self.bert)
        shop.do("restore", self.backup)
        self.is_whole(shop, ["Anna Alpha"])

    def test_the_core_says_that_the_disk_is_full(self):
        shop = self.shop_on_a_disk()
        shop.start(spawn=False)
        self.fill()
        # What still fits into the log of the store is noted, and stays.
        noted = 0
        while (answer := shop.ctl("update", self.anna, "--note", f"{noted + 1}")).status == 0:
            noted += 1
            self.assertLess(noted, 1000)
        self.assertEqual(answer.status, 3)
        self.assertIn("no space left", answer.json["error"]["message"])
        self.assertEqual(shop.wait(), 3)
        self.assertIn("no space left", shop.log.read_text())
        (self.disk / "filler").unlink()
        shop.start(spawn=False)
        self.assertEqual(shop.do("show", self.anna)["note"], str(noted or ""))
        self.is_whole(shop, ["Anna Alpha", "Bert Beta"])
        self.assertEqual(shop.stop(), 0)

    def test_a_read_only_disk_is_named(self):
        shop = self.shop_on_a_disk()
        self.mount("-o", "remount,ro", self.disk)
        for words in (["list"], ["ask", self.anna, "shoes"], ["forget", self.anna],
                      ["key", "rotate"], ["restore", self.backup]):
            answer = shop.ctl(*words)
            self.assertEqual(answer.status, 3, words)
            self.assertIn(str(self.disk), answer.json["error"]["message"])
            self.assertIn("Read-only", answer.json["error"]["message"])
        shop.start(spawn=False, wait=False)
        self.assertEqual(shop.wait(), 3)
        self.assertIn("Read-only", shop.log.read_text())
        self.mount("-o", "remount,rw", self.disk)
        self.is_whole(shop, ["Anna Alpha", "Bert Beta"])


@unittest.skipUnless(os.geteuid() == 0, "skipped: only root can give files to others")
class WrongPermissions(ShopTest):
    def setUp(self):
        self.opened = self.shop().init()
        self.folder = self.opened.folder
        self.opened.enrol("Anna Alpha", portrait(7000))
        shutil.copy(BIN / "maitredctl", self.folder)
        self.put_right()
        if self.list().returncode != 0:
            self.skipTest("skipped: nobody cannot run programs here")

    def put_right(self):
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
            path.chmod(0o700 if path.is_dir() or path.name == "maitredctl" else 0o600)

    def list(self):
        """As an ordinary user."""
        return subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                               "--clear-groups", "--", str(self.folder / "maitredctl"), "-c",
                               str(self.opened.config), "list"], capture_output=True, text=True)

    def test_each_is_named_and_nothing_is_lost(self):
        shown = self.list().stdout
        self.assertIn("Anna Alpha", shown)

        def give_to_root(path):
            os.chown(path, 0, 0)

        for name, spoil in (("store.db", give_to_root), ("store.db.lock", give_to_root),
                            ("store.db.generation", give_to_root), ("store.key", give_to_root),
                            ("store.key", lambda path: path.chmod(0o644)),
                            ("maitred.toml", give_to_root), ("", lambda path: path.chmod(0o500))):
            with self.subTest(name=name):
                spoil(self.folder / name)
                done = self.list()
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(str(self.folder / name), done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.put_right()
                self.assertEqual(self.list().stdout, shown)


if __name__ == "__main__":
    enter_own_mounts()
    run_tests()
