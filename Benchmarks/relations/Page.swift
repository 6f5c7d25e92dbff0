import Foundation
import SijillTesting

/// Words as often as in a language: the word of rank r comes 1/r times as often as the first (Zipf).
struct Vocabulary {
    static let count = 300_000
    let words: [String]

    init() {
        var generator = SeededGenerator(seed: 7)
        let letters = Array("ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآؤئ").map(String.init)
        words = (0..<Vocabulary.count).map { rank in
            let length = Int.random(in: rank < 100 ? 2...4 : 3...8, using: &generator)
            return (0..<length).map { _ in letters.randomElement(using: &generator)! }.joined()
        }
    }

    func word(_ generator: inout SeededGenerator) -> String {
        let uniform = Double(generator.next() >> 11) * 0x1p-53
        let rank = Int(exp(uniform * log(Double(Vocabulary.count)))) - 1
        return words[min(Vocabulary.count - 1, rank)]
    }

    /// A word that is in few texts: a name.
    func name(_ generator: inout SeededGenerator) -> String {
        words[Int.random(in: 20_000..<Vocabulary.count, using: &generator)]
    }
}

/// An article as its author wrote it: a title, and paragraphs of words that carry their punctuation.
struct Page {
    var title: [String]
    var paragraphs: [[String]]

    var words: [String] { paragraphs.flatMap { $0 } }

    /// As a page of text is delivered.
    var text: String {
        ([title] + paragraphs).map { $0.joined(separator: " ") }.joined(separator: "\n\n") + "\n"
    }

    /// The same words in paragraphs of about sixty.
    func replacingWords(_ words: [String]) -> Page {
        let starts = stride(from: 0, to: words.count, by: 60)
        return Page(title: title, paragraphs: starts.map { Array(words[$0..<min($0 + 60, words.count)]) })
    }
}

/// Makes pages, the same ones for the same seed.
struct PageMaker {
    let vocabulary = Vocabulary()
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func page(_ words: ClosedRange<Int>) -> Page {
        // As many pages of 60 to 120 words as of 600 to 1,200.
        let length = exp(
            Double.random(
                in: log(Double(words.lowerBound))...log(Double(words.upperBound)), using: &generator))
        return Page(
            title: (0..<8).map { _ in vocabulary.word(&generator) }, paragraphs: paragraphs(Int(length)))
    }

    mutating func paragraphs(_ count: Int) -> [[String]] {
        var paragraphs: [[String]] = []
        var left = count
        while left > 0 {
            var paragraph: [String] = []
            for _ in 0..<Int.random(in: 2...4, using: &generator) where left > 0 {
                let length = min(left, Int.random(in: 8...25, using: &generator))
                paragraph += sentence(length)
                left -= length
            }
            paragraphs.append(paragraph)
        }
        return paragraphs
    }

    mutating func sentence(_ length: Int) -> [String] {
        var words = (0..<length).map { _ in
            Int.random(in: 0..<60, using: &generator) == 0 ? figure() : vocabulary.word(&generator)
        }
        if length > 10 { words[length / 2] += "،" }
        words[length - 1] += "."
        return words
    }

    mutating func figure() -> String { String(Int.random(in: 2...9_999, using: &generator)) }
}
