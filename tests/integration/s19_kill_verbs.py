"""kill -9 of administrators' verbs at random moments: each is done or not done, and none is lost.

$MAITRED_VERB_KILLS rounds (100), $MAITRED_SEED to repeat one.
"""

import hashlib
import random

from shop import *

KILLS = int(os.environ.get("MAITRED_VERB_KILLS", "100"))


class KillVerbs(ShopTest):
    def run_verb(self, shop, words, after):
        """Status, or None when it was killed before its end; and what it printed."""
        command = [str(word) for word in (BIN / "maitredctl", "-c", shop.config, "--json", *words)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 text=True)
        try:
            out, _ = child.communicate(timeout=after)
            return child.returncode, out
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
            return (0, out) if child.returncode == 0 else (None, out)

    def enrolment(self, shop, number):
        return ["enroll", "--name", f"Customer {number}", "--photo", portrait(7000),
                "--consent-version", "v1", "--consent-ref", "form", "--allow-duplicate"]

    def usual(self, shop, words):
        start = time.monotonic()
        shop.do(*words)
        return time.monotonic() - start

    def test_each_verb_is_done_or_not_done(self):
        shop = self.shop().init()
        seed = int(os.environ.get("MAITRED_SEED", time.time()))
        print(f"{KILLS} kills, seed {seed}", file=sys.stderr)
        chance = random.Random(seed)
        number = 0
        for number in range(6):
            shop.do(*self.enrolment(shop, number))
        held = {row["id"] for row in shop.do("list")["customers"]}
        erased, backups, killed = set(), {}, 0
        slow = self.usual(shop, self.enrolment(shop, 99))
        held = {row["id"] for row in shop.do("list")["customers"]}
        quick = self.usual(shop, ["key", "rotate"])

        def digest(path):
            return hashlib.sha256(path.read_bytes()).digest() if path.exists() else None

        while killed < KILLS:
            verb = chance.choice(["enroll", "forget", "rotate", "rotate", "backup", "backup",
                                  "restore", "restore", "retention", "ask"])
            before, victim, file = set(held), None, shop.folder / f"b{chance.randrange(3)}"
            old_file = digest(file)
            if verb == "enroll" or len(held) < 3:
                verb, number = "enroll", number + 1
                words = self.enrolment(shop, number)
            elif verb == "forget":
                victim = chance.choice(sorted(held))
                words = ["forget", victim]
            elif verb == "rotate":
                words = ["key", "rotate"]
            elif verb == "backup":
                words = ["backup", file]
            elif verb == "restore":
                if backups.get(file) is None:
                    continue
                words = ["restore", file]
            elif verb == "retention":
                words = ["retention", "run"]
            else:
                words = ["ask", chance.choice(sorted(held)), "shoes"]
            longest = slow if verb == "enroll" else quick
            status, out = self.run_verb(shop, words, chance.uniform(0.0, 1.3) * longest)
            killed += status is None
            if status is None and killed % 500 == 0:
                print(f"{killed} kills, {len(erased)} erased so far", file=sys.stderr, flush=True)
            if status is not None:
                self.assertEqual(status, 0, f"{words}: {out}")
            now = {row["id"] for row in shop.do("list")["customers"]}
            self.assertFalse(now & erased, f"{words}: who was forgotten is back")
            done = status == 0
            if verb == "enroll":
                self.assertLessEqual(before, now)
                self.assertLessEqual(len(now - before), 1)
                if done:
                    self.assertEqual(now - before, {json.loads(out)["id"]})
            elif verb == "forget":
                self.assertIn(now, [before - {victim}] if done else [before - {victim}, before])
                erased |= before - now
            elif verb == "restore":
                target = backups[file] - erased
                self.assertIn(now, [target] if done else [target, before])
            else:
                self.assertEqual(now, before, words)
            if verb == "backup":
                if done:
                    backups[file] = set(before)
                elif digest(file) != old_file:
                    backups[file] = set(before)  # whole, though nobody was told
                self.assertFalse(done and digest(file) == old_file)
            held = now
            verified = shop.ctl("audit", "verify")
            self.assertEqual(verified.status, 0, f"{words}: {verified.err}")
        leftovers = {path.name for path in shop.folder.iterdir()} - {
            "store.db", "store.db.lock", "store.db.generation", "store.db.erasures", "store.key",
            "store.key.next", "maitred.toml", "maitred.log", "b0", "b1", "b2", "b0.part", "b1.part",
            "b2.part"}
        self.assertEqual(leftovers, set())
        print(f"{killed} kills, {len(erased)} erased", file=sys.stderr)


if __name__ == "__main__":
    run_tests()
