"""The outsider's reading itself: a hand-made data directory is sound, and every altered byte in it is found."""

import base64
import hashlib
import json
import os

import sijill_articles
import sijill_format
from sijill_system import main

LOG = "7gq2m0xv4b"


def run(options, checks):
    data = os.path.join(options.folder, "data")
    write_directory(data, [content for _, content in sijill_articles.fixtures()])
    directory = sijill_format.read(data)
    checks.sound(directory, "a directory by the book has no findings")
    checks.equal(len(directory.changes), 6, "its changes")
    checks.equal(len(directory.originals), 5, "its originals")
    for name in files(data):
        path = os.path.join(data, name)
        with open(path, "rb") as file:
            sound = file.read()
        places = range(len(sound)) if options.full else options.random.sample(range(len(sound)), 40)
        for place in places:
            # A line break in a header of WARC is not looked at twice; all else is.
            if name.endswith("warc") and sound[place] in b"\r\n":
                continue
            altered = bytearray(sound)
            altered[place] ^= 1 << options.random.randrange(8)
            with open(path, "wb") as file:
                file.write(altered)
            found = findings(data)
            checks.that(found or is_free(name, sound, place), f"{name}: byte {place} altered is found")
        with open(path, "wb") as file:
            file.write(sound[:-1])
        checks.that(findings(data), f"{name}: cut by a byte is found")
        with open(path, "wb") as file:
            file.write(sound)
    checks.sound(sijill_format.read(data), "put back, it is sound again")


def findings(data):
    try:
        return sijill_format.read(data).findings
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return [repr(error)]


def is_free(name, sound, place):
    """Header fields of a WARC record that say nothing about its bytes, and the block of the warcinfo."""
    if not name.endswith("warc"):
        return False
    for offset, fields, header, block in sijill_format.warc_records(sound):
        if offset <= place < offset + header + len(block) + 4:
            return place < offset + header or fields["WARC-Type"] == "warcinfo"
    return False


def files(data):
    return ["log/state"] + [
        f"{folder}/{1:020}.{kind}"
        for folder, kind in (
            ("log", "ndjson"),
            ("log", "index"),
            ("originals", "warc"),
            ("originals", "index"),
        )
    ]


def write_directory(data, texts):
    """By DESIGN §5 and §6 alone: five articles, the first of them delivered twice."""
    os.makedirs(os.path.join(data, "log"))
    os.makedirs(os.path.join(data, "originals"))
    segment, index, warc, originals_index = b"", b"", record("warcinfo", {}, b"software: sijill\r\n"), b""
    for number, text in enumerate(texts + texts[:1], 1):
        repeated = number > len(texts)
        line, leaf_end, text_start = change(number, text, repeated)
        leaf_hash = hashlib.sha256(b"\0" + line[:leaf_end] + b"}}").digest()
        milliseconds = 1_795_211_823_000 + number
        index += sijill_format.INDEX_ENTRY.pack(
            len(segment), milliseconds, leaf_end, text_start, len(line), 0, leaf_hash
        )
        segment += line
        if not repeated:
            fields = {
                "WARC-Record-ID": f"<urn:sijill:{LOG}:{number:016}>",
                "WARC-Target-URI": f"urn:sijill:file:{number}.txt",
            }
            written = record("resource", fields, text)
            header = len(written) - len(text) - 4
            originals_index += sijill_format.ORIGINAL_ENTRY.pack(
                hashlib.sha256(text).digest(), len(warc), header, 0, len(text), number
            )
            warc += written
    write(data, "log", "ndjson", segment)
    write(data, "log", "index", index)
    write(data, "originals", "warc", warc)
    write(data, "originals", "index", originals_index)
    state = (
        f'{{"format":1,"log":"{LOG}","segment":1,"offset":{len(segment)},"sequence":{len(texts) + 1},"warc":1,'
        f'"warc_offset":{len(warc)},"done":{len(texts) + 1},"open":[],"signed":false'
    ).encode()
    with open(os.path.join(data, "log", "state"), "wb") as file:
        file.write(state + b',"sum":"' + hashlib.sha256(state).hexdigest().encode() + b'"}\n')


def write(data, folder, kind, content):
    with open(os.path.join(data, folder, f"{1:020}.{kind}"), "wb") as file:
        file.write(content)


def change(number, text, repeated):
    sha256 = hashlib.sha256(text).hexdigest()
    article = "a" + base64.b32encode(hashlib.sha256(text).digest()[:16]).decode().lower().rstrip("=")
    title = json.dumps(text.decode().split("\n")[0], ensure_ascii=False)
    body = "null" if repeated else json.dumps(text.decode(), ensure_ascii=False)
    content = f',"title":{title},"text":{body}'.encode()
    kind = "duplicated" if repeated else "added"
    before = f'"of":"{1:016}-k3f9a1c2","match":"raw","revision":1' if repeated else '"revision":1'
    standing = "" if repeated else f',"words":{len(text.split())},"relations":[],"cluster":"{article}"'
    head = (
        f'{{"specversion":"1.0","id":"{number:016}-k3f9a1c2","source":"urn:sijill:{LOG}",'
        f'"type":"org.sijill.article.{kind}","subject":"{article}",'
        f'"time":"{sijill_format.rfc3339(1_795_211_823_000 + number)}","sequence":"{number:016}",'
        f'"datacontenttype":"application/json","dataschema":"urn:sijill:schema:change:1",'
        f'"data":{{"article":"{article}",{before},"file":{{"name":"خبر.txt","source":"default",'
        f'"bytes":{len(text)},"sha256":"{sha256}","encoding":"utf-8","format":"text","inode":{1000 + number}}},'
        f'"digests":{{"text":"{sha256}","content":"{hashlib.sha256(content).hexdigest()}"}}{standing}'
    ).encode()
    line = head + content + b"}}\n"
    return line, len(head), len(head) + content.rindex(b',"text":')


def record(kind, fields, block):
    digest = "sha256:" + base64.b32encode(hashlib.sha256(block).digest()).decode()
    head = {"WARC-Type": kind, **fields, "WARC-Block-Digest": digest, "Content-Length": str(len(block))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return b"WARC/1.1\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"


if __name__ == "__main__":
    main(run, needs_daemon=False)
