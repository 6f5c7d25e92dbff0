"""What texts are to each other, over the whole way: kinds, figures, clusters, revisions; in one batch, one by one,
with kill -9 in between, and after a rebuild from the log.

J and C are counted a second time here, by a reference of a few lines that shares nothing with the daemon.

With --articles FOLDER --expected FILE pages of your own are taken in as well. FILE is JSON: for each file name
`title`, `first` and `last` (how the first paragraph begins and the last ends), `junk` (lines that must not be in the
body), and what else the article must have, as `byline` or `publisher`.
"""

import argparse
import json
import os
import random
import time
import unicodedata

import sijill_articles
from sijill_system import Daemon, main

ENVIRONMENT = {"SIJILL_INBOX_SETTLE": "0s"}
FOLDED = str.maketrans("آأإٱىةؤئ", "اااايهوي")


def run(options, checks):
    if bool(options.articles) != bool(options.expected):
        raise SystemExit("--articles and --expected go together")
    script = Script(options.seed)
    one_by_one(options, checks, script)
    together(options, checks, script)
    with_kills(options, checks, script)
    texts_that_stay_apart(options, checks)
    same_id_of_two_sources(options, checks)
    if options.articles:
        pages(options, checks)


# -- The deliveries, and what each must be


class Script:
    """Deliveries in their order, each with what it must become."""

    def __init__(self, seed):
        self.seed = seed
        # (the JSON record, outcome, {earlier key: kind}, other expectations)
        self.steps = []
        self.words_of = {}
        self.kinds()
        self.short_texts()
        self.stars()
        self.copies()
        self.revisions()

    def words(self, key, count):
        return random.Random(f"{self.seed}/{key}").choices(sijill_articles.WORDS, k=count)

    def add(self, key, words, outcome="added", relations=None, title=None, text=None, **others):
        """`words` are the canonical words, or the text that folds to them."""
        record = {"title": title or f"عنوان {key}", "text": text or " ".join(words)}
        for name in ("url", "fetched"):
            if name in others:
                record[name] = others.pop(name)
        self.words_of[key] = [word.translate(FOLDED) for word in words]
        self.steps.append((key, record, outcome, relations or {}, others))

    def kinds(self):
        base = self.words("base", 200) + ["1450"]
        self.add("base", base)
        edited = base[:90] + self.words("edit", 8) + base[98:]
        self.add("near", edited, relations={"base": "near"}, cluster="base", figures=("base", False))
        other_figure = base[:-1] + ["1451"]
        self.add("figure", other_figure, relations={"base": "near"}, cluster="base", figures=("base", True))
        long = self.words("long", 200)
        self.add("long", long)
        half = long[:130] + self.words("half", 90)
        self.add("likely", half, relations={"long": "likely"}, cluster="likely")
        notice = self.words("notice", 200)
        self.add("notice", notice[:150] + ["77"] + notice[150:])
        template = notice[:130] + ["88"] + self.words("template", 90)
        self.add("template", template, relations={"notice": "related"}, figures=("notice", True))
        report = self.words("report", 160)
        self.add("report", report)
        digest = self.words("before", 120) + report + self.words("behind", 120)
        self.add("contains", digest, relations={"report": "contains"}, cluster="contains")
        whole = self.words("whole", 400)
        self.add("whole", whole)
        self.add("within", whole[100:230], relations={"whole": "within"}, cluster="within")
        quoted = self.words("quoted", 220)
        self.add("quoted", quoted)
        self.add("related", self.words("around", 150) + quoted[40:110], relations={"quoted": "related"})
        self.add("phrase", self.words("far", 180) + quoted[:9])

    def short_texts(self):
        short = self.words("short", 22)
        self.add("short", short)
        # Three of 20 shingles are others: J = 17/23 = .739, which is near in a long text only.
        self.add("shorter", short[:10] + ["زرافة"] + short[11:], relations={"short": "likely"}, cluster="shorter")

    def stars(self):
        """A chain of small steps: each is near the one before, but not all are near the first."""
        text, previous, chain = self.words("star", 240), None, []
        for step in range(4):
            key = f"star{step}"
            chain.append(key)
            self.add(key, text, cluster=None, relations={previous: "near"} if previous else {}, chain=list(chain))
            text = text[30:] + self.words(f"step{step}", 30)
            previous = key

    def copies(self):
        """The same words, written in every way that is no difference. They are canonical duplicates."""
        text = self.words("copied", 60) + ["إلى", "2026", "مؤسسة", "على"]
        self.add("copied", text)
        written = " ".join(text)
        marks = "\u064b\u064e\u064f\u0650\u0651\u0652\u0670"
        presented = "".join(PRESENTED.get(letter, letter) for letter in written)
        for name, other in {
            "white space": written.replace(" ", " \u00a0\r\n\t", 9),
            "punctuation": written.replace(" ", "، ", 7).replace(" ", " «", 3) + "!؟…",
            "harakat": "".join(c + marks[i % 7] if c != " " else c for i, c in enumerate(written)),
            "tatweel": written.replace("ا", "ـا").replace("م", "مـــ"),
            "alef": written.replace("ا", "أ", 5).replace("إ", "آ"),
            "ya": written.replace("ى", "ی").replace("ي", "ی"),
            "ta marbuta": written.replace("ة", "ه"),
            "presentation forms": presented,
            "Arabic digits": written.replace("2026", "٢٠٢٦"),
            "Persian digits": written.replace("2026", "۲۰۲۶"),
            "bidi marks": "\u202b" + written.replace(" ", "\u200f \u200e") + "\u202c\ufeff",
            "decomposed": unicodedata.normalize("NFD", written),
        }.items():
            self.add(f"copied, {name}", text, "duplicated", text=other, match="canonical", of="copied")
        self.add("copied, one digit", text[:-3] + ["2027"] + text[-2:], relations={"copied": "near"}, figures=("copied", True))

    def revisions(self):
        url = "https://www.news.example/story/7?b=2&a=1"
        first = self.words("story", 200) + ["12"]
        self.add("story", first, url=url)
        second = first[:-1] + ["15"] + self.words("more", 20)
        again = "http://news.example/story/7/?a=1&utm_source=feed&b=2#top"
        self.add("story 2", second, "revised", url=again, article="story", revision=2, numbers=(1, 1))
        self.add("story, retitled", second, "revised", url=url, title="عنوان آخر", article="story", revision=3, retitled=True)
        self.add("story, old again", first, "duplicated", url=url, text=" ".join(first) + " .", article="story", of="story")
        major = first[:80] + self.words("rewritten", 130)
        self.add("story, major", major, "revised", url=url, article="story", revision=4, major=True, fetched="2026-05-01T00:00:00Z")
        self.add(
            "story, reverted", first, "revised", url=url, text=" ".join(first) + " !", article="story", revision=5,
            reverted=True, major=True, fetched="2026-05-02T00:00:00Z",
        )  # fmt: skip
        other = self.words("another story", 150)
        self.add("story, replaced", other, url=url, relations={"story": "replaced_url"}, replaced=True, cluster="story, replaced")
        # The address belongs to the new article from now on.
        self.add("after", other + self.words("after", 20), "revised", url=url, article="story, replaced", revision=2)
        # What comes near the old article still finds it, as it stands.
        self.add("near the old", first + self.words("old", 9), relations={"story": "near"}, cluster="story")


