import SijillFormat

/// Which changes' files may still lie in the inbox: a set of sequences, held as ranges.
package struct OpenSequences: Hashable, Sendable {
    /// Sorted, disjoint, never adjacent.
    package private(set) var ranges: [ClosedRange<UInt64>] = []

    package init() {}

    /// Nil unless `ranges` are sorted, disjoint and start at 1 or later.
    package init?(ranges: [ClosedRange<UInt64>]) {
        var last: UInt64 = 0
        for range in ranges {
            guard range.lowerBound > last else { return nil }
            last = range.upperBound
            insert(range)
        }
    }

    package var isEmpty: Bool { ranges.isEmpty }

    /// Every sequence up to this one is closed; `tip` when all are.
    package func done(tip: SequenceNumber) -> SequenceNumber {
        ranges.first.map { SequenceNumber($0.lowerBound - 1) } ?? tip
    }

    package func contains(_ sequence: SequenceNumber) -> Bool {
        let position = firstRange(endingAtOrAfter: sequence.value)
        return position < ranges.count && ranges[position].lowerBound <= sequence.value
    }

    /// Opens sequences. Those past all others, the usual case, cost nothing to find.
    package mutating func insert(_ range: ClosedRange<UInt64>) {
        var merged = range
        var first = ranges.count
        if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
            first = firstRange(endingAtOrAfter: range.lowerBound - 1)
        }
        var end = first
        while end < ranges.count, ranges[end].lowerBound <= merged.upperBound + 1 {
            let next = ranges[end]
            merged = min(merged.lowerBound, next.lowerBound)...max(merged.upperBound, next.upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
    }

    /// Closes sequences; those that are not open stay closed.
    package mutating func remove(_ range: ClosedRange<UInt64>) {
        let first = firstRange(endingAtOrAfter: range.lowerBound)
        var end = first
        var rest: [ClosedRange<UInt64>] = []
        while end < ranges.count, ranges[end].lowerBound <= range.upperBound {
            let open = ranges[end]
            if open.lowerBound < range.lowerBound { rest.append(open.lowerBound...range.lowerBound - 1) }
            if open.upperBound > range.upperBound { rest.append(range.upperBound + 1...open.upperBound) }
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: rest)
    }

    /// Binary search over the ranges' ends.
    private func firstRange(endingAtOrAfter value: UInt64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
