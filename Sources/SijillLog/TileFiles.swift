import SijillFiles
import SijillFormat
import SijillMerkle

/// The full tiles and bundles of a tree as files: `log/tile/…` under the paths at which they are served.
struct TileFiles: Sendable {
    let directory: DataDirectory

    private static let permissions: UInt32 = 0o440

    init(_ directory: DataDirectory) { self.directory = directory }

    func path(_ place: TilePlace) -> String { "\(directory.log)/\(place.path)" }

    /// Writes a full tile or bundle and makes its bytes durable; its name is, when the folders in `touched` are
    /// synced. What was there before, left by a crash, goes.
    func write(_ bytes: [UInt8], at place: TilePlace, touched: inout Set<String>) throws(SystemError) {
        precondition(place.isFull, "only full tiles are files")
        let path = path(place)
        let folder = Durable.parent(of: path)
        if !touched.contains(folder) {
            try makeFolders(place)
            touched.insert(folder)
        }
        try Durable.remove(path)
        let file = try File(path, .replace(permissions: Self.permissions))
        try file.write(bytes.span, at: 0)
        try file.synchronize()
    }

    private func makeFolders(_ place: TilePlace) throws(SystemError) {
        var folder = directory.log
        for part in place.path.split(separator: "/").dropLast() {
            folder += "/\(part)"
            try Durable.createDirectory(folder)
        }
    }

    /// Some hashes of a full tile.
    func hashes(level: Int, index: UInt64, _ range: Range<Int>) throws -> [Digest] {
        let path = path(TilePlace(.hashes(level: level), index: index))
        let start = UInt64(range.lowerBound * Digest.bytes)
        let bytes = try File(path, .read).read(at: start, count: range.count * Digest.bytes)
        guard bytes.count == range.count * Digest.bytes, let hashes = Tile.hashes(bytes) else {
            throw SijillError(
                .damaged, "\(path) is damaged behind byte \(start)",
                remedy: "restart the daemon, which makes tiles again")
        }
        return hashes
    }

    /// The tree of `size` leaves as the tiles have it; nil when one of them is missing or of another size. Nothing
    /// of it is verified: compare the root.
    func tree(size: UInt64) -> GrowingTree? {
        var edge: [[Digest]] = []
        for level in 0..<TilePlace.levelCount(size) {
            guard isComplete(level: level, count: TilePlace.fullCount(size, level)) else { return nil }
            if level == 0 {
                edge.append([])
                continue
            }
            let width = TilePlace.edgeWidth(size, level)
            let first = TilePlace.fullCount(size, level) << UInt64(SijillMerkle.tileHeight)
            var hashes: [Digest] = []
            for offset in 0..<UInt64(width) {
                guard
                    let below = try? self.hashes(
                        level: level - 1, index: first + offset, 0..<SijillMerkle.tileWidth)
                else { return nil }
                hashes.append(TreeHash.subtree(below))
            }
            edge.append(hashes)
        }
        return GrowingTree(size: size & ~255, edge: edge)
    }

    /// Whether the first `count` tiles of a level are there in full size; with level 0 bundles as well.
    private func isComplete(level: Int, count: UInt64) -> Bool {
        let bytes = UInt64(SijillMerkle.tileWidth * Digest.bytes)
        for index in 0..<count {
            let tile = path(TilePlace(.hashes(level: level), index: index))
            guard (try? File(tile, .read).size()) == bytes else { return false }
            if level == 0, !File.exists(path(TilePlace(.entries, index: index))) { return false }
        }
        return true
    }
}
