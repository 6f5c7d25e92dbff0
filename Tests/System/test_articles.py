"""The list of articles, what they were and what they are to each other: over HTTP, by `sijill show`, after a rebuild."""

import json
import urllib.parse

import sijill_articles
from sijill_system import Daemon, main


def run(options, checks):
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s"})
    daemon.start()
    body = sijill_articles.article(1, options.seed, 3000).decode()
    first = record("https://example.org/bridge", body + "\nبلغ عدد الزوار 120 زائرا في اليوم الأول.")
    second = record("https://example.org/bridge", body + "\nبلغ عدد الزوار 150 زائرا في اليوم الأول.")
    more = sijill_articles.article(2, options.seed, 900).decode()
    longer = record("https://example.com/copy", f"{body}\n{more}")
    for number, content in enumerate((first, second, longer), 1):
        daemon.drop(f"{number}.json", content, source="agency")
        daemon.wait_changes(number)
    checks.equal([kind(change) for change in daemon.changes()], ["added", "revised", "added"], "a revision is by its URL")
    article, other = daemon.changes()[0]["subject"], daemon.changes()[2]["subject"]

    def answers():
        return [
            daemon.get(path)[2]
            for path in (
                "/v1/articles", f"/v1/articles/{article}/revisions", f"/v1/articles/{article}/relations",
                f"/v1/articles/{other}/relations", f"/v1/articles/{article}/diff?from=1&to=2",
            )
        ]  # fmt: skip

    before = answers()
    listed, revisions, relations, _, difference = [json.loads(body) for body in before]
    checks.equal(len(listed["articles"]), 2, "all articles are listed")
    page = json.loads(daemon.get("/v1/articles?limit=1&sort=oldest")[2])
    checks.equal(page["articles"][0]["article"], article, "the oldest is first where that is asked for")
    rest = json.loads(daemon.get(f"/v1/articles?limit=1&sort=oldest&next={page['next']}")[2])
    checks.equal(rest["articles"][0]["article"], other, "a page goes on where the one before ended")
    url = urllib.parse.quote("https://example.com/copy", safe="")
    found = json.loads(daemon.get(f"/v1/articles?url={url}")[2])
    checks.equal([each["article"] for each in found["articles"]], [other], "an article is found by its URL")
    checks.equal([each["revision"] for each in revisions["revisions"]], [1, 2], "every revision is there")
    checks.that("150" in json.dumps(difference) and "120" in json.dumps(difference), "the figure is in the difference")
    checks.that(other in json.dumps(relations), "the longer text is related")
    for path in ("/v1/articles?limit=0", "/v1/articles?sort=up", f"/v1/articles/{article}/diff?from=9"):
        checks.that(daemon.get(path)[0] in (400, 404), f"{path} is refused")

    shown = daemon.sijill("show", article, "--diff")
    checks.equal(shown.returncode, 0, "sijill show --diff")
    checks.that(b"[-120-] {+150+}" in shown.stdout, "the figure that changed is shown")
    checks.equal(daemon.sijill("show", article, "--relations", "--json").returncode, 0, "sijill show --relations --json")

    daemon.kill()
    daemon.start()
    checks.equal(answers(), before, "the same after kill -9")
    daemon.stop()
    checks.equal(daemon.sijilld("rebuild").returncode, 0, "rebuild")
    daemon.start()
    checks.equal(answers(), before, "and after a rebuild")
    all_pages(daemon, checks, options.seed)


def all_pages(daemon, checks, seed):
    """More revisions than a page of the server has: --json prints a line for each page."""
    words = sijill_articles.article(3, seed, 900).decode()
    lines = [record("https://example.org/live", f"{words} الدقيقة {minute}") for minute in range(103)]
    daemon.drop("live.jsonl", b"\n".join(lines) + b"\n")
    daemon.wait_changes(3 + len(lines))
    article = daemon.changes()[3]["subject"]
    shown = daemon.sijill("show", article, "--revisions", "--json")
    pages = [json.loads(line) for line in shown.stdout.splitlines()]
    numbers = [each["revision"] for page in pages for each in page["revisions"]]
    checks.equal(numbers, list(range(1, 104)), "sijill show --revisions --json prints all pages")
    checks.equal([page["next"] is None for page in pages], [False, True], "a line for each")


def record(url, text):
    return json.dumps({"title": "جسر القرية", "url": url, "text": text}, ensure_ascii=False).encode()


def kind(change):
    return change["type"].rsplit(".", 1)[1]


if __name__ == "__main__":
    main(run)
