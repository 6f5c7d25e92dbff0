"""`sijilld check` finds a flipped bit anywhere: log, originals, their indexes, state, store."""

import os
import shutil
import sqlite3

import sijill_articles
from sijill_system import Daemon, main


def run(options, checks):
    daemon = Daemon(os.path.join(options.folder, "sound"))
    daemon.start()
    for number in range(12):
        daemon.drop(f"{number}.txt", sijill_articles.article(number // 2 * 2, options.seed, 900))
    daemon.drop("picture.pdf", b"%PDF-1.4\n")
    checks.that(daemon.wait_changes(13) and daemon.wait_empty(), "everything is taken in")
    checks.equal(daemon.sijilld("check").returncode, 0, "a running daemon's directory is sound")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")
    checks.equal(daemon.sijilld("check").returncode, 0, "so is a stopped one's")

    for name in files(daemon.data):
        size = os.path.getsize(os.path.join(daemon.data, name))
        places = range(size) if options.full else sorted(options.random.sample(range(size), min(size, 12)))
        for place in places:
            bit = 1 << options.random.randrange(8)
            copy = copy_of(options, daemon)
            flip(os.path.join(copy.data, name), place, bit)
            expect_found(checks, copy, name, f"bit {bit} flipped at {place} of {name}")
        copy = copy_of(options, daemon)
        os.chmod(os.path.join(copy.data, name), 0o600)
        os.truncate(os.path.join(copy.data, name), size - 1)
        expect_found(checks, copy, name, f"the last byte of {name} is missing")

    store = sqlite3.connect(os.path.join(daemon.data, "sijill.sqlite"))
    tables = [
        table
        for (table,) in store.execute("select name from sqlite_master where type = 'table'")
        # The search index needs a tokenizer that only sijilld has.
        if not table.startswith(("sqlite_", "search_index")) and store.execute(f'select count(*) from "{table}"').fetchone()[0]
    ]
    store.close()
    for table in set(tables) & {"articles", "revisions", "sightings", "rejects"}:
        copy = copy_of(options, daemon)
        store = sqlite3.connect(os.path.join(copy.data, "sijill.sqlite"))
        store.execute(f'delete from "{table}" where rowid = (select max(rowid) from "{table}")')
        store.commit()
        store.close()
        ended = copy.sijilld("check")
        checks.equal(ended.returncode, 1, f"a row is missing in {table}")


def files(data):
    found = [
        f"log/{name}" for name in os.listdir(os.path.join(data, "log")) if name.endswith(("ndjson", "index"))
    ]
    found += [f"originals/{name}" for name in os.listdir(os.path.join(data, "originals"))]
    return sorted(name for name in found + ["log/state", "log/checkpoint", "signing.key"] if os.path.getsize(os.path.join(data, name)))


def copy_of(options, daemon):
    folder = os.path.join(options.folder, "copy")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copytree(daemon.data, os.path.join(folder, "data"), ignore=shutil.ignore_patterns("control"))
    return Daemon(folder)


def flip(path, place, bit):
    os.chmod(path, 0o600)
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ bit]))


def expect_found(checks, daemon, name, what):
    ended = daemon.sijilld("check")
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    checks.that(
        ended.returncode in (1, 65) and os.path.basename(name) in said,
        what,
        f"exit {ended.returncode}: {said[:200]}",
    )


if __name__ == "__main__":
    main(run)
