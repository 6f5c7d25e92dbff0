import SijillFiles
import SijillFormat
import SijillMerkle

/// The tree of a mirror: grown over the mirror's own lines, and held against each checkpoint that the source signs. A
/// checkpoint is taken only when the mirror has all that it covers, and has its root; so the mirror shows it as well,
/// with tiles and proofs of its own. Used by the task that writes the mirror.
package final class MirrorTree {
    private let directory: DataDirectory
    private let files: TileFiles
    private let reader: LogReader
    private var tree: GrowingTree

    /// Goes on from the checkpoint that was taken last.
    ///
    /// - Throws: `SijillError` with `.damaged` when the mirror's lines are not those that it was taken for.
    package init(_ directory: DataDirectory, reader: LogReader) throws {
        self.directory = directory
        self.reader = reader
        files = TileFiles(directory)
        tree = GrowingTree()
        guard let checkpoint = try Checkpoint.unsigned(at: directory.checkpoint) else { return }
        guard checkpoint.size <= reader.durable.value else {
            throw LogFiles.damaged(
                directory.checkpoint, 0,
                "it covers \(checkpoint.size) changes, the mirror has \(reader.durable)")
        }
        guard let signed = try TreeOpening.tree(of: checkpoint, files, reader) else {
            throw LogFiles.damaged(
                directory.checkpoint, 0,
                "the first \(checkpoint.size) changes of the mirror do not have its root")
        }
        tree = signed
    }

    /// Changes that the checkpoint taken last covers.
    package var size: UInt64 { tree.size }

    /// Takes a checkpoint whose signature was verified, and whose changes the mirror has. It is durable, with its tiles,
    /// when this returns. One that is older than the last one says nothing new and is passed over.
    ///
    /// - Throws: `EvidenceError` when the mirror's lines do not have its root: the source signs another log than it
    ///   sends. Nothing is changed then.
    package func take(_ note: [UInt8]) throws {
        let checkpoint = try Checkpoint(body: SignedNote(note).text)
        precondition(checkpoint.size <= reader.durable.value, "the mirror has what the checkpoint covers")
        guard checkpoint.size >= tree.size else { return }
        var grown = tree
        try TreeGrowth(files: files, reader: reader).grow(&grown, to: SequenceNumber(checkpoint.size))
        guard grown.root == checkpoint.root else {
            throw EvidenceError(
                "the \(checkpoint.size) changes that the source sent do not have the root that it signs")
        }
        try Durable.replace(directory.checkpoint, note)
        tree = grown
    }
}

extension Checkpoint {
    /// What a checkpoint file says, whoever signed it; nil when there is none.
    static func unsigned(at path: String) throws -> Checkpoint? {
        guard let note = try File.contents(path) else { return nil }
        do { return try Checkpoint(body: SignedNote(note).text) } catch {
            throw LogFiles.damaged(path, 0, error.description)
        }
    }
}
