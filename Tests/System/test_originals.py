"""Every original comes back byte for byte, and warcio, which knows nothing of Sijill, reads the WARCs."""

import hashlib
import os

import sijill_articles
import sijill_format
from sijill_system import Daemon, main


def run(options, checks):
    daemon = Daemon(options.folder)
    daemon.start()
    inputs = {name: content for name, content in sijill_articles.fixtures()}
    inputs["windows-lines.txt"] = inputs[min(inputs)].replace(b"\n", b"\r\n")
    inputs["with-bom.txt"] = b"\xef\xbb\xbf" + sijill_articles.article(1, options.seed)
    inputs["كتاب #1 100%.txt"] = sijill_articles.article(2, options.seed)
    inputs["no extension"] = sijill_articles.article(3, options.seed)
    inputs["one.json"] = sijill_articles.jsonl([4], options.seed)
    inputs["warc-in-a-text.txt"] = sijill_articles.article(5, options.seed) + b"\r\n\r\nWARC/1.1\r\n\r\n"
    count = 10_000 if options.full else 200
    for number in range(count):
        inputs[f"{number:05}.txt"] = sijill_articles.article(
            100 + number, options.seed, options.random.randint(200, 20_000)
        )
    lines = sijill_articles.jsonl(range(50), f"{options.seed}-lines", ascii_only=True)
    for name, content in inputs.items():
        daemon.drop(name, content)
    daemon.drop("many.jsonl", lines)
    checks.that(daemon.wait_empty(), "the inbox is empty")

    articles = {}
    for change in daemon.changes():
        checks.that(change["type"].endswith(("added", "duplicated")), "taken in", change["data"]["file"])
        articles[change["data"]["file"]["name"]] = change["data"]["article"]
    sample = list(inputs) if options.full else options.random.sample(list(inputs), 40)
    added = {c["data"]["file"]["name"] for c in daemon.changes() if c["type"].endswith("added")}
    for name in sample:
        if name in added:
            status, _, body = daemon.get(f"/v1/articles/{articles[name]}/original")
            checks.that(status == 200 and body == inputs[name], f"the original of {name} over HTTP", status)
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")

    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    for change in directory.changes:
        expected = (
            lines.splitlines()[change.file["line"] - 1]
            if change.file["name"] == "many.jsonl"
            else inputs[change.file["name"]]
        )
        original = directory.originals[change.file["sha256"]]
        checks.that(original.block == expected, f"the original of {change.file['name']}")
    with_warcio(daemon, checks, directory)


def with_warcio(daemon, checks, directory):
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError:
        checks.that(False, "warcio is installed: .venv/bin/pip install -r Tests/System/requirements.txt")
        return
    found = {}
    for first in sorted(directory.warcs):
        path = os.path.join(daemon.data, "originals", f"{first:020}.warc")
        with open(path, "rb") as file:
            # check_digests="raise": a digest that does not fit ends the reading with an error.
            for record in ArchiveIterator(file, check_digests="raise"):
                block = record.raw_stream.read()
                said = record.rec_headers.get_header("WARC-Block-Digest")
                if record.rec_type == "resource":
                    checks.that(said.startswith("sha256:"), "the record has a digest for warcio to check")
                    checks.equal(
                        record.rec_headers.get_header("Content-Length"), str(len(block)), "its length"
                    )
                    found[hashlib.sha256(block).hexdigest()] = block
    checks.equal(
        found,
        {digest: original.block for digest, original in directory.originals.items()},
        "warcio reads the same originals",
    )


if __name__ == "__main__":
    main(run)