# Free-standing and ligature forms that scanners and old PDFs write.
PRESENTED = {"ا": "\ufe8d", "ل": "\ufedd", "م": "\ufee1", "ن": "\ufee5", "و": "\ufeed", "ي": "\ufef1", "ر": "\ufead"}


def shingles(words):
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def similarity(words, others):
    one, two = shingles(words), shingles(others)
    shared = len(one & two)
    return shared * 10_000 // len(one | two) / 10_000, shared * 10_000 // min(len(one), len(two)) / 10_000


# -- The three ways in


def one_by_one(options, checks, script):
    daemon = start(options, "one-by-one")
    for number, (_, record, *_rest) in enumerate(script.steps, 1):
        deliver(daemon, number, record)
        if not daemon.wait_changes(number):
            raise RuntimeError(f"delivery {number} has no outcome")
    script.outcomes = check(checks, script, daemon.changes(), "one by one")
    before = script.views = views(daemon, script)
    checks.that(before["articles"] > 15, "the articles are listed", before["articles"])
    checks_of_views(checks, daemon, script, before)
    daemon.kill()
    daemon.start()
    checks.equal(views(daemon, script), before, "kill -9 at the end changes no relation, cluster or revision")
    daemon.stop()
    checks.equal(daemon.sijilld("rebuild").returncode, 0, "rebuild")
    daemon.start()
    checks.equal(views(daemon, script), before, "a rebuild gives the same relations, clusters and revisions")
    daemon.stop()
    for name in os.listdir(daemon.data):
        if name.startswith("sijill.sqlite"):
            os.remove(os.path.join(daemon.data, name))
    daemon.start()
    checks.equal(views(daemon, script), before, "a store that was deleted comes back with the same")
    # What is new finds the old ones in an index that was made again.
    late = script.words_of["near"] + ["أخيرا"]
    daemon.drop("late.json", encoded({"title": "متأخر", "text": " ".join(late)}))
    daemon.wait_changes(len(script.steps) + 1)
    change = daemon.changes()[-1]
    found = {each["article"]: each["kind"] for each in change["data"]["relations"]}
    wanted = script.outcomes["near"]["subject"]
    checks.equal(found.get(wanted), "near", "after a rebuild a new text finds its relation")
    checks.equal(change["data"]["cluster"], script.outcomes["base"]["subject"], "and joins its cluster")
    daemon.stop()


