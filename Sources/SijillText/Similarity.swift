/// How much two texts have in common, counted on their full sets of shingles.
package struct Similarity: Hashable, Sendable {
    /// Shingles that both have.
    package let sharedCount: Int
    /// Shingles of the one text, and of the other.
    package let count: Int
    package let otherCount: Int

    /// Complexity: linear in the shingles of both.
    package init(_ text: ShingleSet, _ other: ShingleSet) {
        let (left, right) = (text.hashes.span, other.hashes.span)
        var (shared, leftIndex, rightIndex) = (0, 0, 0)
        while leftIndex < left.count, rightIndex < right.count {
            let (one, two) = (left[leftIndex], right[rightIndex])
            // No branch for what is a coin's toss.
            shared += one == two ? 1 : 0
            leftIndex += one <= two ? 1 : 0
            rightIndex += two <= one ? 1 : 0
        }
        self.init(sharedCount: shared, count: left.count, otherCount: right.count)
    }

    init(sharedCount: Int, count: Int, otherCount: Int) {
        self.sharedCount = sharedCount
        self.count = count
        self.otherCount = otherCount
    }

    /// J: shared shingles in all that either text has. 0 when neither has any.
    package var jaccard: Double { Similarity.ratio(sharedCount, unionCount) }

    /// C: shared shingles in those of the smaller text. 0 when it has none.
    package var containment: Double { Similarity.ratio(sharedCount, smallerCount) }

    /// r: shingles of the larger text to those of the smaller. Infinite when only the smaller has none.
    package var sizeRatio: Double {
        largerCount == 0 ? 1 : Double(largerCount) / Double(smallerCount)
    }

    package var unionCount: Int { count + otherCount - sharedCount }
    package var smallerCount: Int { min(count, otherCount) }
    var largerCount: Int { max(count, otherCount) }

    private static func ratio(_ part: Int, _ whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole)
    }
}
