import SijillFiles
import SijillFormat
import Synchronization

/// Remembers which files have gone from the inbox since `log/state` was written.
///
/// A taken file is renamed away, its sequences are written here, and only then it is unlinked. So after kill -9 a
/// file that is found under an ordinary name is never mistaken for a taken one, though the kernel gives the inode
/// of an unlinked file to the next new one at once. `log/removals` holds pairs of u64, little-endian (first and last
/// sequence), unsynced: after a power cut `log/state` alone counts.
///
/// May be used from any queue.
package final class RemovalJournal: Sendable {
    private struct State {
        var open: OpenSequences
        /// What the file holds, in its order, and the same as a set.
        var entries: [ClosedRange<UInt64>]
        var renamedAway: OpenSequences

        init(open: OpenSequences, entries: [ClosedRange<UInt64>]) {
            self.open = open
            self.entries = entries
            renamedAway = OpenSequences()
            for range in entries { renamedAway.insert(range) }
        }
    }

    private static let entryBytes = 16
    private let file: File
    private let state: Mutex<State>

    /// Opens the journal at `path` with the sequences that the log's state, and the changes behind it, leave open.
    package init(path: String, open: OpenSequences) throws(SystemError) {
        file = try File(path, .create(permissions: 0o640))
        let entries = RemovalJournal.entries(in: try file.readAll())
        state = Mutex(State(open: open, entries: entries))
    }

    /// Sequences whose files may still be there, under their own or their removal name.
    package var open: OpenSequences { state.withLock { $0.open } }

    /// Whether the file of this change was renamed away before the daemon ended.
    package func isRenamedAway(_ sequence: SequenceNumber) -> Bool {
        state.withLock { $0.renamedAway.contains(sequence) }
    }

    /// New changes whose files lie in the inbox.
    package func opened(_ range: ClosedRange<UInt64>) {
        state.withLock { $0.open.insert(range) }
    }

    /// The files of these changes have been renamed away and are about to be unlinked.
    package func renamedAway(_ ranges: [ClosedRange<UInt64>]) throws(SystemError) {
        try locked { state throws(SystemError) in
            try file.write(
                RemovalJournal.bytes(ranges).span, at: UInt64(state.entries.count * Self.entryBytes))
            state.entries += ranges
            for range in ranges { state.renamedAway.insert(range) }
        }
    }

    /// The files of these changes are gone.
    package func closed(_ ranges: [ClosedRange<UInt64>]) {
        state.withLock { state in
            for range in ranges { state.open.remove(range) }
        }
    }

    /// Drops what a durable state with these open sequences says as well.
    ///
    /// Entries are written over the old ones before the file is cut: a crash in between leaves old entries behind
    /// new ones, all true.
    func forgetAllBut(_ open: OpenSequences) throws(SystemError) {
        try locked { state throws(SystemError) in
            let kept = state.entries.filter { open.contains(SequenceNumber($0.lowerBound)) }
            guard kept.count < state.entries.count else { return }
            try file.write(RemovalJournal.bytes(kept).span, at: 0)
            try file.truncate(to: UInt64(kept.count * Self.entryBytes))
            state = State(open: state.open, entries: kept)
        }
    }

    private func locked(_ body: (inout State) throws(SystemError) -> Void) throws(SystemError) {
        try state.withLock { state throws(SystemError) in try body(&state) }
    }

    private static func bytes(_ ranges: [ClosedRange<UInt64>]) -> [UInt8] {
        var writer = ByteWriter(capacity: ranges.count * entryBytes)
        for range in ranges {
            writer.littleEndian(range.lowerBound)
            writer.littleEndian(range.upperBound)
        }
        return writer.bytes
    }

    /// Whole, sensible entries; a torn or senseless one is passed over, as the journal only adds to what is known.
    private static func entries(in bytes: [UInt8]) -> [ClosedRange<UInt64>] {
        let raw = bytes.span.bytes
        func word(_ at: Int) -> UInt64 {
            UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
        return stride(from: 0, to: bytes.count / entryBytes * entryBytes, by: entryBytes).compactMap {
            start in
            let (first, last) = (word(start), word(start + 8))
            return first >= 1 && first <= last ? first...last : nil
        }
    }
}
