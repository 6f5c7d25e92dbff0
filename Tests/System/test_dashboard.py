"""The dashboard in a headless Chromium: live arrival, a restart, search in Arabic, comparison, proof, quarantine."""

import json
import os
import time

import sijill_articles
from sijill_browser import Browser
from sijill_system import Daemon, main

ADMIN = "a" * 40
SCRIPT = "<script>alert(1)</script>"
LIVE = "return document.getElementById('connection').dataset.state === 'connected'"

# What axe-core would look at first; gives what is wrong.
ACCESSIBLE = """
const wrong = [], root = document.documentElement;
const say = (what, e) => wrong.push(what + ': ' + e.outerHTML.slice(0, 120));
if (!root.lang || !['ltr', 'rtl'].includes(root.dir)) say('no language or direction', root.cloneNode());
if (!document.title) wrong.push('no title');
for (const place of ['header', 'nav', 'main', 'footer'])
  if (!document.querySelector(place)) wrong.push('no ' + place);
if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
if (new Set(ids).size !== ids.length) wrong.push('an id stands twice');
let level = 0;
for (const h of document.querySelectorAll('h1, h2, h3')) {
  const own = Number(h.tagName[1]);
  if (own > level + 1) say('a level of headings is left out', h);
  level = own;
}
const named = e => e.getAttribute('aria-label') || e.textContent.trim() || e.getAttribute('title') ||
  (e.getAttribute('aria-labelledby') && document.getElementById(e.getAttribute('aria-labelledby')));
for (const e of document.querySelectorAll('a[href], button, svg[role=img], nav, meter, progress'))
  if (!named(e)) say('no name', e);
for (const e of document.querySelectorAll('input:not([type=hidden]), select'))
  if (!e.labels?.length && !e.getAttribute('aria-label')) say('no label', e);
for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
  for (const id of (e.getAttribute('aria-labelledby') ?? e.getAttribute('aria-describedby')).split(' '))
    if (!document.getElementById(id)) say('names what is not there', e);
for (const e of document.querySelectorAll('style, [style], script:not([src]), [onclick]')) say('inline', e);
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
}
function behind(e) {
  for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; }
  return [255, 255, 255, 255];
}
const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  if (!own || !e.checkVisibility() || e.closest('.quiet, .new, .skip, option, title, :disabled')) continue;
  const style = getComputedStyle(e), [a, b] = [light(rgba(style.color)), light(behind(e))];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) say('contrast ' + ratio.toFixed(2), e);
}
if (root.scrollWidth > innerWidth) wrong.push('wider than the window by ' + (root.scrollWidth - innerWidth));
return wrong;
"""


def record(title, text, **more):
    return json.dumps({"title": title, "lang": "ar", "text": text} | more, ensure_ascii=False).encode()


def run(options, checks):
    pictures = os.environ.get("SIJILL_SCREENSHOTS", os.path.join(os.path.dirname(options.folder), "..", "screenshots"))
    os.makedirs(pictures, exist_ok=True)
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s"}).start()
    address = f"http://127.0.0.1:{daemon.port}"
    with Browser(options.folder) as browser:
        live(daemon, address, browser, checks)
        pages = articles(daemon, address, browser, checks)
        search(daemon, address, browser, checks)
        quarantine(daemon, address, browser, checks)
        looks(address, browser, checks, pages, pictures)
        checks.equal(browser.console_errors(), [], "no error in the console")
        restart(daemon, browser, address, checks)
        checks.equal(browser.requests_elsewhere(), [], "nothing is asked for elsewhere")
    daemon.stop()
    tokens(options, checks)


def live(daemon, address, browser, checks):
    browser.open(address + "/?ui=en")
    checks.that(browser.wait(LIVE), "the page follows the log")
    checks.that("Nothing has arrived" in browser.text("main"), "an empty log says what to do")
    browser.run("window.stayed = true")
    began = time.monotonic()
    daemon.drop("1.json", record("قصف على حلب", base(1) + figure(12), url="https://example.org/a", publisher="وكالة الشمال"))
    arrived = browser.wait("return document.querySelector('#changes .title')?.textContent.includes('قصف على حلب')")
    print(f"a dropped file is on the page after {(time.monotonic() - began) * 1000:.0f} ms")
    checks.that(arrived and browser.run("return window.stayed"), "a dropped file is on the page without a reload")
    daemon.drop("s.json", record(SCRIPT, f"{SCRIPT}\n{base(2)}", publisher=SCRIPT, byline=SCRIPT, url="javascript:alert(1)"))
    checks.that(browser.wait("return document.querySelectorAll('#changes li').length === 2"), "the next one too")
    checks.equal(browser.text("#changes .title"), SCRIPT, "markup in a title is text where it comes live")
    checks.equal(browser.text("#count-added"), "2", "figures go on by themselves")
    browser.reload()
    checks.equal(browser.text("#changes .title"), SCRIPT, "and where the server writes it")


