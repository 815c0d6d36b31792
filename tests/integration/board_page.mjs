// The steps of s11_board_page.py: CHROMIUM PORT TOKEN PICTURES PHOTO CUSTOMER STAFF_PORT.
// It says "open the door", "cut the line" and "mend the line" when the shop is to do so, and is told
// how many have come in.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { pathToFileURL } from "node:url";

const { chromium } = await import(pathToFileURL(process.env.PLAYWRIGHT_CORE).href);
const [executablePath, port, token, pictures, photo, customer, staffPort] = process.argv.slice(2);
const url = `http://127.0.0.1:${port}/`;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const complaints = [];

async function open(options) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  // Counts what is heard and felt.
  await context.addInitScript(() => {
    window.rung = { tones: 0, buzzes: 0 };
    const tone = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { ++window.rung.tones; return tone.call(this); };
    Navigator.prototype.vibrate = () => { ++window.rung.buzzes; return true; };
  });
  // It ends a test that hangs, and judges no speed.
  context.setDefaultTimeout(300_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    // A socket that cannot be opened while the core is away is told by the browser itself.
    const expected = /ERR_CONNECTION|WebSocket connection|401 \(Unauthorized\)/.test(message.text());
    if (message.type() === "error" && !expected) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => { complaints.push("a dialog: " + dialog.message()); dialog.dismiss(); });
  await page.goto(url);
  return page;
}
const shot = (page, name) => page.screenshot({ path: `${pictures}/${name}.png` });
const phoneSize = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1, hasTouch: true, isMobile: true };

// Contrast of every visible text against what is behind it (WCAG AA: 4.5, large 3).
const faint = (page) => page.evaluate(() => {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(".unseen, :disabled, .skip")) continue;
    let behind = node, ground = [0, 0, 0, 0];
    while (behind && (ground[3] === 0)) {
      const [r, g, b, a = 1] = parse(getComputedStyle(behind).backgroundColor);
      ground = [r, g, b, a];
      behind = behind.parentElement;
    }
    const style = getComputedStyle(node);
    const [a, b] = [light(parse(style.color)), light(ground)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < (large ? 3 : 4.5)) bad.push(`${node.className || node.tagName}: ${contrast.toFixed(2)}`);
  }
  return bad;
});
// Whatever can be used has a name that a screen reader can say.
const nameless = (page) => page.evaluate(() => [...document.querySelectorAll("button, input, a, img")]
  .filter((node) => node.checkVisibility() && !(node.textContent.trim() || node.getAttribute("aria-label") ||
    node.labels?.length || node.hasAttribute("alt"))).map((node) => node.outerHTML.slice(0, 80)));
