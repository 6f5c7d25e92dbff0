/// Eight bytes of a text at once, one in each lane of a word: what is asked of every byte of every text costs an eighth
/// of a step, and no branch that the text decides.
///
/// A result has the high bit of each lane set that the answer is yes for, and no other bit.
/// (Warren 2012, "Hacker's Delight", chapter 6: words in which zero bytes are looked for.)
struct ByteLanes {
    static let width = 8
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    private let word: UInt64

    /// The bytes from `offset` on, with zeros behind the end where there are fewer than eight.
    @inline(__always)
    init(_ bytes: borrowing Span<UInt8>, at offset: Int) {
        if offset &+ Self.width <= bytes.count {
            let raw = bytes.bytes
            word = UInt64(
                littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        } else {
            var last: UInt64 = 0
            for place in offset..<bytes.count { last |= UInt64(bytes[place]) << UInt64(8 * (place - offset)) }
            word = last
        }
    }

    /// The first place from `start` on for which `found` says yes, which must not be of a zero; the count when none.
    @inline(__always)
    static func first(
        in bytes: borrowing Span<UInt8>, from start: Int, where found: (ByteLanes) -> UInt64
    ) -> Int {
        var offset = start
        while offset < bytes.count {
            let lanes = found(ByteLanes(bytes, at: offset))
            if lanes != 0 { return offset + lanes.trailingZeroBitCount / 8 }
            offset += width
        }
        return bytes.count
    }

    /// Bytes of UTF-8 that begin no character.
    var continuing: UInt64 { word & ~(word << 1) & Self.highs }

    /// Bytes that begin a character of two bytes.
    var leadingTwo: UInt64 { word & word << 1 & ~(word << 2) & Self.highs }

    /// Bytes that begin a character of three or more, and those that UTF-8 does not have.
    var leadingMore: UInt64 { word & word << 1 & word << 2 & Self.highs }

    /// Bytes of `range`, which lies below 0x80 or from there on.
    @inline(__always)
    func within(_ range: ClosedRange<UInt8>) -> UInt64 {
        let low = word & ~Self.highs
        let fromFirst = low &+ Self.ones &* UInt64(0x80 - (range.lowerBound & 0x7F))
        let pastLast = low &+ Self.ones &* UInt64(0x7F - (range.upperBound & 0x7F))
        return fromFirst & ~pastLast & (range.lowerBound < 0x80 ? ~word : word) & Self.highs
    }

    /// How many lanes a result has.
    @inline(__always)
    static func count(_ lanes: UInt64) -> Int { Int(truncatingIfNeeded: (lanes >> 7 &* ones) >> 56) }
}