def base(number):
    return sijill_articles.article(number, 7, 1500).decode()


def figure(dead):
    return f"\nقُتل {dead} شخصًا وأصيب 40 في قصف على حلب يوم 3 أيار."


def articles(daemon, address, browser, checks):
    daemon.drop("2.json", record("ارتفاع حصيلة القصف", base(1) + figure(15), url="https://example.com/b", publisher="صحيفة الفرات"))
    daemon.wait_changes(3)
    daemon.drop("3.json", record("قصف على حلب", base(1) + figure(14), url="https://example.org/a", publisher="وكالة الشمال"))
    daemon.wait_changes(4)
    changes = daemon.changes()
    first, script, near = [change["subject"] for change in changes[:3]]
    checks.equal(changes[3]["subject"], first, "a revision of the first article")
    browser.open(f"{address}/articles/{script}?ui=en")
    checks.equal(browser.text(".text h1"), SCRIPT, "markup in a title is text on the page of the article")
    checks.equal(browser.texts(".body p")[0], SCRIPT, "and in the body")
    checks.equal(browser.run("return document.querySelectorAll('a[href^=javascript]').length"), 0, "no address runs anything")
    browser.open(f"{address}/articles/{first}?ui=en")
    browser.click("#verify")
    browser.wait("return !!document.querySelector('#verdict.good, #verdict.bad')")
    checks.equal(browser.text("#verdict"), "✓ Verified", "the proof is checked in the browser")
    steps = browser.run("return [...document.querySelectorAll('#steps li')].map(e => e.className)")
    checks.equal(steps, ["good"] * 7, "each of its steps")
    browser.run(
        "const real = window.fetch; window.fetch = async (path, ...rest) => { const answer = await real(path, ...rest);"
        " if (!String(path).startsWith('/v1/changes')) return answer;"
        " const bytes = new Uint8Array(await answer.arrayBuffer()); bytes[bytes.length - 20] ^= 1;"
        " return new Response(bytes); }"
    )
    browser.click("#verify")
    browser.wait("return !!document.querySelector('#verdict.bad')")
    checks.that(browser.text("#verdict").startswith("✗"), "a changed byte is not verified", browser.text("#verdict"))
    checks.that("figures differ" in browser.text(".relations"), "relations say that figures differ")
    browser.open(f"{address}/articles/{first}/diff?from=1&to=2&ui=en")
    marks = "return ['del', 'ins'].map(n => document.querySelector(`.row ${n} b.figure`)?.textContent)"
    checks.equal(browser.run(marks), ["12", "14"], "the figure that a revision changed is marked on both sides")
    browser.open(f"{address}/articles/{near}/diff?with={first}&ui=en")
    checks.equal(browser.run(marks), ["14", "15"], "and the one in which two near copies differ")
    return [f"/articles/{first}", f"/articles/{first}/diff?from=1&to=2", f"/articles/{near}/diff?with={first}"]


def search(daemon, address, browser, checks):
    log = lambda: json.loads(daemon.get("/v1/log")[2])
    while log()["searchable"] < 4:
        time.sleep(0.02)
    browser.open(f"{address}/search?ui=ar")
    checks.equal(browser.run("return document.documentElement.dir"), "rtl", "the Arabic interface is from right to left")
    browser.type("#q", "حلب")
    checks.that(browser.wait("return document.querySelectorAll('#hits .hit mark').length >= 2"), "search as one types")
    checks.that(browser.text("#count").startswith("2 "), "the hits are counted", browser.text("#count"))
    browser.open(f"{address}/search?q=alert&ui=en")
    checks.equal(browser.texts("#hits h2"), [SCRIPT], "markup in a hit is text")


