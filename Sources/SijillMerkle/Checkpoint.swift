import SijillFormat

/// A signed tree head (c2sp.org/tlog-checkpoint): origin, size and root of a log at one moment.
package struct Checkpoint: Hashable, Sendable {
    package let origin: String
    /// Leaves: changes of the log.
    package let size: UInt64
    package let root: Digest

    package init(origin: String, size: UInt64, root: Digest) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The text of the note: three lines. Sijill writes no extension lines.
    package var body: [UInt8] { Array("\(origin)\n\(size)\n\(Base64.encode(root.data))\n".utf8) }

    /// Signs it; the first key is the log's, others are keys that it had before.
    package func signed(with keys: [NoteSigningKey]) -> [UInt8] { SignedNote.sign(body, with: keys) }

    /// Reads the text of a note. Extension lines are allowed and passed over, empty ones are not.
    package init(body: [UInt8]) throws(EvidenceError) {
        var lines = String(decoding: body, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard body.last == 0x0A, lines.removeLast().isEmpty, lines.count >= 3 else {
            throw EvidenceError("the checkpoint has fewer than three lines")
        }
        guard lines.allSatisfy({ !$0.isEmpty }) else {
            throw EvidenceError("the checkpoint has an empty line")
        }
        guard let size = Decimal.value(lines[1].utf8), String(size) == lines[1] else {
            throw EvidenceError("the checkpoint's size is no decimal number, or has a leading zero or a sign")
        }
        guard let root = Base64.decode(String(lines[2])), root.count == Digest.bytes else {
            throw EvidenceError("the checkpoint's root is not 32 bytes in base 64")
        }
        self.init(origin: String(lines[0]), size: size, root: Digest(bytes: root)!)
    }

    /// Reads a signed checkpoint of the log that `keys` belong to, and says which of them have signed it.
    ///
    /// - Throws: `EvidenceError` when it is no checkpoint, its origin is not the keys' name, or no known key has
    ///   signed it, or one of them wrongly.
    package static func verified(
        _ note: [UInt8], by keys: [NoteVerifierKey]
    ) throws(EvidenceError) -> (checkpoint: Checkpoint, signers: [NoteVerifierKey]) {
        let note = try SignedNote(note)
        let signers = try note.verified(by: keys)
        let checkpoint = try Checkpoint(body: note.text)
        guard keys.contains(where: { $0.name == checkpoint.origin }) else {
            throw EvidenceError("the checkpoint is of \(checkpoint.origin), not of \(keys[0].name)")
        }
        return (checkpoint, signers)
    }
}
