import SijillFormat

/// A tile: hashes of one level that follow each other. Full ones have 256.
package struct Tile: Hashable, Sendable {
    package let level: Int
    package let index: UInt64
    package let hashes: [Digest]

    package init(level: Int, index: UInt64, hashes: [Digest]) {
        self.level = level
        self.index = index
        self.hashes = hashes
    }

    /// As it is served: 32 bytes a hash.
    package var bytes: [UInt8] {
        var writer = ByteWriter(capacity: hashes.count * Digest.bytes)
        for hash in hashes { writer.append(hash.data) }
        return writer.bytes
    }

    /// The hashes in the bytes of a tile; nil when they are no whole number of hashes.
    package static func hashes(_ bytes: [UInt8]) -> [Digest]? {
        guard bytes.count % Digest.bytes == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: Digest.bytes).map { Digest(bytes: bytes[$0...])! }
    }
}

/// The right edge of a tree: the hashes of the tiles that are not full yet, level by level. Everything left of them
/// is in full tiles.
///
/// Appending costs one node hash on average; the root costs at most 255 a level. A value of it is a tree of its
/// size for ever, so readers may keep one while the log goes on.
package struct GrowingTree: Hashable, Sendable {
    /// Leaves.
    package private(set) var size: UInt64 = 0
    /// Hashes of the last tile of each level, 0 to 255 of them.
    private var edge: [[Digest]] = []

    /// The empty tree.
    package init() {}

    /// The tree of `size` leaves whose last tiles are `edge`, from level 0 on; nil when their widths do not fit.
    package init?(size: UInt64, edge: [[Digest]]) {
        self.size = size
        self.edge = edge
        for level in 0..<TilePlace.levelCount(size)
        where self.edge(level).count != TilePlace.edgeWidth(size, level) {
            return nil
        }
    }

    /// Hashes of the last tile of a level, which is not full; empty when all tiles of the level are full.
    package func edge(_ level: Int) -> [Digest] { level < edge.count ? edge[level] : [] }

    /// Adds a leaf; `filled` is handed each tile that became full, lower levels first.
    package mutating func append(_ leaf: Digest, filled: (Tile) throws -> Void) rethrows {
        size += 1
        var hash = leaf
        var level = 0
        while true {
            if level == edge.count { edge.append([]) }
            edge[level].append(hash)
            guard edge[level].count == SijillMerkle.tileWidth else { return }
            let full = edge[level]
            edge[level] = []
            let end = size >> UInt64(SijillMerkle.tileHeight * (level + 1))
            try filled(Tile(level: level, index: end - 1, hashes: full))
            hash = TreeHash.subtree(full)
            level += 1
        }
    }

    /// RFC 6962's root of the leaves so far.
    package var root: Digest {
        var root: Digest?
        // From the right: the smallest subtrees stand at the end of the lowest level.
        for hashes in edge {
            var end = hashes.count
            while end > 0 {
                let width = end & -end
                let left = TreeHash.subtree(hashes[end - width..<end])
                root = root.map { TreeHash.node(left, $0) } ?? left
                end -= width
            }
        }
        return root ?? TreeHash.empty
    }
}
