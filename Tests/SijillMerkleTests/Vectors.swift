import Foundation
import SijillFormat
import SijillMerkle

/// Tests/Fixtures/tlog/vectors.json.
enum Vectors {
    static let all: JSONValue = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/tlog/vectors.json")
        var options = JSONParser.Options()
        options.valuesMax = 1_000_000
        return try! JSONParser.parse(Array(Data(contentsOf: file)), options: options)
    }()

    static func list(_ name: String) -> [JSONValue] { all[name]!.elements }

    static let key = NoteVerifierKey(all["key"]!["vkey"]!.text!)!

    static let signingKey = NoteSigningKey(all["key"]!["skey_go_note_format"]!.text!)!

    /// `leaf-<i>`.
    static func leaf(_ index: UInt64) -> [UInt8] { Array("leaf-\(index)".utf8) }

    /// Hashes of the first 70,000 leaves.
    static let leafHashes: [Digest] = (0..<70_000).map { TreeHash.leaf(leaf($0)) }

    /// The tree of so many leaves, and its full tiles.
    static func tree(_ size: UInt64) -> (tree: GrowingTree, tiles: [TilePlace: [Digest]]) {
        var tree = GrowingTree()
        var tiles: [TilePlace: [Digest]] = [:]
        for hash in leafHashes[..<Int(size)] {
            tree.append(hash) { tiles[TilePlace(.hashes(level: $0.level), index: $0.index)] = $0.hashes }
        }
        return (tree, tiles)
    }

    /// Proofs of it, straight from the leaves.
    static func prover(_ size: UInt64) -> TreeProver {
        TreeProver(size: size) { height, index in
            let width = 1 << height
            return TreeHash.subtree(leafHashes[Int(index) * width..<(Int(index) + 1) * width])
        }
    }
}

extension JSONValue {
    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var number: UInt64 {
        guard case .number(let literal) = self, let value = Decimal.value(Array(literal.utf8)) else {
            return .max
        }
        return value
    }

    var bytes: [UInt8] {
        guard case .string(let bytes) = self else { return [] }
        return bytes
    }

    /// A digest in base 64.
    var digest: Digest { Base64.decode(text!).flatMap { Digest(bytes: $0) }! }

    /// Bytes in hexadecimal digits.
    var unhexed: [UInt8] {
        let digits = bytes
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
        }
    }
}
