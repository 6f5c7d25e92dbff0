"""The feed from outside: errors, streams, long polls, filters, segments, named consumers, access and limits."""

import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time

import sijill_articles
from sijill_system import SIJILL, Daemon, main, wait_until


def run(options, checks):
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s"}).start()
    lines = [sijill_articles.article(n, options.seed, 900) for n in range(6)]
    for number, text in enumerate(lines):
        daemon.drop(f"{number}.txt", text, source="agency" if number % 2 else None)
    daemon.wait_changes(6)
    changes = daemon.changes()
    tip = changes[-1]["id"]
    errors(daemon, checks, tip)
    forms(daemon, checks, changes)
    live(daemon, checks, options, tip)
    consumers(daemon, checks)
    segments(daemon, checks, options)
    described(daemon, checks, tip)
    methods(daemon, checks)
    rude(daemon, checks, options)
    limits(daemon, checks, options)
    checks.equal(daemon.stop(), 0, "SIGTERM ends the daemon")
    access(options, checks)


def errors(daemon, checks, tip):
    for query, status, name in [
        ("since=0000000000009999-abcdefgh", 409, "cursor-ahead"),
        (f"since={tip[:17]}zzzzzzzz", 409, "cursor-diverged"),
        ("since=garbage", 400, "bad-request"),
        ("colour=red", 400, "bad-request"),
        ("limit=10001", 400, "bad-request"),
    ]:
        code, headers, body = daemon.get(f"/v1/changes?{query}")
        problem = json.loads(body)
        checks.equal(
            (code, headers["Content-Type"], problem["type"]),
            (status, "application/problem+json", f"urn:sijill:problem:{name}"),
            f"{query} is a {status}",
        )
    code, _, body = daemon.get("/v1/changes", Accept="text/event-stream", Last_Event_ID="0000000000009999-abcdefgh")
    checks.equal((code, json.loads(body).get("tip")), (409, tip), "an EventSource of another log is told")


def forms(daemon, checks, changes):
    agency = [c for c in changes if c["data"]["file"]["source"] == "agency"]
    checks.equal(daemon.changes("&source=agency"), agency, "a filter gives the log's own changes")
    checks.equal(json.loads(daemon.get("/v1/changes?latest=1")[2]), changes, "the newest of each article")
    half = changes[2]["id"]
    checks.equal(json.loads(daemon.get(f"/v1/changes?until={half}")[2]), changes[:3], "up to a change")
    _, headers, body = daemon.get("/v1/changes", Accept="application/cloudevents-batch+json")
    checks.equal(
        (headers["Content-Type"], json.loads(body)), ("application/cloudevents-batch+json", changes), "a batch"
    )


