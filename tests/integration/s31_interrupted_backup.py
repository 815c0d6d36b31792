"""A backup that was interrupted goes on: killed itself, and while it is brought to a stick that the
daemon may not write to.

$MAITRED_BACKUP_KILLS rounds (10). The stick is read-only for the daemon alone, in mount namespaces of
this test's own: as root only.
"""

import random

from shop import *

KILLS = int(os.environ.get("MAITRED_BACKUP_KILLS", "10"))
TEXTS = 40
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


class InterruptedBackup(ShopTest):
    def shop_of_megabytes(self):
        shop = self.shop().init()
        text = shop.folder / "text"
        for number in range(TEXTS):
            text.write_bytes(os.urandom(29_000).hex().encode())
            shop.do("consent", "text", "add", f"v{number}", text)
        return shop

    def killed(self, shop, backup, part, enough):
        """Kills a backup when so much is written; what is left of it, None if it was quicker."""
        command = [str(word) for word in (BIN / "maitredctl", "-c", shop.config, "backup", backup)]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while child.poll() is None:
            try:
                if part.stat().st_size >= enough:
                    child.kill()
            except FileNotFoundError:
                pass
        return None if child.returncode == 0 else part.read_bytes() if part.exists() else b""

    def is_whole(self, shop, backup):
        shop.do("restore", backup)
        self.assertEqual(len(shop.do("consent", "text", "list")["texts"]), TEXTS)
        self.assertEqual(shop.do("audit", "verify")["ok"], True)

    def test_one_that_was_killed_goes_on(self):
        shop = self.shop_of_megabytes()
        backup, part = shop.folder / "backup", shop.folder / "backup.part"
        chance = random.Random(19)
        resumed = 0
        for _ in range(KILLS):
            backup.unlink(missing_ok=True)
            left = self.killed(shop, backup, part, chance.randrange(300_000, 2_200_000))
            if left is None:
                continue
            done = shop.do("backup", backup)
            self.assertNotIn("begun_anew", done)
            if left:
                self.assertGreater(done["resumed_bytes"], len(left) - 2 * 65536)
                self.assertTrue(backup.read_bytes().startswith(left))
                resumed += 1
        print(f"{resumed} of {KILLS} backups went on", file=sys.stderr)
        self.assertGreater(resumed, 0)
        self.assertFalse(part.exists())
        self.is_whole(shop, backup)

    def test_what_the_daemon_cannot_write_is_fetched_and_goes_on(self):
        if OWN_MOUNTS not in os.environ:
            self.skipTest("skipped: cannot mount a disk of its own")
        shop = self.shop_of_megabytes()
        stick = shop.folder / "stick"
        stick.mkdir()
        command = [str(word) for word in (BIN / "maitred", "-c", shop.config)]
        with open(shop.log, "ab") as log:
            shop.daemon = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", READ_ONLY,
                 str(stick), *command], stdout=log, stderr=log)
        shop.await_ready()
        backup, part = stick / "backup", stick / "backup.part"
        done = shop.do("backup", backup)
        self.assertEqual(done["backup"], str(backup))
        self.assertEqual(backup.stat().st_mode & 0o777, 0o600)
        self.assertIsNotNone(shop.do("status")["last_backup"])
        whole = backup.read_bytes()
        chance = random.Random(7)
        resumed = 0
        for _ in range(KILLS):
            backup.unlink()
            left = self.killed(shop, backup, part, chance.randrange(1, len(whole)))
            if left is None:
                continue
            done = shop.do("backup", backup)
            if left and backup.read_bytes().startswith(left):
                self.assertEqual(done["resumed_bytes"] > 0, True)
                resumed += 1
        print(f"{resumed} of {KILLS} fetched backups went on", file=sys.stderr)
        self.assertGreater(resumed, 0)
        left = {path.name for path in shop.folder.iterdir() if "backup" in path.name}
        self.assertEqual(left, set())
        self.assertEqual({path.name for path in stick.iterdir()}, {"backup"})
        self.is_whole(shop, backup)


if __name__ == "__main__":
    enter_own_mounts()
    run_tests()