def together(options, checks, script):
    """All in one file: a decision sees those before it in its batch."""
    daemon = start(options, "together")
    lines = b"".join(encoded(record) + b"\n" for _, record, *_rest in script.steps)
    daemon.drop("all.jsonl", lines)
    daemon.wait_changes(len(script.steps))
    changes = daemon.changes()
    outcomes = check(checks, script, changes, "in one batch")
    checks.equal(
        [decided(change) for change in outcomes.values()], [decided(change) for change in script.outcomes.values()],
        "one batch decides as single deliveries do",
    )  # fmt: skip
    checks.equal(stood(views(daemon, script)), stood(script.views), "and the routes say the same of it")
    daemon.stop()


def with_kills(options, checks, script):
    daemon = start(options, "kills")
    kills, source = 0, random.Random(options.seed)
    for number, (_, record, *_rest) in enumerate(script.steps, 1):
        deliver(daemon, number, record)
        # Only the order of deliveries matters, so one is waited for before the next; killed is somewhere between.
        if source.random() < (0.5 if options.full else 0.2):
            time.sleep(source.random() * 0.03)
            daemon.kill()
            daemon.start()
            kills += 1
        if not daemon.wait_changes(number):
            raise RuntimeError(f"delivery {number} has no outcome")
    outcomes = check(checks, script, daemon.changes(), f"with {kills} kills")
    checks.equal(
        [decided(change) for change in outcomes.values()], [decided(change) for change in script.outcomes.values()],
        f"{kills} times kill -9 in between change no decision",
    )  # fmt: skip
    daemon.stop()


def start(options, name):
    folder = os.path.join(options.folder, name)
    os.makedirs(folder)
    return Daemon(folder, environment=ENVIRONMENT).start()


def encoded(record):
    return json.dumps(record, ensure_ascii=False).encode()


def deliver(daemon, number, record):
    daemon.drop(f"{number:03}.json", encoded(record))


def kind(change):
    return change["type"].rsplit(".", 1)[1]


def decided(change):
    """What was decided, without the names and digests of the delivery's file."""
    names = ("article", "revision", "match", "relations", "cluster", "major", "reverted", "changed", "words")
    return [kind(change)] + [change["data"].get(name) for name in names]


# -- What must hold of the changes


def check(checks, script, changes, way):
    """The change of each key. Every step is held against what the script says of it."""
    checks.equal(len(changes), len(script.steps), f"{way}: one change for each delivery")
    outcomes = {key: change for (key, *_rest), change in zip(script.steps, changes)}
    ids = {key: change["data"]["article"] for key, change in outcomes.items()}
    for key, _, outcome, relations, others in script.steps:
        change, data = outcomes[key], outcomes[key]["data"]
        what = f"{way}: {key}"
        checks.equal(kind(change), outcome, f"{what}: outcome")
        found = {each["article"]: each for each in data.get("relations", [])}
        for earlier, expected in relations.items():
            relation = found.get(ids[earlier])
            checks.equal(relation and relation["kind"], expected, f"{what}: relation to {earlier}")
        if outcome == "added" and not relations:
            checks.equal(list(found), [], f"{what}: no relation")
        check_shares(checks, script, ids, key, data, others, what)
        check_others(checks, ids, outcomes, change, others, what)
    return outcomes


