import SijillFormat

/// The leaves of a tile as bytes: each behind its length, a big-endian 16-bit number (c2sp.org/tlog-tiles).
package enum EntryBundle {
    package static func encode(_ leaves: some Sequence<[UInt8]>) -> [UInt8] {
        var writer = ByteWriter()
        for leaf in leaves { append(leaf, to: &writer) }
        return writer.bytes
    }

    /// A leaf has at most `Limits.leafBytesMax` bytes.
    package static func append(_ leaf: [UInt8], to writer: inout ByteWriter) {
        precondition(leaf.count <= Limits.leafBytesMax, "a leaf is over its limit")
        writer.append([UInt8(leaf.count >> 8), UInt8(leaf.count & 255)])
        writer.append(leaf)
    }

    /// The leaves; nil when the bytes do not end with one.
    package static func leaves(_ bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
        var leaves: [ArraySlice<UInt8>] = []
        var position = 0
        while position < bytes.count {
            guard position + 2 <= bytes.count else { return nil }
            let end = position + 2 + Int(bytes[position]) << 8 + Int(bytes[position + 1])
            guard end <= bytes.count else { return nil }
            leaves.append(bytes[position + 2..<end])
            position = end
        }
        return leaves
    }
}
