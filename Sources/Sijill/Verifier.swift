import SijillFormat
import SijillMerkle

/// Verifies what a log says of itself, with nothing but its verifier key.
///
/// The key has the form that `sijilld key show` prints. Get it on another way than the log: a key that comes from the
/// server proves only that the server does not contradict itself.
public struct Verifier: Sendable {
    let keys: [NoteVerifierKey]

    /// The keys that checkpoints are accepted from.
    public var keyTexts: [String] { keys.map(\.description) }

    /// - Parameter keys: one key, or with it those that the log had before.
    /// - Throws: `SijillClientError` `.badRequest` when one is no verifier key.
    public init(keys texts: [String]) throws(SijillClientError) {
        var keys: [NoteVerifierKey] = []
        for text in texts {
            guard let key = NoteVerifierKey(text) else {
                throw SijillClientError(
                    .badRequest, "'\(text)' is no verifier key; 'sijilld key show' prints it on its last line"
                )
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw SijillClientError(.badRequest, "a verifier needs a key") }
        self.keys = keys
    }

    /// Reads a signed checkpoint.
    ///
    /// - Throws: `SijillClientError` `.evidence` when it is none, or no known key has signed it.
    public func checkpoint(_ note: [UInt8]) throws(SijillClientError) -> LogCheckpoint {
        do throws(EvidenceError) {
            let (checkpoint, signers) = try Checkpoint.verified(note, by: keys)
            return LogCheckpoint(note: note, checkpoint: checkpoint, signers: signers.map(\.description))
        } catch {
            throw SijillClientError(.evidence, "the checkpoint does not verify: \(error)")
        }
    }

    /// Checks that a later checkpoint is of the same log, and that nothing before the earlier one has changed.
    ///
    /// - Parameter proof: as the server gives it, hashes in base 64.
    /// - Throws: `SijillClientError` `.evidence`.
    public func verify(
        _ new: LogCheckpoint, extends old: LogCheckpoint, proof: [String]
    ) throws(SijillClientError) {
        guard new.origin == old.origin else {
            throw SijillClientError(.evidence, "the checkpoint is of \(new.origin), not of \(old.origin)")
        }
        guard new.size >= old.size else {
            throw SijillClientError(
                .evidence, "the log has shrunk: it had \(old.size) changes, and has \(new.size)")
        }
        guard let path = Self.digests(proof),
            TreeProof.isConsistent(
                old: old.size, old.checkpoint.root, new: new.size, new.checkpoint.root, path: path)
        else {
            throw SijillClientError(
                .evidence,
                "the log was rewritten: the \(old.size) changes that were signed before are not the first of the"
                    + " \(new.size) that are signed now")
        }
    }

    /// Checks that a change stands in the tree of a checkpoint.
    ///
    /// - Parameters:
    ///   - change: a line of the log, with or without its content.
    ///   - proof: as the server gives it, hashes in base 64.
    /// - Throws: `SijillClientError` `.evidence`.
    public func verify(
        change: [UInt8], in checkpoint: LogCheckpoint, proof: [String]
    ) throws(SijillClientError) {
        let line = try EvidenceLine(change)
        guard let path = Self.digests(proof),
            TreeProof.isIncluded(
                TreeHash.leaf(line.leaf), at: line.sequence.leafIndex, size: checkpoint.size, path: path,
                root: checkpoint.checkpoint.root)
        else {
            throw SijillClientError(
                .evidence, "change \(line.sequence) is not in the tree of \(checkpoint.size) changes")
        }
    }

    /// Checks a proof file (c2sp.org/tlog-proof@v1) offline: that its checkpoint is signed, that `change` stands in
    /// it, that the change's content is what its leaf commits to, and that `original` is the input that it names.
    ///
    /// - Throws: `SijillClientError` `.evidence` with what does not hold.
    public func verify(proof: [UInt8], change: [UInt8], original: [UInt8]? = nil) throws(SijillClientError)
        -> ProvedChange
    {
        let line = try EvidenceLine(change)
        let checkpoint: LogCheckpoint
        do throws(EvidenceError) {
            let file = try ProofFile(proof)
            _ = try file.verified(leaf: line.leaf, by: keys)
            guard file.index == line.sequence.leafIndex else {
                throw EvidenceError(
                    "the proof is of change \(file.index + 1), the change is \(line.sequence)")
            }
            let (head, signers) = try Checkpoint.verified(file.checkpoint, by: keys)
            checkpoint = LogCheckpoint(
                note: file.checkpoint, checkpoint: head, signers: signers.map(\.description))
        } catch {
            throw SijillClientError(.evidence, "the proof does not hold: \(error)")
        }
        if let original { try line.verify(original: original) }
        return ProvedChange(
            sequence: line.sequence.value, checkpoint: checkpoint, content: line.content,
            hasOriginal: original != nil)
    }

    static func digests(_ texts: [String]) -> [Digest]? {
        let digests = texts.compactMap { text -> Digest? in
            Base64.decode(text).flatMap { $0.count == Digest.bytes ? Digest(bytes: $0) : nil }
        }
        return digests.count == texts.count ? digests : nil
    }
}

/// A checkpoint whose signature was verified: what a log had signed at one moment.
public struct LogCheckpoint: Sendable {
    /// The signed note, byte for byte.
    public let note: [UInt8]
    let checkpoint: Checkpoint
    /// The known keys that have signed it.
    public let signers: [String]

