import Foundation
import Glibc
import SijillTesting
import SijillText

/// CPU time of this process, which has one thread, and the wall clock beside it: other work on the machine stretches the second only.
struct Meter {
    private(set) var processor = 0.0
    private(set) var wall = 0.0

    mutating func measure<Result>(_ work: () throws -> Result) rethrows -> Result {
        let (cpu, time) = (Meter.processorNow(), ContinuousClock.now)
        defer {
            processor += Meter.processorNow() - cpu
            wall += (ContinuousClock.now - time) / .seconds(1)
        }
        return try work()
    }

    static func processorNow() -> Double {
        // As getrusage(2) has it, in nanoseconds.
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Bytes of memory that the kernel gives this process.
func residentBytes() -> Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return Int(fields?[1] ?? "0")! * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// Each stage by itself over pages of 430 words, one thread. One page in five is a copy of an earlier one.
func speed(_ count: Int, seed: UInt64) {
    var maker = PageMaker(seed: seed)
    var pages: [[UInt8]] = []
    for number in 0..<count {
        if number % 5 == 4, let earlier = pages.randomElement(using: &maker.generator) {
            pages.append(earlier + Array("تابعوا آخر الأخبار عبر النشرة \(number)\n".utf8))
        } else {
            pages.append(Array(maker.page(430...430).text.utf8))
        }
    }
    let bytes = pages.reduce(0) { $0 + $1.count }
    // Shared tables are made once in a process.
    _ = CleanedPage(pages[0])
    for round in 1...3 {
        var (clean, fold, sketching, looking, verifying) = (Meter(), Meter(), Meter(), Meter(), Meter())
        let bodies = clean.measure { pages.map { CleanedPage($0).bodyText(of: $0) } }
        let words = fold.measure { bodies.map { CanonicalWords($0) } }
        let sketches = sketching.measure {
            words.map { words in
                let shingles = Shingles(words)
                return (Sketch(shingles), ShingleSet(shingles), Figures(words))
            }
        }
        var index = SketchIndex()
        let candidates = looking.measure {
            sketches.enumerated().map { place, text in
                let found = index.candidates(of: SketchProbe(text.1))
                index.insert(text.0, number: UInt64(place) + 1)
                return found
            }
        }
        var (compared, related) = (0, 0)
        verifying.measure {
            for (place, found) in candidates.enumerated() {
                for candidate in found {
                    let (text, earlier) = (sketches[place], sketches[Int(candidate.number) - 1])
                    compared += 1
                    if TextRelation(Similarity(text.1, earlier.1), text.2, earlier: earlier.2) != nil {
                        related += 1
                    }
                }
            }
        }
        let stages = [clean, fold, sketching, looking, verifying]
        let all = stages.reduce(0) { $0 + $1.processor }
        let micro = stages.map { String(format: "%.1f", 1e6 * $0.processor / Double(count)) }
        print(
            "round \(round): µs of CPU an article: clean \(micro[0]), fold \(micro[1]), sketch and figures \(micro[2]), "
                + "index \(micro[3]), verify \(micro[4]); together \(String(format: "%.1f", 1e6 * all / Double(count))), "
                + "\(Int(Double(count) / all)) articles/s of CPU, "
                + "\(Int(Double(count) / stages.reduce(0) { $0 + $1.wall }))/s of wall time "
                + "(\(count) pages, \(bytes / count) bytes and \(words.reduce(0) { $0 + $1.count } / count) words each; "
                + "\(compared) compared, \(related) related)")
    }
}

/// The index at sizes up to `count`: what it holds in memory, how fast it answers, how long it takes to make again.
///
/// - Parameter shortPercent: How many texts of a hundred have 100 words; all others have 430.
func index(_ count: Int, shortPercent: Int, seed: UInt64) {
    var maker = PageMaker(seed: seed)
    func shingles(_ words: [String]) -> Shingles {
        Shingles(CanonicalWords(Array(words.joined(separator: " ").utf8)))
    }
    var asked: [(probe: SketchProbe, isCopy: Bool)] = []
    var index = SketchIndex()
    var blobs: [[UInt8]] = []
    blobs.reserveCapacity(count)
    // Asked for: 2,000 new texts, 1,000 copies of texts among the first 10,000 with a tenth of their words changed.
    for _ in 0..<2_000 {
        asked.append((SketchProbe(ShingleSet(shingles(maker.page(430...430).words))), false))
    }
    for number in 1...count {
        let length = Int.random(in: 0..<100, using: &maker.generator) < shortPercent ? 100 : 430
        var words = maker.page(length...length).words
        let sketch = Sketch(shingles(words))
        if number % 10 == 1, number <= 10_000 {
            for _ in 0..<length / 20 {
                words[Int.random(in: words.indices, using: &maker.generator)] = "غيره\(number)"
            }
            asked.append((SketchProbe(ShingleSet(shingles(words))), true))
        }
        index.insert(sketch, number: UInt64(number))
        blobs.append(sketch.blob)
        if [10_000, 100_000, 1_000_000].contains(number) || number == count {
            let keys = blobs.reduce(0) { $0 + $1.count / 4 }
            print(
                "\(number) texts: \(index.bytes / number) bytes each by its own count, \(keys / number) keys each"
            )
            lookUps(index, asked)
        }
    }
    rebuild(blobs)
}

private func lookUps(_ index: SketchIndex, _ asked: [(probe: SketchProbe, isCopy: Bool)]) {
    for _ in 0..<2 {
        var times: [Double] = []
        var (candidates, copiesFound) = (0, 0)
        for (probe, isCopy) in asked {
            var meter = Meter()
            let found = meter.measure { index.candidates(of: probe) }
            times.append(meter.processor * 1e6)
            candidates += found.count
            if isCopy, !found.isEmpty { copiesFound += 1 }
        }
        times.sort()
        print(
            String(
                format:
                    "  look-up p50 %.1f p99 %.1f max %.0f µs of CPU (n %d), %.2f candidates each, copies found %d",
                times[times.count / 2], times[times.count * 99 / 100], times.last!, times.count,
                Double(candidates) / Double(asked.count), copiesFound))
    }
}

/// As at a start: from blobs. What the process grows by is what the index takes.
private func rebuild(_ blobs: [[UInt8]]) {
    var meter = Meter()
    let before = residentBytes()
    let index = meter.measure {
        var builder = SketchIndex.Builder()
        for (place, blob) in blobs.enumerated() {
            builder.add(Sketch(blob: blob)!, number: UInt64(place) + 1)
        }
        return builder.finish()
    }
    let grown = residentBytes() - before
    print(
        String(
            format: "made again from blobs in %.2f s (%.2f s of CPU): %d bytes a text by its own count, "
                + "the process grew by %d bytes a text", meter.wall, meter.processor,
            index.bytes / blobs.count,
            grown / blobs.count))
}
