// Measures the search index in a store of made articles. See README.md.
import Foundation
import SijillFormat
import SijillStore
import SijillText

let logID = LogID("7gq2m0xv4b")!

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Words as often as in a language: the word of rank r comes 1/r times as often as the first (Zipf).
struct Vocabulary {
    static let count = 300_000
    let words: [[UInt8]]

    init() {
        var generator = Generator(state: 7)
        let letters = Array("ابتثجحخدذرزسشصضطظعغفقكلمنهوي").map { Array(String($0).utf8) }
        words = (0..<Vocabulary.count).map { rank in
            let length =
                rank < 100
                ? Int.random(in: 2...4, using: &generator) : Int.random(in: 3...7, using: &generator)
            return (0..<length).flatMap { _ in letters.randomElement(using: &generator)! }
        }
    }

    func rank(_ generator: inout Generator) -> Int {
        let uniform = Double(generator.next() >> 11) * 0x1p-53
        return min(Vocabulary.count - 1, Int(exp(uniform * log(Double(Vocabulary.count)))) - 1)
    }
}

/// Articles of about 430 words, the same for the same number.
struct Maker {
    let vocabulary = Vocabulary()
    private let prefixes = ["ال", "ال", "ال", "و", "وال", "ب", "بال", "لل"].map { Array($0.utf8) }

    func change(_ number: Int, epoch: Epoch) -> Change {
        var generator = Generator(state: UInt64(number) &* 0x2545_F491_4F6C_DD1D)
        var content = Content()
        content.title = String(decoding: text(9, number, &generator), as: UTF8.self)
        content.publisher = "صحيفة \(number % 40)"
        content.lang = number % 1_000 == 0 ? "fr" : "ar"
        content.url = "https://example.org/\(number)"
        content.text = text(Int.random(in: 130...730, using: &generator), number, &generator)
        let digest = Digest(high: UInt128(number), low: UInt128(number))
        let article = ArticleID(digest.high)
        let file = FileRecord(
            name: "\(number).txt", source: "default", bytes: 5_000, sha256: digest, encoding: "utf-8",
            format: "text", inode: UInt64(number))
        let added = Added(
            article: article, file: file,
            digests: ArticleDigests(canonical: nil, text: digest, content: digest), words: 430,
            cluster: article)
        let time = Timestamp(milliseconds: 1_700_000_000_000 + UInt64(number) * 1_000)
        return Change(
            cursor: Cursor(sequence: SequenceNumber(UInt64(number)), epoch: epoch), log: logID, time: time,
            record: .added(added), content: content)
    }

    private func text(_ count: Int, _ number: Int, _ generator: inout Generator) -> [UInt8] {
        var text = Array("خبر\(number)".utf8)
        for position in 0..<count {
            text += position % 60 == 59 ? [0x0A, 0x0A] : [0x20]
            let bits = generator.next()
            if bits & 3 == 0 { text += prefixes[Int(bits >> 2 & 7)] }
            text += vocabulary.words[vocabulary.rank(&generator)]
        }
        return text
    }
}

func tokenize(_ files: [String]) throws {
    let texts = try files.map { try Array(Data(contentsOf: URL(fileURLWithPath: $0))) }
    let bytes = texts.reduce(0) { $0 + $1.count }
    var tokenizer = SearchTokenizer()
    for round in 0..<5 {
        var tokens = 0
        let taken = ContinuousClock().measure {
            for text in texts {
                tokenizer.tokenize(text.span, for: .document) { _, _, _ in
                    tokens += 1
                    return true
                }
            }
        }
        let rate = Double(bytes) / 1e6 / (taken / .seconds(1))
        print("round \(round): \(Int(rate)) MB/s, \(tokens) tokens of \(bytes >> 20) MiB")
    }
}

func make(_ path: String, count: Int) throws {
    let store = try Store(path: path, log: logID)
    let maker = Maker()
    let epoch = Epoch("abcdefgh")!
    let clock = ContinuousClock()
    let started = clock.now
    while store.applied.value < UInt64(count) {
        let first = Int(store.applied.value) + 1
        let changes = (first..<min(first + 1_000, count + 1)).map { maker.change($0, epoch: epoch) }
        try store.apply(changes)
        if first % 100_000 == 1 { print("\(first): \(clock.now - started)") }
    }
    try store.close()
}