def check_shares(checks, script, ids, key, data, others, what):
    """J and C of every relation, counted again."""
    for relation in data.get("relations", []):
        others_words = [
            script.words_of[name] for name, article in ids.items()
            if article == relation["article"] and name != key and "," not in name.replace("story, replaced", "")
        ]  # fmt: skip
        shares = [similarity(script.words_of[key], words) for words in others_words]
        if "replaced" in others or relation["article"] == ids["story"]:
            shares += [similarity(script.words_of[key], script.words_of["story, reverted"])]
        checks.that(
            (relation["jaccard"], relation["containment"]) in shares,
            f"{what}: J and C are those of the texts", f"{relation} not in {shares}",
        )  # fmt: skip


def check_others(checks, ids, outcomes, change, others, what):
    data = change["data"]
    if others.get("cluster"):
        checks.equal(data["cluster"], ids[others["cluster"]], f"{what}: cluster")
    if "figures" in others:
        earlier, expected = others["figures"]
        flags = [each["figures_differ"] for each in data["relations"] if each["article"] == ids[earlier]]
        checks.equal(flags, [expected], f"{what}: figures_differ")
    if "article" in others:
        checks.equal(data["article"], ids[others["article"]], f"{what}: article")
    if "of" in others:
        checks.equal(data["of"], outcomes[others["of"]]["id"], f"{what}: what it repeats")
    for name in ("match", "revision"):
        if name in others:
            checks.equal(data[name], others[name], f"{what}: {name}")
    for name in ("major", "reverted"):
        if kind(change) == "revised":
            checks.equal(data[name], others.get(name, False), f"{what}: {name}")
    if "retitled" in others:
        checks.equal(data["changed"]["retitled"], True, f"{what}: retitled")
    if "numbers" in others:
        counts = (data["changed"]["numbers_removed"], data["changed"]["numbers_added"])
        checks.equal(counts, others["numbers"], f"{what}: numbers that went and came")
    if "chain" in others:
        check_star(checks, ids, outcomes, others["chain"], what)


def check_star(checks, ids, outcomes, chain, what):
    """It joins the cluster of the one before iff it is near its head."""
    data, last = outcomes[chain[-1]]["data"], chain[-1]
    if len(chain) == 1:
        return checks.equal(data["cluster"], ids[last], f"{what}: heads a cluster")
    nearest = data["relations"][0]["article"]
    head = next(outcomes[key]["data"]["cluster"] for key in chain if ids[key] == nearest)
    to_head = [each["jaccard"] for each in data["relations"] if each["article"] == head]
    joins = bool(to_head) and to_head[0] >= 0.5
    checks.equal(data["cluster"], head if joins else ids[last], f"{what}: a star around its head")
    if chain[-1] == "star3":
        clusters = {outcomes[key]["data"]["cluster"] for key in chain}
        checks.that(len(clusters) > 1, f"{what}: the chain has more than one cluster")


# -- What the routes say


def views(daemon, script):
    articles = sorted({change["data"]["article"] for change in script.outcomes.values()})
    found = {"articles": len(json.loads(daemon.get("/v1/articles?limit=100")[2])["articles"])}
    for route in ("relations", "revisions"):
        found[route] = []
        for article in articles:
            status, _, body = daemon.get(f"/v1/articles/{article}/{route}")
            if status != 200:
                raise RuntimeError(f"GET /v1/articles/{article}/{route}: {status}")
            answer = json.loads(body)
            answer.pop("as_of", None)
            found[route].append(answer)
    return found


def stood(found):
    """Relations and members, without the cursors of this daemon's changes."""
    return [
        (answer["article"], answer["cluster"], answer["members"],
         [(each["article"], each["kind"], each["direction"], each["jaccard"]) for each in answer["relations"]])
        for answer in found["relations"]
    ]  # fmt: skip


def checks_of_views(checks, daemon, script, found):
    """Relations are seen from both sides; members of a cluster from each of them."""
    ids = {key: change["data"]["article"] for key, change in script.outcomes.items()}
    of = {answer["article"]: answer for answer in found["relations"]}
    later = {(each["article"], each["direction"], each["kind"]) for each in of[ids["base"]]["relations"]}
    for key in ("near", "figure"):
        checks.that((ids[key], "later", "near") in later, f"{key} is seen from its earlier article")
    members = of[ids["base"]]["members"]
    checks.equal(members[:3], [ids["base"], ids["near"], ids["figure"]], "a cluster lists its head first")
    checks.equal(of[ids["figure"]]["members"], members, "and the same from a member")
    revisions = {answer["article"]: answer["revisions"] for answer in found["revisions"]}
    checks.equal([each["revision"] for each in revisions[ids["story"]]], [1, 2, 3, 4, 5], "every revision is listed")
    shown = json.loads(daemon.get(f"/v1/articles/{ids['story']}/diff?from=1&to=2")[2])
    checks.equal(shown["numbers"], {"removed": ["12"], "added": ["15"]}, "the numbers that changed are in the difference")


