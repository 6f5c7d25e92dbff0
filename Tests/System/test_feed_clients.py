"""Clients that others wrote read the feed unmodified: sseclient-py, httpx-sse, cloudevents, feedparser; and nginx stands
in front of it with its default proxy settings, compression and a cache, where Debian's nginx is installed.
"""

import http.client
import json
import os
import shutil
import subprocess
import time

import feedparser
import httpx
import httpx_sse
import sseclient
from cloudevents.core.formats.json import JSONFormat

import sijill_articles
from sijill_system import Daemon, free_port, main, wait_until


def run(options, checks):
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s"}).start()
    for number in range(120):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 600))
    checks.that(daemon.wait_changes(120), "all is taken in")
    # An end with changes behind the state seals the segment: the next start goes on in a new one.
    count = 120
    while not json.loads(daemon.get("/v1/log")[2])["sealed_through"]:
        daemon.drop(f"{count}.txt", sijill_articles.article(count, options.seed, 600))
        count += 1
        daemon.wait_changes(count)
        daemon.kill()
        daemon.start()
    changes = daemon.changes()
    url = f"http://127.0.0.1:{daemon.port}"
    events(url, checks, changes)
    batch(url, checks, changes)
    reader(url, checks, changes)
    proxy(options, checks, daemon, changes)
    daemon.stop()


def events(url, checks, changes):
    wanted = [change["id"] for change in changes]
    with httpx.Client(timeout=30) as client:
        with httpx_sse.connect_sse(client, "GET", url + "/v1/changes") as source:
            got = []
            for event in source.iter_sse():
                if event.event == "message":
                    got.append((event.id, json.loads(event.data)["id"]))
                if len(got) == len(wanted):
                    break
    checks.equal(got, [(cursor, cursor) for cursor in wanted], "httpx-sse")
    headers = {"Accept": "text/event-stream", "Last-Event-ID": wanted[9]}
    with httpx.stream("GET", url + "/v1/changes", headers=headers, timeout=30) as response:
        got = []
        for event in sseclient.SSEClient(response.iter_bytes()).events():
            if event.event == "message":
                got.append(event.id)
            if len(got) == len(wanted) - 10:
                break
    checks.equal(got, wanted[10:], "sseclient-py, from where it was")


def batch(url, checks, changes):
    response = httpx.get(url + "/v1/changes?limit=50", headers={"Accept": "application/cloudevents-batch+json"})
    found = [JSONFormat().read(None, json.dumps(item)) for item in response.json()]
    checks.equal(
        [(e.get_id(), e.get_type(), e.get_extension("sequence"), e.get_data()) for e in found],
        [(c["id"], c["type"], c["sequence"], c["data"]) for c in changes[:50]],
        "cloudevents",
    )


def reader(url, checks, changes):
    address, titles, pages = url + "/feed.atom", {}, 0
    while address:
        feed = feedparser.parse(address)
        checks.that(not feed.bozo, f"feedparser reads {address}", feed.get("bozo_exception", ""))
        titles.update({entry.id: entry.title for entry in feed.entries})
        links = {link.rel: link.href for link in feed.feed.links}
        address = httpx.URL(url).join(links["prev-archive"]) if "prev-archive" in links else None
        address = str(address) if address else None
        pages += 1
    added = [change for change in changes if change["type"].endswith("added")]
    wanted = sorted(" ".join(change["data"]["title"].split()) for change in added)
    checks.equal(sorted(titles.values()), wanted, "every article is in the feed or its archives")
    checks.that(pages > 1 or len(changes) < 200, "through archive pages")


NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; gzip on; gzip_types *; gzip_min_length 0;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=log:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_cache log; add_header X-Cache $upstream_cache_status; }}
  }}
}}
"""


def proxy(options, checks, daemon, changes):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not nginx:
        print("nginx is not installed: left out")
        return
    folder, port = os.path.join(options.folder, "nginx"), free_port()
    os.makedirs(folder)
    os.chmod(options.folder, 0o755)
    with open(os.path.join(folder, "nginx.conf"), "w") as file:
        file.write("user root;" * (os.geteuid() == 0) + NGINX.format(folder=folder, port=port, upstream=daemon.port))
    process = subprocess.Popen([nginx, "-c", os.path.join(folder, "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"

        def answers():
            try:
                return httpx.get(url + "/healthz").status_code == 200
            except httpx.HTTPError:
                return False

        checks.that(wait_until(answers, 10), "nginx serves")
        with httpx.Client(timeout=30) as client:
            with httpx_sse.connect_sse(client, "GET", f"{url}/v1/changes?since={changes[-1]['id']}") as source:
                iterator = source.iter_sse()
                checks.equal(next(iterator).event, "checkpoint", "the first event comes through at once")
                checks.that("content-encoding" not in source.response.headers or source.response.headers["content-encoding"] == "identity", "uncompressed")
                daemon.drop("proxied.txt", sijill_articles.article(500, options.seed, 600))
                began = time.monotonic()
                checks.equal(next(iterator).event, "message", "and so does a change")
                checks.that(time.monotonic() - began < 5, "soon")
        full = f"/v1/changes?since={changes[0]['id']}&limit=10"
        seen = [httpx.get(url + full).headers["X-Cache"] for _ in range(2)]
        checks.equal(seen, ["MISS", "HIT"], "a full page of sealed changes is cached")
        tip = f"/v1/changes?since={changes[-1]['id']}"
        seen = [httpx.get(url + tip).headers["X-Cache"] for _ in range(2)]
        checks.that("HIT" not in seen, "a page at the tip is not", seen)
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main(run)
