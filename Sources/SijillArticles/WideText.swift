/// UTF-16, also without a byte order mark; then told by where its NUL bytes lie.
package enum WideText {
    /// Bytes that are looked at.
    static let sampleBytesMax = 64 << 10

    /// Whether the first bytes of JSON are those of UTF-16 or UTF-32: a byte order mark, or a NUL beside the
    /// first character.
    package static func begins(_ first: [UInt8]) -> Bool {
        first.starts(with: [0xFF, 0xFE]) || first.starts(with: [0xFE, 0xFF]) || first.prefix(2).contains(0)
    }

    /// UTF-16 of the one or the other byte order, or nil.
    ///
    /// Spaces, digits, line ends and Latin letters have a NUL as their upper byte: in text, nearly all NULs are
    /// on one side of the pairs, and there are many. The sample must then read as text from end to end.
    static func encoding(of bytes: [UInt8]) -> TextEncoding? {
        guard bytes.count % 2 == 0 else { return nil }
        let sample = bytes.prefix(sampleBytesMax)
        var even = 0
        var odd = 0
        for (place, byte) in sample.enumerated() where byte == 0 {
            if place % 2 == 0 { even += 1 } else { odd += 1 }
        }
        guard min(even, odd) * 5 <= max(even, odd), (even + odd) * 100 >= sample.count else { return nil }
        let encoding = TextEncoding(even < odd ? "utf-16le" : "utf-16be")
        let text: [UInt8]
        switch encoding.decode(sample) {
        case .text(let whole): text = whole
        case .cut(let part, _): text = part
        case .fault: return nil
        }
        return String(decoding: text, as: UTF8.self).unicodeScalars.allSatisfy(DecodedText.isAllowed)
            ? encoding : nil
    }
}
