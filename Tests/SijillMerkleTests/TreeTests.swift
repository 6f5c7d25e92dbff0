import SijillFormat
import Testing

@testable import SijillMerkle

@Suite("The tree, against vectors of another implementation")
struct TreeTests {
    @Test("the root of no leaves is the hash of nothing, and every root is as expected")
    func roots() {
        for vector in Vectors.list("roots") + Vectors.list("big_roots") {
            let size = vector["size"]!.number
            #expect(Vectors.tree(size).tree.root == vector["root_b64"]!.digest, "size \(size)")
        }
    }

    @Test("leaf hashes and the eight-leaf tree of Certificate Transparency")
    func reference() {
        for (index, hex) in Vectors.list("leaf_hashes_hex").enumerated() {
            #expect(Vectors.leafHashes[index].hex == hex.text!)
        }
        let reference = Vectors.all["ct_reference"]!
        var tree = GrowingTree()
        let roots = reference["roots_hex_size_1_to_8"]!.elements
        for (leaf, root) in zip(reference["leaves_hex"]!.elements, roots) {
            tree.append(TreeHash.leaf(leaf.unhexed)) { _ in }
            #expect(tree.root.hex == root.text!)
        }
    }

    @Test("inclusion proofs are made as expected and verify; no other leaf, place, size or path does")
    func inclusion() throws {
        let vectors = Vectors.list("inclusion")
        #expect(vectors.count == 279)
        for vector in vectors {
            let (index, size) = (vector["index"]!.number, vector["size"]!.number)
            let path = vector["proof_b64"]!.elements.map(\.digest)
            let (leaf, root) = (vector["leaf_hash_b64"]!.digest, vector["root_b64"]!.digest)
            #expect(try Vectors.prover(size).inclusion(of: index) == path)
            func verifies(_ leaf: Digest, _ index: UInt64, _ size: UInt64, _ path: [Digest]) -> Bool {
                TreeProof.isIncluded(leaf, at: index, size: size, path: path, root: root)
            }
            #expect(verifies(leaf, index, size, path))
            #expect(!verifies(TreeHash.node(leaf, leaf), index, size, path))
            #expect(!verifies(leaf, size, size, path))
            #expect(!verifies(leaf, index, size, path + [leaf]))
            if !path.isEmpty {
                #expect(!verifies(leaf, index, size, Array(path.dropLast())))
                #expect(!verifies(leaf, index ^ 1, size, path))
                #expect(!verifies(leaf, index, size, path.dropLast() + [leaf]))
            }
        }
    }

