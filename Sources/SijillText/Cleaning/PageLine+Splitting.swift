extension PageLine {
    /// The lines of an LF-ended text that are not blank. Linear in the bytes.
    static func lines(of text: [UInt8]) -> [PageLine] {
        var lines: [PageLine] = []
        var start = 0
        var followsBlank = false
        while start < text.count {
            let end = lineEnd(text.span, from: start)
            let range = trimmed(text, start..<end)
            if range.isEmpty {
                followsBlank = true
            } else {
                lines.append(
                    PageLine(text, range, followsBlank: followsBlank))
                followsBlank = false
            }
            start = end + 1
        }
        return lines
    }

    /// The first line feed from `start` on; the end where there is none.
    private static func lineEnd(_ text: Span<UInt8>, from start: Int) -> Int {
        var offset = start
        let raw = text.bytes
        while offset + ByteLanes.width <= text.count {
            let found = ByteLanes(raw, at: offset).equal(to: 0x0A)
            if found != 0 { return offset + found.trailingZeroBitCount / 8 }
            offset += ByteLanes.width
        }
        while offset < text.count, text[offset] != 0x0A { offset += 1 }
        return offset
    }

    /// The range without blanks at its ends: white space of Unicode and invisible marks.
    static func trimmed(_ text: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end {
            let (scalar, count) = UTF8Bytes.scalar(in: text.span, at: start)
            guard isBlank(scalar) else { break }
            start += count
        }
        while start < end {
            var last = end - 1
            while last > start, text[last] & 0xC0 == 0x80 { last -= 1 }
            guard isBlank(UTF8Bytes.scalar(in: text.span, at: last).scalar) else { break }
            end = last
        }
        return start..<end
    }

    private static func isBlank(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x20: true
        case 0..<0x80: false
        case 0x85, 0xA0, 0x1680, 0x2000...0x200F, 0x2028...0x202F, 0x205F...0x2069, 0x3000, 0xFEFF: true
        default: false
        }
    }

    /// Characters: the bytes that begin one, those of U+3000–D7FF twice.
    static func length(_ text: [UInt8], _ range: Range<Int>) -> Int { count(text, range).length }

    /// `length`, and how many letters are Arabic and plain Latin, in one pass.
    static func count(
        _ text: [UInt8], _ range: Range<Int>
    ) -> (length: Int, letters: (arabic: Int, latin: Int)) {
        let bytes = text.span.extracting(range)
        let raw = bytes.bytes
        var (starts, wide, arabic, latin) = (0, 0, 0, 0)
        var offset = 0
        while offset < bytes.count {
            if offset + ByteLanes.width <= bytes.count {
                let lanes = ByteLanes(raw, at: offset)
                if lanes.leadingMore == 0 {
                    starts &+= ByteLanes.width &- ByteLanes.count(lanes.continuing)
                    arabic &+= ByteLanes.count(lanes.equal(to: 0xD8, under: 0xFC))
                    latin &+= ByteLanes.count(lanes.latinLetters)
                    offset &+= ByteLanes.width
                    continue
                }
            }
            for _ in 0..<min(ByteLanes.width, bytes.count - offset) {
                let byte = bytes[offset]
                starts &+= byte & 0xC0 == 0x80 ? 0 : 1
                wide &+= byte &- 0xE3 <= 0xED - 0xE3 ? 1 : 0
                arabic &+= byte &- 0xD8 <= 0xDB - 0xD8 ? 1 : 0
                latin &+= (byte | 0x20) &- 0x61 <= 0x7A - 0x61 ? 1 : 0
                offset &+= 1
            }
        }
        return (starts + wide, (arabic, latin))
    }
}
