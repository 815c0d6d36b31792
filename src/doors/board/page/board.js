// The staff page. Every text of a customer goes into the page as text (textContent), never as HTML.
"use strict";

const $ = (id) => document.getElementById(id);
const alerts = new Map();  // by visit
let texts = {};
let me = { name: "", needed: false, signed_in: false };
let socket = null;
let resumed = false;       // the list is whole
let replayed = new Set();  // visits of this replay
let lastSeq = 0;
let retry = 500;
let selected = "";
let tab = "alerts";

const t = (key, values = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(className, text, act) {
  const node = make("button", className, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

function remember(key, value) {
  try { localStorage.setItem("maitred." + key, value); } catch { /* private mode */ }
}
function recall(key) {
  try { return localStorage.getItem("maitred." + key) ?? ""; } catch { return ""; }
}

async function ask(path, body, type = "application/json") {
  const options = { credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    options.method = "POST";
    options.headers = { "Content-Type": type };
    options.body = type === "application/json" ? JSON.stringify(body) : body;
  }
  const response = await fetch(path, options);
  const object = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(object.error?.message ?? response.statusText),
    { status: response.status, code: object.error?.code });
  return object;
}

// --- what is heard

let audio = null;
function soundOn() { return recall("sound") === "on"; }
function showSound() {
  $("sound").setAttribute("aria-pressed", String(soundOn()));
  $("sound").textContent = t(soundOn() ? "sound_on" : "sound_off");
}
function wakeAudio() {
  if (!soundOn()) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}
function tone(frequency, start, length) {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, audio.currentTime + start);
  volume.gain.exponentialRampToValueAtTime(0.25, audio.currentTime + start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + start + length);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(audio.currentTime + start);
  oscillator.stop(audio.currentTime + start + length);
}
function ring() {
  if (navigator.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate([180, 80, 180]);
  if (!soundOn() || !audio) return;
  tone(880, 0, 0.35);
  tone(1175, 0.18, 0.5);
}
function toggleSound() {
  remember("sound", soundOn() ? "off" : "on");
  showSound();
  wakeAudio();
  if (soundOn()) ring();
}
function say(text) {
  $("spoken").textContent = "";
  setTimeout(() => { $("spoken").textContent = text; }, 50);
}

// --- the stream

function offline(is) {
  const bar = $("offline");
  if (is) {
    bar.textContent = t("offline");
    bar.className = "";
    bar.hidden = false;
  } else if (!bar.hidden) {
    bar.textContent = t("online");
    bar.className = "good";
    setTimeout(() => { if (bar.className === "good") bar.hidden = true; }, 2500);
  }
  for (const one of document.querySelectorAll(".actions button")) one.disabled = is;
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(scheme + location.host + "/events");
  resumed = false;
  replayed = new Set();
  socket.onopen = () => {
    // All that is open; what this page does not hear of by the pong is over.
    tell({ type: "resume", after: 0 });
    tell({ type: "ping" });
  };
  socket.onmessage = (event) => {
    for (const line of event.data.split("\n")) if (line) hear(JSON.parse(line));
  };
  socket.onclose = async () => {
    socket = null;
    offline(true);
    setTimeout(reconnect, retry * (0.75 + Math.random() / 2));
    retry = Math.min(retry * 2, 8000);
  };
}

async function reconnect() {
  if (socket) return;
  try {
    me = { ...me, ...await ask("/session") };
    if (me.needed && !me.signed_in) return showSignIn();
    connect();
  } catch {
    setTimeout(reconnect, retry);
    retry = Math.min(retry * 2, 8000);
  }
}

function tell(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

function hear(message) {
  if (message.type === "alert") return hearAlert(message);
  if (message.type === "update") return hearUpdate(message);
  if (message.type === "claimed" && !message.ok) say(t("lost", message));
  if (message.type === "error") say(t("failed", message));
  if (message.type === "pong" && !resumed) {
    resumed = true;
    retry = 500;
    for (const visit of [...alerts.keys()]) if (!replayed.has(visit)) remove(visit);
    offline(false);
    draw();
  }
}

function hearAlert(alert) {
  replayed.add(alert.visit);
  const known = alerts.get(alert.visit);
  if (known && known.seq >= alert.seq) return;
  alert.fresh = !known;
  alert.note = known?.note ?? "";
  alerts.set(alert.visit, alert);
  if (alert.seq > lastSeq && !known && alert.state !== "claimed") {
    ring();
    say(t("new_alert", { name: alert.customer.name, headline: alert.headline }));
  }
  lastSeq = Math.max(lastSeq, alert.seq);
  tell({ type: "ack", seq: alert.seq });
  draw();
}

function hearUpdate(update) {
  lastSeq = Math.max(lastSeq, update.seq);
  const alert = alerts.get(update.visit);
  if (!alert) return;
  replayed.add(update.visit);
  if (["closed", "expired", "withdrawn"].includes(update.state)) {
    say(t("gone", { name: alert.customer.name, outcome: t(update.outcome ?? update.state) }));
    remove(update.visit);
    if (tab === "today") drawToday();
    return draw();
  }
  if (update.state === "escalated" && !isMine(alert)) ring();
  alert.seq = update.seq;
  alert.state = update.state;
  alert.by = update.by;
  draw();
}

function remove(visit) {
  const next = document.querySelector(`[data-visit="${CSS.escape(visit)}"]`)?.nextElementSibling;
  if (selected === visit) selected = next?.dataset.visit ?? "";
  alerts.delete(visit);
}

const isMine = (alert) => alert.state === "claimed" && alert.by === me.name;

function claim(alert) {
  wakeAudio();
  tell({ type: "claim", visit: alert.visit, by: me.name });
}
function close(alert, outcome) {
  wakeAudio();
  const message = { type: "close", visit: alert.visit, outcome, by: me.name };
  if (alert.note.trim()) message.note = alert.note.trim();
  tell(message);
}

// --- what is seen

function age(at) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000));
  if (seconds < 5) return t("now");
  if (seconds < 90) return t("seconds", { n: seconds });
  if (seconds < 5400) return t("minutes", { n: Math.round(seconds / 60) });
  return t("hours", { n: Math.round(seconds / 3600) });
}

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function facts(alert) {
  const list = make("dl");
  const add = (title, items) => {
    if (!items.length) return;
    list.append(make("dt", "", title));
    const row = make("dd");
    row.append(...items);
    list.append(row);
  };
  const customer = alert.customer;
  add(t("appointments"), (customer.appointments ?? []).map((one) =>
    make("span", "", t(one.with ? "appointment_with" : "appointment_at", { time: clock(one.at), with: one.with }))));
  add(t("about"), customer.note ? [make("span", "note", customer.note)] : []);
  add(t("asks"), (customer.asks ?? []).map((ask) =>
    make("span", "", ask.item ? `${ask.text} (${ask.item})` : ask.text)));
  add(t("preferences"), Object.entries(customer.preferences ?? {}).map(([key, value]) =>
    make("span", "", `${key}: ${value}`)));
  add(t("recent"), (customer.recent ?? []).slice(0, 8).map((one) =>
    make("span", one.status, `${one.item} ${t(one.status)}`)));
  return list;
}

