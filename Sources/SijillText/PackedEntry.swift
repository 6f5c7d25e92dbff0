/// A `FoldEntry` of a scalar below U+0800 with its folded bytes, which are two at most.
struct PackedEntry: Sendable {
    let bits: UInt32

    init(_ scalar: UInt32, _ entry: FoldEntry) {
        let target = entry.target == 0 ? scalar : entry.target
        var bits: UInt32 = 0
        if entry.route != .direct || entry.role == .mark {
            bits = 1 << 25
        } else if entry.role == .separator {
            bits = 1 << 24
        } else if entry.role == .letter {
            bits = target < 0x80 ? target | 1 << 16 : 0xC0 | target >> 6 | (0x80 | target & 0x3F) << 8 | 2 << 16
            if entry.isLatin { bits |= 1 << 18 }
        }
        self.bits = bits
    }

    /// Nothing is written for it: it separates, or cannot be folded alone.
    @inline(__always) var isSpecial: Bool { bits >= 1 << 24 }
    @inline(__always) var separates: Bool { bits & 1 << 24 != 0 }
    @inline(__always) var isLatin: Bool { bits & 1 << 18 != 0 }
    /// How many bytes are written: 0 when the scalar is dropped.
    @inline(__always) var count: Int { Int(bits >> 16 & 3) }
    @inline(__always) var first: UInt8 { UInt8(truncatingIfNeeded: bits) }
    @inline(__always) var second: UInt8 { UInt8(truncatingIfNeeded: bits >> 8) }
}

/// UTF-8 (RFC 3629).
enum UTF8Bytes {
    static func count(of scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }

    /// The scalar that begins at `offset` and its length; U+0000 and 1 for a byte that begins none.
    @inline(__always)
    static func scalar(in text: borrowing Span<UInt8>, at offset: Int) -> (scalar: UInt32, count: Int) {
        let first = UInt32(text[offset])
        let left = text.count - offset
        switch first {
        case 0..<0x80:
            return (first, 1)
        case 0xC2..<0xE0 where left >= 2:
            return (first << 6 & 0x7C0 | tail(text, offset + 1), 2)
        case 0xE0..<0xF0 where left >= 3:
            return (first << 12 & 0xF000 | tail(text, offset + 1) << 6 | tail(text, offset + 2), 3)
        case 0xF0..<0xF5 where left >= 4:
            let high = first << 18 & 0x1C_0000 | tail(text, offset + 1) << 12
            return (high | tail(text, offset + 2) << 6 | tail(text, offset + 3), 4)
        default:
            return (0, 1)
        }
    }

    @inline(__always)
    private static func tail(_ text: borrowing Span<UInt8>, _ offset: Int) -> UInt32 { UInt32(text[offset] & 0x3F) }

    /// Writes `scalar` at `offset`; the offset behind it.
    static func write(_ scalar: UInt32, _ output: inout [UInt8], at offset: Int) -> Int {
        var room = output.mutableSpan
        return write(scalar, &room, at: offset)
    }

    /// Writes `scalar` at `offset`; the offset behind it.
    @inline(__always)
    static func write(_ scalar: UInt32, _ output: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | scalar >> shift & 0x3F) }
        switch scalar {
        case ..<0x80:
            output[offset] = UInt8(truncatingIfNeeded: scalar)
            return offset + 1
        case ..<0x800:
            output[offset] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
            output[offset + 1] = tail(0)
            return offset + 2
        case ..<0x10000:
            output[offset] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
            output[offset + 1] = tail(6)
            output[offset + 2] = tail(0)
            return offset + 3
        default:
            output[offset] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
            output[offset + 1] = tail(12)
            output[offset + 2] = tail(6)
            output[offset + 3] = tail(0)
            return offset + 4
        }
    }
}
