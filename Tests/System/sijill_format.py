"""An outsider's reading of a data directory.

Written from Documentation/Format.md and the standards that it names, sharing no code with Sijill: what this
module reads, anyone can read. `read(directory)` gives the changes, the originals, and a list of findings,
each saying file and place. A directory must not be in use, and must have been stopped cleanly or recovered.
"""

import base64
import datetime
import hashlib
import json
import os
import re
import struct
from dataclasses import dataclass, field

NUMBERED = re.compile(r"^(\d{20})\.(ndjson|index|warc)$")
CURSOR = re.compile(r"^\d{16}-[0-9a-z]{8}$")
TITLE = b',"title":'
TEXT = b',"text":'
CLOSING = b"}}"
ERASED = re.compile(rb',"title":null,"text":null *')
INDEX_ENTRY = struct.Struct("<QQIIII32s")
ORIGINAL_ENTRY = struct.Struct("<32sQIIQQ")


@dataclass
class Change:
    line: bytes
    segment: int
    offset: int
    value: dict

    @property
    def sequence(self):
        return int(self.value["sequence"])

    @property
    def kind(self):
        return self.value["type"].rsplit(".", 1)[1]

    @property
    def file(self):
        return self.value["data"]["file"]

    @property
    def place(self):
        return f"log/{self.segment:020}.ndjson, byte {self.offset}"


@dataclass
class Original:
    block: bytes
    uri: str
    warc: int
    offset: int
    header_length: int


@dataclass
class Mate:
    block: bytes
    fields: dict
    sequence: int
    digest: str


@dataclass
class Directory:
    path: str
    changes: list = field(default_factory=list)
    originals: dict = field(default_factory=dict)
    mates: list = field(default_factory=list)
    state: dict = None
    segments: dict = field(default_factory=dict)
    warcs: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    # What is nothing but spaces any more, and what withdrawals list; the first must be among the second.
    erased: dict = field(default_factory=dict)
    listed: set = field(default_factory=set)
    # The articles so far: revision, cluster, and whether the last text was erased.
    standing: dict = field(default_factory=dict)

    def expect(self, condition, finding):
        if not condition:
            self.findings.append(finding)
        return condition

    @property
    def log_bytes(self):
        return b"".join(self.segments[first] for first in sorted(self.segments))


def read(path):
    """Reads and verifies everything; nothing is raised for bad bytes, they become findings."""
    directory = Directory(path)
    directory.segments = numbered(path, "log", "ndjson")
    directory.warcs = numbered(path, "originals", "warc")
    read_state(directory)
    for first in sorted(directory.segments):
        read_segment(directory, first)
    for first in sorted(directory.warcs):
        read_warc(directory, first)
    for change in directory.changes:
        verify_original(directory, change)
    for what, place in directory.erased.items():
        directory.expect(what in directory.listed, f"{place}: erased, and no withdrawal lists it")
    verify_mates(directory)
    return directory


def numbered(path, folder, kind):
    files = {}
    for name in os.listdir(os.path.join(path, folder)):
        match = NUMBERED.match(name)
        if match and match.group(2) == kind:
            with open(os.path.join(path, folder, name), "rb") as file:
                files[int(match.group(1))] = file.read()
    return files


def read_state(directory):
    with open(os.path.join(directory.path, "log", "state"), "rb") as file:
        line = file.read()
    state = directory.state = strict_json(line)
    directory.expect(line.endswith(b"}\n"), "log/state: not one line")
    signed_part = line[: line.rindex(b',"sum":"')]
    directory.expect(state["sum"] == hashlib.sha256(signed_part).hexdigest(), "log/state: wrong sum")
    directory.expect(state["format"] == 1, "log/state: unknown format")
    size = len(directory.segments.get(state["segment"], b""))
    directory.expect(
        state["offset"] <= size, f"log/state: offset {state['offset']} beyond the segment's {size}"
    )
    size = len(directory.warcs.get(state["warc"], b""))
    directory.expect(
        state["warc_offset"] <= size,
        f"log/state: warc_offset {state['warc_offset']} beyond the file's {size}",
    )


