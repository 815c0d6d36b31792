"""The staff web page in a real browser: headless Chromium, driven by playwright-core.

Skipped where node, npm or Chromium is absent. $MAITRED_SCREENSHOTS keeps the pictures it takes."""

import shutil

from shop import *

CHROMIUM = os.environ.get("MAITRED_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PACKAGES = ["playwright-core@1.48.2", "axe-core@4.10.2"]


def playwright_folder():
    """Where what drives and judges the page is installed, once for a build folder; None without npm
    or a network."""
    folder = pathlib.Path(os.environ.get("MAITRED_PLAYWRIGHT", BIN.parent / "playwright"))
    if not all((folder / "node_modules" / name.split("@")[0]).is_dir() for name in PACKAGES):
        folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
        try:
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder,
                                   *PACKAGES], env=environment, capture_output=True, timeout=HANG_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode != 0:
            return None
    return folder


RULES = """
[[rule]]
name = "missed"
when = "out_of_stock"
priority = "high"
[[rule]]
name = "asked"
when = "ask"
[[rule]]
name = "others"
when = "arrival"
"""


@unittest.skipUnless(CHROMIUM and shutil.which("node") and shutil.which("npm"),
                     "skipped: no node, npm or Chromium")
class BoardPage(ShopTest):
    def test_in_a_browser(self):
        playwright = playwright_folder()
        if playwright is None:
            self.skipTest("skipped: playwright-core cannot be had from npm")
        box = self.shop()
        board_port = free_port()
        box.section("board", listen=f"127.0.0.1:{board_port}")
        box.section("visits", cooldown="4h", escalate=["2s"], alert_ttl="3d")
        path, truth = small_film()
        box.init()
        # Names as a customer might give them, to see what the page makes of them.
        plain = os.environ.get("MAITRED_PLAIN_NAMES")
        odd = "" if plain else "<script>alert(1)</script><img src=x onerror=alert(2)>"
        names = ["Morgan Lee" + odd, "Robin Ashdown", "Şükriye Öztürk-Łukasiewicz"]
        people = []
        for member, name in zip(truth["enroll"], names + ["Jo"] * 20):
            people.append(box.enrol(name, portrait_of_member(member),
                                    scopes="recognition,history,feedback",
                                    extra=["--allow-duplicate", "--preference", "fit=wide",
                                           "--preference", "brand=any", "--loyalty",
                                           f"L-{len(people)}"]))
        for person in people[1:]:
            box.do("ask", person, "trail shoes, size 43" + odd, "--item", "TS-43")
            if person == people[1]:
                box.do("purchase", person, "--item", "TS-43", "--status", "out_of_stock")
            box.do("purchase", person, "--item", "wool socks", "--status", "bought")
        box.do("update", people[1], "--tier", "gold", "--note", "Hard of hearing: please speak clearly")
        soon = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() + 900))
        box.do("appointment", people[1], "--at", soon, "--with", "Kim")
        token = box.do("staff", "add", "till")["token"]
        box.camera(path, realtime=False)
        pictures = pathlib.Path(os.environ.get("MAITRED_SCREENSHOTS", box.folder / "pictures"))
        pictures.mkdir(exist_ok=True)
        photo = portrait_of_member(list(truth["enroll"])[1])
        box.write(RULES)
        box.start(spawn=False)
        script = pathlib.Path(__file__).with_name("board_page.mjs")
        # The page is open before anyone comes in.
        steps = subprocess.Popen(
            ["node", script, CHROMIUM, str(board_port), token, pictures, photo, people[1],
             str(box.port)],
            env=os.environ | {"NODE_PATH": str(playwright / "node_modules"),
                              "PLAYWRIGHT_CORE": str(playwright / "node_modules/playwright-core/index.mjs"),
                              "AXE_CORE": str(playwright / "node_modules/axe-core/axe.min.js")},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            for line in steps.stdout:
                print(line.rstrip(), file=sys.stderr)
                if line.strip() == "open the door":
                    client = box.client(resume=False)
                    client.send({"type": "auth", "token": token})
                    client.send({"type": "resume", "after": 0})
                    box.eye().wait(2 * HANG_S * PATIENCE)
                    eventually(lambda: box.do("status")["cameras"][0]["state"] == "ended",
                               "the end of the film")
                    alerts = {line["visit"] for line in client.rest() if line["type"] == "alert"}
                    steps.stdin.write(f"{len(alerts)}\n")
                    steps.stdin.flush()
                elif line.strip() == "cut the line":
                    box.stop()
                elif line.strip() == "mend the line":
                    box.start(spawn=False)
            _, errors = steps.communicate(timeout=HANG_S)
        finally:
            steps.kill()
        self.assertEqual(steps.returncode, 0, errors)
        self.assertNotIn(token, box.log.read_text())
        for name in ("phone-alerts", "desktop-alerts", "desktop-dark", "phone-signin", "phone-desk",
                     "desktop-today", "phone-offline", "phone-dark", "phone-today-dark",
                     "desktop-rating"):
            self.assertGreater((pictures / f"{name}.png").stat().st_size, 5000)


if __name__ == "__main__":
    run_tests()
