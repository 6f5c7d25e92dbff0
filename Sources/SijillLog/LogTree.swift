import Dispatch
import SijillFiles
import SijillFormat
import SijillMerkle
import Synchronization

/// The Merkle tree over the log: grows behind it on the queue `sijill.tree`, off the commit's path.
///
/// A checkpoint is shown when it, every full tile and every full bundle under it are durable; it never covers a
/// change that is not. `@unchecked Sendable`: what is not behind a lock is touched on the queue only, which is
/// checked.
package final class LogTree: @unchecked Sendable {
    private let queue = DispatchQueue(label: "sijill.tree")
    private let directory: DataDirectory
    private let files: TileFiles
    /// The reader owns the tree.
    private unowned let reader: LogReader
    /// What is served of it.
    package let served: ServedTree
    /// Size that a `publish` in progress will reach.
    private let requested = Mutex<UInt64>(0)
    private let keys: Mutex<LogKeys>
    private var tree: GrowingTree

    /// Goes on from `tree`, whose full tiles are durable. `published` is what `log/checkpoint` says.
    init(
        _ directory: DataDirectory, reader: LogReader, keys: LogKeys, tree: GrowingTree,
        published: PublishedTree
    ) {
        self.directory = directory
        files = TileFiles(directory)
        self.reader = reader
        self.keys = Mutex(keys)
        self.tree = tree
        served = ServedTree(directory, reader: reader, verifiers: keys.verifiers, published: published)
        requested.withLock { $0 = published.checkpoint.size }
    }

    /// The newest checkpoint that may be shown. Sizes only grow.
    package var published: PublishedTree { served.published }

    /// Whether a `publish` of this change would sign anything that was not asked for before.
    package func isBehind(_ sequence: SequenceNumber) -> Bool { requested.withLock { $0 < sequence.value } }

    /// Grows the tree over the changes up to `sequence`, which are durable and in a durable state, signs it and shows
    /// the checkpoint. Returns at once; `failed` is called on the tree's queue.
    package func publish(through sequence: SequenceNumber, failed: @escaping @Sendable (any Error) -> Void) {
        let isNew = requested.withLock { requested in
            defer { requested = max(requested, sequence.value) }
            return requested < sequence.value
        }
        guard isNew else { return }
        queue.async { [self, reader] in
            do {
                try withExtendedLifetime(reader) { try grow(to: sequence) }
            } catch {
                requested.withLock { $0 = published.checkpoint.size }
                failed(error)
            }
        }
    }

    /// The same, done when it returns.
    package func publishNow(through sequence: SequenceNumber) throws {
        try queue.sync { try grow(to: sequence) }
        requested.withLock { $0 = max($0, sequence.value) }
    }

    /// Makes a new key the log's and signs the present tree with it; the old key co-signs. Returns the new one.
    ///
    /// - Throws: `SijillError` with `.configuration` when the key is kept elsewhere.
    package func rotate() throws -> NoteVerifierKey {
        if let elsewhere = directory.keyElsewhere {
            throw SijillError(
                .configuration, "the key is kept at \(elsewhere.escapedForDisplay), which is only read",
                remedy: "take log.key out of the configuration, rotate, and put signing.key where it was")
        }
        return try queue.sync {
            let new = keys.withLock { $0.rotated }
            try new.write(to: directory.signingKey)
            keys.withLock { $0 = new }
            try sign(tree)
            return new.verifiers[0]
        }
    }

    // MARK: On the queue

    private func grow(to sequence: SequenceNumber) throws {
        dispatchPrecondition(condition: .onQueue(queue))
        guard sequence.value > tree.size || published.checkpoint.size < tree.size else { return }
        var grown = tree
        try TreeGrowth(files: files, reader: reader).grow(&grown, to: sequence)
        try sign(grown)
        tree = grown
    }

    private func sign(_ tree: GrowingTree) throws {
        let keys = keys.withLock { $0 }
        let published = try Self.sign(tree, keys, directory)
        precondition(self.published.checkpoint.size <= tree.size, "a tree only grows")
        served.show(published, verifiers: keys.verifiers)
    }

    /// Signs a tree whose tiles are durable and replaces `log/checkpoint` durably.
    static func sign(_ tree: GrowingTree, _ keys: LogKeys, _ directory: DataDirectory) throws -> PublishedTree
    {
        let checkpoint = Checkpoint(origin: keys.origin, size: tree.size, root: tree.root)
        let note = checkpoint.signed(with: keys.keys)
        try Durable.replace(directory.checkpoint, note)
        return PublishedTree(note: note, checkpoint: checkpoint, time: WallClock.timestamp(), tree: tree)
    }
}

/// Grows a tree over the changes of a log, and writes the tiles and bundles that become full.
struct TreeGrowth {
    let files: TileFiles
    let reader: LogReader

    private static let pieceCount = 1_024

    /// Adds the changes up to `sequence`; every tile that became full is durable afterwards.
    func grow(_ tree: inout GrowingTree, to sequence: SequenceNumber) throws {
        var touched: Set<String> = []
        while tree.size < sequence.value {
            let count = min(Self.pieceCount, Int(clamping: sequence.value - tree.size))
            let entries = try reader.durableEntries(from: SequenceNumber(tree.size + 1), count: count)
            for entry in entries {
                try tree.append(entry.entry.leafHash) { tile in
                    try write(tile, touched: &touched)
                }
            }
        }
        for folder in touched { try Durable.syncDirectory(folder) }
    }

    private func write(_ tile: Tile, touched: inout Set<String>) throws {
        let place = TilePlace(.hashes(level: tile.level), index: tile.index)
        try files.write(tile.bytes, at: place, touched: &touched)
        guard tile.level == 0 else { return }
        let width = UInt64(SijillMerkle.tileWidth)
        let leaves = try bundle(from: SequenceNumber(tile.index * width + 1), count: SijillMerkle.tileWidth)
        try files.write(leaves, at: TilePlace(.entries, index: tile.index), touched: &touched)
    }

    /// The leaves of `count` durable changes, each behind its length.
    func bundle(from first: SequenceNumber, count: Int) throws -> [UInt8] {
        var writer = ByteWriter(capacity: count * 1_024)
        for located in try reader.durableEntries(from: first, count: count) {
            let end = located.entry.layout.leafEnd
            let leaf = try reader.read(segment: located.segment, offset: located.entry.offset, count: end)
            guard leaf.count == end else {
                throw SijillError(
                    .damaged,
                    "segment \(located.segment) ends before byte \(located.entry.offset + UInt64(end))",
                    remedy: "run 'sijilld check'")
            }
            EntryBundle.append(leaf + lineClosing, to: &writer)
        }
        return writer.bytes
    }
}
