import Foundation
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

/// Not a test: figures for Documentation/Store.md. Needs a release build and minutes, so it is asked for:
/// `SIJILL_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter StoreSpeed`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SIJILL_MEASURE"] != nil), .serialized)
struct StoreSpeed {
    private static let batch = 1_000

    /// Articles of 5 KB with a tenth of repeats, made before the clock runs.
    private struct Supply {
        var history = History(seed: 61)

        mutating func next(_ count: Int) -> [Change] {
            for _ in 0..<count {
                if Int.random(in: 0..<10, using: &history.generator) == 0 {
                    history.repeatRaw()
                } else {
                    var content = Content()
                    content.title = History.sentences[0]
                    content.publisher = "صحيفة الميناء"
                    content.url = "https://example.org/\(history.changes.count)"
                    content.text = Array(StoreSpeed.text)
                    history.add(content, canonical: true)
                }
            }
            return Array(history.changes.suffix(count))
        }
    }

    /// Milliseconds of processor time of this process: comparable on a machine that does other things too.
    private static var processorTime: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        return times.reduce(0) { $0 + $1.tv_sec * 1_000 + $1.tv_usec / 1_000 }
    }

    private static let text = Array(
        repeatElement(History.sentences.joined(separator: "\n"), count: 14).joined().utf8.prefix(5_000))

    @Test("Changes a second, into an empty store and into one of 100,000 and more")
    func apply() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/sijill.sqlite"
        var supply = Supply()
        var store = try Store(path: path, log: supply.history.log)
        let clock = ContinuousClock()
        for round in 0..<12 {
            var batches: [[Change]] = []
            for _ in 0..<10 { batches.append(supply.next(StoreSpeed.batch)) }
            var slowest = Duration.zero
            let before = StoreSpeed.processorTime
            let taken = try clock.measure {
                for batch in batches { slowest = max(slowest, try clock.measure { try store.apply(batch) }) }
            }
            print(
                "apply \(round * 10_000)+10000: \(Int(10_000 / taken.seconds)) changes/s, slowest batch \(slowest), "
                    + "processor \((StoreSpeed.processorTime - before) / 10) ms a batch")
        }
        let closed = try clock.measure { try store.close() }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        let opened = try clock.measure { store = try Store(path: path, log: supply.history.log) }
        print("close \(closed), open \(opened), file \(size >> 20) MiB")
        print("look-ups \(store.lookUps.withLock { $0.bytes }) bytes for \(store.counts())")

        let raws = supply.history.changes.suffix(5_000).map { $0.record.file.sha256! }
        let hits = try clock.measure { for raw in raws { _ = try store.seen(raw: raw) } }
        let unknown = raws.map { Digest(high: $0.high ^ 1, low: $0.low) }
        let misses = try clock.measure { for raw in unknown { _ = try store.seen(raw: raw) } }
        let articles = supply.history.changes.suffix(5_000).map { $0.record.article! }
        let states = try clock.measure { for article in articles { _ = try store.current(article) } }
        print("hit \(hits / 5_000), miss \(misses / 5_000), current \(states / 5_000)")

        let comparison = StoreComparison(path: path, log: supply.history.log)
        let compared = clock.measure { comparison.add(supply.history.changes) }
        var found: [String] = []
        let finished = clock.measure { found = comparison.finish() }
        print("compare \(compared), integrity check \(finished)")
        #expect(found == [])
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
