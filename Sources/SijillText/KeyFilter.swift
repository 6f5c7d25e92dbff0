/// Which keys may be there: one bit for many keys, so that asking for one that is not costs one look at a small table
/// instead of a walk through a large one. It may say yes wrongly, never no.
struct KeyFilter: Sendable {
    private var words: [UInt64] = Array(repeating: 0, count: 64)
    private var keysCount = 0

    /// Bits that a filter has at most: 8 MiB.
    private static let bitsMax = 1 << 26

    var bytes: Int { words.capacity * 8 }

    func mayHold(_ key: UInt32) -> Bool {
        let bit = Int(key) & (words.count * 64 - 1)
        return words[bit >> 6] & 1 << UInt64(bit & 63) != 0
    }

    /// Amortised O(1).
    mutating func insert(_ key: UInt32) {
        keysCount += 1
        // Of a key one bit more is looked at from now on; either may be what it was.
        if keysCount > words.count * 16, words.count * 64 < KeyFilter.bitsMax { words += words }
        let bit = Int(key) & (words.count * 64 - 1)
        words[bit >> 6] |= 1 << UInt64(bit & 63)
    }
}
