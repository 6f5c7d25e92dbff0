"""A client that has seen a checkpoint catches a log that was cut, forked or signed anew; proofs hold offline."""

import json
import os
import shutil
import subprocess

import sijill_articles
import sijill_evidence as evidence
from sijill_system import SIJILL, Daemon, main, wait_until


def run(options, checks):
    daemon = Daemon(os.path.join(options.folder, "log"))
    daemon.start()
    key = shown_key(daemon)
    state = os.path.join(options.folder, "state")
    feed(daemon, options, 0, 30, key)
    ended = daemon.sijill("verify", "--state", state)
    checks.equal(ended.returncode, 0, f"the first verification: {ended.stderr.decode()}")
    checks.that(key.text in ended.stderr.decode(), "it says that it trusts the server's key")
    proofs_hold(daemon, checks, options, key)
    daemon.stop()
    older = os.path.join(options.folder, "older")
    shutil.copytree(daemon.data, older, ignore=shutil.ignore_patterns("control"))
    daemon.start()
    feed(daemon, options, 30, 60, key)
    held = os.path.join(options.folder, "held.ndjson")
    with open(held, "wb") as file:
        file.write(daemon.replay())
    for arguments in (["--full"], ["--changes", held], ["--key", key.text], []):
        ended = daemon.sijill("verify", "--state", state, *arguments)
        checks.equal(ended.returncode, 0, f"verify {arguments}: {ended.stderr.decode()}")
    with open(held, "rb") as file:
        lines = file.read().splitlines(True)
    with open(held, "wb") as file:
        file.write(lines[3].replace(b'"default"', b'"another"'))
    ended = daemon.sijill("verify", "--state", state, "--changes", held)
    checks.equal(ended.returncode, 1, "a held change that is not in the log")
    forks(daemon, checks, options, key, state, older)
    rotation(daemon, checks, options, state)


def shown_key(daemon):
    return evidence.Key(daemon.sijilld("key", "show").stdout.decode().strip().split("\n")[-1])


def feed(daemon, options, first, end, key, seed=None):
    daemon.drop(f"{first}-{end}.jsonl", sijill_articles.jsonl(range(first, end), seed or options.seed))
    wait_until(lambda: evidence.Checkpoint(daemon.get("/checkpoint")[2], key).size >= end)