    @Test("consistency proofs are made as expected and verify; no other root, size or path does")
    func consistency() throws {
        let vectors = Vectors.list("consistency")
        #expect(vectors.count == 576)
        for vector in vectors {
            let (old, new) = (vector["old_size"]!.number, vector["new_size"]!.number)
            let path = vector["proof_b64"]!.elements.map(\.digest)
            let (oldRoot, newRoot) = (vector["old_root_b64"]!.digest, vector["new_root_b64"]!.digest)
            #expect(try Vectors.prover(new).consistency(from: old) == path)
            func verifies(_ oldRoot: Digest, _ newRoot: Digest, _ path: [Digest]) -> Bool {
                TreeProof.isConsistent(old: old, oldRoot, new: new, newRoot, path: path)
            }
            #expect(verifies(oldRoot, newRoot, path))
            let other = TreeHash.node(oldRoot, newRoot)
            #expect(!verifies(other, newRoot, path))
            #expect(!verifies(oldRoot, other, path))
            #expect(!verifies(oldRoot, newRoot, path + [other]))
            for position in path.indices {
                var wrong = path
                wrong[position] = other
                #expect(!verifies(oldRoot, newRoot, wrong))
            }
        }
        #expect(!TreeProof.isConsistent(old: 2, TreeHash.empty, new: 1, TreeHash.empty, path: []))
        #expect(
            TreeProof.isConsistent(
                old: 0, TreeHash.empty, new: 9, TreeHash.node(.init(high: 1, low: 1), .init(high: 1, low: 1)),
                path: []))
    }

    @Test("tiles and entry bundles have the expected paths and bytes")
    func tiles() {
        for vector in Vectors.list("tiles") {
            let size = vector["size"]!.number
            let (tree, full) = Vectors.tree(size)
            for tile in vector["tiles"]!.elements {
                let place = TilePlace(path: tile["path"]!.text!)!
                #expect(UInt64(place.width) == tile["width"]!.number)
                #expect(place.sizeNeeded! <= size)
                let hashes = full[TilePlace(place.kind, index: place.index)] ?? tree.edge(place.level)
                let bytes = Tile(
                    level: place.level, index: place.index, hashes: Array(hashes.prefix(place.width))
                ).bytes
                #expect(bytes.count == Int(tile["bytes"]!.number))
                #expect(Digest.of(bytes).hex == tile["sha256_hex"]!.text!, "\(place.path) of \(size)")
            }
            for bundle in vector["entry_bundles"]!.elements {
                let place = TilePlace(path: bundle["path"]!.text!)!
                let start = place.index * 256
                let bytes = EntryBundle.encode((start..<start + UInt64(place.width)).map(Vectors.leaf))
                #expect(Digest.of(bytes).hex == bundle["sha256_hex"]!.text!)
                #expect(EntryBundle.leaves(bytes)?.count == place.width)
                #expect(EntryBundle.leaves(bytes.dropLast()) == nil)
            }
            guard vector["complete_list"] == .bool(true) else { continue }
            let listed = vector["tiles"]!.elements.map { $0["path"]!.text! }
            var made = full.keys.map(\.path)
            for level in 0..<TilePlace.levelCount(size) where !tree.edge(level).isEmpty {
                let index = TilePlace.fullCount(size, level)
                made.append(
                    TilePlace(.hashes(level: level), index: index, width: tree.edge(level).count).path)
            }
            #expect(Set(listed) == Set(made))
        }
    }

    @Test("every other form of a tile's path is refused")
    func paths() {
        for vector in Vectors.list("tile_paths") {
            let (level, path) = (vector["level"]!, vector["path"]!.text!)
            let kind = level == .number("-1") ? TilePlace.Kind.entries : .hashes(level: Int(level.number))
            let place = TilePlace(kind, index: vector["index"]!.number, width: Int(vector["width"]!.number))
            #expect(place.path == path)
            #expect(TilePlace(path: path) == place)
        }
        let wrong = [
            "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
            "tile/+1/000",
            "tile/0/x000/000", "tile/0/001/000", "tile/0/x001", "tile/0/x01/000", "tile/0/x001/x000",
            "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/+1", "tile/0/000.p",
            "tile/0/000.p/", "tile/0/000/", "tile/0", "tile/0/", "tile/entries", "tile/Entries/000",
            "tile/0/000.P/1",
            "tile/0/000.p/1/1", "tile/0/000.p.p/1", "tile/0/ 00", "tile/0/x001/x234/0a7",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999", "tile/data/000",
        ]
        for path in wrong { #expect(TilePlace(path: path) == nil, "\(path)") }
        #expect(TilePlace(.hashes(level: 63), index: 1).sizeNeeded == nil)
    }

    @Test("a tree goes on from its edge, and an edge of another width is refused")
    func edges() {
        let size: UInt64 = 65_537 + 300
        let (tree, _) = Vectors.tree(size)
        let edge = (0..<3).map { tree.edge($0) }
        #expect(GrowingTree(size: size, edge: edge) == tree)
        #expect(GrowingTree(size: size + 1, edge: edge) == nil)
        #expect(GrowingTree(size: size, edge: edge.dropLast()) == nil)
        for width in [0, 1, 255, 256, 257] as [UInt64] {
            #expect(
                Vectors.tree(width).tree.root
                    == (width == 0 ? TreeHash.empty : try! Vectors.prover(width).root(0, width)))
        }
    }
}

extension TilePlace {
    fileprivate init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.first == "tile" else { return nil }
        self.init(parts: parts.dropFirst())
    }
}

extension EntryBundle {
    fileprivate static func leaves(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        leaves(Array(bytes))
    }
}