def quarantine(daemon, address, browser, checks):
    daemon.drop("broken.json", b'{"title": "x"}', source="agency")
    daemon.wait_changes(5)
    browser.open(f"{address}/sources?ui=en")
    checks.that(browser.wait("return document.querySelector('#rejected')?.textContent.includes('broken.json')"), "rejected files")
    checks.that("no-article-text" in browser.text("#rejected"), "with their reason")
    browser.click("#rejected button.retry")
    browser.wait("return document.querySelector('#rejected .outcome.good, #rejected .outcome.bad')")
    checks.that("back in the inbox" in (browser.text("#rejected .outcome") or ""), "one is tried again")
    checks.that(daemon.wait_changes(6), "and judged again")


def looks(address, browser, checks, pages, pictures):
    pages = ["/", "/search?q=%D8%AD%D9%84%D8%A8", "/sources", "/timeline"] + pages
    names = ["live", "search", "sources", "timeline", "article", "revision", "near-copy"]
    for language, theme, size in [
        ("en", "light", (1280, 900)), ("ar", "dark", (1280, 900)), ("ar", "light", (390, 844)), ("en", "dark", (390, 844)),
    ]:  # fmt: skip
        browser.resize(*size)
        for page, name in zip(pages, names):
            browser.open(f"{address}{page}{'&' if '?' in page else '?'}ui={language}&theme={theme}")
            shown = f"{name} {language} {theme} {size[0]}"
            checks.equal(browser.run(ACCESSIBLE), [], f"accessible: {shown}")
            browser.screenshot(os.path.join(pictures, f"{shown.replace(' ', '-')}.png"))
    browser.resize(1280, 900)
    browser.open(f"{address}/?ui=en&theme=light")
    browser.press("{tab}")
    outline = "const s = getComputedStyle(document.activeElement); return [document.activeElement.className, s.outlineStyle]"
    checks.equal(browser.run(outline), ["skip", "solid"], "the first key of a keyboard leads to the content, and shows where it is")


def restart(daemon, browser, address, checks):
    browser.open(address + "/?ui=en")
    browser.wait(LIVE)
    browser.run("window.stayed = true")
    daemon.kill()
    checks.that(browser.wait("return document.getElementById('connection').dataset.state === 'reconnecting'"), "it says so")
    daemon.start()
    for number in range(3):
        daemon.drop(f"after{number}.json", record(f"بعد العودة {number}", base(20 + number)))
        daemon.wait_changes(7 + number)
    checks.that(
        browser.wait("return [0, 1, 2].every(n => document.querySelector('#changes').textContent.includes('بعد العودة ' + n))"),
        "it resumes after kill -9 of the daemon",
    )
    numbers = browser.run("return [...document.querySelectorAll('#changes li')].map(e => Number(e.dataset.sequence))")
    checks.equal(numbers, list(range(9, 0, -1)), "each change is there once, in order")
    checks.that(browser.run("return window.stayed"), "without a reload")
    checks.that(browser.wait(LIVE), "and is live again")


def tokens(options, checks):
    folder = os.path.join(options.folder, "tokens")
    os.makedirs(folder)
    path = os.path.join(folder, "tokens")
    with open(path, "w") as file:
        file.write(f"reader read {'r' * 40}\nroot admin {ADMIN}\n")
    os.chmod(path, 0o600)
    daemon = Daemon(folder, environment={"SIJILL_INBOX_SETTLE": "0s", "SIJILL_TOKENS": path}).start()
    address = f"http://127.0.0.1:{daemon.port}"
    daemon.drop("broken.json", b'{"title": "x"}')
    checks.equal(daemon.get("/")[0], 401, "without a token there is only the place to give it")
    with Browser(folder) as browser:
        browser.open(address + "/?ui=en")
        browser.type("#token", "r" * 40 + "{enter}")
        checks.that(browser.wait("return document.getElementById('connection')?.dataset.state === 'connected'"), "signed in")
        browser.open(address + "/sources?ui=en")
        browser.wait("return document.querySelector('#rejected button.retry')")
        browser.click("#rejected button.retry")
        browser.type("#admin-token", "r" * 40 + "{enter}")
        checks.that(browser.wait("return document.querySelector('#rejected .outcome.bad')"), "a reader changes nothing")
        browser.click("#rejected button.retry")
        browser.type("#admin-token", ADMIN + "{enter}")
        checks.that(browser.wait("return document.querySelector('#rejected .outcome.good')"), "an admin does")
        cookie = browser.run("return document.cookie")
        checks.that("sijill_token" not in cookie, "no program of a page sees the token", cookie)
    daemon.stop()


if __name__ == "__main__":
    main(run)
