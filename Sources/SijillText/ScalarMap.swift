/// A `FoldEntry` for every scalar: blocks of 64, in which scalars that are all alike share one block.
struct ScalarMap: Sendable {
    private static let blockScalars = 64
    private static let limit: UInt32 = 0x11_0000

    private var blockOf: [UInt16]
    private var entries: [FoldEntry]
    /// Blocks that stand for one range only, so that they may be changed.
    private var isOwned: [Bool]

    init() {
        blockOf = Array(repeating: 0, count: Int(ScalarMap.limit) / ScalarMap.blockScalars)
        entries = Array(repeating: FoldEntry(), count: ScalarMap.blockScalars)
        isOwned = [false]
    }

    /// The entry of a scalar; of anything past the last scalar, that of a separator.
    @inline(__always)
    subscript(scalar: UInt32) -> FoldEntry {
        guard scalar < ScalarMap.limit else { return FoldEntry() }
        return entries[Int(blockOf[Int(scalar >> 6)]) << 6 | Int(scalar & 63)]
    }

    /// Gives every scalar of `ranges`, none of which has an entry yet, the same entry.
    mutating func fill(_ ranges: [Range<UInt32>], with entry: FoldEntry) {
        var shared: UInt16?
        for range in ranges {
            var scalar = range.lowerBound
            while scalar < range.upperBound {
                if scalar & 63 == 0, range.upperBound - scalar >= 64 {
                    let block = shared ?? append(Array(repeating: entry, count: 64), owned: false)
                    shared = block
                    blockOf[Int(scalar >> 6)] = block
                    scalar += 64
                } else {
                    update(scalar) { $0 = entry }
                    scalar += 1
                }
            }
        }
    }

    mutating func update(_ scalar: UInt32, _ change: (inout FoldEntry) -> Void) {
        var block = Int(blockOf[Int(scalar >> 6)])
        if !isOwned[block] {
            block = Int(append(Array(entries[block << 6..<(block + 1) << 6]), owned: true))
            blockOf[Int(scalar >> 6)] = UInt16(block)
        }
        change(&entries[block << 6 | Int(scalar & 63)])
    }

    private mutating func append(_ block: [FoldEntry], owned: Bool) -> UInt16 {
        entries.append(contentsOf: block)
        isOwned.append(owned)
        // 17,408 blocks at most: they fit.
        return UInt16(isOwned.count - 1)
    }
}
