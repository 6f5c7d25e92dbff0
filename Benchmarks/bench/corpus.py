"""A corpus of made Arabic news texts: deterministic, as large as is wanted, none of it anybody's.

An article is a function of its number alone, so any part can be made again, byte for byte. Words are made from
roots and patterns and drawn with the frequencies of real text (Zipf), so that vocabulary, compression and the
chance of a common three-word sequence are near those of newspapers. `Corpus(repeats=.05, copies=.05)` makes that
share of the articles byte-identical repeats and near-copies of earlier ones, and knows which.
"""

import itertools
import json
import math
import multiprocessing
import os
import random

LETTERS = "بتثجحخدرزسشصضطعغفقكلمنهوي"
PATTERNS = ("{0}{1}{2}", "{0}ا{1}{2}", "م{0}{1}و{2}", "{0}{1}ي{2}", "ت{0}{1}ي{2}", "ا{0}ت{1}ا{2}", "م{0}ا{1}{2}ة", "ي{0}{1}{2}ون")
PREFIXES = ("", "", "", "ال", "ال", "و", "ب", "وال", "لل")
COMMON = "في من على إلى أن عن مع هذا التي الذي قال كان بعد قبل خلال بين كما وقد لم حتى عند غير كل أو ثم".split()
VOCABULARY = 40_000
MEDIAN_BYTES = 5_000
SIZE_SPREAD = 0.42


def vocabulary():
    """Common words first, then made ones, each once."""
    source = random.Random("sijill/words")
    words = dict.fromkeys(COMMON)
    roots = list(itertools.permutations(LETTERS, 3))
    source.shuffle(roots)
    for root in itertools.cycle(roots):
        words[source.choice(PREFIXES) + source.choice(PATTERNS).format(*root)] = None
        if len(words) == VOCABULARY:
            return list(words)


class Corpus:
    def __init__(self, repeats=0.0, copies=0.0):
        self.repeats = repeats
        self.copies = copies
        self.words = vocabulary()
        self.weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(len(self.words))))

    def article(self, number):
        """Title and text."""
        kind, other, source = self.origin(number)
        title, text = self.original(other)
        return (title, self.edited(text, source)) if kind == "copy" else (title, text)

    def origin(self, number):
        """Whether an article is an `original`, a `repeat` or a near-`copy`, of which original, and what edits it."""
        source = random.Random(f"sijill/{number}")
        kind = source.random()
        if number and kind < self.repeats:
            return "repeat", source.randrange(number), source
        if number and kind < self.repeats + self.copies:
            return "copy", source.randrange(number), source
        return "original", number, source

    def copies_of_originals(self, count):
        """Pairs of a near-copy and the original that it was made from, both among the first `count` articles."""
        kinds = [self.origin(number)[:2] for number in range(count)]
        # An original does not stand in its own place when a repeat or a copy of another does.
        return {(n, other) for n, (kind, other) in enumerate(kinds) if kind == "copy" and kinds[other][0] == "original"}

    def original(self, number):
        source = random.Random(f"sijill/original/{number}")
        size = min(20_000, MEDIAN_BYTES * math.exp(source.gauss(0, SIZE_SPREAD)))
        title = " ".join(self.draw(source, 8))
        lines, length = [], 0
        while length < size:
            sentences = [self.sentence(source) for _ in range(source.randint(2, 4))]
            lines.append(" ".join(sentences))
            length += 2 * len(lines[-1])
        return title, "\n\n".join(lines)

    def draw(self, source, count):
        return source.choices(self.words, cum_weights=self.weights, k=count)

    def sentence(self, source):
        words = self.draw(source, source.randint(12, 28))
        if source.random() < 0.3:
            words.insert(source.randrange(len(words)), str(source.randint(2, 2030)))
        return " ".join(words) + "."

    def edited(self, text, source):
        """As another site would print it: some sentences gone, one added."""
        sentences = text.split(". ")
        for _ in range(max(1, len(sentences) // 12)):
            if len(sentences) > 3:
                del sentences[source.randrange(len(sentences))]
        sentences.insert(source.randrange(len(sentences)), self.sentence(source).rstrip("."))
        return ". ".join(sentences)

    def write_files(self, folder, count):
        os.makedirs(folder)
        for number in range(count):
            title, text = self.article(number)
            with open(os.path.join(folder, f"{number:07}.txt"), "wb") as file:
                file.write(f"{title}\n\n{text}\n".encode())

    def write_lines(self, path, count, first=0):
        """One JSON record a line. All cores make it, since a million articles take one of them several minutes."""
        parts = [range(place, min(place + 1_000, first + count)) for place in range(first, first + count, 1_000)]
        with open(path, "wb") as file, multiprocessing.Pool() as pool:
            for part in pool.imap(self.lines, parts):
                file.write(part)

    def lines(self, numbers):
        made = []
        for number in numbers:
            title, text = self.article(number)
            line = {"id": str(number), "source": f"site-{number % 40}", "title": title, "text": text}
            made.append(json.dumps(line, ensure_ascii=False) + "\n")
        return "".join(made).encode()
