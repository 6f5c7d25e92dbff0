import SijillFormat

/// A proof that stands alone (c2sp.org/tlog-proof@v1): where a leaf stands, the path to a root, and the checkpoint
/// that signs this root.
package struct ProofFile: Hashable, Sendable {
    /// Leaf index: the sequence less one.
    package let index: UInt64
    package let path: [Digest]
    /// The signed checkpoint, as it was served.
    package let checkpoint: [UInt8]

    private static let heading = "c2sp.org/tlog-proof@v1"

    package init(index: UInt64, path: [Digest], checkpoint: [UInt8]) {
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
    }

    package var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.append("\(Self.heading)\nindex \(index)\n")
        for hash in path { writer.append("\(Base64.encode(hash.data))\n") }
        writer.append("\n")
        writer.append(checkpoint)
        return writer.bytes
    }

    /// Takes a file apart; nothing is verified yet. Its `extra` line is passed over: it is not authenticated.
    package init(_ bytes: [UInt8]) throws(EvidenceError) {
        var rest = bytes[...]
        func line() throws(EvidenceError) -> String {
            guard let end = rest.firstIndex(of: 0x0A) else { throw EvidenceError("the proof ends too early") }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<end], as: UTF8.self)
        }
        guard bytes.count <= SignedNote.bytesMax, try line() == Self.heading else {
            throw EvidenceError("the file is no \(Self.heading)")
        }
        var next = try line()
        if next.hasPrefix("extra ") {
            guard Base64.decode(String(next.dropFirst(6))) != nil else {
                throw EvidenceError("the proof's extra data is not base 64")
            }
            next = try line()
        }
        guard next.hasPrefix("index "), let index = Decimal.value(next.utf8.dropFirst(6)),
            "index \(index)" == next
        else { throw EvidenceError("the proof has no index, or one with a leading zero or a sign") }
        self.index = index
        var path: [Digest] = []
        next = try line()
        while !next.isEmpty {
            guard let hash = Base64.decode(next), hash.count == Digest.bytes, path.count < 64 else {
                throw EvidenceError("a hash of the proof is not 32 bytes in base 64")
            }
            path.append(Digest(bytes: hash)!)
            next = try line()
        }
        self.path = path
        checkpoint = Array(rest)
    }

    /// The checkpoint under which `leaf`, a leaf's bytes, stands at `index`.
    ///
    /// - Throws: `EvidenceError` when the checkpoint is not signed by one of `keys`, or the path does not lead from
    ///   this leaf to its root.
    package func verified(leaf: [UInt8], by keys: [NoteVerifierKey]) throws(EvidenceError) -> Checkpoint {
        let head = try Checkpoint.verified(checkpoint, by: keys).checkpoint
        guard index < head.size else { throw EvidenceError("the proof's index is beyond its checkpoint") }
        let hash = TreeHash.leaf(leaf)
        guard TreeProof.isIncluded(hash, at: index, size: head.size, path: path, root: head.root) else {
            throw EvidenceError(
                "the change is not the one that was proved: its leaf does not lead to the root")
        }
        return head
    }
}