function actions(alert) {
  const row = make("div", "actions");
  if (alert.state !== "claimed") {
    const go = button("primary wide", t("claim"), () => claim(alert));
    go.setAttribute("aria-label", t("claim_label", { name: alert.customer.name }));
    go.dataset.act = "claim";
    row.append(go);
  }
  if (!isMine(alert)) return row;
  const note = make("input");
  note.maxLength = 900;
  note.value = alert.note;
  note.dataset.act = "note";
  note.addEventListener("input", () => { alert.note = note.value; });
  const label = make("label", "wide");
  label.append(make("span", "", t("note")), note);
  row.append(label);
  for (const outcome of ["served", "declined", "wrong_person", "not_found"]) {
    const end = button(outcome === "served" ? "primary" : "", t(outcome), () => close(alert, outcome));
    end.dataset.act = outcome;
    row.append(end);
  }
  return row;
}

function card(alert) {
  const node = make("li", "card " + alert.state);
  if (isMine(alert)) node.classList.add("mine");
  if (alert.fresh) node.classList.add("fresh");
  alert.fresh = false;
  node.dataset.visit = alert.visit;
  node.tabIndex = -1;
  const meta = make("p", "meta");
  const reason = "reason_" + alert.reason;
  const urgent = alert.priority === "high";
  if (urgent) meta.append(make("span", "urgent", t("urgent")));
  meta.append(make("span", "why", t(texts[reason] ? reason : "reason_other")));
  if (!urgent || alert.state !== "new") {
    meta.append(make("span", "", isMine(alert) ? t("state_mine") : t("state_" + alert.state, alert)));
  }
  const when = make("span", "age", age(alert.at));
  when.dataset.at = alert.at;
  meta.append(when);
  node.append(meta, make("h3", "", alert.customer.name), make("p", "headline", alert.headline));
  if (alert.confidence === "medium") node.append(make("p", "sure", t("medium")));
  const { loyalty, tier } = alert.customer;
  const where = [loyalty && t("loyalty", { id: loyalty }), tier && t("tier", { tier }), t("at_camera", alert)];
  node.append(make("p", "meta", where.filter(Boolean).join(" · ")));
  node.append(facts(alert), actions(alert));
  return node;
}

