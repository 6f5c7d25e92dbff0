/// The numbers of a text, each as often as it stands there. Two texts that are alike but for a figure may be
/// about two men, so figures are compared apart from the words.
///
/// A figure is a run of digits or other numbers, taken from the canonical words: `٢٠٢٦` and `2026` are one
/// figure, `1,000` is two, the `5` of `5km` is one.
package struct Figures: Hashable, Sendable {
    /// The figures, sorted.
    package let values: [String]

    /// Complexity: linear in the bytes of the words, n log n in the figures.
    package init(_ words: CanonicalWords) {
        var values: [String] = []
        let bytes = words.bytes.span
        let entries = FoldTable.shared.entries
        var offset = 0
        var start: Int?
        while offset < bytes.count {
            if start == nil {
                offset = Figures.skippingLetters(bytes, from: offset)
                if offset == bytes.count { break }
            }
            let (scalar, count) = UTF8Bytes.scalar(in: bytes, at: offset)
            if entries[scalar].isNumber {
                start = start ?? offset
            } else if let first = start {
                values.append(String(decoding: words.bytes[first..<offset], as: UTF8.self))
                start = nil
            }
            offset += count
        }
        if let start { values.append(String(decoding: words.bytes[start...], as: UTF8.self)) }
        self.values = values.sorted()
    }

    /// The first character from `offset` on that may be a number; the end where there is none.
    ///
    /// Of canonical words all numbers below U+07C0 are ASCII digits: the Arabic and Persian ones are folded to these,
    /// and NFKC leaves no small or broken ones. A character is told by its first byte.
    private static func skippingLetters(_ bytes: Span<UInt8>, from offset: Int) -> Int {
        ByteLanes.first(in: bytes, from: offset) { $0.within(0x30...0x39) | $0.within(0xDF...0xFF) }
    }

    /// The figures that stand here more often than in `other`, by as many as they do.
    package func subtracting(_ other: Figures) -> [String] {
        var left: [String] = []
        var index = 0
        for value in values {
            while index < other.values.count, other.values[index] < value { index += 1 }
            if index < other.values.count, other.values[index] == value {
                index += 1
            } else {
                left.append(value)
            }
        }
        return left
    }
}
