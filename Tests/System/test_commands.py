"""Every command says what it is for and takes --json, and what it prints then is JSON."""

import json
import os
import subprocess

import sijill_articles
from sijill_system import SIJILL, SIJILLD, Daemon, main

# What these print is no report: the daemon's messages, and the bytes of an original.
WITHOUT_JSON = {("sijilld", "run"), ("sijill", "original")}


def run(options, checks):
    daemon = Daemon(options.folder, environment={"SIJILL_INBOX_SETTLE": "0s", "SIJILL_INBOX_EMPTY_WAIT": "0s"})
    for program in (SIJILLD, SIJILL):
        root = json.loads(subprocess.check_output([program, "--experimental-dump-help"]))["command"]
        for path, command in leaves(root, (root["commandName"],)):
            checks.that(command.get("abstract"), f"{' '.join(path)} says what it is for")
            if path not in WITHOUT_JSON:
                checks.that("json" in flags(command), f"{' '.join(path)} takes --json")

    daemon.start()
    daemon.drop("one.txt", sijill_articles.article(1, options.seed, 900))
    daemon.drop("empty.txt", b"")
    daemon.wait_changes(2)
    article = next(change["subject"] for change in daemon.changes() if change["type"].endswith("added"))
    proof = os.path.join(options.folder, "proof")
    listed = answers(daemon.sijilld, checks, "quarantine", "list")[0]["item"]
    for words in (["check-config"], ["key"], ["key", "rotate"], ["check"], ["quarantine", "show", listed]):
        answers(daemon.sijilld, checks, *words)
    for words in (
        ["replay"], ["status"], ["show", article], ["verify"], ["prove", article, "-o", proof],
        ["search", word_of(daemon, article)],
        ["consumers", "create", "desk"], ["consumers", "list"], ["consumers", "show", "desk"],
        ["consumers", "read", "desk"], ["consumers", "delete", "desk"],
    ):  # fmt: skip
        answers(daemon.sijill, checks, *words)
    proved = answers(
        daemon.sijill, checks, "verify", "--proof", proof, "--change", proof + ".change.json", "--key",
        answers(daemon.sijilld, checks, "key", "show")[0]["key"],
    )  # fmt: skip
    checks.equal((proved[0]["sequence"], proved[0]["content"]), (1, "verified"), "a proof is checked")
    answers(daemon.sijilld, checks, "quarantine", "purge", listed)
    daemon.stop()
    checks.equal(answers(daemon.sijilld, checks, "rebuild"), [{"changes": 2, "articles": 1}], "rebuild counts")


def leaves(command, path):
    below = [each for each in command.get("subcommands", []) if each["commandName"] != "help"]
    if not below:
        yield path, command
    for each in below:
        yield from leaves(each, path + (each["commandName"],))


def flags(command):
    return {name["name"] for argument in command.get("arguments", []) for name in argument.get("names", [])}


def answers(ask, checks, *words):
    """What the command prints with --json, a value a line."""
    result = ask(*words, "--json")
    checks.equal(result.returncode, 0, f"{' '.join(words[:2])} --json ends well {result.stderr}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def word_of(daemon, article):
    change = next(change for change in daemon.changes() if change["subject"] == article)
    return change["data"]["text"].split()[0]


if __name__ == "__main__":
    main(run)
