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

    /// Complexity: linear in the words; n log n when a text is made so that its hashes lie together.
    package init(_ shingles: Shingles) {
        hashes = shingles.hashes.sortedHashes().withoutRepeats()
    }
}

extension [UInt64] {
    /// The same as `sorted()`, in linear time for hashes: they are spread over as many buckets as there are hashes, by
    /// their highest bits, and a bucket holds hardly more than one.
    func sortedHashes() -> [UInt64] {
        guard count >= 64 else { return sorted() }
        let shift = 64 - Swift.min(16, Int.bitWidth - 1 - count.leadingZeroBitCount)
        // Where each bucket begins, and while it is filled, where its next hash goes.
        var places = [Int](repeating: 0, count: 1 << (64 - shift) + 1)
        for hash in self { places[Int(hash >> shift) + 1] += 1 }
        for bucket in 1..<places.count { places[bucket] += places[bucket - 1] }
        var result = [UInt64](repeating: 0, count: count)
        for hash in self {
            let bucket = Int(hash >> shift)
            result[places[bucket]] = hash
            places[bucket] += 1
        }
        // Every place is now the end of its bucket.
        var start = 0
        for end in places.dropLast() {
            if end - start > 1 { result.sort(bucket: start..<end) }
            start = end
        }
        return result
    }

    private mutating func sort(bucket: Range<Int>) {
        guard bucket.count <= 16 else { return self[bucket].sort() }
        for index in bucket.dropFirst() {
            let hash = self[index]
            var place = index
            while place > bucket.lowerBound, self[place - 1] > hash {
                self[place] = self[place - 1]
                place -= 1
            }
            self[place] = hash
        }
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
