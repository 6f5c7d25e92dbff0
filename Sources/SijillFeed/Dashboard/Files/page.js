// What every page does: times in the clock of whoever looks, the theme at once, a key for the search, and pages that
// say so (data-refresh) brought up to date while they are open.

const locale = document.documentElement.lang === "ar" ? "ar-u-nu-latn" : "en-GB";
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const count = new Intl.NumberFormat("en");

/** Writes each `<time>` below `root` in local time; today's without the date. */
export function localTimes(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.valueOf())) continue;
    time.textContent = (date.toDateString() === today ? clock : moment).format(date);
    time.title = time.dateTime;
    time.dir = "auto";
  }
}

export const number = (value) => count.format(value);

/** A text as one element; what is given is never read as markup. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key === "class") made.className = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The words that the server gave an element for its program. */
export const words = (holder) => JSON.parse(holder.dataset.words ?? "{}");

function theme() {
  const choice = document.getElementById("theme");
  choice?.addEventListener("change", () => choice.form.requestSubmit());
}

function keys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const field = document.getElementById("q");
    if (field) field.focus();
    else location.assign("/search");
  });
}

// -- Pages that are brought up to date

const refreshPause = 3_000;

function refreshed() {
  const main = document.querySelector("main[data-refresh]");
  if (!main) return;
  let tag = null;
  let isAsking = false;
  const look = async () => {
    if (document.hidden || isAsking || isInUse(main)) return;
    isAsking = true;
    try {
      const answer = await fetch(location.href, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag");
        const text = await answer.text();
        if (!isInUse(main)) show(main, text);
      }
    } catch {
      // The daemon is away; the next look may find it.
    } finally {
      isAsking = false;
    }
  };
  setInterval(look, refreshPause);
}

/** Someone chooses, types or reads a dialog there: nothing may move under their hands. */
function isInUse(main) {
  return main.querySelector("dialog[open], [data-busy]") !== null || !getSelection().isCollapsed;
}

/** Puts the sections of a newer page in the place of those that say something else. */
function show(main, text) {
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  if (!next) return;
  localTimes(next);
  for (const section of next.querySelectorAll("section[aria-labelledby]")) {
    const old = main.querySelector(`section[aria-labelledby="${section.getAttribute("aria-labelledby")}"]`);
    if (!old || old.contains(document.activeElement)) continue;
    const opened = [...old.querySelectorAll("details")].map((part) => part.open);
    section.querySelectorAll("details").forEach((part, place) => (part.open = opened[place] ?? false));
    if (!old.isEqualNode(section)) old.replaceWith(document.adoptNode(section));
  }
  main.dispatchEvent(new Event("refreshed"));
}

localTimes(document);
theme();
keys();
refreshed();