function ordered() {
  const level = { high: 1, low: 3 };
  const rank = (alert) => isMine(alert) ? 0 : alert.state === "claimed" ? 4 : level[alert.priority] ?? 2;
  return [...alerts.values()].sort((a, b) => rank(a) - rank(b) || Date.parse(a.at) - Date.parse(b.at));
}

function draw() {
  const focus = document.activeElement?.closest?.("[data-visit]");
  const kept = focus && { visit: focus.dataset.visit, act: document.activeElement.dataset.act,
    start: document.activeElement.selectionStart };
  const list = ordered();
  $("list").replaceChildren(...list.map(card));
  $("empty").hidden = list.length > 0;
  const waiting = list.filter((alert) => alert.state !== "claimed").length;
  $("count").textContent = waiting;
  $("count").hidden = waiting === 0;
  document.title = waiting ? `(${waiting}) maitred` : "maitred";
  if (!socket) offline(true);
  if (!kept) return;
  const again = document.querySelector(`[data-visit="${CSS.escape(kept.visit)}"]`);
  const inner = kept.act && again?.querySelector(`[data-act="${kept.act}"]`);
  // The card itself, not its first field: on a phone that would open the keyboard over the buttons.
  const target = inner ?? again ??
    document.querySelector("#list [data-act]") ?? $("main");
  target.focus({ preventScroll: true });
  if (inner?.tagName === "INPUT") inner.setSelectionRange(kept.start, kept.start);
}

function select(step) {
  const cards = [...document.querySelectorAll("#list .card")];
  if (!cards.length) return;
  const here = cards.findIndex((one) => one.dataset.visit === selected);
  const next = cards[Math.min(Math.max(here + step, 0), cards.length - 1)];
  selected = next.dataset.visit;
  (next.querySelector("[data-act=claim], [data-act=served]") ?? next).focus();
}

document.addEventListener("focusin", (event) => {
  const inside = event.target.closest?.("[data-visit]");
  if (inside) selected = inside.dataset.visit;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT") return;
  if (tab !== "alerts" || $("alerts").hidden) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "arrowdown") select(1);
  else if (key === "k" || key === "arrowup") select(-1);
  else if (key === "m") toggleSound();
  else {
    const outcome = { s: "served", d: "declined", w: "wrong_person", n: "not_found" }[key];
    const alert = alerts.get(selected) ?? ordered()[0];
    if (!alert) return;
    if (key === "c" && alert.state !== "claimed") claim(alert);
    else if (outcome && isMine(alert)) close(alert, outcome);
    else return;
  }
  event.preventDefault();
});

setInterval(() => {
  for (const one of document.querySelectorAll(".age")) one.textContent = age(one.dataset.at);
}, 1000);

// --- today

function rating(visit) {
  const box = make("div", "rating");
  box.append(button("", t("rate_short"), () => {
    const scale = Array.from({ length: 11 }, (_, n) => button("", String(n), async () => {
      try {
        await ask("/feedback", { visit: visit.visit, rating: n });
        drawToday();
      } catch (error) { say(t("failed", error)); }
    }));
    box.replaceChildren(make("p", "", t("rate", visit)), ...scale);
    scale[0].focus();
  }));
  return box;
}

async function drawToday() {
  let visits;
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  try {
    visits = (await ask("/history?since=" + encodeURIComponent(midnight.toISOString()))).visits;
  } catch { return; }
  $("history_empty").hidden = visits.length > 0;
  $("history").replaceChildren(...visits.map((visit) => {
    const row = make("li");
    const time = make("time", "", clock(visit.start));
    time.dateTime = visit.start;
    row.append(time, make("span", "", visit.name),
      make("span", "outcome", visit.holdout ? t("holdout") : t(visit.outcome)));
    const detail = [visit.by, visit.note, visit.rating === undefined ? "" : t("rated", { n: visit.rating })]
      .filter(Boolean).join(" · ");
    if (detail) row.append(make("span", "detail", detail));
    if (visit.feedback_due) row.append(rating(visit));
    return row;
  }));
}

// --- desk

