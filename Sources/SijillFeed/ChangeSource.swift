import SijillFormat
import SijillLog
import SijillStore

/// Finds changes: all of them by the index of the log, some of them by that of the store. Reads no change itself.
struct ChangeSource: Sendable {
    let reader: LogReader
    let store: Store

    /// The changes behind `after` that pass `filter`, up to `through`, at most `limit` and `bytesMax`, but at least
    /// one if there is one; and the last change that was looked at.
    ///
    /// - Parameter through: Not beyond the announced tip.
    func entries(
        _ filter: ChangeFilter, after: SequenceNumber, through: SequenceNumber, limit: Int, bytesMax: Int,
        omission: ChangesRequest.Omission
    ) throws -> (entries: [LocatedEntry], scanned: SequenceNumber) {
        guard after < through else { return ([], after) }
        var found: [LocatedEntry]
        if filter.isEmpty {
            let count = Int(min(UInt64(limit), through.value - after.value))
            // What is left out does not count, so with an omission the page is cut here and not by the log.
            found = try reader.entries(
                after: after, limit: count, maxBytes: omission == .none ? bytesMax : Int.max)
        } else {
            let sequences = try store.sequences(
                matching: filter, after: after, through: through, limit: limit)
            found = try entries(of: sequences)
        }
        let isAll = found.count < limit
        let kept = Self.cut(found, bytesMax: bytesMax, omission)
        let isCut = kept < found.count
        found.removeSubrange(kept...)
        let last = found.last?.sequence ?? after
        return (found, filter.isEmpty || isCut || !isAll ? last : through)
    }

    /// Entries of sequences in their order, those that follow each other together.
    private func entries(of sequences: [SequenceNumber]) throws -> [LocatedEntry] {
        var found: [LocatedEntry] = []
        found.reserveCapacity(sequences.count)
        var start = 0
        while start < sequences.count {
            var end = start + 1
            while end < sequences.count, sequences[end] == sequences[end - 1].next { end += 1 }
            let before = SequenceNumber(sequences[start].value - 1)
            found += try reader.entries(after: before, limit: end - start, maxBytes: Int.max)
            start = end
        }
        return found
    }

    /// How many of `entries` fit in `bytesMax`; at least one.
    private static func cut(
        _ entries: [LocatedEntry], bytesMax: Int, _ omission: ChangesRequest.Omission
    ) -> Int {
        var bytes = 0
        for (position, entry) in entries.enumerated() {
            bytes += Spans.lineBytes(entry.entry, omission)
            if bytes > bytesMax, position > 0 { return position }
        }
        return entries.count
    }
}
