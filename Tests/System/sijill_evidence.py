"""An outsider's verifier of a transparency log, sharing no code with Sijill.

Written from RFC 6962 (trees), RFC 8032 (Ed25519), and the C2SP pages tlog-tiles, tlog-checkpoint, signed-note and
tlog-proof. Everything that is wrong raises ValueError. Python's standard library only.
"""

import base64
import hashlib

# -- Ed25519, RFC 8032 §5.1. Slow and not for secrets: it only verifies.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return P - x if x & 1 != sign else x


def point(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, p):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, p)
        p, scalar = add(p, p), scalar >> 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def is_signature(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    try:
        key, r = point(public), point(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, key))
    return not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P


# -- Notes and checkpoints


class Key:
    """A verifier key, `<name>+<8 hex>+<base64>`."""

    def __init__(self, text):
        self.text = text
        self.name, self.id, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        if len(raw) != 33 or raw[0] != 1:
            raise ValueError("no Ed25519 key")
        self.public = raw[1:]
        expected = hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4].hex()
        if self.id != expected:
            raise ValueError(f"key id {self.id}, {expected} is expected")


class Checkpoint:
    def __init__(self, note, *keys):
        text, separator, rest = note.rpartition(b"\n\n")
        if not separator or not rest.endswith(b"\n"):
            raise ValueError("no signatures")
        text += b"\n"
        signers = []
        for line in rest[:-1].split(b"\n"):
            dash, name, signature = line.decode().split(" ")
            raw = base64.b64decode(signature, validate=True)
            if dash != "—":
                raise ValueError("no em dash")
            for key in keys:
                if key.name == name and key.id == raw[:4].hex():
                    if not is_signature(key.public, text, raw[4:]):
                        raise ValueError("wrong signature")
                    signers.append(key.text)
        if keys and not signers:
            raise ValueError("no signature of a known key")
        lines = text.decode().split("\n")
        self.note, self.signers, self.signatures = note, signers, len(rest[:-1].split(b"\n"))
        self.origin, size, root = lines[:3]
        if lines[3:] != [""] or str(int(size)) != size or int(size) < 0:
            raise ValueError("no checkpoint of three lines")
        self.size, self.root = int(size), base64.b64decode(root, validate=True)
        if len(self.root) != 32 or keys and self.origin != keys[0].name:
            raise ValueError("wrong root or origin")


# -- Trees


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """MTH of RFC 6962 over leaf hashes, or over the roots of complete subtrees of one size."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node(root_of(hashes[:split]), root_of(hashes[split:]))


def verify_inclusion(leaf, index, size, path, root):
    """RFC 9162 §2.1.3.2."""
    if index >= size:
        raise ValueError("index beyond the tree")
    first, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ValueError("the path is too long")
        if first & 1 or first == last:
            computed = node(sibling, computed)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            computed = node(computed, sibling)
        first, last = first >> 1, last >> 1
    if last or computed != root:
        raise ValueError("the path does not lead to the root")


def verify_consistency(old, old_root, new, new_root, path):
    """RFC 9162 §2.1.4.2."""
    if old == new or old == 0:
        if path or old == new and old_root != new_root:
            raise ValueError("not consistent")
        return
    path = list(path)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_hash = new_hash = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ValueError("the path is too long")
        if first & 1 or first == last:
            old_hash, new_hash = node(sibling, old_hash), node(sibling, new_hash)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new_hash = node(new_hash, sibling)
        first, last = first >> 1, last >> 1
    if last or old_hash != old_root or new_hash != new_root:
        raise ValueError("not consistent")


# -- Tiles


def tile_number(index):
    text = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03}/{text}"
    return text


def tiles_of(size):
    """(level, index, width) of every tile of a tree; level None is a bundle."""
    level = 0
    while size >> 8 * level:
        count = size >> 8 * level
        for index in range((count + 255) // 256):
            width = min(256, count - 256 * index)
            yield level, index, width
            if level == 0:
                yield None, index, width
        level += 1


def tile_path(level, index, width):
    kind = "entries" if level is None else level
    return f"/tile/{kind}/{tile_number(index)}" + (f".p/{width}" if width < 256 else "")


def leaves_of(bundle):
    leaves, position = [], 0
    while position < len(bundle):
        length = int.from_bytes(bundle[position : position + 2], "big")
        leaf = bundle[position + 2 : position + 2 + length]
        if len(leaf) != length:
            raise ValueError("a bundle ends in a leaf")
        leaves.append(leaf)
        position += 2 + length
    return leaves


def read_tree(get, size):
    """Every tile and bundle of a tree by `get(path)`; returns root and leaves after holding all against each other."""
    found, leaves = {}, {}
    for level, index, width in tiles_of(size):
        body = get(tile_path(level, index, width))
        if level is None:
            leaves[index] = leaves_of(body)
            if len(leaves[index]) != width:
                raise ValueError(f"bundle {index} has {len(leaves[index])} leaves, not {width}")
        else:
            if len(body) != 32 * width:
                raise ValueError(f"tile {level}/{index} has {len(body)} bytes")
            found[level, index] = [body[i : i + 32] for i in range(0, len(body), 32)]
    for index, bundle in leaves.items():
        if [leaf_hash(leaf) for leaf in bundle] != found[0, index]:
            raise ValueError(f"bundle {index} does not fit its tile")
    for (level, index), hashes in found.items():
        for number, value in enumerate(hashes):
            if level and value != root_of(found[level - 1, 256 * index + number]):
                raise ValueError(f"hash {number} of tile {level}/{index} is not the root of the one below")
    leaf_hashes = [value for index in sorted(leaves) for value in found[0, index]]
    return root_of(leaf_hashes), [leaf for index in sorted(leaves) for leaf in leaves[index]]


def verify_proof_file(proof, leaf, *keys):
    """c2sp.org/tlog-proof@v1; returns its checkpoint."""
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode().split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("index "):
        raise ValueError("no proof")
    checkpoint = Checkpoint(note, *keys)
    path = [base64.b64decode(line, validate=True) for line in lines[2:]]
    verify_inclusion(leaf_hash(leaf), int(lines[1][6:]), checkpoint.size, path, checkpoint.root)
    return checkpoint
