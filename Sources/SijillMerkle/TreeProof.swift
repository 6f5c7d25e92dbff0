import SijillFormat

/// Proofs of a tree of `size` leaves, made from the roots of its complete subtrees.
package struct TreeProver {
    private let size: UInt64
    /// The root of the complete subtree of 2^height leaves that begins at leaf `index` << height.
    private let subtree: (_ height: Int, _ index: UInt64) throws -> Digest

    package init(size: UInt64, subtree: @escaping (_ height: Int, _ index: UInt64) throws -> Digest) {
        self.size = size
        self.subtree = subtree
    }

    /// PATH(index, D[size]) of RFC 6962 §2.1.1, from the leaf up. `index` is below `size`.
    package func inclusion(of index: UInt64) throws -> [Digest] {
        precondition(index < size, "the leaf is in the tree")
        var path: [Digest] = []
        var (start, end) = (UInt64(0), size)
        while end - start > 1 {
            let middle = start + TreeHash.split(end - start)
            if index < middle {
                path.append(try root(middle, end))
                end = middle
            } else {
                path.append(try root(start, middle))
                start = middle
            }
        }
        return path.reversed()
    }

    /// PROOF(old, D[size]) of RFC 6962 §2.1.2; empty for equal sizes and for the empty tree.
    package func consistency(from old: UInt64) throws -> [Digest] {
        precondition(old <= size, "the old tree is not larger")
        guard old > 0, old < size else { return [] }
        var path: [Digest] = []
        var (start, end) = (UInt64(0), size)
        var isWhole = true
        while end != old {
            let middle = start + TreeHash.split(end - start)
            if old <= middle {
                path.append(try root(middle, end))
                end = middle
            } else {
                path.append(try root(start, middle))
                start = middle
                isWhole = false
            }
        }
        if !isWhole { path.append(try root(start, end)) }
        return path.reversed()
    }

    /// Root of the leaves from `start` to before `end`, where RFC 6962 has a node over exactly these.
    package func root(_ start: UInt64, _ end: UInt64) throws -> Digest {
        let count = end - start
        if count.nonzeroBitCount == 1 {
            let height = count.trailingZeroBitCount
            return try subtree(height, start >> UInt64(height))
        }
        let middle = start + TreeHash.split(count)
        return TreeHash.node(try root(start, middle), try root(middle, end))
    }
}

/// The checks of proofs.
package enum TreeProof {
    /// Whether `path` leads from the leaf hash at `index` to the root of a tree of `size` leaves
    /// (RFC 9162 §2.1.3.2).
    package static func isIncluded(
        _ leaf: Digest, at index: UInt64, size: UInt64, path: [Digest], root: Digest
    ) -> Bool {
        guard index < size else { return false }
        var (first, last) = (index, size - 1)
        var hash = leaf
        for sibling in path {
            if last == 0 { return false }
            if first & 1 == 1 || first == last {
                hash = TreeHash.node(sibling, hash)
                while first & 1 == 0, first != 0 { (first, last) = (first >> 1, last >> 1) }
            } else {
                hash = TreeHash.node(hash, sibling)
            }
            (first, last) = (first >> 1, last >> 1)
        }
        return last == 0 && hash == root
    }

    /// Whether the tree of `old` leaves is the beginning of that of `new` leaves (RFC 9162 §2.1.4.2).
    package static func isConsistent(
        old: UInt64, _ oldRoot: Digest, new: UInt64, _ newRoot: Digest, path: [Digest]
    ) -> Bool {
        if old == new { return path.isEmpty && oldRoot == newRoot }
        if old == 0 { return path.isEmpty && oldRoot == TreeHash.empty }
        guard old < new, !path.isEmpty else { return false }
        let path = old.nonzeroBitCount == 1 ? [oldRoot] + path : path
        var (first, last) = (old - 1, new - 1)
        while first & 1 == 1 { (first, last) = (first >> 1, last >> 1) }
        var (oldHash, newHash) = (path[0], path[0])
        for sibling in path.dropFirst() {
            if last == 0 { return false }
            if first & 1 == 1 || first == last {
                oldHash = TreeHash.node(sibling, oldHash)
                newHash = TreeHash.node(sibling, newHash)
                while first & 1 == 0, first != 0 { (first, last) = (first >> 1, last >> 1) }
            } else {
                newHash = TreeHash.node(newHash, sibling)
            }
            (first, last) = (first >> 1, last >> 1)
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot
    }
}