def strict_json(line):
    """Strict JSON: no member twice, no NaN, valid UTF-8."""

    def members(pairs):
        value = dict(pairs)
        if len(value) != len(pairs):
            raise ValueError("a member stands twice")
        return value

    def refuse(name):
        raise ValueError(f"{name} is no JSON")

    return json.loads(line.decode("utf-8"), object_pairs_hook=members, parse_constant=refuse)


def lines_of(segment):
    """Offsets and whole lines; what is behind the last newline comes as a line without one."""
    offset = 0
    while offset < len(segment):
        end = segment.find(b"\n", offset) + 1 or len(segment)
        yield offset, segment[offset:end]
        offset = end


def read_segment(directory, first):
    index_path = os.path.join(directory.path, "log", f"{first:020}.index")
    index = b""
    if directory.expect(os.path.exists(index_path), f"log/{first:020}.index: missing"):
        with open(index_path, "rb") as file:
            index = file.read()
    number = 0
    for offset, line in lines_of(directory.segments[first]):
        place = f"log/{first:020}.ndjson, byte {offset}"
        try:
            change = Change(line, first, offset, strict_json(line))
            verify_change(directory, change)
        except (ValueError, KeyError, TypeError) as error:
            directory.findings.append(f"{place}: no change: {error!r}")
            continue
        if number == 0:
            directory.expect(change.sequence == first, f"{place}: the segment's name says {first}")
        directory.changes.append(change)
        verify_index(directory, change, index[number * INDEX_ENTRY.size :][: INDEX_ENTRY.size])
        number += 1
    directory.expect(
        len(index) == number * INDEX_ENTRY.size,
        f"log/{first:020}.index: {len(index)} bytes for {number} changes",
    )


def leaf_of(line):
    """The leaf: before the first title, and the closing braces."""
    return line[: line.index(TITLE)] + CLOSING


def verify_change(directory, change):
    line, value, place = change.line, change.value, change.place
    expect = directory.expect
    expect(line.endswith(CLOSING + b"\n"), f"{place}: does not end as a change does")
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if ERASED.fullmatch(line[line.index(TITLE) : -3]):
        # The spaces that an erasure leaves, and Python does not write.
        written = line if json.loads(written) == json.loads(line) else written
    # Python may write other floating point numbers than it read; those of relations it writes alike.
    if not has_float(value["data"].get("extra")):
        expect(written == line, f"{place}: not in the one way in which changes are written")
    expect(value["specversion"] == "1.0", f"{place}: no CloudEvent 1.0")
    expect(value["source"] == "urn:sijill:" + directory.state["log"], f"{place}: of another log")
    expect(re.fullmatch(r"\d{16}", value["sequence"]), f"{place}: sequence is not sixteen digits")
    expect(
        CURSOR.match(value["id"]) and value["id"].startswith(value["sequence"]), f"{place}: id is no cursor"
    )
    expect(value["type"].startswith(("org.sijill.article.", "org.sijill.file.")), f"{place}: unknown type")
    previous = directory.changes[-1] if directory.changes else None
    expect(
        change.sequence == (previous.sequence + 1 if previous else 1),
        f"{place}: sequence {change.sequence} is wrong",
    )
    if previous:
        expect(value["time"] >= previous.value["time"], f"{place}: time goes back")
    data = value["data"]
    names = list(data)
    expect(names[-1] == "text" and "title" in names, f"{place}: title or text is missing")
    expect(len(leaf_of(line)) <= 65_535, f"{place}: leaf too long")
    if "digests" in data:
        content = line[line.index(TITLE) : -3]
        if ERASED.fullmatch(content) and data["digests"]["content"] != hashlib.sha256(content).hexdigest():
            directory.erased[change.sequence] = place
            if change.kind in ("added", "revised"):
                verify_standing(directory, change, erased=True)
            return
        expect(
            data["digests"]["content"] == hashlib.sha256(content).hexdigest(),
            f"{place}: wrong content digest",
        )
        if change.kind == "withdrawn":
            directory.listed |= set(data["sequences"]) | set(data["originals"])
        if change.kind in ("added", "revised"):
            text = hashlib.sha256(data["text"].encode()).hexdigest()
            expect(data["digests"]["text"] == text, f"{place}: wrong text digest")
    if change.kind in ("duplicated", "rejected"):
        expect(data["text"] is None, f"{place}: {change.kind} with a text")
    if change.kind in ("added", "revised"):
        verify_standing(directory, change)


