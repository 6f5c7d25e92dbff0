/// The quick paths through a JSON string: runs of plain bytes, and runs of escaped letters.
enum JSONScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The first position at or after `start` of a quote, a backslash or a control (below 0x20); the count when none.
    ///
    /// Eight bytes at a time: a zero byte in `x ^ pattern`, or a byte below 0x20, sets that byte's high bit. A borrow
    /// can only mark bytes behind a true hit, so the first one is exact.
    static func firstSpecial(in bytes: borrowing Span<UInt8>, from start: Int) -> Int {
        var position = start
        let raw = bytes.bytes
        while position + 8 <= bytes.count {
            let word = UInt64(
                littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            let hits =
                ((word &- ones &* 0x20) & ~word) | ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash)
            let marked = hits & highs
            if marked != 0 { return position + marked.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return position }
            position += 1
        }
        return position
    }

    /// Decodes escapes `\uXXXX` that follow each other, at most seven plain bytes apart, and stops in front of
    /// everything else: other escapes, surrogates, faults, the end of the string. Python writes whole texts like
    /// that. Returns where it stopped.
    static func decodeEscapedLetters(
        in bytes: borrowing Span<UInt8>, from start: Int, to end: Int, into decoded: inout [UInt8]
    ) -> Int {
        let raw = bytes.bytes
        var position = start
        var plain = 0
        while position + 6 <= end {
            let byte = bytes[position]
            if byte != 0x5C {
                guard plain < 7, byte != 0x22, byte >= 0x20 else { break }
                plain += 1
                decoded.append(byte)
                position += 1
                continue
            }
            guard bytes[position + 1] == UInt8(ascii: "u"),
                let unit = hexUnit(
                    UInt32(
                        littleEndian: unsafe raw.unsafeLoadUnaligned(
                            fromByteOffset: position + 2, as: UInt32.self))),
                unit & 0xF800 != 0xD800
            else { break }
            plain = 0
            position += 6
            append(unit, to: &decoded)
        }
        return position
    }

    /// The number that four hexadecimal digits stand for, the first one lowest in `word`; nil when one is no digit.
    ///
    /// All four at once: a letter has bit 6 set, its value is its low half plus 9. What is no digit has a value out
    /// of its kind's range, or does not give the same character again.
    static func hexUnit(_ word: UInt32) -> UInt32? {
        let letters = word >> 6 & 0x0101_0101
        let values = (word & 0x0F0F_0F0F) &+ letters &* 9
        guard word | letters << 5 == values &+ 0x3030_3030 &+ letters &* 0x27, values & 0xF0F0_F0F0 == 0,
            (values &+ 0x0606_0606) >> 4 & 0x0101_0101 == letters
        else { return nil }
        return values << 12 & 0xF000 | values & 0x0F00 | values >> 12 & 0x00F0 | values >> 24
    }

    /// A scalar below U+10000 as UTF-8.
    private static func append(_ unit: UInt32, to decoded: inout [UInt8]) {
        if unit < 0x80 {
            decoded.append(UInt8(truncatingIfNeeded: unit))
        } else if unit < 0x800 {
            decoded.append(0xC0 | UInt8(truncatingIfNeeded: unit >> 6))
            decoded.append(0x80 | UInt8(truncatingIfNeeded: unit & 0x3F))
        } else {
            decoded.append(0xE0 | UInt8(truncatingIfNeeded: unit >> 12))
            decoded.append(0x80 | UInt8(truncatingIfNeeded: unit >> 6 & 0x3F))
            decoded.append(0x80 | UInt8(truncatingIfNeeded: unit & 0x3F))
        }
    }
}
