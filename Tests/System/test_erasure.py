"""An erased article is in no file of the data directory, every proof made before verifies, and kill -9 changes neither."""

import base64
import json
import os
import sqlite3
import subprocess
import time

import sijill_articles
import sijill_evidence as evidence
import sijill_format
from sijill_system import SIJILLD, Daemon, main, wait_until

# Words that stand nowhere else: in title, text, byline and a file that comes as JSON.
SECRET = "سرمكتوم٧٣١"
PLAIN = "quarzwitness"


def secret_text(number=0):
    body = sijill_articles.article(f"secret-{number}", "erasure", 1_500).decode()
    lines = [line + f" {SECRET} {PLAIN}" for line in body.split("\n\n")]
    return "\n\n".join(lines)


def run(options, checks):
    erase_while_running(options, checks)
    sidecars(options, checks)
    sidecars_of_lines(options, checks)
    blocked(options, checks)
    killed(options, checks)


def begin(options, name):
    daemon = Daemon(os.path.join(options.folder, name))
    daemon.start()
    for number in range(12):
        daemon.drop(f"other-{number}.txt", sijill_articles.article(number, options.seed, 900))
    text = secret_text()
    daemon.drop("one.json", json.dumps({"title": f"{SECRET} عنوان", "byline": PLAIN, "text": text}).encode())
    daemon.drop("again.json", json.dumps({"title": f"{SECRET} آخر", "text": text}, indent=1).encode())
    lines = [{"title": f"سطر {SECRET}", "text": text}, {"title": "آخر", "text": sijill_articles.article(99, 1).decode()}]
    daemon.drop("lines.jsonl", "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode())
    daemon.wait_changes(16)
    daemon.drop("raw.json", json.dumps({"title": f"{SECRET} عنوان", "byline": PLAIN, "text": text}).encode())
    daemon.wait_changes(17)
    daemon.wait_empty()
    return daemon


def of_secret(daemon):
    changes = daemon.changes()
    article = next(c["data"]["article"] for c in changes if c["data"].get("file", {}).get("name") == "one.json")
    return article, [int(c["sequence"]) for c in changes if c["data"].get("article") == article]


def traces(daemon):
    """Files that still hold the words, as they are or as JSON writes them."""
    needles = [SECRET.encode(), PLAIN.encode(), json.dumps(SECRET)[1:-1].encode()]
    # The folded form that a search index would have.
    needles.append("سرمكتوم".encode())
    found = []
    for folder, _, names in os.walk(daemon.data):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                content = file.read()
            found += [f"{path}: {needle!r}" for needle in needles if needle in content]
    return found


def proofs(daemon, key, sequences):
    checkpoint = evidence.Checkpoint(daemon.get("/checkpoint")[2], key)
    leaves = daemon.replay("&content=omit").splitlines()
    kept = []
    for sequence in sequences:
        answer = json.loads(
            daemon.get(f"/v1/proofs/inclusion?sequence={sequence}&size={checkpoint.size}")[2]
        )
        kept.append((sequence, leaves[sequence - 1], [base64.b64decode(text) for text in answer["proof"]]))
    return checkpoint, kept


def verify(daemon, checks, before, what):
    checkpoint, kept = before
    leaves = daemon.replay("&content=omit").splitlines()
    for sequence, leaf, path in kept:
        checks.equal(leaves[sequence - 1], leaf, f"{what}: the leaf of change {sequence} is as before")
        evidence.verify_inclusion(
            evidence.leaf_hash(leaves[sequence - 1]), sequence - 1, checkpoint.size, path, checkpoint.root
        )
    proof = json.loads(daemon.get(f"/v1/proofs/consistency?from={checkpoint.size}")[2])
    new = base64.b64decode(proof["root"])
    path = [base64.b64decode(text) for text in proof["proof"]]
    evidence.verify_consistency(checkpoint.size, checkpoint.root, proof["to"], new, path)


def erase_while_running(options, checks):
    daemon = begin(options, "running")
    key = evidence.Key(daemon.sijilld("key", "show").stdout.decode().strip().split("\n")[-1])
    article, sequences = of_secret(daemon)
    checks.equal(len(sequences), 4, "four deliveries of the text")
    wait_until(lambda: evidence.Checkpoint(daemon.get("/checkpoint")[2], key).size >= 17)
    before = proofs(daemon, key, range(1, 18))
    proof_file = os.path.join(options.folder, "article.tlog-proof")
    state = os.path.join(options.folder, "state")
    ended = daemon.sijill("prove", article, "-o", proof_file, "--state", state, "--key", key.text)
    checks.equal(ended.returncode, 0, f"prove: {ended.stderr.decode()}")
    checks.that(traces(daemon), "the words are there before")

    ended = daemon.sijilld("withdraw", article, "--reason", "ليس للنشر")
    checks.equal(ended.returncode, 0, f"withdraw: {ended.stderr.decode()}")
    checks.equal(daemon.get(f"/v1/articles/{article}")[0], 410, "a withdrawn article")
    checks.equal(daemon.get(f"/v1/articles/{article}/original")[0], 410, "its original")
    checks.that(traces(daemon), "a withdrawal alone keeps the text")
    ended = daemon.sijilld("withdraw", article, "--undo", "--reason", "كان خطأ")
    checks.equal(ended.returncode, 0, f"undo: {ended.stderr.decode()}")
    checks.equal(daemon.get(f"/v1/articles/{article}")[0], 200, "it is shown again")

    kept = os.path.join(daemon.data, "done", "2026-11-20", "one.json")
    os.makedirs(os.path.dirname(kept))
    with open(kept, "wb") as file:
        file.write(json.dumps({"title": f"{SECRET} عنوان", "byline": PLAIN, "text": secret_text()}).encode())
    pages = [f"/v1/changes?since=0&limit=17{omission}" for omission in ("", "&text=omit", "&content=omit")]
    tags = [daemon.get(page)[1]["ETag"] for page in pages]
    ended = daemon.sijilld("withdraw", article, "--erase", "--reason", "أمر محكمة")
    checks.equal(ended.returncode, 0, f"withdraw --erase: {ended.stderr.decode()}")
    checks.equal(traces(daemon), [], "no file holds the words")
    checks.equal(daemon.get(f"/v1/articles/{article}")[0], 410, "an erased article")
    verify(daemon, checks, before, "after the erasure")
    codes = [daemon.get(page, If_None_Match=tag)[0] for page, tag in zip(pages, tags)]
    checks.equal(codes, [200, 200, 304], "pages with content have another ETag, leaves have not")
    withdrawal = daemon.changes()[-1]
    data = withdrawal["data"]
    checks.equal(withdrawal["type"], "org.sijill.article.withdrawn", "the withdrawal is in the log")
    checks.equal((data["sequences"], data["erase"]), (sequences, True), "it lists what it erased")
    checks.equal((data["title"], data["text"], data["note"]), (None, None, "أمر محكمة"), "its content part")
    checks.equal(len(data["originals"]), 3, "it lists the originals")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing while it runs")

    metrics = daemon.get("/metrics")[2].decode()
    checks.that("sijill_articles_withdrawn 1\nsijill_articles_erased 1\n" in "".join(
        line + "\n" for line in metrics.split("\n") if line.startswith("sijill_articles_")), "metrics count it")
    daemon.drop("back.json", json.dumps({"title": SECRET, "text": secret_text()}).encode())
    daemon.wait_changes(21)
    back = daemon.changes()[-1]
    checks.equal(
        (back["type"].rsplit(".", 1)[1], back["data"]["article"], back["data"].get("kept")),
        ("duplicated", article, False),
        "the text again is not kept",
    )
    checks.equal(traces(daemon), [], "nor is any of its words")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").stdout.decode().split(":")[0], "sound", "check finds nothing")
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    checks.equal(set(sequences) - set(directory.erased), set(), "the content parts are spaces")
    read_by_warcio(daemon, checks)

    ended = daemon.sijilld("rebuild")
    checks.equal(ended.returncode, 0, f"rebuild: {ended.stderr.decode()}")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing after a rebuild")
    ended = subprocess.run(
        [os.environ.get("SIJILL", daemon.sijill("--version").args[0]), "verify", "--proof", proof_file]
        + ["--change", proof_file + ".change.json", "--key", key.text],
        capture_output=True,
    )
    checks.equal(ended.returncode, 0, f"the proof file from before: {ended.stderr.decode()}")
    ended = daemon.sijilld("withdraw", article, "--undo", "--reason", "أذن به")
    checks.equal(ended.returncode, 0, f"undo while stopped: {ended.stderr.decode()}")
    daemon.start()
    verify(daemon, checks, before, "after a restart")
    checks.equal(daemon.get(f"/v1/articles/{article}")[0], 410, "what was erased does not come back by itself")
    daemon.drop("allowed.json", json.dumps({"title": "مسموح", "text": secret_text()}).encode())
    daemon.wait_changes(23)
    back = daemon.changes()[-1]
    checks.equal((back["type"].rsplit(".", 1)[1], back["data"]["article"]), ("added", article), "it may come again")
    checks.equal(daemon.get(f"/v1/articles/{article}")[0], 200, "and is shown")
    all_of_it = [c["sequence"] for c in daemon.changes() if c["data"].get("article") == article]
    page = json.loads(daemon.get(f"/v1/changes?article={article}&limit=100")[2])
    checks.equal([c["sequence"] for c in page], all_of_it, "the filter finds its changes before and after")
    page = json.loads(daemon.get(f"/v1/changes?article={article}&type=added")[2])
    checks.equal([int(c["sequence"]) for c in page], [sequences[0], 23], "added twice")
    metrics = daemon.get("/metrics")[2].decode()
    checks.that("sijill_articles_erased 0\n" in metrics and "sijill_erasure_pending 0\n" in metrics, "metrics")
    status, _, body = daemon.get(f"/v1/articles/{article}/original")
    checks.that(status == 200 and PLAIN.encode() in body, "with its original", status)
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing at the end")


def sidecars(options, checks):
    """What came beside a text goes with it, and is not kept when both come again."""
    daemon = Daemon(os.path.join(options.folder, "sidecars"))
    daemon.start()
    text = secret_text().encode()
    sidecar = json.dumps({"title": f"{SECRET} عنوان", "byline": PLAIN}, ensure_ascii=False).encode()
    daemon.drop("one.txt.meta.json", sidecar)
    daemon.drop("one.txt", text)
    checks.that(daemon.wait_changes(1) and daemon.wait_empty(), "text and sidecar are taken in")
    change = daemon.changes()[0]
    article, mates = change["data"]["article"], change["data"]["file"].get("mates")
    checks.equal([mate.get("kept") for mate in mates or []], [True], "the sidecar is kept")
    ended = daemon.sijilld("withdraw", article, "--erase", "--reason", "x")
    checks.equal(ended.returncode, 0, f"withdraw --erase: {ended.stderr.decode()}")
    checks.equal(len(daemon.changes()[-1]["data"]["originals"]), 2, "text and sidecar are listed")
    checks.equal(traces(daemon), [], "no file holds words of text or sidecar")
    for number, again in enumerate([text, text + b"\n"]):
        daemon.drop(f"again-{number}.txt.meta.json", sidecar)
        daemon.drop(f"again-{number}.txt", again)
        checks.that(daemon.wait_changes(3 + number) and daemon.wait_empty(), "both again")
        data = daemon.changes()[-1]["data"]
        checks.equal(data.get("kept"), False, "the text again is not kept")
        checks.equal([mate.get("kept") for mate in data["file"]["mates"]], [None], "nor is its sidecar")
    checks.equal(traces(daemon), [], "nor any of their words")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")
    checks.sound(sijill_format.read(daemon.data), "an outsider reads the directory")


def sidecars_of_lines(options, checks):
    """What came beside a file of many records is kept once, with its first text that is kept, and with no erased one."""
    daemon = Daemon(os.path.join(options.folder, "sidecars-of-lines"))
    daemon.start()
    texts = [secret_text(), sijill_articles.article(1, options.seed, 900).decode()]
    texts.append(sijill_articles.article(2, options.seed, 900).decode())

    def lines(title):
        records = [{"title": f"{title} {number}", "text": text} for number, text in enumerate(texts)]
        return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()

    def drop(name, title, sidecar):
        before = len(daemon.changes())
        daemon.drop(f"{name}.jsonl.meta.json", json.dumps(sidecar, ensure_ascii=False).encode())
        daemon.drop(f"{name}.jsonl", lines(title))
        checks.that(daemon.wait_changes(before + 3) and daemon.wait_empty(), f"{name}: taken in")
        return [change["data"] for change in daemon.changes()[before:]]

    def kept(changes):
        return [[mate.get("kept", False) for mate in data["file"]["mates"]] for data in changes]

    secret = {"byline": PLAIN, "publisher": f"{SECRET} ناشر"}
    first = drop("one", "سطر", secret)
    checks.equal(kept(first), [[True], [False], [False]], "the first record keeps the sidecar")
    checks.equal(kept(drop("two", "سطر", secret)), [[False]] * 3, "with the same bytes it is not stored again")
    checks.equal(kept(drop("three", "آخر", secret)), [[False]] * 3, "nor with other bytes of the same words")
    checks.equal(kept(drop("four", "آخر", {"publisher": "ثان"})), [[True], [False], [False]], "another sidecar is")
    article = first[0]["article"]
    ended = daemon.sijilld("withdraw", article, "--erase", "--reason", "x")
    checks.equal(ended.returncode, 0, f"withdraw --erase: {ended.stderr.decode()}")
    # The other records have the words of the sidecar too, as they were given: those are theirs.
    originals = os.path.join(daemon.data, "originals")
    sidecar = json.dumps(secret, ensure_ascii=False).encode()
    for name in ("five", "six"):
        again = drop(name, "سطر" if name == "five" else "غير", {"publisher": name})
        checks.equal(again[0].get("kept"), False, "the erased text again is not kept")
        expected = [[False], [True], [False]]
        checks.equal(kept(again), expected, "the first text that is kept keeps what came beside the file")
    erased = [path for path in os.listdir(originals) if path.endswith(".warc")]
    for path in erased:
        with open(os.path.join(originals, path), "rb") as file:
            content = file.read()
        checks.that(sidecar not in content, "the sidecar of the erased text is gone")
        checks.that(secret_text().split("\n\n")[1].encode() not in content, "and so is the text")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")
    checks.sound(sijill_format.read(daemon.data), "an outsider reads the directory")


def blocked(options, checks):
    """Another program reads an older state of the store: it is named, and a restart without it finishes."""
    daemon = begin(options, "blocked")
    article, _ = of_secret(daemon)
    reader = sqlite3.connect(f"file:{daemon.data}/sijill.sqlite?mode=ro", uri=True, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from meta").fetchone()
    ended = daemon.sijilld("withdraw", article, "--erase", "--reason", "x")
    said = ended.stderr.decode()
    checks.equal(ended.returncode, 69, f"a reader keeps an older state: {said}")
    checks.that(f"({os.getpid()})" in said, "the reader is named", said)
    checks.equal(daemon.get(f"/v1/articles/{article}")[0], 410, "the withdrawal stands")
    reader.close()
    daemon.stop()
    daemon.start()
    checks.equal(traces(daemon), [], "a restart without the reader finishes")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")


def read_by_warcio(daemon, checks):
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError:
        return
    count = 0
    folder = os.path.join(daemon.data, "originals")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".warc"):
            with open(os.path.join(folder, name), "rb") as file:
                count += sum(1 for _ in ArchiveIterator(file))
    checks.that(count > 12, "warcio still reads the records", count)


def killed(options, checks):
    """Kills the daemon, or the command without one, at random moments of an erasure."""
    daemon = begin(options, "killed")
    key = evidence.Key(daemon.sijilld("key", "show").stdout.decode().strip().split("\n")[-1])
    article, sequences = of_secret(daemon)
    wait_until(lambda: evidence.Checkpoint(daemon.get("/checkpoint")[2], key).size >= 17)
    before = proofs(daemon, key, range(1, 18))
    daemon.stop()
    sound = os.path.join(options.folder, "sound")
    os.rename(daemon.data, sound)
    caught = 0
    rounds = 60 if options.full else 8
    for number in range(rounds):
        subprocess.run(["cp", "-a", sound, daemon.data], check=True)
        command = [SIJILLD, "withdraw", article, "--erase", "--reason", "x", "--data", daemon.data]
        with_daemon = number % 2 == 0
        if with_daemon:
            daemon.start()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(options.random.uniform(0.0, 0.12))
        if with_daemon:
            daemon.kill()
            process.wait(60)
        else:
            process.kill()
            process.wait()
        daemon.start()
        changes = daemon.changes()
        withdrawn = [c for c in changes if c["type"].endswith("withdrawn")]
        if not withdrawn:
            # It ended before the withdrawal was durable: the text is as it was.
            checks.equal(daemon.get(f"/v1/articles/{article}")[0], 200, "nothing was withdrawn")
            checks.equal(daemon.sijilld(*command[1:-2]).returncode, 0, "then it is withdrawn")
        else:
            caught += 1
        checks.equal(traces(daemon), [], f"round {number}: no file holds the words")
        checks.equal(daemon.get(f"/v1/articles/{article}")[0], 410, f"round {number}: the article is gone")
        verify(daemon, checks, before, f"round {number}")
        checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
        ended = daemon.sijilld("check")
        checks.equal(ended.returncode, 0, f"round {number}: check: {ended.stdout.decode()[:300]}")
        checks.sound(sijill_format.read(daemon.data), f"round {number}: an outsider reads the directory")
        subprocess.run(["rm", "-rf", daemon.data], check=True)
    print(f"killed after the withdrawal was durable: {caught} of {rounds} rounds", flush=True)


if __name__ == "__main__":
    main(run)
