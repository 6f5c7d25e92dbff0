import Foundation
import SijillArticles
import SijillText

/// How two bags of words agree.
struct Score {
    let precision: Double
    let recall: Double

    init(found: [UInt8], truth: [UInt8]) {
        let found = Score.bag(found)
        let truth = Score.bag(truth)
        let shared = found.reduce(0) { $0 + min($1.value, truth[$1.key] ?? 0) }
        let foundCount = found.values.reduce(0, +)
        let truthCount = truth.values.reduce(0, +)
        precision = foundCount == 0 ? (truthCount == 0 ? 1 : 0) : Double(shared) / Double(foundCount)
        recall = truthCount == 0 ? 1 : Double(shared) / Double(truthCount)
    }

    var f1: Double { precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall) }

    private static func bag(_ utf8: [UInt8]) -> [ArraySlice<UInt8>: Int] {
        let words = CanonicalWords(utf8)
        return (0..<words.count).reduce(into: [:]) {
            $0[words.bytes[words.range(ofWord: $1)], default: 0] += 1
        }
    }
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(64)
}

func value(of option: String) -> String? {
    guard let place = CommandLine.arguments.firstIndex(of: option) else { return nil }
    guard place + 1 < CommandLine.arguments.count else { fail("\(option) needs a value") }
    return CommandLine.arguments[place + 1]
}

guard CommandLine.arguments.count > 1 else {
    fail("usage: HTMLExtractionBenchmark FOLDER [--text NAME] [--rounds N]")
}
let folder = URL(filePath: CommandLine.arguments[1])
let reader = ArticleReader()

func bytes(_ name: String) -> [UInt8] {
    guard let data = try? Data(contentsOf: folder.appending(path: name)) else {
        fail("\(folder.appending(path: name).path) cannot be read; each page.html needs its page.txt")
    }
    return Array(data)
}

func text(of page: [UInt8]) -> [UInt8] {
    (try? reader.draft(page, format: .html))?.content.text ?? []
}

if let name = value(of: "--text") {
    print(String(decoding: text(of: bytes("\(name).html")), as: UTF8.self))
    exit(0)
}

let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".html") }.map { String($0.dropLast(5)) }.sorted()
guard !names.isEmpty else { fail("\(folder.path) holds no .html; give a folder of page.html + page.txt") }

/// A number with three decimals.
func shown(_ number: Double) -> String { String(format: "%.3f", number) }

var scores: [Score] = []
for name in names {
    let score = Score(found: text(of: bytes("\(name).html")), truth: bytes("\(name).txt"))
    scores.append(score)
    print(shown(score.precision), shown(score.recall), shown(score.f1), name)
}
let count = Double(scores.count)
let f1 = scores.reduce(0) { $0 + $1.f1 } / count
print(
    shown(scores.reduce(0) { $0 + $1.precision } / count), shown(scores.reduce(0) { $0 + $1.recall } / count),
    shown(f1), "mean of \(scores.count) pages")

if let rounds = value(of: "--rounds").flatMap(Int.init), rounds > 0 {
    let pages = names.map { bytes("\($0).html") }
    let size = pages.reduce(0) { $0 + $1.count }
    let taken = ContinuousClock().measure {
        for _ in 0..<rounds { for page in pages { _ = text(of: page) } }
    }
    let seconds = Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18
    let each = seconds / Double(rounds * pages.count)
    print(
        "\(shown(each * 1_000)) ms a page of \(size / pages.count) bytes,",
        "\(shown(Double(size * rounds) / seconds / 1_000_000)) MB/s, one thread")
}
exit(f1 >= 0.95 ? 0 : 1)
