/// The shingles of a text: a 64-bit hash of every three words that stand side by side.
///
/// A text of fewer than three words has one shingle of all of them, an empty text has none. The hashes are
/// kept in sketches, so they are part of the store's format; no key or seed changes them.
package struct Shingles: Sendable {
    /// Words in a shingle.
    package static let wordCount = 3

    /// The hashes in the order of the text, repeated ones included.
    package let hashes: [UInt64]

    /// Complexity: linear in the bytes of the words.
    package init(_ words: CanonicalWords) {
        hashes = Shingles.hashes(words.bytes.span, words.ends.span)
    }

    private static func hashes(_ bytes: Span<UInt8>, _ ends: Span<UInt32>) -> [UInt64] {
        var result: [UInt64] = []
        result.reserveCapacity(max(1, ends.count - wordCount + 1))
        // The three words of the window; a word that is not there counts as 0.
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var start = 0
        for index in ends.indices {
            let end = Int(ends[index])
            (first, second, third) = (second, third, hash(ofWord: bytes, start, end))
            if index >= wordCount - 1 { result.append(mixed(first, second, third)) }
            start = end + 1
        }
        if !ends.isEmpty, ends.count < wordCount { result.append(mixed(first, second, third)) }
        return result
    }

    /// FNV-1a (draft-eastlake-fnv) of 64 bits; `mixed` spreads what it leaves close together.
    @inline(__always)
    private static func hash(ofWord bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for offset in start..<end { hash = (hash ^ UInt64(bytes[offset])) &* 0x0000_0100_0000_01B3 }
        return hash
    }

    /// One hash of three in their order: odd multipliers, then the finalizer of SplitMix64.
    @inline(__always)
    private static func mixed(_ first: UInt64, _ second: UInt64, _ third: UInt64) -> UInt64 {
        var mixed = first &* 0x9E37_79B9_7F4A_7C15 &+ second &* 0xC2B2_AE3D_27D4_EB4F &+ third
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// The different shingles of a text, in ascending order: what similarity is measured on.
package struct ShingleSet: Hashable, Sendable {
    package let hashes: [UInt64]

    package var count: Int { hashes.count }

    /// Complexity: n log n in the words.
    package init(_ shingles: Shingles) {
        hashes = shingles.hashes.sorted().withoutRepeats()
    }
}

extension Array where Element: Equatable {
    /// The elements of a sorted array, each once.
    func withoutRepeats() -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(count)
        for element in self where element != result.last { result.append(element) }
        return result
    }
}
