import SijillFiles
import SijillFormat
import SijillMerkle
import Synchronization

/// A signed tree head with everything that is needed to serve tiles and proofs of its size.
package struct PublishedTree: Sendable {
    /// The signed note, as `/checkpoint` serves it.
    package let note: [UInt8]
    package let checkpoint: Checkpoint
    /// When it was signed.
    package let time: Timestamp
    let tree: GrowingTree
}

/// Serves checkpoint, tiles and proofs of a log to any thread, whoever writes and signs it.
package final class ServedTree: Sendable {
    private let files: TileFiles
    /// The reader owns the tree.
    private unowned let reader: LogReader
    private let shown: Mutex<Shown>

    private struct Shown {
        var published: PublishedTree
        var verifiers: [NoteVerifierKey]
    }

    init(
        _ directory: DataDirectory, reader: LogReader, verifiers: [NoteVerifierKey], published: PublishedTree
    ) {
        files = TileFiles(directory)
        self.reader = reader
        shown = Mutex(Shown(published: published, verifiers: verifiers))
    }

    /// The newest checkpoint that may be shown.
    package var published: PublishedTree { shown.withLock { $0.published } }

    /// The public keys that verify it, as far as they are known here, the signing one first.
    package var verifiers: [NoteVerifierKey] { shown.withLock { $0.verifiers } }

    /// From now on this is served. Its full tiles and bundles are durable.
    func show(_ published: PublishedTree, verifiers: [NoteVerifierKey]) {
        shown.withLock { $0 = Shown(published: published, verifiers: verifiers) }
    }

    /// The bytes of a tile or bundle of the published tree; nil when it has no such tile.
    package func bytes(_ place: TilePlace) throws -> [UInt8]? {
        let published = published
        let size = published.checkpoint.size
        guard let needed = place.sizeNeeded, needed <= size else { return nil }
        guard case .hashes(let level) = place.kind else { return try bundle(place) }
        if place.index == TilePlace.fullCount(size, level) {
            let hashes = Array(published.tree.edge(level).prefix(place.width))
            return Tile(level: level, index: place.index, hashes: hashes).bytes
        }
        let hashes = try files.hashes(level: level, index: place.index, 0..<place.width)
        return Tile(level: level, index: place.index, hashes: hashes).bytes
    }

    private func bundle(_ place: TilePlace) throws -> [UInt8] {
        if place.isFull, let bytes = try File.contents(files.path(place)) { return bytes }
        let first = SequenceNumber(place.index * UInt64(SijillMerkle.tileWidth) + 1)
        return try TreeGrowth(files: files, reader: reader).bundle(from: first, count: place.width)
    }

    /// The path from a change to the root of the tree of `size` changes; nil unless both are published.
    package func inclusion(of sequence: SequenceNumber, size: UInt64) throws -> [Digest]? {
        let published = published
        guard size <= published.checkpoint.size, sequence > .none, sequence.value <= size else { return nil }
        return try prover(published, size: size).inclusion(of: sequence.leafIndex)
    }

    /// The proof that the tree of `old` changes is the beginning of that of `new`; nil unless both are published.
    package func consistency(from old: UInt64, to new: UInt64) throws -> [Digest]? {
        let published = published
        guard old <= new, new <= published.checkpoint.size else { return nil }
        return try prover(published, size: new).consistency(from: old)
    }

    /// The root of the tree of `size` changes, which are published.
    package func root(size: UInt64) throws -> Digest {
        size == 0 ? TreeHash.empty : try prover(published, size: size).root(0, size)
    }

    private func prover(_ published: PublishedTree, size: UInt64) -> TreeProver {
        let full = published.checkpoint.size
        return TreeProver(size: size) { [files] height, index in
            let level = height / SijillMerkle.tileHeight
            let width = 1 << (height % SijillMerkle.tileHeight)
            let first = index * UInt64(width)
            let tile = first / UInt64(SijillMerkle.tileWidth)
            let start = Int(first % UInt64(SijillMerkle.tileWidth))
            if tile == TilePlace.fullCount(full, level) {
                return TreeHash.subtree(published.tree.edge(level)[start..<start + width])
            }
            return TreeHash.subtree(try files.hashes(level: level, index: tile, start..<start + width))
        }
    }
}
