extension PageLine {
    /// The lines of an LF-ended text that are not blank. Linear in the bytes.
    static func lines(of text: [UInt8]) -> [PageLine] {
        var lines: [PageLine] = []
        var start = 0
        var followsBlank = false
        while start < text.count {
            let end = ByteLanes.first(in: text.span, from: start) { $0.within(0x0A...0x0A) }
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
        var (starts, wide, arabic, latin) = (0, 0, 0, 0)
        for offset in stride(from: 0, to: bytes.count, by: ByteLanes.width) {
            let lanes = ByteLanes(bytes, at: offset)
            starts += min(ByteLanes.width, bytes.count - offset) - ByteLanes.count(lanes.continuing)
            wide += ByteLanes.count(lanes.within(0xE3...0xED))
            arabic += ByteLanes.count(lanes.within(0xD8...0xDB))
            latin += ByteLanes.count(lanes.within(0x41...0x5A) | lanes.within(0x61...0x7A))
        }
        return (starts + wide, (arabic, latin))
    }
}
