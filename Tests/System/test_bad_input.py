"""Bad input is rejected with its reason and kept; what comes with it is unharmed."""

import json
import os

import sijill_articles
import sijill_format
from sijill_system import Daemon, main

ARABIC = "وصلت القافلة إلى المدينة بعد رحلة طويلة استمرت ثلاثة أيام كاملة".encode()

# Name, bytes, reason.
FILES = [
    ("empty.txt", b"", "empty"),
    ("binary.txt", b"\x7fELF\0\0\0\x01" * 64, "binary"),
    ("damaged.txt", ARABIC * 8 + b"\xd8 " + ARABIC * 8, "bad-utf8"),
    ("broken.json", b'{"title": "x", "text": nothing}', "bad-json"),
    ("not-an-article.json", b'{"a": 1}', "no-article-text"),
    ("number.json", b'{"title": "x", "text": 5}', "bad-field"),
    ("deep.json", b'{"text": ' + b"[" * 100 + b"]" * 100 + b"}", "too-deep"),
    ("marks.txt", "، ؛ ؟ … — !".encode(), "no-text"),
    ("picture.pdf", b"%PDF-1.4\n", "unsupported-type"),
    ("page.docx", b"PK\x03\x04 word", "unsupported-type"),
    ("large.txt", ARABIC * 1_000, "too-large"),
]


def run(options, checks):
    # Short times and a small limit, so that the test need not wait or write much.
    daemon = Daemon(
        options.folder, environment={"SIJILL_INBOX_EMPTY_WAIT": "200ms", "SIJILL_LIMITS_FILE": "64KiB"}
    )
    daemon.start()
    good = [sijill_articles.article(number, options.seed, 800) for number in range(len(FILES) + 1)]
    for number, (name, content, _) in enumerate(FILES):
        daemon.drop(name, content, source="مصدر")
        daemon.drop(f"good-{number}.txt", good[number], source="مصدر")
    lines = sijill_articles.jsonl(range(5), f"{options.seed}-lines").splitlines()
    lines[2] = b'{"title": "cut off", "text'
    daemon.drop("lines.jsonl", b"\n".join(lines) + b"\n")
    count = 2 * len(FILES) + 5
    checks.that(daemon.wait_changes(count) and daemon.wait_empty(), "every input leaves the inbox")
    checks.equal(daemon.get("/readyz")[0], 200, "the daemon is ready as before")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")

    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    checks.equal(len(directory.changes), count, "one change for each input")
    by_name = {}
    for change in directory.changes:
        by_name.setdefault(change.file["name"], []).append(change)
    for number, (name, content, reason) in enumerate(FILES):
        change = by_name[name][0]
        found = change.value["data"].get("reason", change.kind)
        checks.equal(found, reason, f"{name}: the reason")
        kept(daemon, checks, name, content, found)
        checks.equal([c.kind for c in by_name[f"good-{number}.txt"]], ["added"], f"the file beside {name}")
        detail = change.value["data"].get("detail", "")
        checks.that(detail and "وصلت" not in detail, f"{name}: a detail that quotes nothing", detail)
    of_lines = {c.file["line"]: c for c in by_name["lines.jsonl"]}
    checks.equal(
        [of_lines[n].kind for n in range(1, 6)],
        ["added", "added", "rejected", "added", "added"],
        "one bad line rejects that line only",
    )
    checks.that(
        of_lines[3].value["data"]["reason"] in ("bad-json", "truncated"),
        "its reason",
        of_lines[3].value["data"],
    )
    offset = len(lines[0]) + len(lines[1]) + 2
    checks.equal(of_lines[3].file["offset"], offset, "its offset")
    check = daemon.sijilld("check")
    checks.equal(check.returncode, 0, f"sijilld check: {check.stdout[-200:]!r} {check.stderr[-200:]!r}")


def kept(daemon, checks, name, content, reason):
    path = os.path.join(daemon.data, "quarantine", reason, name)
    if not checks.that(os.path.exists(path), f"{name} is in quarantine/{reason}"):
        return
    with open(path, "rb") as file:
        checks.that(file.read() == content, f"{name} is kept byte for byte")
    with open(path + ".reason.json", "rb") as file:
        why = json.load(file)
    checks.equal((why["name"], why["source"], why["reason"]), (name, "مصدر", reason), f"{name}.reason.json")
    checks.that({"detail", "bytes", "first_seen", "at"} <= set(why), f"{name}.reason.json is complete", why)


if __name__ == "__main__":
    main(run)
