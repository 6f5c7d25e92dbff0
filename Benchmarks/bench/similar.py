"""Near-duplicates by a library, one thread: a peer to be measured.

    similar.py datasketch|rensa FILE

Takes the texts of a JSONL file one after the other, as they would come, and finds for each those before it: shingles of
three words, 128 permutations, threshold .6, which is that of Sijill's `near`. Prints JSON: the seconds and the pairs.
"""

import json
import sys
import time

PERMUTATIONS = 128
THRESHOLD = 0.6


def shingles(text):
    words = text.split()
    return {" ".join(words[place : place + 3]) for place in range(max(1, len(words) - 2))}


def datasketch():
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)

    def take(number, text):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([shingle.encode() for shingle in shingles(text)])
        found = index.query(sketch)
        index.insert(number, sketch)
        return found

    return take


def rensa():
    from rensa import RMinHash, RMinHashLSH

    # 32 bands of four: what is at the threshold is found, too.
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=32)

    def take(number, text):
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update(list(shingles(text)))
        found = index.query(sketch)
        index.insert(number, sketch)
        return found

    return take


def main(library, path):
    take = {"datasketch": datasketch, "rensa": rensa}[library]()
    pairs = []
    began = time.monotonic()
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file):
            pairs += [(number, other) for other in take(number, json.loads(line)["text"])]
    print(json.dumps({"seconds": time.monotonic() - began, "pairs": pairs}))


if __name__ == "__main__":
    main(*sys.argv[1:])
