"""Group `replay`: sealed segments by HTTP, beside nginx on the same files."""

import json
import os

from measure import Item, Sample, cpu_seconds, process
from sijill_system import free_port
from workplace import need


def replay(place):
    daemon = place.daemon_with_lines("sijill")
    listed = json.loads(daemon.get("/v1/segments")[2])
    names = [f"{int(segment['first']):020}" for segment in listed["segments"]]
    sizes = sum(segment["bytes"] for segment in listed["segments"])
    folder = place.fresh("nginx")

    def fetch(base, path, pid):
        urls = [f"{base}{path.format(name)}" for name in names]
        command = ["curl", "--silent", "--fail", *sum((["-o", "/dev/null", url] for url in urls), [])]
        used = cpu_seconds(pid)
        seconds, _, _ = process(command)
        return Sample(sizes / seconds / 1e6, (cpu_seconds(pid) - used) / (sizes / 1e9))

    servers = {}

    def nginx(name, sendfile):
        def run():
            if name not in servers:
                servers[name] = start(place, os.path.join(folder, name), f"{daemon.data}/log", sendfile)
            pid, address = servers[name]
            return fetch(address, "/{}.ndjson", pid)

        return run

    address = f"http://127.0.0.1:{daemon.port}"
    return [
        Item("nginx, sendfile", "MB/s", nginx("sendfile", "on")),
        Item("nginx, buffered", "MB/s", nginx("buffered", "off")),
        Item(
            "Sijill", "MB/s", lambda: fetch(address, "/v1/segments/{}.ndjson", daemon.process.pid),
            ("nginx, sendfile", "nginx, buffered"),
        ),
    ]


def start(place, folder, root, sendfile):
    os.makedirs(folder)
    path, port = os.path.join(folder, "nginx.conf"), free_port()
    with open(path, "w") as file:
        file.write(
            f"daemon off; master_process off; pid {folder}/pid; error_log stderr crit; user root;\n"
            "events { }\n"
            f"http {{ access_log off; sendfile {sendfile};\n"
            f" client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;\n"
            f" uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
            f" server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
        )
    pid = place.serve([need("nginx"), "-p", folder, "-c", path], port)
    return pid, f"http://127.0.0.1:{port}"
