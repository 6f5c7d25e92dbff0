/// What paragraphs a text has that another lacks, in order: a revision's difference from the text before.
///
/// A paragraph is a line that is not blank, counted from 1. Two are the same when their canonical words are, so
/// that harakat, spaces and punctuation change nothing; a line without words is the same as itself only.
package struct ParagraphDiff: Hashable, Sendable {
    /// Paragraphs that went, those that came in their place, or both.
    package struct Passage: Hashable, Sendable {
        /// Of the earlier text.
        package let removed: ClosedRange<Int>?
        /// Of the later text.
        package let added: ClosedRange<Int>?
    }

    package let passages: [Passage]

    /// Pairs of paragraphs that are compared at most; more are one passage, all of them.
    private static let pairsMax = 4_000_000

    /// A longest common subsequence of the paragraphs between the first and the last that differ
    /// (Hirschberg 1975 §2). Quadratic in their number, up to a bound.
    package init(from earlier: [UInt8], to later: [UInt8]) {
        let (old, new) = (ParagraphDiff.paragraphs(earlier), ParagraphDiff.paragraphs(later))
        let alike = zip(old, new).prefix { $0 == $1 }.count
        let rest = min(old.count, new.count) - alike
        let alikeAtEnd = zip(old.reversed(), new.reversed()).prefix(rest).prefix { $0 == $1 }.count
        let (oldRange, newRange) = (alike..<old.count - alikeAtEnd, alike..<new.count - alikeAtEnd)
        if oldRange.count * newRange.count > ParagraphDiff.pairsMax || oldRange.isEmpty || newRange.isEmpty {
            passages = [Passage(oldRange, newRange)].compactMap { $0 }
        } else {
            passages = ParagraphDiff.passages(Array(old[oldRange]), Array(new[newRange]), offset: alike)
        }
    }

    /// Paragraphs in all passages.
    package var addedCount: Int { passages.reduce(0) { $0 + ($1.added?.count ?? 0) } }
    package var removedCount: Int { passages.reduce(0) { $0 + ($1.removed?.count ?? 0) } }

    /// The lines of a text that are not blank, as they stand.
    package static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        text.split(separator: 0x0A).filter { line in line.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        }
    }

    private static func paragraphs(_ text: [UInt8]) -> [[UInt8]] {
        lines(text).map { line in
            let words = CanonicalWords(Array(line))
            return words.count > 0 ? words.bytes : [0] + line
        }
    }

    private static func passages(_ old: [[UInt8]], _ new: [[UInt8]], offset: Int) -> [Passage] {
        // lengths[i][j]: of the longest subsequence that the paragraphs from i and from j on have in common.
        let width = new.count + 1
        var lengths = [UInt32](repeating: 0, count: (old.count + 1) * width)
        for i in old.indices.reversed() {
            for j in new.indices.reversed() {
                lengths[i * width + j] =
                    old[i] == new[j]
                    ? lengths[(i + 1) * width + j + 1] + 1
                    : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
            }
        }
        var passages: [Passage] = []
        var (i, j, oldStart, newStart) = (0, 0, 0, 0)
        func end() {
            let passage = Passage(
                oldStart + offset..<i + offset, newStart + offset..<j + offset)
            if let passage { passages.append(passage) }
        }
        while i < old.count, j < new.count {
            if old[i] == new[j] {
                end()
                (i, j) = (i + 1, j + 1)
                (oldStart, newStart) = (i, j)
            } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
                i += 1
            } else {
                j += 1
            }
        }
        (i, j) = (old.count, new.count)
        end()
        return passages
    }
}

extension ParagraphDiff.Passage {
    /// From 0-based places; nil when nothing went and nothing came.
    fileprivate init?(_ removed: Range<Int>, _ added: Range<Int>) {
        if removed.isEmpty, added.isEmpty { return nil }
        self.removed = removed.isEmpty ? nil : removed.lowerBound + 1...removed.upperBound
        self.added = added.isEmpty ? nil : added.lowerBound + 1...added.upperBound
    }
}
