// The live page: follows the log from the change that the server wrote last into the page, so nothing is missed and
// nothing is shown twice; resumes by itself, and shows how far it has caught up.

import { element, localTimes, number, words } from "/assets/page.js";

const shownMax = 100;
const hiddenPause = 30_000;
const statePause = 2_000;
const barSeconds = 5;

const list = document.getElementById("changes");
const connection = document.getElementById("connection");
const say = words(list);

// -- Where we are

let cursor = connection.dataset.cursor;
let tip = sequence(cursor);
let stream = null;
let retry = 0;
let hiddenTimer = 0;

function sequence(text) {
  return text ? Number.parseInt(text.slice(0, 16), 10) || 0 : 0;
}

function follow() {
  close();
  // text=omit: the lines of this page need no texts. A stream that breaks resumes by Last-Event-ID, which wins.
  stream = new EventSource(`/v1/changes?text=omit&since=${encodeURIComponent(cursor)}`);
  stream.addEventListener("open", () => {
    retry = 0;
    showConnection();
  });
  stream.addEventListener("message", (event) => arrived(event.data, event.lastEventId));
  stream.addEventListener("checkpoint", (event) => {
    const { through, tip: end } = JSON.parse(event.data);
    cursor = through;
    tip = Math.max(tip, sequence(end));
    showConnection();
  });
  stream.addEventListener("error", broken);
}

function close() {
  stream?.close();
  stream = null;
}

/** A stream that only lost its connection comes again by itself; one that was refused is looked into. */
async function broken() {
  showState("reconnecting");
  if (stream?.readyState !== EventSource.CLOSED) return;
  close();
  let status = 0;
  try {
    status = (await fetch(`/v1/changes?limit=1&content=omit&since=${encodeURIComponent(cursor)}`)).status;
  } catch {
    // Not there yet.
  }
  if (status === 401) location.reload();
  else if (status === 409 || status === 410) showState("diverged");
  else setTimeout(() => stream || document.hidden || follow(), Math.min(500 * 2 ** retry++, 5_000));
}

// A browser opens only six connections to a server: a page that nobody looks at gives its own back, and catches up later.
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(close, hiddenPause);
  else if (!stream && connection.dataset.state !== "diverged") follow();
});
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && follow());

// -- What came

let waiting = [];
let isScheduled = false;
const counts = new Map();
const arrivals = new Map();

/** Frames are drawn at most as often as the screen is; what came in between is counted, and only the last is shown. */
function arrived(line, id) {
  cursor = id;
  tip = Math.max(tip, sequence(id));
  const type = /"type":"org\.sijill\.(?:article|file)\.([a-z]+)"/.exec(line)?.[1] ?? "";
  counts.set(type, (counts.get(type) ?? 0) + 1);
  const time = /"time":"([^"]+)"/.exec(line)?.[1];
  const bar = Math.floor(Date.parse(time) / 1000 / barSeconds);
  arrivals.set(bar, (arrivals.get(bar) ?? 0) + 1);
  waiting.push({ line, type });
  if (waiting.length > 4 * shownMax) waiting = waiting.slice(-shownMax);
  schedule();
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  // A page in the background has no frames.
  if (document.hidden) setTimeout(draw, 200);
  else requestAnimationFrame(draw);
}

function draw() {
  isScheduled = false;
  for (const [type, more] of counts) {
    const figure = document.getElementById(`count-${type}`);
    if (figure) figure.textContent = number(Number(figure.textContent.replace(/\D/g, "")) + more);
  }
  counts.clear();
  showConnection();
  showRate();
  if (isHeld) {
    showHeld();
    return;
  }
  const batch = waiting.slice(-shownMax);
  waiting = [];
  if (!batch.length) return;
  document.getElementById("nothing").hidden = true;
  const lines = batch.reverse().map(({ line }) => show(JSON.parse(line)));
  const marker = list.firstElementChild;
  list.prepend(...lines);
  lines.forEach(localTimes);
  batch.forEach(({ line, type }) => type === "withdrawn" && forget(JSON.parse(line).data));
  while (list.children.length > shownMax) list.lastElementChild.remove();
  keepPlace(marker, lines);
  announce(batch.length, lines[0]);
}

/** What was withdrawn is not shown any longer, in no line. */
function forget({ article, undo }) {
  if (undo) return;
  for (const line of list.querySelectorAll(`li[data-article="${CSS.escape(article)}"]`)) {
    line.querySelector(".title a")?.replaceChildren(element("em", {}, say.withdrawn));
    line.querySelector(".publisher")?.remove();
  }
}