KINDS = ("near", "likely", "contains", "within", "related", "replaced_url")


def verify_standing(directory, change, erased=False):
    """Revision, relations and cluster, against the changes before."""
    data, place, expect = change.value["data"], change.place, directory.expect
    known = directory.standing
    for relation in data["relations"]:
        expect(relation["kind"] in KINDS, f"{place}: unknown kind {relation['kind']}")
        expect(relation["article"] in known, f"{place}: related to an article that is not there")
        expect(relation["article"] != data["article"], f"{place}: related to itself")
        shares = (relation["jaccard"], relation["containment"])
        expect(0 <= shares[0] <= shares[1] <= 1, f"{place}: J {shares[0]} and C {shares[1]}")
        expect(isinstance(relation["figures_differ"], bool), f"{place}: figures_differ is no boolean")
    if change.kind == "added":
        again = known.get(data["article"], (0, None, True))[2]
        expect(again, f"{place}: the article is there already")
        expect(data["revision"] == 1, f"{place}: a new article begins with revision 1")
        head = data["cluster"]
        near = head == data["article"] or known.get(head, (0, None, False))[1] == head
        expect(near, f"{place}: the cluster's head {head} is head of no cluster")
    else:
        revision, cluster, _ = known.get(data["article"], (0, None, False))
        expect(data["revision"] == revision + 1, f"{place}: revision {data['revision']} after {revision}")
        expect(data["cluster"] == cluster, f"{place}: a revision changed the cluster")
        counts = ("paragraphs_added", "paragraphs_removed", "numbers_added", "numbers_removed", "retitled")
        expect(tuple(data["changed"]) == counts, f"{place}: counts are {list(data['changed'])}")
    known[data["article"]] = (data["revision"], data["cluster"], erased)


def has_float(value):
    if isinstance(value, dict):
        return any(map(has_float, value.values()))
    if isinstance(value, list):
        return any(map(has_float, value))
    return isinstance(value, float)


def verify_index(directory, change, entry):
    if not directory.expect(len(entry) == INDEX_ENTRY.size, f"{change.place}: not in the index"):
        return
    offset, milliseconds, leaf_end, text_start, length, zero, leaf_hash = INDEX_ENTRY.unpack(entry)
    line = change.line
    said = (offset, leaf_end, text_start, length, zero)
    real = (change.offset, line.index(TITLE), line.rindex(TEXT), len(line), 0)
    directory.expect(said == real, f"{change.place}: index says {said}, it is {real}")
    tree_leaf = hashlib.sha256(b"\0" + leaf_of(line)).digest()
    directory.expect(leaf_hash == tree_leaf, f"{change.place}: index has another leaf hash")
    directory.expect(rfc3339(milliseconds) == change.value["time"], f"{change.place}: index has another time")