    /// The name of the log.
    public var origin: String { checkpoint.origin }
    /// Changes that it covers.
    public var size: UInt64 { checkpoint.size }
    /// Root of the tree, in base 64.
    public var root: String { Base64.encode(checkpoint.root.data) }
}

/// What a proof has shown.
public struct ProvedChange: Sendable {
    /// Whether the content that came with the change is what it commits to.
    public enum Content: Sendable {
        case verified
        /// The change was given without its content.
        case leftOut
        /// The content was erased by a withdrawal.
        case erased
    }

    /// The 1-based number of the change in its log.
    public let sequence: UInt64
    public let checkpoint: LogCheckpoint
    public let content: Content
    /// Whether an original was given, and is the input that the change names.
    public let hasOriginal: Bool
}

/// A line of the log, taken apart for its proof.
struct EvidenceLine {
    let sequence: SequenceNumber
    /// The bytes that the tree hashes.
    let leaf: [UInt8]
    let content: ProvedChange.Content
    private let change: JSONValue

    /// - Throws: `SijillClientError` `.evidence` when it is no change, or its content is not what its leaf says.
    init(_ bytes: [UInt8]) throws(SijillClientError) {
        var line = bytes
        while line.last == 0x0A || line.last == 0x0D { line.removeLast() }
        guard let value = try? JSONParser.parse(line, options: .change), let id = value["id"]?.text,
            let cursor = Cursor(id), cursor.sequence > .none
        else { throw SijillClientError(.evidence, "the change is no line of a log") }
        change = value
        sequence = cursor.sequence
        guard let layout = LineLayout(scanning: line + [0x0A]) else {
            leaf = line
            content = .leftOut
            return
        }
        leaf = Array(line[..<layout.leafEnd]) + lineClosing
        let part = line[layout.leafEnd..<line.count - lineClosing.count]
        let said = value["data"]?["digests"]?["content"]?.text ?? EncodedContent.none.digest.hex
        if Digest.of(part).hex == said {
            content = .verified
        } else if ErasedContent.matches(part) {
            content = .erased
        } else {
            throw SijillClientError(
                .evidence, "the content of change \(cursor.sequence) is not what it commits to")
        }
    }

    func verify(original: [UInt8]) throws(SijillClientError) {
        let digest = change["data"]?["file"]?["sha256"]?.text
        guard digest == Digest.of(original).hex else {
            throw SijillClientError(.evidence, "the original is not the input that change \(sequence) names")
        }
    }
}

extension Verifier {
    /// The sequence of a change, given as a line of the log.
    ///
    /// - Throws: `SijillClientError` `.evidence` when it is none.
    public static func sequence(of change: [UInt8]) throws(SijillClientError) -> UInt64 {
        try EvidenceLine(change).sequence.value
    }
}

extension SijillClientError {
    /// A change that no signed tree covers yet.
    public static func notCovered(_ sequence: UInt64, size: UInt64) -> SijillClientError {
        SijillClientError(
            .evidence, "change \(sequence) is beyond the checkpoint, which covers \(size) changes")
    }
}