// What axe-core finds against WCAG 2.1, A and AA.
const axeSource = readFileSync(process.env.AXE_CORE, "utf8");
async function violations(page) {
  await page.evaluate(axeSource);
  return page.evaluate(async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], resultTypes: ["violations"] })).violations
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 90)).join(" | ")}`));
}
// Nothing runs over the edge.
const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
async function fit(page, what) {
  assert.deepEqual(await faint(page), [], `contrast: ${what}`);
  assert.deepEqual(await nameless(page), [], `names: ${what}`);
  assert.equal(await tooWide(page), false, `width: ${what}`);
  assert.deepEqual(await violations(page), [], `axe: ${what}`);
}

// Goes on with the Tab key until what is wanted has the focus.
async function tabTo(page, selector) {
  for (let step = 0; step < 60; ++step) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`the Tab key does not lead to ${selector}`);
}

// --- sign-in, by keyboard alone
const desktop = await open({ viewport: { width: 1280, height: 800 } });
const bytes = await desktop.evaluate(() => performance.getEntriesByType("resource")
  .concat(performance.getEntriesByType("navigation")).reduce((sum, one) => sum + one.encodedBodySize, 0));
console.log(`page: ${bytes} bytes`);
assert.ok(bytes > 10_000 && bytes < 100_000);
await desktop.waitForSelector("#token:focus");
await desktop.keyboard.type("a wrong one");
await desktop.keyboard.press("Tab");
await desktop.keyboard.type("Sam");
await desktop.keyboard.press("Enter");
await desktop.getByText("This token is unknown").waitFor();
await desktop.locator("#token").fill("");
await desktop.keyboard.type(token);
await desktop.keyboard.press("Enter");
await desktop.getByText("Nobody is waiting.").waitFor();
assert.equal(await desktop.evaluate(() => document.cookie), "", "the cookie is HttpOnly");
await fit(desktop, "empty");

const phone = await open(phoneSize);
await phone.waitForSelector("#token:focus");
await fit(phone, "sign-in");
await shot(phone, "phone-signin");
await phone.fill("#token", token);
await phone.fill("#name", "Alex");
await phone.getByRole("button", { name: "Sign in" }).tap();
await phone.getByText("Nobody is waiting.").waitFor();
await phone.locator("#sound").tap();
assert.equal(await phone.locator("#sound").getAttribute("aria-pressed"), "true");
const rung = await phone.evaluate(() => ({ ...window.rung }));

// --- an alert, and how long it takes to be seen
await desktop.evaluate(() => {
  window.seen = {};
  new MutationObserver(() => {
    for (const card of document.querySelectorAll("[data-visit]")) window.seen[card.dataset.visit] ??= Date.now();
  }).observe(document.getElementById("list"), { childList: true });
});
const heard = {};
const terminal = net.connect(Number(staffPort), "127.0.0.1");
terminal.write(JSON.stringify({ type: "auth", token }) + "\n" + '{"type":"resume","after":0}\n');
let rest = "";
terminal.on("data", (data) => {
  const lines = (rest + data).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    if (message.type === "alert" && !heard[message.visit]) heard[message.visit] = Date.now();
  }
});
console.log("open the door");
const cards = Number((await once(process.stdin, "data"))[0]);  // all have come in
process.stdin.pause();
for (const page of [desktop, phone]) await page.locator(".card").nth(cards - 1).waitFor();
while (Object.keys(heard).length < cards) await desktop.waitForTimeout(50);
const seen = await desktop.evaluate(() => window.seen);
const late = Object.keys(heard).filter((visit) => seen[visit]).map((visit) => seen[visit] - heard[visit]).sort((a, b) => a - b);
console.log(`visible in the browser after the terminal had it: median ${late[late.length >> 1]} ms, slowest ${late.at(-1)} ms, of ${late.length} alerts`);
assert.ok(late.length >= 2);
assert.equal(late.length, cards);
assert.equal(await desktop.locator(".card").count(), cards);
assert.equal(await phone.locator(".card").count(), cards);
const heardNow = await phone.evaluate(() => window.rung);
assert.ok(heardNow.tones > rung.tones && heardNow.buzzes > rung.buzzes, "sound and vibration");
assert.equal(await desktop.evaluate(() => window.rung.tones), 0, "silent where the sound is off");
await phone.waitForTimeout(500);
await fit(desktop, "alerts");
await fit(phone, "alerts");
await shot(phone, "phone-alerts");
await shot(desktop, "desktop-alerts");
await desktop.emulateMedia({ colorScheme: "dark" });
await fit(desktop, "dark");
await shot(desktop, "desktop-dark");
await desktop.emulateMedia({ colorScheme: "light" });

// --- a script in a name or a wish is text
const texts = await desktop.locator(".card").allTextContents();
assert.ok(process.env.MAITRED_PLAIN_NAMES || texts.some((text) => text.includes("<script>")));
assert.equal(await desktop.locator("main script, main img").count(), 0);

// --- what matters comes first, with what is known of the customer
assert.ok((await desktop.locator(".card").first().textContent()).startsWith("Urgent"));
for (const known of ["gold tier", "with Kim", "Hard of hearing", "fit: wide"]) {
  await desktop.locator(".card").first().getByText(known).waitFor();
}

// --- claim by key on one, seen on the other; the slower one learns it
await desktop.keyboard.press("j");
const visit = await desktop.evaluate(() => document.activeElement.closest("[data-visit]").dataset.visit);
await desktop.keyboard.press("c");
await desktop.locator(`[data-visit="${visit}"].mine`).waitFor();
await phone.locator(`[data-visit="${visit}"].claimed`).getByText("Claimed by Sam").waitFor();
assert.equal(await phone.locator(`[data-visit="${visit}"] button`).count(), 0);
await fit(desktop, "claimed");
assert.equal(await desktop.evaluate(() => document.activeElement.tagName), "LI", "keys still act");
await tabTo(desktop, "[data-act=note]");
await desktop.keyboard.type("showed two pairs");
// An update elsewhere does not take the focus or the half-written note.
const other = await phone.locator(".card:not(.claimed) [data-act=claim]").first();
await other.tap();
await phone.locator(".card.mine").waitFor();
await shot(phone, "phone-claimed");
assert.equal(await desktop.evaluate(() => document.activeElement.value), "showed two pairs");
await tabTo(desktop, `[data-visit="${visit}"] [data-act=served]`);
await desktop.keyboard.press("s");
await desktop.locator(`[data-visit="${visit}"]`).waitFor({ state: "detached" });
await phone.locator(`[data-visit="${visit}"]`).waitFor({ state: "detached" });

// --- today
await tabTo(desktop, "[data-tab=today]");
await desktop.keyboard.press("Enter");
await desktop.getByText("showed two pairs").waitFor();
await tabTo(desktop, ".rating button");
await desktop.keyboard.press("Enter");
await desktop.getByText("How was it for").waitFor();
await fit(desktop, "today");
await shot(desktop, "desktop-rating");
assert.equal(await desktop.evaluate(() => document.activeElement.textContent), "0");
for (let n = 0; n < 9; ++n) await desktop.keyboard.press("Tab");
await desktop.keyboard.press("Enter");
await desktop.getByText("Rated 9").waitFor();
await shot(desktop, "desktop-today");

// --- the desk
await phone.getByRole("button", { name: "Desk" }).tap();
await phone.locator("#photo").setInputFiles(photo);
await phone.fill("#desk_id", customer);
await phone.getByRole("button", { name: "Is it this customer?" }).tap();
await phone.getByText("Verified: Robin Ashdown").waitFor();
await fit(phone, "desk");
await shot(phone, "phone-desk");
await phone.getByRole("button", { name: "Today" }).tap();
await phone.emulateMedia({ colorScheme: "dark" });
await fit(phone, "today, dark");
await shot(phone, "phone-today-dark");
await phone.getByRole("button", { name: "Alerts" }).tap();
await fit(phone, "alerts, dark");
await shot(phone, "phone-dark");
await phone.emulateMedia({ colorScheme: "light" });

// --- the core goes away and comes back
console.log("cut the line");
await phone.getByText("No connection.").waitFor();
const button = phone.locator(".card.mine [data-act=served]");
assert.equal(await button.isDisabled(), true);
await fit(phone, "offline");
await shot(phone, "phone-offline");
console.log("mend the line");
await phone.getByText("No connection.").waitFor({ state: "hidden" });
assert.equal(await phone.locator(".card.mine").count(), 1);
await button.tap();
await phone.locator(".card.mine").waitFor({ state: "detached" });

assert.deepEqual(complaints, []);
terminal.destroy();
await browser.close();
