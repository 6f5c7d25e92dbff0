// What tree, tiles and checkpoints, and what the originals, cost on the ledger's way: commit, store, announcement.
// README.md says how to run it and what came out.
import Foundation
import Glibc
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// One way to run the ledger, or the log by itself.
enum Variant: String, CaseIterable {
    /// Everything, as the daemon does it.
    case whole
    /// Without growing and signing the tree.
    case withoutTree = "without tree"
    /// The log alone: no store.
    case log
    /// The same without keeping the bytes that arrived.
    case logWithoutOriginals = "log without originals"

    var hasStore: Bool { self == .whole || self == .withoutTree }
    var hasTree: Bool { self == .whole }
}

struct Measured {
    let seconds: Double
    /// Of all threads.
    let processorSeconds: Double
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let count = arguments.first ?? 20_000
let rounds = arguments.dropFirst().first ?? 5
let batchCount = 250
let words = "قال المتحدث إن السلطات المحلية أعلنت صباح اليوم بدء أعمال صيانة الطريق الساحلي بعد أمطار غزيرة"
    .split(separator: " ")

func entry(_ number: Int, _ variant: Variant) -> ChangeLog.Entry {
    var content = Content()
    content.title = "خبر \(number)"
    content.url = "https://news.example/\(number)"
    content.lang = "ar"
    content.text = Array(
        (0..<55).map { "\(words[(number + $0) % words.count]) \($0 * number)" }.joined(separator: " ").utf8)
    while content.text!.count < 5_500 { content.text! += content.text! }
    let encoded = EncodedContent(content)
    let digest = Digest.of(content.text!)
    let digests = ArticleDigests(
        canonical: CanonicalDigest(version: .c1, digest: digest), text: digest, content: encoded.digest)
    let file = FileRecord(
        name: "\(number).txt", source: "default", bytes: UInt64(content.text!.count), sha256: digest,
        encoding: "utf-8", format: "text", inode: UInt64(number))
    let article = ArticleID(digest.high)
    if variant == .logWithoutOriginals {
        // The kind of change that keeps no bytes; the log takes it with the same content.
        let of = Cursor("0000000000000001-00000000")!
        let record = Duplicated(
            article: article, of: of, match: .raw, revision: 1, file: file, digests: digests)
        return ChangeLog.Entry(record: .duplicated(record), content: content, encoded: encoded, original: nil)
    }
    let record = Added(article: article, file: file, digests: digests, words: 430, cluster: article)
    return ChangeLog.Entry(record: .added(record), content: content, encoded: encoded, original: content.text)
}

func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func measure(_ variant: Variant, _ entries: [ChangeLog.Entry]) throws -> Measured {
    let path = "\(FileManager.default.currentDirectoryPath)/.build/evidence-benchmark"
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let directory = DataDirectory(path)
    let log = try ChangeLog(directory)
    let store = variant.hasStore ? try Store(path: directory.store, log: log.id) : nil
    let (started, processor) = (ContinuousClock.now, processorSeconds())
    var stateWritten = started
    for start in stride(from: 0, to: entries.count, by: batchCount) {
        let changes = try log.commit(Array(entries[start..<start + batchCount]), now: WallClock.timestamp())
        try store?.apply(changes)
        log.announce()
        if .now - stateWritten >= .seconds(1) {
            try log.writeState()
            if variant.hasTree { log.tree.publish(through: log.tip!.sequence) { fatalError("\($0)") } }
            stateWritten = .now
        }
    }
    try log.writeState()
    if variant.hasTree { try log.tree.publishNow(through: log.tip!.sequence) }
    let took = ContinuousClock.now - started
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    let measured = Measured(seconds: seconds, processorSeconds: processorSeconds() - processor)
    if variant == .whole { precondition(log.tree.published.checkpoint.size == UInt64(entries.count)) }
    try store?.close()
    return measured
}

func spread(_ values: [Double]) -> String {
    let sorted = values.sorted()
    return String(format: "%8.3f  (%.3f to %.3f)", sorted[sorted.count / 2], sorted.first!, sorted.last!)
}

var entries: [Variant: [ChangeLog.Entry]] = [:]
for variant in [Variant.whole, .logWithoutOriginals] {
    entries[variant] = (0..<count / batchCount * batchCount).map { entry($0, variant) }
}
var results: [Variant: [Measured]] = [:]
_ = try measure(.whole, Array(entries[.whole]!.prefix(2_500)))
for _ in 0..<rounds {
    for variant in Variant.allCases {
        let taken = entries[variant == .logWithoutOriginals ? variant : .whole]!
        results[variant, default: []].append(try measure(variant, taken))
    }
}
print(
    "\(count) changes of \(entries[.whole]![0].original!.count) bytes, batches of \(batchCount), \(rounds) rounds in turn"
)
for variant in Variant.allCases {
    let measured = results[variant]!
    print("\(variant.rawValue): seconds \(spread(measured.map(\.seconds)))")
    print("\(variant.rawValue): processor seconds \(spread(measured.map(\.processorSeconds)))")
}
@MainActor func more(_ with: Variant, _ without: Variant, _ value: (Measured) -> Double) -> String {
    spread(zip(results[with]!, results[without]!).map { (value($0) / value($1) - 1) * 100 })
}
print("tree and checkpoints, % of time: \(more(.whole, .withoutTree, \.seconds))")
print("tree and checkpoints, % of processor: \(more(.whole, .withoutTree, \.processorSeconds))")
print("originals, % of the log's time: \(more(.log, .logWithoutOriginals, \.seconds))")
print("originals, % of the log's processor: \(more(.log, .logWithoutOriginals, \.processorSeconds))")
