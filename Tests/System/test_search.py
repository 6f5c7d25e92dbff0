"""Search from outside: words however they are written, phrases, filters, pages, kill and rebuild."""

import json
import os
import subprocess
import time
import urllib.parse

import sijill_articles
from sijill_system import SIJILL, Daemon, main, wait_until

# A query, and a text that it finds.
WRITTEN = [
    ("محمد", "قال مُحَمَّد إن السوق مفتوح", "مُحَمَّد"),
    ("احمد", "ووصل أحمد إلى القرية", "أحمد"),
    ("الحسكة", "أمطار في دير الزور والحسكة أمس", "والحسكة"),
    ("الحسكة", "مدرسة جديدة بالحسكة", "بالحسكة"),
    ("الحسكة", "سوق الخضار وبالحَسَـكة تحديدا", "وبالحَسَـكة"),
    ("٢٠١٩", "كان ذلك عام 2019 قبل الحصاد", "2019"),
    ("على", "كتب علي رسالة إلى أخيه", "علي"),
    ("\"مَجْلِسُ المَدِينَةِ\"", "اجتمع مجلس المدينة مساء", "مجلس"),
    ("\"مجلس القرية\"", "اجتمع مَجْلِسُ القَرْيَةِ صباحا", "مَجْلِسُ"),
    ("زيتو*", "موسم الزَّيتون بدأ", "الزَّيتون"),
    ("ÉCOLE", "une ecole rurale", "ecole"),
    ("ПОЕЗД", "Поезд опоздал на час", "Поезд"),
    ("हिन्दी", "यह हिन्दी में लिखा है", "हिन्दी"),
    ("上海", "记者在上海市民中心报道", "上海"),
    ("地震", "東京で地震があった", "地震"),
    ("เมือง", "ตลาดในเมืองหลวง", "เมือง"),
    ("부산", "어제 부산에서 비가 왔다", "부산"),
]

BAD = ["", '"', "AND", "OR", "NOT", "NOT x", "x AND", "(x", "x)", "*", '""', "ab*", "؟"]


def search(daemon, query, **parameters):
    """Status and answer of a search."""
    parameters = {"q": query} | {k: v for k, v in parameters.items() if v is not None}
    status, headers, body = daemon.get(
        "/v1/search?" + urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
    )
    return status, headers, json.loads(body)


def titles(daemon, query, **parameters):
    return [hit["title"] for hit in search(daemon, query, **parameters)[2]["hits"]]


def wait_searchable(daemon, patience=120):
    """Until everything in the log can be found."""

    def reached():
        log = json.loads(daemon.get("/v1/log")[2])
        return not log["tip"] or log["searchable"] >= int(log["tip"][:16])

    return wait_until(reached, patience)


def all_hits(daemon, query, **parameters):
    hits, following = [], None
    while True:
        answer = search(daemon, query, next=following, limit=50, **parameters)[2]
        hits += answer["hits"]
        following = answer["next"]
        if not following:
            return hits


def run(options, checks):
    daemon = Daemon(os.path.join(options.folder, "search"))
    daemon.start()
    written(daemon, checks)
    bad(daemon, checks)
    filters_and_pages(daemon, options, checks)
    command(daemon, checks)
    fresh(daemon, checks)
    kill_and_rebuild(daemon, options, checks)


def written(daemon, checks):
    lines = []
    for number, (_, text, _) in enumerate(WRITTEN):
        lines.append(json.dumps({"title": f"t{number}", "text": text}, ensure_ascii=False))
    daemon.drop("written.jsonl", "\n".join(lines).encode())
    daemon.wait_changes(len(WRITTEN))
    checks.that(wait_searchable(daemon), "the index reaches the tip")
    for number, (query, text, mark) in enumerate(WRITTEN):
        status, headers, answer = search(daemon, query)
        found = {hit["title"]: hit for hit in answer["hits"]}
        if not checks.that(f"t{number}" in found, f"{query} finds: {text}", list(found)):
            continue
        hit = found[f"t{number}"]
        checks.that(f"<mark>{mark}</mark>" in hit["snippet"], f"{query} marks {mark}", hit["snippet"])
        pieces = hit["highlight"]["text"]
        checks.equal("".join(p["text"] for p in pieces), text, f"{query}: the pieces are the text")
        checks.that(
            mark in [p["text"] for p in pieces if p.get("mark")], f"{query}: the piece is marked", pieces
        )
        checks.equal(headers["Cache-Control"], "no-store", "a search is not stored")
    checks.equal(titles(daemon, "لا_توجد"), [], "what is nowhere is not found")
    checks.equal(titles(daemon, '"المدينة مجلس"'), [], "a phrase has an order")
    checks.equal(titles(daemon, "\"مجلس القرية\" OR 上海"), ["t13", "t8"], "the newest comes first")
    checks.equal(titles(daemon, "مجلس NOT القرية"), ["t7"], "NOT leaves out")