# -- Texts that must stay apart, and pages of one's own


# Our own sentences, below and above the eight words that a canonical digest takes.
SCRIPTS = {
    "Devanagari": "किसान बाज़ार में आम बेचते हैं",
    "Han": "农民在市场上卖芒果",
    "Georgian": "გლეხები ბაზარში მანგოს ყიდიან",
    "Hebrew": "האיכרים מוכרים מנגו בשוק",
}


def texts_that_stay_apart(options, checks):
    daemon = start(options, "scripts")
    count = 0
    for length in (1, 4):
        for name, sentence in SCRIPTS.items():
            count += 1
            # The later ones are long enough for a canonical digest.
            text = " ".join([sentence] + [f"{word}" for word in sentence.split() * (length - 1)])
            daemon.drop(f"{name}-{length}.txt", text.encode())
            daemon.wait_changes(count)
    changes = daemon.changes()
    checks.equal([kind(change) for change in changes], ["added"] * count, "texts in four scripts are articles each")
    checks.equal(len({change["subject"] for change in changes}), count, "with ids of their own")
    clusters = [change["data"]["cluster"] for change in changes]
    checks.equal(len(set(clusters[: len(SCRIPTS)])), len(SCRIPTS), "and none of a script joins one of another")
    for number, text in enumerate(("… !؟ ،؛ — « » ۔ ?!", "\u200f\u200e\u064b\u0640", "🙂 🙃"), count + 1):
        daemon.drop(f"{number}.txt", text.encode())
        daemon.wait_changes(number)
        change = daemon.changes()[-1]
        checks.equal(
            (kind(change), change["data"].get("reason")), ("rejected", "no-text"), f"{text!a} has no text"
        )
    daemon.stop()


def same_id_of_two_sources(options, checks):
    """A producer's id is that of its source."""
    daemon = start(options, "ids")
    for number, source in enumerate(("one", "two", "one"), 1):
        body = sijill_articles.article(2 if source == "two" else 1, options.seed, 900).decode()
        record = {"id": "5", "title": "عنوان", "text": body + ("وأضاف" if number == 3 else "")}
        daemon.drop(f"{number}.json", encoded(record), source=source)
        daemon.wait_changes(number)
    one, two, again = daemon.changes()
    checks.equal([kind(one), kind(two)], ["added", "added"], "one id of two sources is two articles")
    checks.equal((kind(again), again["subject"]), ("revised", one["subject"]), "and an id of one source one article")
    daemon.stop()


def pages(options, checks):
    daemon = start(options, "pages")
    with open(options.expected, encoding="utf-8") as file:
        expected = json.load(file)
    for number, (name, wanted) in enumerate(sorted(expected.items()), 1):
        with open(os.path.join(options.articles, name), "rb") as file:
            daemon.drop(name, file.read())
        daemon.wait_changes(number)
        change = daemon.changes()[-1]
        data = change["data"]
        checks.equal(kind(change), "added", f"{name}: outcome")
        lines = [line.strip() for line in (data.get("text") or "").split("\n") if line.strip()]
        if not checks.that(lines, f"{name}: there is a body"):
            continue
        checks.that(lines[0].startswith(wanted.pop("first")), f"{name}: the first sentence is kept")
        checks.that(lines[-1].endswith(wanted.pop("last")), f"{name}: the last sentence is kept")
        headings = tuple(wanted.pop("junk"))
        junk = [line for line in lines if line.startswith(headings)]
        checks.equal(len(junk), 0, f"{name}: no junk in the body")
        for field, value in wanted.items():
            checks.equal(data.get(field), value, f"{name}: {field}")
    daemon.stop()


def arguments(parser: argparse.ArgumentParser):
    parser.add_argument("--articles", metavar="FOLDER", help="take in these pages as well")
    parser.add_argument("--expected", metavar="FILE", help="what they must become, as JSON")


if __name__ == "__main__":
    main(run, arguments=arguments)
