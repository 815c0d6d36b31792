"""kill -9 of administrators' verbs at random moments: each is done or not done, and none is lost.

$MAITRED_VERB_KILLS rounds (100), $MAITRED_SEED to repeat one.
"""

import collections
import hashlib
import random

from shop import *

IMPORTED = 3  # customers in a file
MOST_HELD = 30
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

    def rows_to_import(self, shop, names):
        """A file of these customers, each known again by a loyalty id."""
        path = shop.folder / "customers.csv"
        path.write_text("name,photo,consent-version,consent-ref,loyalty,allow-duplicate\n" +
                        "".join(f"{name},{portrait(7000)},v1,form,{name.replace(' ', '-')},yes\n"
                                for name in names))
        return path

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
        erased, backups, killed, kills = set(), {}, 0, collections.Counter()
        slow = self.usual(shop, self.enrolment(shop, 99))
        new = [f"Imported 0-{n}" for n in range(IMPORTED)]
        slow_import = self.usual(shop, ["import", self.rows_to_import(shop, new)])
        held = {row["id"] for row in shop.do("list")["customers"]}
        quick = self.usual(shop, ["key", "rotate"])

        def digest(path):
            return hashlib.sha256(path.read_bytes()).digest() if path.exists() else None

        while killed < KILLS:
            verb = chance.choice(["enroll", "forget", "rotate", "rotate", "backup", "backup",
                                  "restore", "restore", "retention", "ask", "import"])
            if len(held) > MOST_HELD:
                verb = "forget"
            before, victim, file = set(held), None, shop.folder / f"b{chance.randrange(3)}"
            old_file = digest(file)
            if verb == "enroll" or len(held) < 3:
                verb, number = "enroll", number + 1
                words = self.enrolment(shop, number)
            elif verb == "import":
                number += 1
                new = [f"Imported {number}-{n}" for n in range(IMPORTED)]
                words = ["import", self.rows_to_import(shop, new)]
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
            longest = {"enroll": slow, "import": slow_import}.get(verb, quick)
            status, out = self.run_verb(shop, words, chance.uniform(0.0, 1.3) * longest)
            killed += status is None
            kills[verb] += status is None
            if status is None and killed % 500 == 0:
                print(f"{killed} kills, {len(erased)} erased so far", file=sys.stderr, flush=True)
            if status is not None:
                self.assertEqual(status, 0, f"{words}: {out}")
            rows = shop.do("list")["customers"]
            now = {row["id"] for row in rows}
            self.assertFalse(now & erased, f"{words}: who was forgotten is back")
            done = status == 0
            if verb == "enroll":
                self.assertLessEqual(before, now)
                self.assertLessEqual(len(now - before), 1)
                if done:
                    self.assertEqual(now - before, {json.loads(out)["id"]})
            elif verb == "import":
                self.assertLessEqual(before, now)
                names = [row["name"] for row in rows if row["id"] in now - before]
                self.assertEqual(names, new[:len(names)])
                if done:
                    self.assertEqual(len(names), IMPORTED)
                else:  # given again, it goes on
                    again = shop.do(*words)
                    self.assertEqual((again["enrolled"], again["unchanged"], again["rejected"]),
                                     (IMPORTED - len(names), len(names), []))
                    now = {row["id"] for row in shop.do("list")["customers"]}
                    self.assertEqual(len(now - before), IMPORTED)
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
            "store.key.next", "maitred.toml", "maitred.log", "customers.csv", "b0", "b1", "b2",
            "b0.part", "b1.part", "b2.part", "store.db.unfinished", "store.db.unfinished.new"}
        self.assertEqual(leftovers, set())
        print(f"{killed} kills, {len(erased)} erased; {dict(kills)}", file=sys.stderr)


if __name__ == "__main__":
    run_tests()