def proofs_hold(daemon, checks, options, key):
    change = daemon.changes()[11]
    article = change["data"]["article"]
    path = os.path.join(options.folder, "a.tlog-proof")
    state = os.path.join(options.folder, "state")
    ended = daemon.sijill("prove", article, "-o", path, "--state", state)
    checks.equal(ended.returncode, 0, f"prove: {ended.stderr.decode()}")
    with open(path, "rb") as file:
        proof = file.read()
    with open(path + ".change.json", "rb") as file:
        line = file.read()
    leaf = line[: line.index(b',"title":')] + b"}}"
    checks.equal(evidence.verify_proof_file(proof, leaf, key).size >= 12, True, "an outsider verifies the proof")
    checks.equal(daemon.sijill("prove", article, "--state", state).stdout, proof, "prove to standard output")
    original = os.path.join(options.folder, "original")
    with open(original, "wb") as file:
        file.write(daemon.get(f"/v1/articles/{article}/original")[2])

    def verify(*extra, proof=path, change=path + ".change.json", verifier=key.text):
        arguments = ["verify", "--proof", proof, "--change", change, "--key", verifier, *extra]
        return subprocess.run([SIJILL, *arguments], capture_output=True).returncode

    checks.equal(verify("--original", original), 0, "the proof holds offline, with its original")
    checks.equal(verify(), 0, "and without")
    bad = os.path.join(options.folder, "bad")
    for source, name in ((path, "proof"), (path + ".change.json", "change"), (original, "original")):
        with open(source, "rb") as file:
            content = file.read()
        places = range(len(content)) if options.full else options.random.sample(range(len(content)), 12)
        for place in places:
            if name == "change" and content[place : place + 1] == b"\n":
                continue
            with open(bad, "wb") as file:
                file.write(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            code = verify("--original", bad) if name == "original" else verify(**{name: bad})
            checks.equal(code, 1, f"byte {place} of the {name} changed")
    stranger = "other.example+" + key.text.split("+", 1)[1]
    checks.equal(verify(verifier=stranger), 64, "a key whose id is not its own")


def forks(daemon, checks, options, key, state, older):
    """Each server has the right key: only what was seen before gives it away."""
    checks.equal(daemon.sijill("verify", "--state", state).returncode, 0, "all is well before")
    daemon.stop()
    newest = daemon.data + ".newest"
    os.rename(daemon.data, newest)
    # The whole directory put back: shorter, every signature right.
    shutil.copytree(older, daemon.data)
    daemon.start()
    tip = json.loads(lines_of(newest)[-1])["id"]
    checks.equal(daemon.get(f"/v1/changes?since={tip}")[0], 409, "a newer cursor gets 409")
    caught(daemon, checks, state, "a log that was put back")
    # The same, grown past what was seen: forked and signed again.
    feed(daemon, options, 30, 80, key, seed="forked")
    caught(daemon, checks, state, "a forked log")
    daemon.stop()
    # An older log under a newer checkpoint is no log at all.
    shutil.copy(os.path.join(newest, "log", "checkpoint"), os.path.join(daemon.data, "log", "checkpoint"))
    shutil.rmtree(os.path.join(daemon.data, "log", "tile"), ignore_errors=True)
    checks.equal(ends_with(daemon), 65, "a checkpoint of another history")
    shutil.rmtree(daemon.data)
    shutil.copytree(older, daemon.data)
    shutil.copy(os.path.join(newest, "log", "checkpoint"), os.path.join(daemon.data, "log", "checkpoint"))
    checks.equal(ends_with(daemon), 65, "an older log under a newer checkpoint")
    shutil.rmtree(daemon.data)
    shutil.copytree(older, daemon.data)
    shutil.copy(os.path.join(newest, "log", "state"), os.path.join(daemon.data, "log", "state"))
    checks.equal(ends_with(daemon), 65, "an older log under a newer state")
    shutil.rmtree(daemon.data)
    os.rename(newest, daemon.data)
    daemon.start()
    checks.equal(daemon.sijill("verify", "--state", state).returncode, 0, "the true log still verifies")


def lines_of(data):
    with open(os.path.join(data, "log", f"{1:020}.ndjson"), "rb") as file:
        return file.read().splitlines()


def ends_with(daemon):
    try:
        daemon.start()
    except RuntimeError:
        return daemon.process.returncode
    daemon.stop()
    return 0


def caught(daemon, checks, state, what):
    ended = daemon.sijill("verify", "--state", state)
    said = ended.stdout.decode()
    checks.equal(ended.returncode, 1, f"verify catches {what}: {ended.stderr.decode()}")
    checks.equal(said.count("— sijill.local/"), 2, f"both checkpoints of {what} are shown")
    (folder,) = os.listdir(state)
    kept = set(os.listdir(os.path.join(state, folder)))
    checks.that({"checkpoint", "rejected"} <= kept, f"both checkpoints of {what} are kept", kept)
    process = subprocess.run(
        [SIJILL, "follow", "--since", "earliest"],
        capture_output=True,
        timeout=60,
        env=os.environ | {"SIJILL_URL": f"http://127.0.0.1:{daemon.port}", "SIJILL_STATE": state},
    )
    checks.equal(process.returncode, 1, f"follow catches {what}: {process.stderr.decode()[-300:]}")


def rotation(daemon, checks, options, state):
    old = shown_key(daemon)
    ended = daemon.sijilld("key", "rotate")
    checks.equal(ended.returncode, 0, f"rotate while it runs: {ended.stderr.decode()}")
    new = shown_key(daemon)
    checks.that(new.text != old.text, "the key is another")
    note = daemon.get("/checkpoint")[2]
    for keys in ([old], [new], [new, old]):
        checks.equal(len(evidence.Checkpoint(note, *keys).signers), len(keys), "co-signed")
    checks.equal(daemon.sijill("verify", "--state", state).returncode, 0, "whoever knows the old key goes on")
    daemon.stop()
    checks.equal(daemon.sijilld("key", "rotate").returncode, 0, "rotate while it is stopped")
    checks.equal(daemon.sijilld("check").returncode, 0, "check finds nothing")
    daemon.start()
    checks.equal(daemon.sijill("verify", "--state", state).returncode, 0, "and learns each new one")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


if __name__ == "__main__":
    main(run)
