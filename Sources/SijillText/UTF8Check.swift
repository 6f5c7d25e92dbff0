/// Tells whether bytes are UTF-8 (Unicode 16, table 3-7), eight at a time: texts in ASCII and in characters of two
/// bytes, Arabic among them, take no branch that a text decides.
package enum UTF8Check {
    /// Whether all of `bytes` are UTF-8. Linear in the bytes.
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var offset = 0
        // Whether the byte before `offset` begins a character of two bytes.
        var isOpen = false
        while offset + ByteLanes.width <= bytes.count {
            let lanes = ByteLanes(bytes, at: offset)
            // C0 and C1 would begin what fits into one byte.
            let special = lanes.leadingMore | lanes.within(0xC0...0xC1)
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
        if lead < 0x80 { return 1 }
        let count = length(ofLead: lead)
        guard count > 0, offset + count <= bytes.count else { return 0 }
        for place in 1..<count
        where !continues(bytes[offset + place], lead: lead, isSecond: place == 1) { return 0 }
        return count
    }

    /// Bytes of a sequence of several with that first byte; 0 when it leads none.
    package static func length(ofLead lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    /// Whether a byte may stand behind the first one of a sequence, right behind it or later.
    package static func continues(_ byte: UInt8, lead: UInt8, isSecond: Bool) -> Bool {
        guard byte & 0xC0 == 0x80 else { return false }
        guard isSecond else { return true }
        switch lead {
        case 0xE0: return byte >= 0xA0
        case 0xED: return byte <= 0x9F
        case 0xF0: return byte >= 0x90
        case 0xF4: return byte <= 0x8F
        default: return true
        }
    }
}
