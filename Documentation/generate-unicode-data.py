"""Writes Sources/SijillText/UnicodeData.swift: the part of the Unicode Character Database that folding needs.

The tables are part of the format: canonical digests depend on them, so they are pinned to one version of
Unicode and kept in the project, instead of being asked of whatever the system has today. A new version of Unicode
is a new version tag of the canonical words (see Documentation/Format.md).

    python3 -m pip install unicodedata2==17.0.0
    python3 Documentation/generate-unicode-data.py > Sources/SijillText/UnicodeData.swift

Two shapes, both lists of records in the order of the scalars, as base 64 of LEB128 numbers:
ranges (distance from the end of the last range, length, value), and mappings (distance from the last scalar,
count, then each target as a zigzag difference from the one before it, the first from the scalar itself).
"""
import base64
import unicodedata

import unicodedata2 as ucd

VERSION = "17.0.0"
assert ucd.unidata_version == VERSION, ucd.unidata_version
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)  # composed by rule, not by table


def number(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return number(value << 1 if value >= 0 else (-value << 1) - 1)


def ranges(value_of):
    """Ranges of scalars with the same value; those with value 0 are left out."""
    out, end, start, value, last = bytearray(), 0, None, 0, None
    for c in SCALARS + [None]:
        new = 0 if c is None else value_of(c)
        if start is not None and (new != value or c != last + 1):
            out += number(start - end) + number(last + 1 - start) + number(value)
            end, start = last + 1, None
        if new and start is None:
            start, value = c, new
        last = c
    return bytes(out)


def mappings(targets_of):
    """Scalars that stand for others; those for which there is nothing are left out."""
    out, before = bytearray(), 0
    for c in SCALARS:
        targets = targets_of(c)
        if not targets:
            continue
        out += number(c - before) + number(len(targets))
        before = previous = c
        for target in targets:
            out += zigzag(target - previous)
            previous = target
    return bytes(out)


def word_class(c):
    """1: letter. 2: mark that is part of a word. 3: number. 0: separates."""
    category = ucd.category(chr(c))
    return {"L": 1, "N": 3}.get(category[0], 2 if category in ("Mn", "Mc") else 0)


def latin(c):
    return int(ucd.category(chr(c))[0] == "L" and ucd.name(chr(c), "").startswith("LATIN "))


def canonical_pair(c):
    """The two scalars that compose to c, when composition is allowed (UAX #15, primary composites)."""
    if c in HANGUL or ucd.normalize("NFC", chr(c)) != chr(c):
        return None
    parts = ucd.decomposition(chr(c)).split()
    return [int(p, 16) for p in parts] if len(parts) == 2 and parts[0][0] != "<" else None


def compatibility(c):
    """The full compatibility decomposition of what is not composed again."""
    if c in HANGUL or canonical_pair(c):
        return None
    full = ucd.normalize("NFKD", chr(c))
    return [ord(x) for x in full] if full != chr(c) else None


def case_folding(c):
    """Full case folding (statuses C and F of CaseFolding.txt) of what NFKC leaves as it is."""
    if ucd.normalize("NFKC", chr(c)) != chr(c):
        return None
    if unicodedata.category(chr(c)) != "Cn":
        folded = chr(c).casefold()
    else:  # Newer than this Python: bicameral letters are paired by their names.
        name = ucd.name(chr(c), "")
        folded = ucd.lookup(name.replace("CAPITAL", "SMALL")) if "CAPITAL LETTER" in name else chr(c)
    return [ord(x) for x in folded] if folded != chr(c) else None


TABLES = [
    ("wordClasses", "Ranges: 1 letters, 2 marks that are part of a word, 3 numbers.", ranges(word_class)),
    ("latinLetters", "Ranges: letters whose name begins with LATIN.", ranges(latin)),
    ("combiningClasses", "Ranges: canonical combining class.", ranges(lambda c: ucd.combining(chr(c)))),
    ("canonicalPairs", "Mappings: primary composites, to the two scalars they are made of.", mappings(canonical_pair)),
    ("decompositions", "Mappings: full NFKD of every other scalar that has one.", mappings(compatibility)),
    ("caseFoldings", "Mappings: full case folding of scalars that NFKC keeps.", mappings(case_folding)),
]

print("// Made by Documentation/generate-unicode-data.py. Do not edit.")
print()
print("/// Tables of the Unicode Character Database, in the form that the generator describes.")
print("enum UnicodeData {")
print(f'    static let version = "{VERSION}"')
for name, summary, data in TABLES:
    print()
    print(f"    /// {summary}")
    print(f'    static let {name}: StaticString = """')
    text = base64.b64encode(data).decode()
    lines = [text[start : start + 100] for start in range(0, len(text), 100)]
    print("\\\n".join("        " + line for line in lines))
    print('        """')
print("}")