function deskButton() {
  $("desk_go").textContent = t($("desk_id").value.trim() ? "desk_verify" : "desk_identify");
}

// A small JPEG of what was chosen: the core takes no more than it needs.
async function smallPicture(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, 1280 / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

function deskSay(className, title, ...lines) {
  const box = make("div", className);
  box.append(make("h3", "", title), ...lines.filter(Boolean).map((line) => make("p", "", line)));
  $("desk_answer").replaceChildren(box);
}

async function checkPhoto() {
  const file = $("photo").files[0];
  if (!file) return deskSay("no", t("desk_need_photo"));
  deskSay("", t("desk_wait"));
  $("desk_go").disabled = true;
  let small;
  try { small = await smallPicture(file); } catch { /* below */ }
  if (!small) {
    $("desk_go").disabled = false;
    return deskSay("no", t("desk_bad_photo"));
  }
  const id = $("desk_id").value.trim().toLowerCase();
  try {
    const answer = await ask(id ? "/desk/verify?id=" + encodeURIComponent(id) : "/desk/identify", small, "image/jpeg");
    const appointment = answer.appointment && t("desk_appointment", {
      time: clock(answer.appointment.at),
      with: answer.appointment.with });
    if (id) deskSay(answer.verified ? "" : "no", answer.verified ? t("desk_yes", answer) : t("desk_no"), answer.verified && appointment);
    else if (answer.match) deskSay("", t("desk_match", answer), appointment, t("desk_confidence_" + answer.confidence), answer.id);
    else deskSay("no", t("desk_nobody"));
  } catch (error) {
    deskSay("no", t("failed", error));
  }
  $("desk_go").disabled = false;
}

// --- signing in

function showTab(name) {
  tab = name;
  for (const section of ["alerts", "today", "desk"]) $(section).hidden = section !== name;
  for (const one of document.querySelectorAll("[data-tab]")) {
    if (one.dataset.tab === name) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  if (name === "today") drawToday();
}

function showSignIn() {
  $("signin").hidden = false;
  $("tabs").hidden = $("tools").hidden = $("offline").hidden = true;
  for (const section of ["alerts", "today", "desk"]) $(section).hidden = true;
  const open = !me.needed || me.signed_in;
  $("token_row").hidden = open;
  $("signin_hint").textContent = t(me.needed ? "signin_hint" : "signin_open");
  $("signin_hint").hidden = me.signed_in;
  $("signout").hidden = !me.signed_in;
  $("name").value = me.name || recall("name") || me.terminal || "";
  (open ? $("name") : $("token")).focus();
}

function enter() {
  $("signin").hidden = true;
  $("tabs").hidden = $("tools").hidden = false;
  $("who").textContent = me.name;
  $("who").setAttribute("aria-label", t("your_name") + ": " + me.name);
  showTab("alerts");
  showSound();
  draw();
  if (!socket) connect();
}

async function signIn(event) {
  event.preventDefault();
  const name = $("name").value.trim();
  $("signin_error").textContent = "";
  if (!name) { $("signin_error").textContent = t("name_needed"); return; }
  try {
    if (me.needed && !me.signed_in) await ask("/signin", { token: $("token").value.trim() });
    me = { ...me, ...await ask("/session") };
    if (me.needed && !me.signed_in) throw Object.assign(new Error(""), { status: 401 });
    me.name = name;
    remember("name", name);
    $("token").value = "";
    wakeAudio();
    enter();
  } catch (error) {
    $("signin_error").textContent = error.status === 401 ? t("bad_token")
      : error.status === 429 ? t("too_many") : t("failed", error);
    $("token").focus();
  }
}

async function signOut() {
  try { await ask("/signout", {}); } catch { /* the server is away; the cookie ends by itself */ }
  remember("name", "");
  location.reload();
}

async function begin() {
  texts = await ask("/texts.json");
  document.documentElement.lang = texts.language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  me = await ask("/session");
  me.name = recall("name");
  for (const one of document.querySelectorAll("[data-tab]")) {
    one.addEventListener("click", () => showTab(one.dataset.tab));
  }
  $("signin").addEventListener("submit", signIn);
  $("signout").addEventListener("click", signOut);
  $("who").addEventListener("click", showSignIn);
  $("sound").addEventListener("click", toggleSound);
  $("desk_go").addEventListener("click", checkPhoto);
  $("desk_id").addEventListener("input", deskButton);
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, wakeAudio, { once: true });
  deskButton();
  if (me.name && (!me.needed || me.signed_in)) enter();
  else showSignIn();
}

begin();