/** Whoever has scrolled down goes on reading where they are. */
function keepPlace(marker, lines) {
  if (!marker || scrollY < list.offsetTop + 40 || CSS.supports("overflow-anchor: auto")) return;
  scrollBy(0, lines.reduce((sum, line) => sum + line.offsetHeight, 0));
}

// -- One line, as `ChangeLine` makes it

const name = (type) => /\.([a-z]+)$/.exec(type)[1];

function show(change) {
  const type = name(change.type);
  const data = change.data;
  return element(
    "li",
    { class: `change ${type} new`, "data-sequence": sequence(change.id), "data-type": type, "data-article": data.article },
    element("span", { class: `badge ${type}` }, say[type] ?? type),
    element(
      "div",
      { class: "what" },
      title(data, type),
      element("p", { class: "about" }, ...about(data, type)),
    ),
    element(
      "span",
      { class: "when" },
      element("time", { datetime: change.time, dir: "ltr" }, change.time),
      element("span", { class: "sequence", dir: "ltr" }, `#${sequence(change.id)}`),
    ),
  );
}

const foreign = (text, lang) => element("bdi", { lang }, text);

function title(data, type) {
  if (!data.article) return element("p", { class: "title" }, foreign(data.file?.name ?? ""));
  const link = element("a", { href: `/articles/${encodeURIComponent(data.article)}` });
  if (data.title) link.append(foreign(data.title, data.lang));
  else if (type === "withdrawn") link.append(element("em", {}, say.untitled));
  else link.append(element("em", {}, say.untitled), foreign(` ${data.file?.name ?? ""}`));
  return element("p", { class: "title" }, link);
}

function about(data, type) {
  const parts = [];
  const span = (text, kind) => parts.push(element("span", kind ? { class: kind } : {}, text));
  if (data.publisher) span(foreign(data.publisher), "publisher");
  if (data.file?.source) span(foreign(data.file.source), "source");
  if (type === "added") relation(data.relations?.[0], span);
  if (type === "revised") {
    span(`${say.revision} ${data.revision}`);
    if (data.major) span(say.major, "mark");
    if (data.reverted) span(say.reverted, "mark");
  }
  if (type === "duplicated") span(data.match === "raw" ? say.raw : say.canonical);
  if (type === "withdrawn") span(data.undo ? say.restored : data.erase ? say.erased : say.withdrawn);
  if (type === "rejected") {
    parts.push(element("code", { dir: "ltr" }, data.reason), foreign(data.detail ?? "", "en"));
  }
  return parts;
}

function relation(first, span) {
  if (!first) return;
  span(`${say[`kind_${first.kind}`] ?? first.kind} ${Math.floor(first.jaccard * 100)}%`);
  if (first.figures_differ) span(say.figures, "mark");
}

// -- Holding the list, and choosing kinds

const hold = document.getElementById("hold");
let isHeld = false;

hold.addEventListener("click", () => {
  isHeld = !isHeld;
  hold.setAttribute("aria-pressed", String(isHeld));
  hold.textContent = isHeld ? hold.dataset.go : hold.dataset.hold;
  if (!isHeld) schedule();
});

function showHeld() {
  hold.textContent = `${hold.dataset.go} (${number(Math.min(waiting.length, shownMax))} ${hold.dataset.held})`;
}

const kinds = document.getElementById("kinds");
kinds.addEventListener("change", () => {
  for (const box of kinds.querySelectorAll("input")) list.classList.toggle(`without-${box.value}`, !box.checked);
});

// -- How it stands

function showState(state, text) {
  connection.dataset.state = state;
  const words = text ?? connection.dataset[state] ?? connection.dataset.connecting;
  const shown = document.getElementById("connection-text");
  if (shown.textContent !== words) shown.textContent = words;
}

let catchStart = null;

/** Live at the tip; behind it, how far it has come since it fell behind. */
function showConnection() {
  if (stream?.readyState !== EventSource.OPEN) return;
  const bar = document.getElementById("catch-up");
  const here = sequence(cursor);
  const missing = tip - here;
  if (missing <= 0) {
    catchStart = null;
    bar.hidden = true;
    showState("connected");
    return;
  }
  catchStart ??= here;
  bar.hidden = false;
  bar.value = (here - catchStart) / Math.max(1, tip - catchStart);
  showState("catching", `${connection.dataset.catching}: ${number(missing)}`);
}

/** Told to screen readers once in a while, not for each line. */
let lastAnnounced = 0;
let unannounced = 0;
function announce(more, line) {
  unannounced += more;
  const now = Date.now();
  if (now - lastAnnounced < 5_000) return;
  lastAnnounced = now;
  const text = line.querySelector(".title").textContent;
  document.getElementById("announced").textContent = unannounced === 1 ? text : `${number(unannounced)}: ${text}`;
  unannounced = 0;
}