/// Small transactions, as the daemon makes them beside its ledger.
func index(_ path: String) throws {
    let store = try Store(path: path, log: logID)
    let clock = ContinuousClock()
    var times: [Duration] = []
    var merges: [Duration] = []
    var milestone = store.searchable.value
    var started = clock.now
    var isBehind = true
    var budget = Duration.milliseconds(5)
    var pages = 64
    var adding = Duration.milliseconds(10)
    var merging = Duration.milliseconds(10)
    var checkpoints: [Duration] = []
    var unmoved = 0
    func report() {
        let done = store.searchable.value - milestone
        guard done > 0 else { return }
        let rate = Double(done) / ((clock.now - started) / .seconds(1))
        print(
            "\(store.searchable): \(Int(rate)) articles/s; adding \(Figures(times)), merging \(Figures(merges)), checkpoints \(Figures(checkpoints)), "
                + "budget \(budget), \(pages) pages")
        milestone = store.searchable.value
        started = clock.now
        times = []
        merges = []
        checkpoints = []
    }
    let deadline = clock.now + .seconds(420)
    while isBehind, clock.now < deadline {
        let step = try store.indexTexts(for: budget)
        isBehind = step.isBehind
        times.append(step.took)
        // As IndexerPace of the daemon has it.
        adding = adding * 0.8 + step.took * 0.2
        if adding > .milliseconds(12) { budget = max(.milliseconds(1), budget * 0.95) }
        if adding < .milliseconds(9) { budget = min(.milliseconds(12), budget * 1.05) }
        let merge = try store.mergeSearchIndex(pages: pages)
        unmoved += merge.more ? 2 : 1
        if merge.more {
            merges.append(merge.took)
            merging = merging * 0.8 + merge.took * 0.2
            if merging > .milliseconds(12) { pages = max(4, pages * 19 / 20) }
            if merging < .milliseconds(9) { pages = min(1_024, pages * 21 / 20 + 1) }
        }
        if unmoved >= 4 {
            checkpoints.append(try clock.measure { try store.checkpointAfterIndexing() })
            unmoved = 0
        }
        if store.searchable.value >= milestone + 50_000 { report() }
    }
    report()
    while try store.mergeSearchIndex(pages: 1_000).more {}
    let closed = try clock.measure { try store.close() }
    print("closed in \(closed)")
}

/// As `sijilld rebuild` does it.
func bulk(_ path: String) throws {
    let store = try Store(path: path, log: logID)
    let done = store.searchable.value
    let taken = try ContinuousClock().measure { try store.indexAll() }
    let rate = Double(store.searchable.value - done) / (taken / .seconds(1))
    print("\(done) to \(store.searchable): \(taken), \(Int(rate)) articles/s")
    try store.close()
}

/// Percentiles of times.
struct Figures: CustomStringConvertible {
    let times: [Duration]

    init(_ times: [Duration]) { self.times = times.sorted() }

    func at(_ part: Double) -> Double {
        times.isEmpty ? 0 : times[min(times.count - 1, Int(Double(times.count) * part))] / .milliseconds(1)
    }

    var description: String {
        String(format: "p50 %.1f p99 %.1f max %.1f ms (n %d)", at(0.5), at(0.99), at(1), times.count)
    }
}

/// - Parameter only: Part of the names of the kinds that are timed; all when left out.
func query(_ path: String, only: String?) throws {
    let store = try Store(path: path, log: logID, readOnly: true)
    let words = Vocabulary().words.map { String(decoding: $0, as: UTF8.self) }
    var generator = Generator(state: 99)
    func word(_ ranks: Range<Int>) -> String { words[Int.random(in: ranks, using: &generator)] }
    let common = 50..<400
    let kinds: [(String, () -> String)] = [
        ("one article", { "خبر\(Int.random(in: 1...Int(store.applied.value), using: &generator))" }),
        ("rare word", { word(200_000..<300_000) }), ("medium word", { word(5_000..<20_000) }),
        ("common word", { word(common) }), ("very common word", { word(0..<10) }),
        ("two common words", { "\(word(common)) \(word(common))" }),
        ("three common words", { "\(word(common)) \(word(common)) \(word(common))" }),
        ("common OR common", { "\(word(common)) OR \(word(common))" }),
        ("very common NOT common", { "\(word(0..<10)) NOT \(word(common))" }),
        ("rare AND very common", { "\(word(200_000..<300_000)) \(word(0..<10))" }),
        ("phrase of two very common", { "\"\(word(0..<20)) \(word(0..<20))\"" }),
        ("phrase of two common", { "\"\(word(common)) \(word(common))\"" }),
        ("prefix of a medium word", { String(word(5_000..<20_000).prefix(4)) + "*" }),
        ("prefix of three letters", { String(word(5_000..<20_000).prefix(3)) + "*" }),
    ]
    for (order, filter) in [
        (SearchRequest.Order.newest, ""), (.newest, "lang"), (.newest, "time"), (.best, ""),
    ] {
        print("\(order.rawValue) \(filter)")
        for (name, make) in kinds where only.map(name.contains) ?? true {
            var times: [Duration] = []
            var totals: [Int] = []
            let clock = ContinuousClock()
            let deadline = clock.now + .seconds(8)
            for _ in 0..<100 where clock.now < deadline {
                var request = SearchRequest(try SearchQuery(make()))
                request.order = order
                if filter == "lang" { request.lang = "fr" }
                if filter == "time" {
                    request.since = Timestamp(milliseconds: 1_700_000_000_000 + 400_000_000)
                    request.until = Timestamp(milliseconds: 1_700_000_000_000 + 410_000_000)
                }
                // Warm: the second time counts.
                _ = try store.search(request)
                times.append(try clock.measure { totals.append(try store.search(request).total) })
            }
            print("  \(name): \(Figures(times)), median total \(totals.sorted()[totals.count / 2])")
        }
    }
}

guard CommandLine.arguments.count >= 3 else {
    print(
        "usage: SearchBenchmark tokenize FILES… | make STORE COUNT | index STORE | bulk STORE | query STORE")
    exit(64)
}
let arguments = CommandLine.arguments
switch arguments[1] {
case "tokenize": try tokenize(Array(arguments[2...]))
case "make": try make(arguments[2], count: Int(arguments[3])!)
case "index": try index(arguments[2])
case "bulk": try bulk(arguments[2])
case "query": try query(arguments[2], only: arguments.count > 3 ? arguments[3] : nil)
default: exit(64)
}
