"""Turns `PROGRAM --experimental-dump-help`, JSON on standard input, into a man page (mdoc) on standard output."""

import json
import re
import sys


def escaped(text):
    """Text for roff: no line begins with a control character, and no backslash or hyphen means anything else."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text):
    for number, paragraph in enumerate(re.split(r"\n\s*\n", (text or "").strip())):
        if paragraph:
            if number:
                yield ".Pp"
            yield escaped(paragraph)


def names(argument):
    found = [
        ("-" if name["kind"] == "short" else "--") + name["name"] for name in argument.get("names") or []
    ]
    return sorted(found, key=len)


def title(argument):
    value = argument.get("valueName", "value")
    if argument["kind"] == "positional":
        return f"<{value}>" + (" …" if argument.get("isRepeating") else "")
    joined = ", ".join(names(argument))
    return joined if argument["kind"] == "flag" else f"{joined} <{value}>"


def synopsis(path, command):
    words = []
    for argument in command.get("arguments") or []:
        if argument.get("shouldDisplay", True):
            word = title(argument).split(", ")[-1]
            words.append(f"[{word}]" if argument.get("isOptional") else word)
    if command.get("subcommands"):
        words.append("<subcommand>")
    return " ".join([path, *words])


def options(command):
    yield ".Bl -tag -width Ds"
    for argument in command.get("arguments") or []:
        if not argument.get("shouldDisplay", True):
            continue
        yield f".It {escaped(title(argument))}"
        yield escaped(argument.get("abstract") or argument.get("discussion") or "")
        if argument.get("defaultValue"):
            yield escaped(f"(default: {argument['defaultValue']})")
    yield ".El"


def subcommands(path, command):
    for child in command.get("subcommands") or []:
        if child["commandName"] == "help" or not child.get("shouldDisplay", True):
            continue
        inner = f"{path} {child['commandName']}"
        yield f'.Ss "{escaped(inner)}"'
        yield escaped(child.get("abstract") or "")
        yield ".Pp"
        yield escaped(synopsis(inner, child))
        if child.get("discussion"):
            yield ".Pp"
            yield from paragraphs(child["discussion"])
        yield from options(child)
        yield from subcommands(inner, child)


def page(tool, section):
    command = tool["command"]
    name = command["commandName"]
    yield ".Dd"
    yield f".Dt {name.upper()} {section}"
    yield ".Os"
    yield f".Sh NAME\n.Nm {name}\n.Nd {escaped((command.get('abstract') or name).rstrip('.'))}"
    yield f".Sh SYNOPSIS\n{escaped(synopsis(name, command))}"
    yield ".Sh DESCRIPTION"
    yield from paragraphs(command.get("discussion"))
    yield ".Sh OPTIONS"
    yield from options(command)
    yield ".Sh COMMANDS"
    yield from subcommands(name, command)


if __name__ == "__main__":
    print("\n".join(page(json.load(sys.stdin), sys.argv[1])))
