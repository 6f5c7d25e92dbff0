import SijillFormat

/// The hashes of RFC 6962 §2.1.
package enum TreeHash {
    /// Root of the tree without leaves: SHA-256 of nothing, not zeros.
    package static let empty = Digest.of(EmptyCollection<UInt8>())

    /// SHA-256(0x00 ‖ leaf).
    package static func leaf(_ bytes: [UInt8]) -> Digest {
        var builder = DigestBuilder()
        builder.add(CollectionOfOne<UInt8>(0))
        builder.add(bytes)
        return builder.finish()
    }

    /// SHA-256(0x01 ‖ left ‖ right).
    package static func node(_ left: Digest, _ right: Digest) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 65, alignment: 1) { buffer in
            buffer.storeBytes(of: 1, as: UInt8.self)
            buffer.storeBytes(of: left.high.bigEndian, toByteOffset: 1, as: UInt128.self)
            buffer.storeBytes(of: left.low.bigEndian, toByteOffset: 17, as: UInt128.self)
            buffer.storeBytes(of: right.high.bigEndian, toByteOffset: 33, as: UInt128.self)
            buffer.storeBytes(of: right.low.bigEndian, toByteOffset: 49, as: UInt128.self)
            var builder = DigestBuilder()
            builder.add(UnsafeRawBufferPointer(buffer))
            return builder.finish()
        }
    }

    /// Root of a complete subtree over hashes of one level. Their count is a power of two.
    package static func subtree(_ hashes: some RandomAccessCollection<Digest>) -> Digest {
        precondition(hashes.count.nonzeroBitCount == 1, "a complete subtree has 2^k hashes")
        var level = Array(hashes)
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map { node(level[$0], level[$0 + 1]) }
        }
        return level[0]
    }

    /// The largest power of two below `count`: where RFC 6962 cuts a tree of `count` leaves, at least two.
    package static func split(_ count: UInt64) -> UInt64 {
        precondition(count > 1, "a tree of one leaf is not cut")
        return 1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }
}
