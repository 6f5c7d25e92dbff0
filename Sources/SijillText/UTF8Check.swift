/// Tells whether bytes are UTF-8 (Unicode 16, table 3-7), eight at a time: texts in ASCII and in characters of two
/// bytes, Arabic among them, take no branch that a text decides.
package enum UTF8Check {
    /// Whether all of `bytes` are UTF-8. Linear in the bytes.
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        let raw = bytes.bytes
        var offset = 0
        // Whether the byte before `offset` begins a character of two bytes.
        var isOpen = false
        while offset + ByteLanes.width <= bytes.count {
            let lanes = ByteLanes(raw, at: offset)
            // C0 and C1 would begin what fits into one byte.
            let special = lanes.leadingMore | lanes.equal(to: 0xC0, under: 0xFE)
            guard special == 0 else {
                if isOpen { offset -= 1 }
                isOpen = false
                // To the end of these eight bytes, a character at a time.
                let end = offset + ByteLanes.width
                while offset < end {
                    let count = length(bytes, at: offset)
                    if count == 0 { return false }
                    offset += count
                }
                continue
            }
            // Behind each such first byte, and nowhere else, is one that goes on.
            guard lanes.continuing == lanes.leadingTwo << 8 | (isOpen ? 0x80 : 0) else { return false }
            isOpen = lanes.leadingTwo >> 63 == 1
            offset += ByteLanes.width
        }
        if isOpen { offset -= 1 }
        while offset < bytes.count {
            let count = length(bytes, at: offset)
            if count == 0 { return false }
            offset += count
        }
        return true
    }

    /// Bytes of the character at `offset`; 0 when there is none.
    private static func length(_ bytes: Span<UInt8>, at offset: Int) -> Int {
        let lead = bytes[offset]
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0..<0x80: return 1
        case 0xC2...0xDF: count = 2
        case 0xE0...0xEF:
            count = 3
            if lead == 0xE0 { second = 0xA0...0xBF }
            if lead == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            count = 4
            if lead == 0xF0 { second = 0x90...0xBF }
            if lead == 0xF4 { second = 0x80...0x8F }
        default: return 0
        }
        guard offset + count <= bytes.count, second.contains(bytes[offset + 1]) else { return 0 }
        for place in offset + 2..<max(offset + count, offset + 2) where bytes[place] & 0xC0 != 0x80 {
            return 0
        }
        return count
    }
}
