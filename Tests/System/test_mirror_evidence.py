"""A mirror holds its source to what it has signed, and shows the checkpoints with tiles and proofs of its own."""

import http.client
import http.server
import json
import os
import shutil
import signal
import threading

import sijill_evidence as evidence
from sijill_system import Daemon, main, wait_until
from test_mirror import ReadOnly, check, finish, mirror
from test_verify import feed, shown_key


def run(options, checks):
    source = Daemon(os.path.join(options.folder, "source"))
    source.start()
    key = shown_key(source)
    feed(source, options, 0, 300, key)
    shown(source, options, checks, key)
    false_lines(source, options, checks)
    rewritten(source, options, checks, key)


def checkpoint(directory, name="log/checkpoint"):
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def shown(source, options, checks, key):
    """What a server of the copy shows passes the same verifier as the source does."""
    copy = ReadOnly(os.path.join(options.folder, "server"), os.path.join(options.folder, "copy"))
    code, _, error = finish(mirror(source, copy.data, "--once"))
    checks.equal((code, error), (0, ""), "the copy is made")
    checks.equal(checkpoint(copy.data), source.get("/checkpoint")[2], "it has the checkpoint of the source")
    checks.equal(check(copy.data), (0, []), "check finds it sound")
    copy.start("--read-only")
    following = mirror(source, copy.data)
    for size in (300, 600, 601):
        if size > 300:
            feed(source, options, size - (300 if size == 600 else 1), size, key)
        same = lambda: copy.get("/checkpoint")[2] == source.get("/checkpoint")[2]
        checks.that(wait_until(same, patience=30), f"the checkpoint of {size} is shown")
        found = evidence.Checkpoint(copy.get("/checkpoint")[2], key)
        checks.equal(found.size, size, "it covers all")
        root, _ = evidence.read_tree(lambda path: copy.get(path)[2], size)
        checks.equal(root, found.root, f"tiles and bundles have the root of {size}")
    for path in ("/tile/0/000", "/tile/entries/001", "/tile/0/002.p/89", "/tile/1/000.p/2"):
        checks.equal((copy.get(path)[0], copy.get(path)[2]), (200, source.get(path)[2]), f"{path} is that of the source")
    checks.equal(copy.get("/tile/0/002.p/90")[0], 404, "a tile wider than the tree is not")
    for route in ("inclusion?sequence=17", "consistency?from=300"):
        ours, theirs = (json.loads(daemon.get(f"/v1/proofs/{route}")[2]) for daemon in (copy, source))
        checks.equal(ours, theirs, f"{route} is that of the source")
    about = json.loads(copy.get("/v1/log")[2])["checkpoint"]
    checks.equal((about["key"], about["size"]), (key.text, 601), "/v1/log names checkpoint and key")
    ended = copy.sijill("verify", "--key", key.text, "--full", "--state", os.path.join(options.folder, "state"))
    checks.equal(ended.returncode, 0, f"sijill verify of the copy: {ended.stderr.decode()}")
    second = os.path.join(options.folder, "second")
    code, _, error = finish(mirror(copy, second, "--once"))
    checks.equal((code, error), (0, ""), "a mirror of the mirror")
    checks.equal(checkpoint(second), source.get("/checkpoint")[2], "has the checkpoint of the source too")
    following.send_signal(signal.SIGTERM)
    checks.equal(finish(following)[0], 0, "SIGTERM ends the mirror with 0")
    checks.equal(copy.stop(), 0, "and the server")
    checks.equal(check(second), (0, []), "check finds the second one sound")
    damaged(second, options, checks)


def damaged(copy, options, checks):
    """Every kind of file that proves something in a mirror is checked."""
    for name in ("log/checkpoint", "log/tile/0/000", "log/tile/entries/001", "verified/key"):
        path = os.path.join(copy, name)
        with open(path, "rb") as file:
            content = file.read()
        place = options.random.randrange(len(content) - 2)
        os.chmod(path, 0o644)
        with open(path, "wb") as file:
            file.write(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        checks.equal(check(copy)[0], 1, f"byte {place} of {name} changed")
        with open(path, "wb") as file:
            file.write(content)
    checks.equal(check(copy), (0, []), "and nothing else is wrong")


class FalseSource(http.server.BaseHTTPRequestHandler):
    """Passes everything on, but says of one change that another source delivered it."""

    port = 0
    sequence = b""

    def do_GET(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request("GET", self.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if self.path.startswith("/v1/changes"):
            lines = body.splitlines(True)
            for place, line in enumerate(lines):
                if b'"sequence":"' + self.sequence in line:
                    lines[place] = line.replace(b'"source":"default"', b'"source":"defaulT"', 1)
            body = b"".join(lines)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def false_lines(source, options, checks):
    """Each line is whole, each signature right; only together they are not."""
    FalseSource.port = source.port
    FalseSource.sequence = f"{options.random.randrange(1, 601):016d}".encode()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FalseSource)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    copy = os.path.join(options.folder, "false")
    code, output, error = finish(mirror(f"http://127.0.0.1:{server.server_port}", copy, "--once"))
    checks.equal(code, 1, f"a source that sends another log than it signs: {error}")
    checks.that("contradicts itself" in error, "it says so", error)
    checks.equal(checkpoint(copy, "verified/rejected"), source.get("/checkpoint")[2], "the checkpoint is kept")
    checks.equal(checkpoint(copy), None, "the copy does not show it")
    server.shutdown()


def rewritten(source, options, checks, key):
    """A source that was put back, and then grown past what the mirror has seen, is caught by what it signed before."""
    source.stop()
    older = source.data + ".older"
    shutil.copytree(source.data, older, ignore=shutil.ignore_patterns("control"))
    source.start()
    feed(source, options, 601, 640, key)
    copy = os.path.join(options.folder, "witness")
    checks.equal(finish(mirror(source, copy, "--once"))[0], 0, "the mirror sees 640 changes")
    seen = checkpoint(copy)
    source.stop()
    shutil.rmtree(source.data)
    shutil.copytree(older, source.data)
    source.start()
    caught(source, checks, copy, seen, "a source that was put back")
    feed(source, options, 601, 700, key, seed="forked")
    caught(source, checks, copy, seen, "a forked source")
    following = mirror(source, copy)
    checks.equal(finish(following)[0], 1, "also by a mirror that was to follow")
    checks.equal(check(copy), (0, []), "the mirror itself is sound still")
    checks.equal(source.stop(), 0, "SIGTERM ends the source with 0")


def caught(source, checks, copy, seen, what):
    code, output, error = finish(mirror(source, copy, "--once"))
    checks.equal(code, 1, f"{what}: {error}")
    checks.equal(checkpoint(copy), seen, f"{what}: the mirror goes on showing what it saw")
    checks.equal(checkpoint(copy, "verified/checkpoint"), seen, f"{what}: the checkpoint from before is kept")
    checks.equal(
        checkpoint(copy, "verified/rejected"), source.get("/checkpoint")[2], f"{what}: and so is the other one"
    )
    roots = [note.split(b"\n")[2].decode() for note in (seen, source.get("/checkpoint")[2])]
    checks.that(all(root in output for root in roots), f"{what}: both are shown", output)


if __name__ == "__main__":
    main(run)
