"""The served tree passes a verifier that shares no code with Sijill, at every size where something changes."""

import base64
import json
import os

import sijill_articles
import sijill_evidence as evidence
import sijill_format
from sijill_system import Daemon, main, wait_until

WRONG = """/tile /tile/ /tile/0 /tile/0/ /tile/0/0 /tile/0/0000 /tile/00/000 /tile/64/000 /tile/-1/000 /tile/0/000.p
    /tile/0/000.p/ /tile/0/000.p/0 /tile/0/000.p/01 /tile/0/000.p/256 /tile/0/x000/000 /tile/0/x001 /tile/0/000/
    /tile/entries/0 /tile/entries/x000/000 /tile/data/000 /tile/0/999 /tile/entries/999 /tile/0/x001/x000/000
    /tile/63/000.p/1 /tile/7/000.p/1 /checkpoint/ /tile/0/000.P/1 /tile/0/%2e%2e/000""".split()


def run(options, checks):
    daemon = Daemon(options.folder)
    daemon.start()
    key = evidence.Key(daemon.sijilld("key", "show").stdout.decode().strip().split("\n")[-1])
    seen = []
    sizes = [0, 1, 255, 256, 257, 700] + ([65_536, 70_000] if options.full else [])
    for old, size in zip([0] + sizes, sizes):
        if size > old:
            lines = sijill_articles.jsonl(range(old, size), options.seed, size=60)
            daemon.drop(f"{size}.jsonl", lines)
        checks.that(wait_until(lambda: published(daemon, key).size == size), f"a checkpoint of {size}")
        verify(daemon, checks, key, size, seen, options)
    # A restart shows the same checkpoint; kill -9 none that is not consistent with every one before.
    note = daemon.get("/checkpoint")[2]
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    daemon.start()
    checks.equal(daemon.get("/checkpoint")[2], note, "the checkpoint after a restart")
    for round in range(3):
        daemon.drop(f"more-{round}.jsonl", sijill_articles.jsonl(range(100), f"{options.seed}-{round}", size=60))
        seen.append(published(daemon, key))
        daemon.kill()
        daemon.start()
        seen.append(published(daemon, key))
    checks.that(daemon.wait_empty(), "everything is taken in")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")
    outside(daemon, checks, key, seen)


def published(daemon, key):
    return evidence.Checkpoint(daemon.get("/checkpoint")[2], key)


def verify(daemon, checks, key, size, seen, options):
    status, headers, note = daemon.get("/checkpoint")
    checks.equal(
        (status, headers["Content-Type"], headers["Cache-Control"]),
        (200, "text/plain; charset=utf-8", "no-cache"),
        "the checkpoint's headers",
    )
    checkpoint = evidence.Checkpoint(note, key)
    said = json.loads(daemon.get("/v1/log")[2])["checkpoint"]
    checks.equal((said["size"], said["root"]), (size, base64.b64encode(checkpoint.root).decode()), "in /v1/log")

    def get(path):
        status, headers, body = daemon.get(path)
        checks.equal(
            (status, headers["Content-Type"], "immutable" in (headers["Cache-Control"] or "")),
            (200, "application/octet-stream", True),
            f"{path} of {size}",
        )
        return body

    root, leaves = evidence.read_tree(get, size)
    checks.equal(root, checkpoint.root, f"the root of {size}")
    lines = daemon.replay("&content=omit").splitlines()[:size] if size else []
    checks.that(leaves == lines, f"the leaves of {size} are the changes without content")
    for level, index, width in evidence.tiles_of(size):
        if width < 256:
            wider = evidence.tile_path(level, index, width + 1)
            checks.equal(daemon.get(wider)[0], 404, f"{wider} of {size}")
            narrow = options.random.randint(1, width)
            whole = daemon.get(evidence.tile_path(level, index, width))[2]
            part = daemon.get(evidence.tile_path(level, index, narrow))[2]
            checks.that(whole.startswith(part), f"a narrower tile of {size}")
    for path in WRONG:
        checks.equal(daemon.get(path)[0], 404, f"{path} of {size}")
    for old in seen:
        proof = json.loads(daemon.get(f"/v1/proofs/consistency?from={old.size}&to={size}")[2])
        path = [base64.b64decode(text) for text in proof["proof"]]
        evidence.verify_consistency(old.size, old.root, size, checkpoint.root, path)
    for sequence in {1, size, options.random.randint(1, size)} if size else set():
        proof = json.loads(daemon.get(f"/v1/proofs/inclusion?sequence={sequence}&size={size}")[2])
        path = [base64.b64decode(text) for text in proof["proof"]]
        leaf = evidence.leaf_hash(leaves[sequence - 1])
        evidence.verify_inclusion(leaf, sequence - 1, size, path, checkpoint.root)
    for query in ("inclusion?sequence=0", f"inclusion?sequence={size + 1}", f"consistency?from={size + 1}"):
        checks.equal(daemon.get(f"/v1/proofs/{query}")[0], 404, f"{query} of {size}")
    for query in ("inclusion", "inclusion?sequence=01", "inclusion?sequence=1&x=1", "consistency?from=-1"):
        checks.equal(daemon.get(f"/v1/proofs/{query}")[0], 400, query)
    seen.append(checkpoint)


def outside(daemon, checks, key, seen):
    """The files, without a daemon: the checkpoint signs the leaves, and is consistent with all that were shown."""
    directory = sijill_format.read(daemon.data)
    checks.sound(directory, "an outsider reads the directory")
    hashes = [evidence.leaf_hash(sijill_format.leaf_of(change.line)) for change in directory.changes]
    with open(os.path.join(daemon.data, "log", "checkpoint"), "rb") as file:
        last = evidence.Checkpoint(file.read(), key)
    checks.equal((last.size, last.root), (len(hashes), evidence.root_of(hashes)), "the last checkpoint")
    sizes = [checkpoint.size for checkpoint in seen]
    checks.equal(sizes, sorted(sizes), "sizes only grow")
    for old in seen:
        checks.equal(old.root, evidence.root_of(hashes[: old.size]), f"the checkpoint of {old.size}")
    checks.equal(os.stat(os.path.join(daemon.data, "signing.key")).st_mode & 0o777, 0o600, "the key's mode")

    def read(path):
        level, index, width = places[path]
        if width == 256:
            with open(daemon.data + "/log" + path, "rb") as file:
                return file.read()
        part = hashes_of(level, index, width)
        return b"".join(part)

    def hashes_of(level, index, width):
        if level is None:
            leaves = [sijill_format.leaf_of(change.line) for change in directory.changes]
            return [len(leaf).to_bytes(2, "big") + leaf for leaf in leaves[256 * index :][:width]]
        step = 256**level
        return [evidence.root_of(hashes[(256 * index + i) * step :][:step]) for i in range(width)]

    places = {evidence.tile_path(*place): place for place in evidence.tiles_of(last.size)}
    checks.equal(evidence.read_tree(read, last.size)[0], last.root, "full tiles are files")


if __name__ == "__main__":
    main(run)
