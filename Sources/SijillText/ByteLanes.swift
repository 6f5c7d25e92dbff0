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

    /// The bytes from `offset` on; there must be eight.
    @inline(__always)
    init(_ bytes: RawSpan, at offset: Int) {
        word = UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Bytes of UTF-8 that begin no character.
    var continuing: UInt64 { word & ~(word << 1) & Self.highs }

    /// Bytes that begin a character of two bytes.
    var leadingTwo: UInt64 { word & word << 1 & ~(word << 2) & Self.highs }

    /// Bytes that begin a character of three or more, and those that UTF-8 does not have.
    var leadingMore: UInt64 { word & word << 1 & word << 2 & Self.highs }

    /// Lanes that are `byte` where `mask` has bits.
    @inline(__always)
    func equal(to byte: UInt8, under mask: UInt8 = 0xFF) -> UInt64 {
        let differing = (word ^ Self.ones &* UInt64(byte)) & (Self.ones &* UInt64(mask))
        let low = ~Self.highs
        return ~((differing & low &+ low) | differing | low)
    }

    /// Lanes that are plain Latin letters.
    var latinLetters: UInt64 {
        let lowered = (word | Self.ones &* 0x20) & ~Self.highs
        let fromA = lowered &+ Self.ones &* (0x80 - 0x61)
        let pastZ = lowered &+ Self.ones &* (0x80 - 0x7B)
        return fromA & ~pastZ & ~word & Self.highs
    }

    /// How many lanes a result has.
    @inline(__always)
    static func count(_ lanes: UInt64) -> Int { Int(truncatingIfNeeded: (lanes >> 7 &* ones) >> 56) }
}