def bad(daemon, checks):
    for query in BAD:
        status, headers, answer = search(daemon, query)
        checks.equal(status, 400, f"{query!r} is a 400")
        checks.equal(headers["Content-Type"], "application/problem+json", f"{query!r} is a problem")
        checks.that("'q'" in answer["detail"] and len(answer["detail"]) > 20, f"{query!r} is explained", answer)
    for parameters in ({"limit": 0}, {"limit": 101}, {"sort": "x"}, {"since": "x"}, {"colour": "x"}, {"next": "x"}):
        checks.equal(search(daemon, "x", **parameters)[0], 400, f"{parameters} is a 400")


def filters_and_pages(daemon, options, checks):
    lines = []
    for number in range(130):
        lines.append(
            json.dumps(
                {
                    "title": f"p{number}",
                    "text": f"فيضان في الوادي رقم {number} " + sijill_articles.article(number, options.seed, 900).decode(),
                    "publisher": "وكالة" if number % 2 else "La \"Dépêche\" + Cie",
                    "lang": "ar-SY" if number % 3 == 0 else "fr",
                },
                ensure_ascii=False,
            )
        )
    daemon.drop("agency.jsonl", "\n".join(lines).encode(), source="نشرة")
    daemon.wait_changes(len(WRITTEN) + 130)
    wait_searchable(daemon)
    for sort in ("newest", "best"):
        hits = all_hits(daemon, "فيضان", sort=sort)
        checks.equal(sorted(h["title"] for h in hits), sorted(f"p{n}" for n in range(130)), f"{sort}: all pages")
    checks.equal([h["title"] for h in all_hits(daemon, "فيضان")], [f"p{n}" for n in range(129, -1, -1)], "in order")
    answer = search(daemon, "فيضان", limit=5)[2]
    checks.equal((answer["total"], answer["total_is_exact"], len(answer["hits"])), (130, True, 5), "the total")
    odd = all_hits(daemon, "فيضان", publisher="وكالة")
    checks.equal({h["publisher"] for h in odd}, {"وكالة"}, "publisher")
    checks.equal(len(odd), 65, "publisher: all of them")
    checks.equal(len(all_hits(daemon, "فيضان", publisher='La "Dépêche" + Cie')), 65, "publisher with signs")
    checks.equal(len(all_hits(daemon, "فيضان", lang="ar")), 44, "a language with its regions")
    checks.equal(len(all_hits(daemon, "فيضان", lang="ar-SY", publisher="وكالة")), 22, "two filters")
    checks.equal(len(all_hits(daemon, "فيضان", source="نشرة")), 130, "source")
    checks.equal(len(all_hits(daemon, "فيضان", source="default")), 0, "another source")
    times = sorted({h["time"] for h in all_hits(daemon, "فيضان")})
    middle = times[len(times) // 2]
    after = all_hits(daemon, "فيضان", since=middle)
    before = all_hits(daemon, "فيضان", until=middle)
    checks.equal(len(after) + len(before), 130, "since and until divide")
    checks.that(all(h["time"] >= middle for h in after), "since is inclusive")
    checks.that(all(h["time"] < middle for h in before), "until is not")
    scores = [h["score"] for h in search(daemon, "فيضان", sort="best")[2]["hits"]]
    checks.equal(scores, sorted(scores, reverse=True), "the best come first")


def command(daemon, checks):
    found = daemon.sijill("search", "محمد", "السوق")
    fields = found.stdout.decode().rstrip("\n").split("\t")
    checks.equal((found.returncode, len(fields), fields[3]), (0, 5, "t0"), "sijill search: plain lines in a pipe")
    found = daemon.sijill("search", "--limit", "120", "--sort", "best", "--source", "نشرة", "فيضان")
    checks.equal(len(found.stdout.splitlines()), 120, "sijill search goes from page to page")
    found = daemon.sijill("search", "--json", "محمد")
    checks.equal(json.loads(found.stdout)["total"], 1, "sijill search --json")
    found = daemon.sijill("search", "AND")
    checks.equal(found.returncode, 64, "a bad query is a usage error")
    checks.that(b"needs a word" in found.stderr, "and says what is wrong", found.stderr)
    # On a terminal: made by script(1), where there is one.
    try:
        shown = subprocess.run(
            ["script", "-qec", f"'{SIJILL}' search 'محمد السوق'", "/dev/null"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            env=os.environ | {"SIJILL_URL": f"http://127.0.0.1:{daemon.port}", "TERM": "xterm"},
        ).stdout.decode()
    except FileNotFoundError:
        return
    checks.that("\u2068" in shown and "\x1b[1mمُحَمَّد" in shown, "a table on a terminal, marks in bold", shown)
    checks.that("1 of 1 articles" in shown, "with how many there are", shown)


def fresh(daemon, checks):
    """An article can be found within a second of its commit."""
    ages = []
    for number in range(5):
        daemon.drop(f"fresh{number}.json", json.dumps({"title": "f", "text": f"طازج عدد{number}"}).encode())
        wait_until(lambda: int(json.loads(daemon.get("/v1/log")[2])["tip"][:16]) >= len(WRITTEN) + 131 + number)
        committed = time.monotonic()
        checks.that(wait_until(lambda: search(daemon, f"عدد{number}")[2]["total"] == 1, 5), "it is found")
        ages.append(time.monotonic() - committed)
    print(f"found after commit: {', '.join(f'{age * 1000:.0f}' for age in ages)} ms", flush=True)
    checks.that(min(ages) < 1, "fresh within a second", ages)


def state(daemon):
    """What the searches of this test say, without what depends on the moment."""
    answers = []
    for query, _, _ in WRITTEN:
        for sort in ("newest", "best"):
            answers.append([(h["cursor"], h["snippet"], h["score"]) for h in all_hits(daemon, query, sort=sort)])
    answers.append([(h["cursor"], h["snippet"]) for h in all_hits(daemon, "فيضان OR طازج OR كلم*")])
    return answers


def kill_and_rebuild(daemon, options, checks):
    seed = options.seed + 1
    count = 3_000 if options.full else 400
    for number in range(count):
        daemon.drop(f"k{number}.txt", sijill_articles.article(number, seed, 2_000))
    tip = len(WRITTEN) + 135
    for _ in range(3):
        daemon.wait_changes(tip + options.random.randrange(1, count // 2))
        time.sleep(options.random.random() / 4)
        daemon.kill()
        daemon.start()
    daemon.wait_empty()
    checks.that(wait_searchable(daemon), "after kill -9 the index goes on to the tip")
    total = search(daemon, f"\"مجموعة {seed}\"")[2]["total"]
    checks.equal(total, count, "every article is found once")
    before = state(daemon)
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"sijilld check: {check.stdout[-300:]!r} {check.stderr[-300:]!r}")
    rebuild = daemon.sijilld("rebuild")
    checks.equal(rebuild.returncode, 0, f"sijilld rebuild: {rebuild.stderr[-300:]!r}")
    daemon.start()
    checks.equal(state(daemon), before, "the same is found after a rebuild")
    tip = int(json.loads(daemon.get("/v1/log")[2])["tip"][:16])
    checks.equal(json.loads(daemon.get("/v1/log")[2])["searchable"], tip, "rebuild made the index too")
    daemon.stop()
    # Another program reads every table but the index.
    sqlite = subprocess.run(
        ["sqlite3", f"file:{daemon.data}/sijill.sqlite?mode=ro", "select count(*) from latest_articles"],
        capture_output=True,
        timeout=60,
    ) if os.path.exists("/usr/bin/sqlite3") else None
    if sqlite:
        checks.equal(sqlite.returncode, 0, f"sqlite3 reads the views: {sqlite.stderr!r}")


if __name__ == "__main__":
    main(run)
