import SijillFiles
import SijillFormat
import SijillMerkle

/// The checkpoint that a log had when its daemon ended, verified against its keys and its state.
struct LogSignature {
    let keys: LogKeys
    /// Nil when the log was never signed.
    let note: [UInt8]?
    let checkpoint: Checkpoint?
    /// The checkpoint lacks the signature of the present key: a rotation got no further.
    let isIncomplete: Bool

    /// Reads key and checkpoint. Nothing is changed but a missing key of a log that was never signed.
    ///
    /// - Throws: `SijillError` with `.damaged` when a signed log has no checkpoint or no key, when the checkpoint is
    ///   not signed by the key, or is ahead of the state: an older log was put back under it.
    static func read(_ directory: DataDirectory, state: LogState, origin: String?) throws -> LogSignature {
        let path = directory.checkpoint
        let note = try File.contents(path)
        if state.signed, note == nil {
            throw SijillError(
                .damaged, "\(path) is missing, though the log was signed",
                remedy: "restore the data directory from a backup")
        }
        let keys = try LogKeys.open(directory, state: state, origin: origin)
        guard let note else {
            return LogSignature(keys: keys, note: nil, checkpoint: nil, isIncomplete: false)
        }
        let checkpoint: Checkpoint
        let signers: [NoteVerifierKey]
        do {
            (checkpoint, signers) = try Checkpoint.verified(note, by: keys.verifiers)
        } catch {
            throw LogFiles.damaged(path, 0, error.description)
        }
        guard checkpoint.size <= state.sequence.value else {
            throw SijillError(
                .damaged,
                "\(path) covers \(checkpoint.size) changes, but \(directory.state) ends with change \(state.sequence)",
                remedy:
                    "an older log was put back: restore the whole directory, or see 'sijilld recover --help'")
        }
        return LogSignature(
            keys: keys, note: note, checkpoint: checkpoint, isIncomplete: !signers.contains(keys.verifiers[0])
        )
    }
}

/// Brings tree, tiles and checkpoint in step with a log that was just opened.
struct TreeOpening {
    let directory: DataDirectory
    let reader: LogReader
    let signature: LogSignature
    /// Views that did not fit and were made again.
    private(set) var rebuilt: [String] = []

    init(_ directory: DataDirectory, reader: LogReader, signature: LogSignature) {
        self.directory = directory
        self.reader = reader
        self.signature = signature
    }

    /// The tree over every durable change, signed and durable.
    ///
    /// - Throws: `SijillError` with `.damaged` when the log is not the one that its checkpoint signs.
    mutating func open() throws -> LogTree {
        let files = TileFiles(directory)
        let growth = TreeGrowth(files: files, reader: reader)
        var tree = try signedTree(files, growth)
        let isSigned = signature.checkpoint?.size == reader.durable.value && !signature.isIncomplete
        try growth.grow(&tree, to: reader.durable)
        let published: PublishedTree
        if isSigned, let note = signature.note, let checkpoint = signature.checkpoint {
            let signed = try File(directory.checkpoint, .read).status().modified
            let time = Timestamp(milliseconds: UInt64(max(0, signed) / 1_000_000))
            published = PublishedTree(note: note, checkpoint: checkpoint, time: time, tree: tree)
        } else {
            published = try LogTree.sign(tree, signature.keys, directory)
        }
        return LogTree(directory, reader: reader, keys: signature.keys, tree: tree, published: published)
    }

    /// The tree that the checkpoint signs; the empty one when there is none.
    private mutating func signedTree(_ files: TileFiles, _ growth: TreeGrowth) throws -> GrowingTree {
        guard let checkpoint = signature.checkpoint, checkpoint.size > 0 else { return GrowingTree() }
        let size = SequenceNumber(checkpoint.size)
        if let tree = try Self.tree(
            of: checkpoint, files, reader, madeAgain: { rebuilt.append(directory.tiles) })
        {
            return tree
        }
        try rebuildIndexes(through: size)
        var tree = GrowingTree()
        try growth.grow(&tree, to: size)
        guard tree.root == checkpoint.root else {
            throw LogFiles.damaged(
                directory.checkpoint, 0,
                "the first \(checkpoint.size) changes of the log do not have its root")
        }
        rebuilt.append(directory.tiles)
        return tree
    }

    /// The tree with the root that a checkpoint gives, of its tiles, else made again of the hashes that the indexes have;
    /// nil when neither has that root.
    static func tree(
        of checkpoint: Checkpoint, _ files: TileFiles, _ reader: LogReader, madeAgain: () -> Void = {}
    ) throws -> GrowingTree? {
        let growth = TreeGrowth(files: files, reader: reader)
        let size = SequenceNumber(checkpoint.size)
        if var tree = files.tree(size: checkpoint.size) {
            try growth.grow(&tree, to: size)
            if tree.root == checkpoint.root { return tree }
        }
        var tree = GrowingTree()
        try growth.grow(&tree, to: size)
        guard tree.root == checkpoint.root else { return nil }
        madeAgain()
        return tree
    }

    /// Hashes every leaf of the sealed segments again. (That of the last segment was verified at recovery.)
    private mutating func rebuildIndexes(through size: SequenceNumber) throws {
        for (first, next) in zip(reader.segments, reader.segments.dropFirst()) where first <= size {
            let files = LogFiles(directory: directory, first: first)
            var walk = try SegmentWalk(
                try File(files.segment, .read), originals: files.originals, log: reader.log,
                from: LogPosition(startOf: first))
            var entries: [IndexEntry] = []
            var originals: [OriginalEntry] = []
            do {
                while walk.position.sequence.next < next, let walked = try walk.next() {
                    entries.append(walked.entry)
                    originals += walked.originals
                }
            } catch let fault as SegmentFault {
                throw LogFiles.damaged(files.segment, fault.offset, fault.message)
            }
            guard try File.contents(files.index) != LogFiles.bytes(entries) else { continue }
            try files.writeIndexes(entries, originals)
            try files.seal()
            rebuilt.append(files.index)
        }
    }
}