// -- The chart

const rate = document.getElementById("rate");
const bars = [...rate.querySelectorAll("rect")];
const lastBar = Number(rate.dataset.last);
bars.forEach((bar, place) => {
  const seen = Number(bar.dataset.count ?? 0);
  if (seen) arrivals.set(lastBar - bars.length + 1 + place, seen);
});
const clockDrift = Number(rate.dataset.now) - Date.now();

function showRate() {
  const now = Math.floor((Date.now() + clockDrift) / 1000 / barSeconds);
  for (const bar of arrivals.keys()) if (bar <= now - 2 * bars.length) arrivals.delete(bar);
  const values = bars.map((_, place) => arrivals.get(now - bars.length + 1 + place) ?? 0);
  const most = Math.max(1, ...values);
  bars.forEach((bar, place) => {
    const height = values[place] ? Math.max(1, (values[place] * 32) / most) : 0;
    bar.setAttribute("y", String(32 - height));
    bar.setAttribute("height", String(height));
  });
  const sum = values.reduce((a, b) => a + b, 0);
  document.getElementById("rate-now").textContent = number(sum);
  rate.setAttribute("aria-label", `${rate.dataset.name}: ${number(sum)}`);
}

// -- Inbox, latency, search, checkpoint: asked for, because they are no changes

const states = document.getElementById("states");

function set(id, text, kind = "") {
  const place = document.getElementById(id);
  if (!place) return;
  if (place.textContent !== text) place.textContent = text;
  place.className = kind;
}

const dataOf = (id) => document.getElementById(id).dataset;

async function look() {
  if (document.hidden) return;
  try {
    const asked = [fetch("/v1/log").then((answer) => answer.json())];
    if (states.dataset.metrics === "yes") asked.push(fetch("/metrics").then((answer) => answer.text()));
    const [log, metrics] = await Promise.all(asked);
    showLog(log);
    if (metrics) showMetrics(metrics);
  } catch {
    // The stream says that the daemon is away.
  }
}

function showLog(log) {
  const end = sequence(log.tip);
  tip = Math.max(tip, end);
  const behind = Math.max(0, end - log.searchable);
  const search = dataOf("search-lag");
  set("search-lag", behind ? `${number(behind)} ${search.behind}` : search.current, behind > 10_000 ? "warn" : "");
  if (!log.checkpoint) return;
  const open = end - log.checkpoint.size;
  set("checkpoint", open > 0 ? `${number(log.checkpoint.size)} (+${number(open)})` : number(log.checkpoint.size));
}

function showMetrics(text) {
  const value = (key) => {
    const found = text.match(new RegExp(`^${key.replace(/[{}"]/g, "\\$&")} (\\S+)$`, "m"));
    return found ? Number(found[1]) : 0;
  };
  const files = (state) => value(`sijill_inbox_files{state="${state}"}`);
  const inbox = dataOf("inbox");
  const waits = ["settling", "ready", "has_writer", "empty", "looks_cut", "waits_for_mate"].map(files);
  const waitingCount = waits.reduce((a, b) => a + b, 0);
  const inHand = files("in_hand") + value("sijill_inbox_inputs_in_hand");
  const troubled = files("stuck") + files("blocked");
  if (value("sijill_inbox_paused")) set("inbox", inbox.paused, "bad");
  else if (waitingCount + inHand + troubled === 0) set("inbox", inbox.quiet);
  else {
    const parts = [];
    if (waitingCount) parts.push(`${number(waitingCount)} ${inbox.waiting}`);
    if (inHand) parts.push(`${number(inHand)} ${inbox.hand}`);
    if (troubled) parts.push(`${number(troubled)} ${inbox.stuck}`);
    set("inbox", parts.join(" · "), troubled ? "warn" : "");
  }
  set("latency", latency(text));
}

/** The bound of the histogram's bucket in which the median is. */
function latency(text) {
  const buckets = [...text.matchAll(/^sijill_inbox_lag_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)];
  const all = Number(buckets.at(-1)?.[2] ?? 0);
  if (!all) return "–";
  const bound = buckets.find(([, , below]) => Number(below) * 2 >= all)[1];
  if (bound === "+Inf") return `> ${buckets.at(-2)[1]} s`;
  const seconds = Number(bound);
  return seconds < 1 ? `${dataOf("latency").within} ${Math.round(seconds * 1000)} ms`
    : `${dataOf("latency").within} ${seconds} s`;
}

setInterval(look, statePause);
setInterval(() => document.hidden || showRate(), 1_000);
look();
showRate();
follow();