def rfc3339(milliseconds):
    moment = datetime.datetime.fromtimestamp(milliseconds // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds % 1000:03}Z"


def warc_records(warc):
    """Offset, header fields, header length and block of every record of a WARC 1.1 file (ISO 28500)."""
    offset = 0
    while offset < len(warc):
        end = warc.find(b"\r\n\r\n", offset)
        if end < 0:
            raise ValueError(f"no end of a header at byte {offset}")
        head = warc[offset:end].split(b"\r\n")
        if head[0] != b"WARC/1.1":
            raise ValueError(f"no record at byte {offset}")
        fields = dict(line.decode().split(": ", 1) for line in head[1:])
        start, length = end + 4, int(fields["Content-Length"])
        if warc[start + length : start + length + 4] != b"\r\n\r\n":
            raise ValueError(f"the block at byte {start} does not end after {length} bytes")
        yield offset, fields, start - offset, warc[start : start + length]
        offset = start + length + 4


def read_warc(directory, first):
    name = f"originals/{first:020}.warc"
    entries = []
    stored_by = {}
    for change in directory.changes:
        if change.kind in ("added", "revised", "duplicated"):
            stored_by.setdefault(change.file["sha256"], change.sequence)
    try:
        for number, (offset, fields, header, block) in enumerate(warc_records(directory.warcs[first])):
            kind = fields["WARC-Type"]
            directory.expect(
                (kind == "warcinfo") == (number == 0), f"{name}, byte {offset}: {kind} out of place"
            )
            if kind not in ("resource", "metadata"):
                continue
            digest = hashlib.sha256(block).digest()
            said = fields["WARC-Block-Digest"]
            real = "sha256:" + base64.b32encode(digest).decode()
            sequence = int(fields["WARC-Record-ID"].split(":")[3].rstrip(">"))
            place = 1 if kind == "metadata" else 0
            if said != real and block and not block.strip(b" "):
                digest = base64.b32decode(said.removeprefix("sha256:"))
                directory.erased[digest.hex()] = f"{name}, byte {offset}"
            else:
                directory.expect(said == real, f"{name}, byte {offset}: wrong block digest")
                if kind == "resource":
                    known = digest.hex() in directory.originals
                    directory.expect(not known, f"{name}, byte {offset}: the same original a second time")
                    directory.expect(
                        sequence == stored_by.get(digest.hex()) or directory.listed,
                        f"{name}, byte {offset}: change {sequence} did not bring it",
                    )
                    directory.originals[digest.hex()] = Original(
                        block, fields["WARC-Target-URI"], first, offset, header
                    )
            if kind == "metadata":
                directory.mates.append(Mate(block, fields, sequence, digest.hex()))
            entries.append((digest, offset, header, place, len(block), sequence))
    except (ValueError, KeyError) as error:
        directory.findings.append(f"{name}: {error}")
        return
    index_name = f"originals/{first:020}.index"
    if not directory.expect(
        os.path.exists(os.path.join(directory.path, index_name)), f"{index_name}: missing"
    ):
        return
    with open(os.path.join(directory.path, index_name), "rb") as file:
        index = file.read()
    whole = len(index) % ORIGINAL_ENTRY.size == 0
    if directory.expect(whole, f"{index_name}: {len(index)} bytes are no whole entries"):
        said = list(ORIGINAL_ENTRY.iter_unpack(index))
        directory.expect(said == entries, f"{index_name}: does not fit the WARC")


def verify_mates(directory):
    """Each mate that a change keeps is a metadata record that refers to the record of the input's bytes."""
    resources = {}
    said = []
    for change in directory.changes:
        file = change.value["data"].get("file")
        if change.kind == "rejected" or not file:
            continue
        resources.setdefault(file.get("sha256"), change.sequence)
        refers = f"<{change.value['source']}:{resources[file['sha256']]:016}>"
        said += [
            (change.sequence, mate["sha256"], refers) for mate in file.get("mates", []) if mate.get("kept")
        ]
    found = [(mate.sequence, mate.digest, mate.fields["WARC-Refers-To"]) for mate in directory.mates]
    directory.expect(said == found, f"metadata records {short_list(found)}, changes say {short_list(said)}")


def short_list(values):
    return repr(values[:3])


def verify_original(directory, change):
    if change.kind not in ("added", "revised", "duplicated") or change.value["data"].get("kept") is False:
        return
    if change.file["sha256"] in directory.erased:
        return
    original = directory.originals.get(change.file["sha256"])
    if directory.expect(original, f"{change.place}: its original is missing"):
        directory.expect(len(original.block) == change.file["bytes"], f"{change.place}: wrong count of bytes")