class Events:
    """A bare reader of server-sent events."""

    def __init__(self, daemon, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
        self.connection.request("GET", f"/v1/changes?{query}", headers={"Accept": "text/event-stream"} | headers)
        self.response = self.connection.getresponse()

    def block(self):
        fields = {}
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            if line == "\n":
                return fields
            name, value = line.rstrip("\n").split(": ", 1)
            fields[name] = value


def live(daemon, checks, options, tip):
    events = Events(daemon, f"since={tip}")
    first = events.block()
    checks.equal(
        (first, events.response.headers["Content-Encoding"], events.response.headers["X-Accel-Buffering"]),
        (
            {"retry": "2000", "id": tip, "event": "checkpoint", "data": json.dumps({"through": tip, "tip": tip}, separators=(",", ":"))},
            "identity",
            "no",
        ),
        "events begin with a checkpoint",
    )
    polled = []
    thread = threading.Thread(target=lambda: polled.append(daemon.get(f"/v1/changes?since={tip}&live=poll&timeout=20000")))
    thread.start()
    daemon.drop("live.txt", sijill_articles.article(99, options.seed, 900))
    change = events.block()
    thread.join()
    checks.equal(json.loads(change["data"])["id"], change["id"], "an event has its change's cursor")
    checks.equal([c["id"] for c in json.loads(polled[0][2])], [change["id"]], "a long poll gets the same change")
    began = time.monotonic()
    status, headers, body = daemon.get(f"/v1/changes?since={change['id']}&live=poll&timeout=300")
    checks.equal((status, body, headers["Sijill-Next"]), (200, b"[\n]\n", change["id"]), "an empty long poll")
    checks.that(0.25 < time.monotonic() - began < 5, "it waits its time")


def ask(daemon, method, path, body=None, port=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port or daemon.port, timeout=30)
    try:
        connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, response.headers, json.loads(text) if text else None
    finally:
        connection.close()


def consumers(daemon, checks):
    path = "/v1/consumers/reader-1"
    wanted = {"start": "0", "filter": {"source": "agency"}, "description": "a test"}
    checks.equal(ask(daemon, "PUT", path, wanted)[0], 201, "PUT makes a consumer")
    checks.equal(ask(daemon, "PUT", path, wanted)[0], 200, "the same again is 200")
    checks.equal(ask(daemon, "PUT", path, {"start": "now"})[0], 409, "another of that name is 409")
    _, headers, page = ask(daemon, "GET", path + "/changes?limit=2")
    generation = int(headers["Sijill-Generation"])
    checks.equal((len(page), generation), (2, 1), "a reader begins a generation")
    second = ask(daemon, "GET", f"{path}/changes?limit=2&generation=1")[2]
    checks.equal([c["id"] for c in second if c in page], [], "with it, it goes on")
    cursor = page[-1]["id"]
    acknowledge = {"cursor": cursor, "generation": generation}
    checks.equal(ask(daemon, "POST", path + "/ack", acknowledge)[0], 204, "an acknowledgement moves")
    checks.equal(ask(daemon, "POST", path + "/ack", acknowledge)[0], 200, "the same again does not")
    beyond = {"cursor": "9999", "generation": generation}
    checks.equal(ask(daemon, "POST", path + "/ack", beyond)[0], 422, "beyond the tip is 422")
    daemon.kill()
    daemon.start()
    state = ask(daemon, "GET", path)[2]
    checks.equal((state["acked"], state["generation"]), (cursor, 1), "an acknowledgement outlives kill -9")
    again = ask(daemon, "GET", path + "/changes?limit=1")
    checks.equal(again[2], second[:1], "the next reader begins behind it")
    status, _, problem = ask(daemon, "POST", path + "/ack", acknowledge)
    checks.equal((status, problem["type"]), (409, "urn:sijill:problem:fenced"), "the one before is fenced")
    checks.equal(ask(daemon, "GET", f"{path}/changes?generation=1")[0], 409, "and may not go on")
    checks.equal(len(ask(daemon, "GET", "/v1/consumers")[2]["consumers"]), 1, "consumers are listed")
    checks.equal(ask(daemon, "DELETE", path)[0], 204, "DELETE removes it")
    checks.equal(ask(daemon, "GET", path)[0], 404, "then it is gone")


def segments(daemon, checks, options):
    # An unclean end seals what was written: the next start goes on in a new segment.
    daemon.drop("tail.txt", sijill_articles.article(123, options.seed, 900))
    daemon.wait_changes(8)
    daemon.kill()
    daemon.start()
    sealed = json.loads(daemon.get("/v1/segments")[2])["segments"]
    checks.that(sealed, "there are sealed segments")
    first = sealed[0]
    status, headers, body = daemon.get(first["url"])
    log = daemon.replay()
    checks.equal((status, body), (200, log[: first["bytes"]]), "a segment is the log's bytes")
    checks.equal(headers["ETag"], f'"{first["sha256"]}"', "its tag is its digest")
    status, headers, part = daemon.get(first["url"], Range="bytes=10-19")
    checks.equal((status, part, headers["Content-Range"]), (206, body[10:20], f"bytes 10-19/{len(body)}"), "a range")
    status, _, whole = daemon.get(first["url"], Range="bytes=10-19", If_Range='"other"')
    checks.equal((status, len(whole)), (200, len(body)), "If-Range that names something else gives the whole")
    checks.equal(daemon.get(first["url"], Range=f"bytes={len(body)}-")[0], 416, "a range behind the end")


def described(daemon, checks, tip):
    """Every route and every parameter of /openapi.json is served, and nothing else is taken."""
    status, headers, body = daemon.get("/openapi.json")
    paths = json.loads(body)["paths"]
    checks.that({"/v1/changes", "/v1/log", "/v1/consumers/{name}/ack", "/checkpoint"} <= set(paths), "routes", paths.keys())
    checks.equal(daemon.get("/openapi.json", If_None_Match=headers["ETag"])[0], 304, "the description has a tag")
    values = {"text": "omit", "content": "omit", "live": "poll", "type": "added", "latest": "1", "article": "a" + "0" * 26}
    # What another parameter must stand beside.
    beside = {"timeout": "live=poll&"}
    for path, operations in paths.items():
        if "get" not in operations:
            continue
        place = path.replace("{article}", "a" + "0" * 26).replace("{", "").replace("}", "")
        unknown = daemon.get(f"{place}?no-such-parameter=1")
        checks.equal(unknown[0], 400, f"{path} takes nothing unknown")
        for parameter in operations["get"].get("parameters", []):
            name = parameter["name"]
            if parameter["in"] != "query":
                continue
            value = values.get(name, tip if name in ("since", "until", "lastEventId", "last-event-id") else "1")
            _, _, answer = daemon.get(f"{place}?{beside.get(name, '')}{name}={value}")
            checks.that(b"is no parameter of" not in answer, f"{path} takes {name}", answer[:200])


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")


def methods(daemon, checks):
    """Every method on every route: what is described is answered, with a status that is described, nothing else is."""
    described = json.loads(daemon.get("/openapi.json")[2])["paths"]
    for path, operations in described.items():
        place = path.replace("{article}", "a" + "0" * 26).replace("{", "").replace("}", "")
        for method in METHODS:
            connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
            connection.request(method, place)
            response = connection.getresponse()
            status, headers, body = response.status, response.headers, response.read()
            connection.close()
            # HEAD is GET without the body, and is not described by itself.
            operation = operations.get("get" if method == "HEAD" else method.lower())
            if operation is None:
                allowed = {name.strip() for name in headers.get("Allow", "").split(",")}
                wanted = {name.upper() for name in operations} | ({"HEAD"} if "get" in operations else set())
                checks.equal((status, allowed), (405, wanted), f"{method} {path} is not allowed, and says what is")
                continue
            responses = operation["responses"]
            answer = responses.get(str(status)) or responses["2XX" if status < 300 else "default"]
            kind = headers.get("Content-Type", "").split(";")[0]
            if status >= 400 and "$ref" in answer:
                checks.equal(kind, "application/problem+json", f"{method} {path}: {status}")
            elif status not in (204, 303):
                checks.that(kind in answer["content"], f"{method} {path}: {kind} is described", answer)
            if method == "HEAD":
                checks.equal(body, b"", f"HEAD {path} has no body")


def rude(daemon, checks, options):
    """Clients that connect and say nothing, stop in the middle, or vanish: others and ingest go on."""
    before = len(daemon.changes())
    follower = Events(daemon, "since=now")
    rude = []
    for number in range(200 if options.full else 50):
        connection = socket.create_connection(("127.0.0.1", daemon.port))
        kind = number % 5
        if kind == 1:
            connection.sendall(b"GET /v1/changes?live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
        elif kind == 2:
            connection.sendall(b"PUT /v1/consumers/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        elif kind == 3:
            # An answer of many bytes of which none is taken, then a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /v1/changes?limit=10000 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        elif kind == 4:
            connection.sendall(b"\0\xff\x16\x03\x01 no http at all\r\n\r\n")
        rude.append(connection)
    for number in range(3):
        began = time.monotonic()
        checks.equal(daemon.get("/v1/log")[0], 200, "others are answered")
        checks.that(time.monotonic() - began < 2, "at once")
        daemon.drop(f"rude-{number}.txt", sijill_articles.article(900 + number, options.seed, 900))
        checks.that(daemon.wait_changes(before + number + 1), "ingest goes on")
    seen = 0
    while seen < 3:
        seen += "specversion" in follower.block().get("data", "")
    checks.equal(seen, 3, "a follower misses nothing")
    silent = rude[0]
    silent.settimeout(20)
    checks.that(silent.recv(200).startswith((b"HTTP/1.1 408", b"")), "one that says nothing is let go")
    body = rude[2]
    body.settimeout(20)
    checks.that(body.recv(200).startswith(b"HTTP/1.1 408"), "a body that does not come is 408")
    for connection in rude:
        connection.close()


def limits(daemon, checks, options):
    head = socket.create_connection(("127.0.0.1", daemon.port))
    head.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    for _ in range(16):
        try:
            head.sendall(b"x" * 65536)
        except OSError:
            break
    head.settimeout(10)
    checks.that(head.recv(100).startswith(b"HTTP/1.1 431"), "a head of a MiB is 431")
    slow = []
    for _ in range(500 if options.full else 100):
        connection = socket.create_connection(("127.0.0.1", daemon.port))
        connection.sendall(b"GET /v1/log HTTP/1.1\r\nHost:")
        slow.append(connection)
    began = time.monotonic()
    checks.equal(daemon.get("/v1/log")[0], 200, "slow heads hold no one up")
    checks.that(time.monotonic() - began < 2, "nor for long")
    daemon.drop("beside.txt", sijill_articles.article(77, options.seed, 900))
    checks.that(daemon.wait_empty(), "and ingest goes on")
    slow[0].settimeout(20)
    answer = slow[0].recv(200)
    checks.that(answer.startswith(b"HTTP/1.1 408"), "a slow head is 408", answer)
    for connection in slow:
        connection.close()


def access(options, checks):
    folder = os.path.join(options.folder, "access")
    os.makedirs(folder)
    daemon = Daemon(folder)
    daemon.command = lambda *a: [*Daemon.command(daemon, *a)[:-1], f"0.0.0.0:{daemon.port}"]
    daemon.start(wait=False)
    checks.equal(daemon.wait(), 78, "0.0.0.0 alone is refused with 78")
    message = daemon.last_message()
    checks.that("tokens" in message and "tls." in message and "behind_proxy" in message, "and says what to set", message)
    checks.that(not os.path.exists(daemon.data), "before anything is made")

    tokens = os.path.join(folder, "tokens")
    with open(tokens, "w") as file:
        file.write("# name scope token\nr read readreadreadread\nc consume consumeconsumecons\n")
    os.chmod(tokens, 0o600)
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-days", "2", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    daemon.environment = {
        "SIJILL_TOKENS": tokens,
        "SIJILL_TLS_CERTIFICATE": certificate,
        "SIJILL_TLS_KEY": key,
        "SIJILL_FOLLOWERS_PER_TOKEN": "2",
    }
    daemon.start()

    def secure(path, **headers):
        import ssl

        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", daemon.port, timeout=20, context=context)
        connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        return connection, connection.getresponse()

    read = {"Authorization": "Bearer readreadreadread"}
    _, response = secure("/v1/log")
    checks.equal((response.status, response.headers["WWW-Authenticate"]), (401, 'Bearer realm="sijill"'), "no token")
    checks.equal(secure("/v1/log", Authorization="Bearer wrong")[1].status, 401, "a wrong token")
    checks.equal(secure("/v1/log", **read)[1].status, 200, "a token, over TLS")
    checks.equal(secure("/v1/log", Cookie="a=b; sijill_token=readreadreadread")[1].status, 200, "its cookie")
    checks.equal(secure("/v1/consumers/x/changes", **read)[1].status, 403, "a token of a smaller scope")
    checks.equal(secure("/healthz")[1].status, 200, "health needs none")
    checks.equal(secure("/v1/log", Host="evil.example", **read)[1].status, 421, "a foreign host")
    checks.equal(secure("/v1/log", Origin="https://evil.example", **read)[1].status, 403, "a foreign origin")
    open_streams = [secure("/v1/changes?live=stream", **read) for _ in range(3)]
    checks.equal([r.status for _, r in open_streams], [200, 200, 429], "as many followers as a token may have")
    checks.that(open_streams[2][1].headers["Retry-After"], "and when to try again")
    daemon.drop("first.txt", sijill_articles.article(1, options.seed, 900))
    url, known = f"https://localhost:{daemon.port}", os.path.join(folder, "known.pem")
    shutil.copy(certificate, known)
    with_token = os.environ | {"SIJILL_TOKEN": "readreadreadread", "NO_COLOR": "1"}

    def client(*arguments, environment=with_token):
        return subprocess.run([SIJILL, *arguments, "--url", url], env=environment, capture_output=True, timeout=60)

    checks.that(wait_until(lambda: client("replay", "--ca-file", known).stdout.count(b"\n") == 1), "sijill over TLS")
    checks.equal(client("replay").returncode, 69, "an unknown certificate is not trusted")
    checks.equal(client("replay", "--ca-file", known, environment=os.environ).returncode, 77, "nor is no token")
    for connection, stream in open_streams:
        stream.close()
        connection.close()
    following = subprocess.Popen(
        [SIJILL, "follow", "--url", url, "--ca-file", known, "--since", "earliest"],
        env=with_token,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    checks.that(following.stdout.readline(), "sijill follow over TLS")
    old = certificate_of(daemon)
    subprocess.run(
        ["openssl", "req", "-x509", "-key", key, "-subj", "/CN=second", "-days", "2", "-out", certificate],
        check=True,
        capture_output=True,
    )
    daemon.process.send_signal(1)
    checks.that(wait_until(lambda: certificate_of(daemon) != old), "SIGHUP takes the new certificate")
    daemon.drop("second.txt", sijill_articles.article(2, options.seed, 900))
    checks.that(following.stdout.readline(), "who follows goes on under the certificate that it had")
    following.send_signal(2)
    checks.equal(following.wait(60), 0, "Ctrl-C ends it with 0")
    following.stdout.close()
    checks.equal(daemon.stop(), 0, "it stops")


def certificate_of(daemon):
    import ssl

    return ssl.get_server_certificate(("127.0.0.1", daemon.port))


if __name__ == "__main__":
    main(run)
