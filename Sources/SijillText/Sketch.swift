/// A sample of a text's shingles, small enough to be kept for every article: two texts with much in common
/// share many of their samples, whatever their lengths.
///
/// Taken are all shingles with a hash below 2⁶⁴/16, and at least the 16 smallest. Both rules look at the hash
/// alone, so a text that is part of another has nearly all its samples there too. Of each hash the low 32
/// bits are kept, as a key: the high bits are alike in all samples. Keys that are equal by chance cost a
/// look, never a decision.
package struct Sketch: Hashable, Sendable {
    /// One shingle in how many is taken.
    package static let sampling: UInt64 = 16
    /// Samples of a text that is long enough to have so many shingles.
    package static let keysMin = 16

    /// The keys, ascending, each once.
    package let keys: [UInt32]

    /// Complexity: linear in the shingles; n log n where they are few.
    package init(_ shingles: Shingles) {
        let limit = UInt64.max / Sketch.sampling
        var samples = shingles.hashes.filter { $0 <= limit }
        samples.sort()
        samples = samples.withoutRepeats()
        if samples.count < Sketch.keysMin {
            samples = Array(ShingleSet(shingles).hashes.prefix(Sketch.keysMin))
        }
        keys = samples.map { UInt32(truncatingIfNeeded: $0) }.sorted().withoutRepeats()
    }

    /// Reads what `blob` wrote; nil when it is not exactly that.
    package init?(blob: [UInt8]) {
        guard blob.count % 4 == 0 else { return nil }
        var keys: [UInt32] = []
        keys.reserveCapacity(blob.count / 4)
        var last: UInt32?
        let bytes = blob.span
        for start in stride(from: 0, to: bytes.count, by: 4) {
            var key: UInt32 = 0
            for offset in 0..<4 { key |= UInt32(bytes[start + offset]) << UInt32(8 * offset) }
            if let last, last >= key { return nil }
            keys.append(key)
            last = key
        }
        self.keys = keys
    }

    /// The keys in ascending order, four bytes each, little endian.
    package var blob: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * keys.count)
        for key in keys {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: key >> shift))
            }
        }
        return bytes
    }
}
