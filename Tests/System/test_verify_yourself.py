"""The commands of Documentation/VerifyYourself.md, run as they stand there, accept a true article and no other."""

import json
import os
import re
import subprocess

import sijill_articles
from sijill_system import ROOT, Daemon, main, wait_until


def run(options, checks):
    with open(os.path.join(ROOT, "Documentation", "VerifyYourself.md")) as file:
        commands = re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL)
    checks.equal(len(commands), 6, "the page has its commands")
    daemon = Daemon(options.folder)
    daemon.start()
    for number in range(23):
        daemon.drop(f"{number}.txt", sijill_articles.article(number, options.seed, 900))
    wait_until(lambda: daemon.get("/checkpoint")[2].split(b"\n")[1] == b"23")
    key = daemon.sijilld("key", "show").stdout.decode().strip().split("\n")[-1]
    article = daemon.changes()[options.random.randrange(23)]["data"]["article"]
    folder = os.path.join(options.folder, "verify")
    os.makedirs(folder)

    def shell(script, **more):
        environment = os.environ | {"URL": f"http://127.0.0.1:{daemon.port}", "ARTICLE": article, "KEY": key} | more
        ended = subprocess.run(
            ["bash", "-e", "-c", script], capture_output=True, text=True, cwd=folder, env=environment
        )
        return ended.returncode, ended.stdout + ended.stderr

    code, said = shell("\n".join(commands))
    checks.equal(code, 0, f"the page's commands: {said}")
    checks.equal(said.count("OK"), 4, f"each says OK: {said}")

    # Offline from here on: each step refuses what was changed.
    for name, step, change in (
        ("original", 2, lambda data: data + b" "),
        ("change.json", 3, lambda data: data.replace(b'"title":"', b'"title":"x', 1)),
        ("leaf", 4, lambda data: data.replace(b"default", b"defauld", 1)),
        ("proof.json", 4, lambda data: json.dumps({**json.loads(data), "sequence": 1 + json.loads(data)["sequence"] % 23}).encode()),
        ("checkpoint", 5, lambda data: data.replace(b"\n23\n", b"\n24\n", 1)),
    ):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            content = file.read()
        with open(path, "wb") as file:
            file.write(change(content))
        code, said = shell(commands[step])
        checks.that(code != 0, f"a changed {name} is refused", said)
        with open(path, "wb") as file:
            file.write(content)
        checks.equal(shell(commands[step])[0], 0, f"the true {name} is accepted")
    stranger = key.replace("+", "+00000000+", 1).replace("+00000000+" + key.split("+")[1] + "+", "+00000000+")
    checks.that(shell(commands[5], KEY=stranger)[0] != 0, "a stranger's key is refused")
    checks.equal(daemon.stop(), 0, "SIGTERM ends with 0")


if __name__ == "__main__":
    main(run)
