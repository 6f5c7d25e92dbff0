// Search as one types: the same search as the page without programs, asked for by /v1/search.

import { element, localTimes, number, words } from "/assets/page.js";

const pause = 180;
const form = document.getElementById("search");
const field = document.getElementById("q");
const results = document.getElementById("results");
const say = words(results);

let timer = 0;
let asking = null;
let shown = new URLSearchParams(new FormData(form)).toString();

/** What the form says, without empty fields. */
function asked() {
  const parameters = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) parameters.set(name, value.trim());
  if (parameters.get("sort") === "newest") parameters.delete("sort");
  return parameters;
}

/** Days as one chooses them are whole days of UTC, as the server makes them of a form. */
function query(parameters) {
  const wanted = new URLSearchParams(parameters);
  if (wanted.has("since")) wanted.set("since", `${wanted.get("since").slice(0, 10)}T00:00:00Z`);
  if (wanted.has("until")) wanted.set("until", `${wanted.get("until").slice(0, 10)}T23:59:59.999Z`);
  // A plus would be taken for itself.
  return wanted.toString().replaceAll("+", "%20");
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => find(), pause);
}

async function find() {
  const parameters = asked();
  if (parameters.toString() === shown) return;
  shown = parameters.toString();
  history.replaceState(null, "", shown ? `/search?${query(parameters)}` : "/search");
  asking?.abort();
  if (!parameters.has("q")) {
    asking = null;
    empty(say.start);
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  results.setAttribute("aria-busy", "true");
  try {
    show(await page(parameters, signal), parameters);
  } catch (error) {
    if (error.name !== "AbortError") empty(error.message, "bad");
  } finally {
    if (!signal.aborted) results.removeAttribute("aria-busy");
  }
}

async function page(parameters, signal) {
  const answer = await fetch(`/v1/search?${query(parameters)}`, { signal });
  if (answer.status === 401) location.reload();
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.detail ?? answer.statusText);
  return found;
}

// -- What was found, as `SearchPage.swift` shows it

function empty(text, kind = "hint") {
  const count = document.getElementById("count");
  count.className = kind;
  count.textContent = text;
  document.getElementById("hits").replaceChildren();
  document.querySelector("#results .more")?.remove();
}

function show(found, parameters) {
  const count = document.getElementById("count");
  count.className = "";
  const least = found.total_is_exact === false ? `${say.atLeast} ` : "";
  count.textContent = found.total ? `${least}${number(found.total)} ${say.hits}` : `${say.none}. ${say.noneHint}`;
  document.getElementById("hits").replaceChildren(...found.hits.map(line));
  more(found.next, parameters);
}

function more(next, parameters) {
  document.querySelector("#results .more")?.remove();
  if (!next) return;
  const rest = new URLSearchParams(parameters);
  rest.set("next", next);
  const link = element(
    "a", { id: "next", class: "button", rel: "next", href: `/search?${rest.toString().replaceAll("+", "%20")}` }, say.next);
  link.addEventListener("click", (event) => onward(event, rest));
  results.append(element("p", { class: "more" }, link));
}

/** The next page is put below this one. */
async function onward(event, parameters) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const list = document.getElementById("hits");
  try {
    const found = await page(parameters, asking?.signal);
    const lines = found.hits.map(line);
    list.append(...lines);
    more(found.next, parameters);
    lines[0]?.querySelector("a").focus();
  } catch (error) {
    if (error.name !== "AbortError") empty(error.message, "bad");
  }
}

function line(hit) {
  const lang = hit.lang ?? undefined;
  const link = element("a", { href: `/articles/${encodeURIComponent(hit.article)}`, lang, dir: "auto" });
  if (hit.highlight.title.length) link.append(...marked(hit.highlight.title));
  else link.append(hit.title ?? element("em", {}, say.untitled));
  const about = element("p", { class: "about" });
  const span = (kind, child) => about.append(element("span", kind ? { class: kind } : {}, child));
  if (hit.publisher) span("publisher", element("bdi", {}, hit.publisher));
  if (hit.published) span("", element("bdi", {}, hit.published));
  span("source", element("bdi", {}, hit.source));
  span("", element("time", { datetime: hit.time, dir: "ltr" }, hit.time));
  const made = element(
    "li", { class: "hit" },
    element("h2", {}, link),
    element("p", { class: "snippet", dir: "auto", lang }, ...marked(hit.highlight.text)),
    about);
  localTimes(made);
  return made;
}

const marked = (fragments) =>
  fragments.map((fragment) => (fragment.mark ? element("mark", {}, fragment.text) : fragment.text));

form.addEventListener("input", later);
form.addEventListener("change", later);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  find();
});
const next = document.getElementById("next");
next?.addEventListener("click", (event) => onward(event, new URL(next.href).searchParams));
shown = asked().toString();
field.setSelectionRange?.(field.value.length, field.value.length);
