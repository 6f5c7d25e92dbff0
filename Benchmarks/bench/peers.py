"""Servers of peers, each in a folder and at a port of its own, as its documentation would have it run."""

import os
import pwd
import shutil
import subprocess
import time

from measure import Missing
from sijill_system import free_port
from workplace import need


class JetStream:
    """File storage. A server that can be told so syncs each message before it acknowledges; 2.9 cannot be told."""

    def __init__(self, place):
        folder, self.port = place.fresh("nats"), free_port()
        configuration = os.path.join(folder, "nats.conf")
        server = [need("nats-server"), "-c", configuration]
        for synced in ("sync_interval: always", ""):
            with open(configuration, "w") as file:
                file.write(f"listen: 127.0.0.1:{self.port}\njetstream {{ store_dir: \"{folder}\"\n{synced}\n}}\n")
            if not subprocess.run([*server, "-t"], capture_output=True).returncode:
                break
        self.pid = place.serve(server, self.port)
        self.client = [place.compiled("jetstream_client", "-lnats"), str(self.port)]


class Redis:
    """Nothing but the append-only file."""

    def __init__(self, place, appendfsync):
        folder, self.port = place.fresh(f"redis-{appendfsync}"), free_port()
        command = [
            need("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", "",
            "--appendonly", "yes", "--appendfsync", appendfsync,
        ]
        self.pid = place.serve(command, self.port)
        self.client = [place.compiled("redis_client", "-lhiredis"), str(self.port)]


class PostgreSQL:
    """As `initdb` makes it, with a buffer for the table and WAL that need not be cut while it is written."""

    # Bytes that no line has: each is one value, as it is, without escapes.
    FORMAT = r"(format csv, delimiter e'\x02', quote e'\x01')"

    def __init__(self, place):
        self.folder, port = place.fresh("postgresql"), free_port()
        self.programs = newest_postgresql()
        # It does not run as root; then it runs as the user that its package has made.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            try:
                pwd.getpwnam(self.user)
            except KeyError:
                raise Missing("PostgreSQL has no user of its own") from None
            shutil.chown(self.folder, self.user)
        made = subprocess.run(
            [self.program("initdb"), "-D", f"{self.folder}/data", "-A", "trust", "-U", "bench", "-E", "UTF8"],
            capture_output=True, text=True, user=self.user, cwd="/",
        )
        if made.returncode:
            raise Missing(f"initdb fails: {made.stderr.strip().splitlines()[-1]}")
        self.environment = os.environ | {
            "PGHOST": self.folder, "PGPORT": str(port), "PGUSER": "bench", "PGDATABASE": "postgres"
        }
        settings = {
            "listen_addresses": "", "unix_socket_directories": self.folder, "port": port,
            "shared_buffers": "512MB", "max_wal_size": "8GB",
        }
        server = [self.program("postgres"), "-D", f"{self.folder}/data"]
        for name, value in settings.items():
            server += ["-c", f"{name}={value}"]
        self.pid = place.serve(server, f"{self.folder}/.s.PGSQL.{port}", user=self.user, cwd="/")
        for _ in range(100):
            if not subprocess.run([self.program("pg_isready"), "-q"], env=self.environment).returncode:
                break
            time.sleep(0.1)
        self.psql("create table changes(number bigserial primary key, line text)")

    def program(self, name):
        return os.path.join(self.programs, name)

    def psql(self, command, output=None):
        subprocess.run(
            [self.program("psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", command],
            env=self.environment, check=True, stdout=output,
        )


def newest_postgresql():
    """Debian keeps the server's programs out of PATH, one folder for each version."""
    parent = "/usr/lib/postgresql"
    versions = sorted(os.listdir(parent), key=lambda name: int(name)) if os.path.isdir(parent) else []
    for version in reversed(versions):
        programs = os.path.join(parent, version, "bin")
        if os.path.exists(os.path.join(programs, "postgres")):
            return programs
    return os.path.dirname(need("postgres"))


class Nchan:
    """nginx with nchan: one channel, published by POST, followed as server-sent events."""

    def __init__(self, place):
        folder, self.port = place.fresh("nchan"), free_port()
        module = next(filter(os.path.exists, (
            "/usr/lib/nginx/modules/ngx_nchan_module.so", "/usr/lib64/nginx/modules/ngx_nchan_module.so",
        )), None)
        nginx = need("nginx")
        if not module:
            raise Missing("nchan is not installed")
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(
                f"load_module {module}; daemon off; master_process off; pid {folder}/pid; error_log stderr crit;\n"
                "user root; worker_rlimit_nofile 20000; events { worker_connections 20000; }\n"
                "http { access_log off; nchan_shared_memory_size 512M;\n"
                f" client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;\n"
                f" uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000;\n"
                f" server {{ listen 127.0.0.1:{self.port} backlog=4096;\n"
                "  location = /publish { nchan_publisher; nchan_channel_id c; client_body_buffer_size 64k; }\n"
                "  location = /follow { nchan_subscriber eventsource; nchan_channel_id c;\n"
                "   nchan_subscriber_first_message newest; nchan_subscriber_timeout 0; } } }\n"
            )
        self.pid = place.serve([nginx, "-p", folder, "-c", path], self.port)
