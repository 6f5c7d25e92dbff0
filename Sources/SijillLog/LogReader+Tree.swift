import SijillFormat

extension LogReader {
    /// The last change that is durable, announced or not.
    var durable: SequenceNumber {
        state.withLock { SequenceNumber($0.segments.last!.value - 1 + UInt64($0.current.count)) }
    }

    /// Exactly `count` entries from `first` on, which are durable; announced or not. For the tree only: nothing of
    /// them is shown before its checkpoint is.
    func durableEntries(from first: SequenceNumber, count: Int) throws -> [LocatedEntry] {
        let last = SequenceNumber(first.value + UInt64(count) - 1)
        precondition(last <= durable, "only durable changes are in the tree")
        var found: [LocatedEntry] = []
        var next = first
        while next <= last {
            let (segment, entries) = try run(from: next, through: last, limit: count - found.count)
            for entry in entries {
                found.append(LocatedEntry(sequence: next, segment: segment, entry: entry))
                next = next.next
            }
        }
        return found
    }
}
