import Dispatch
import SijillFiles
import SijillFormat
import Synchronization

/// The log: where a change becomes durable. One per data directory; used on the ledger's queue only.
///
/// A batch is written to the segment and its originals to the WARC file beside it; both are synced side by side, and
/// only then are the changes returned. Readers see them when the ledger announces them.
package final class ChangeLog {
    package let directory: DataDirectory
    package let id: LogID
    package let epoch: Epoch
    package let reader: LogReader
    /// The Merkle tree over the log, and its signed checkpoints.
    package let tree: LogTree
    /// Which changes' files may still lie in the inbox. May be used from any queue.
    package let removals: RemovalJournal
    /// What start-up found and did.
    package let recovery: RecoveryReport
    /// The last durable change; nil when the log is empty.
    package private(set) var tip: Cursor?

    private var position: LogPosition
    private var files: LogFiles
    private var segment: AppendFile
    private var index: AppendFile
    private var originals: AppendFile
    private var originalsIndex: AppendFile
    private var writtenState: LogState
    private let originalsQueue = DispatchQueue(label: "sijill.originals")

    /// What the ledger decided for one input.
    package struct Entry: Sendable {
        package let record: Record
        package let content: Content
        package let encoded: EncodedContent
        /// The input's bytes, for a change that stores an original.
        package let original: [UInt8]?
        /// The bytes of each mate that the change keeps, in its order.
        package let mates: [[UInt8]]

        package init(
            record: Record, content: Content, encoded: EncodedContent, original: [UInt8]?,
            mates: [[UInt8]] = []
        ) {
            self.record = record
            self.content = content
            self.encoded = encoded
            self.original = original
            self.mates = mates
        }
    }

    /// Opens the log of `directory`, recovering whatever a crash has left; makes it when there is none.
    ///
    /// The caller holds the directory's lock. The tree is made, or goes on, and is signed.
    /// - Throws: `SijillError` with `.damaged` when the truth is not whole; `SystemError`.
    ///
    /// - Parameter origin: the name that checkpoints are signed under; nil for that of the key, or the default.
    package init(_ directory: DataDirectory, epoch: Epoch = .random(), origin: String? = nil) throws {
        var recovery = LogRecovery(directory, origin: origin)
        let recovered = try recovery.run()
        self.directory = directory
        id = recovered.state.log
        self.epoch = epoch
        position = recovered.position
        writtenState = recovered.state
        files = LogFiles(directory: directory, first: recovered.position.segment)
        segment = AppendFile(try File(files.segment, .write), length: position.offset)
        originals = AppendFile(try File(files.originals, .write), length: position.originalsOffset)
        index = AppendFile(
            try File(files.index, .write), length: UInt64(recovered.entries.count * IndexEntry.bytes))
        originalsIndex = AppendFile(
            try File(files.originalsIndex, .write),
            length: UInt64(recovered.originals.count * OriginalEntry.bytes))
        removals = try RemovalJournal(path: directory.removals, open: recovered.state.open)
        reader = LogReader(
            directory: directory, log: id, epoch: epoch, segments: recovered.segments,
            current: recovered.entries,
            currentOriginals: recovered.originals)
        tip = try Self.lastCursor(directory, recovered)
        var opening = TreeOpening(directory, reader: reader, signature: recovered.signature)
        tree = try opening.open()
        reader.tree = tree.served
        self.recovery = recovery.report.adding(rebuilt: opening.rebuilt)
        if !writtenState.signed {
            writtenState.signed = true
            try Durable.replace(directory.state, writtenState.encoded)
        }
    }

    /// The cursor that the next change, or the one `offset` after it, will have: for decisions that see their batch.
    package func cursor(ahead offset: Int = 0) -> Cursor {
        Cursor(sequence: SequenceNumber(position.sequence.value + 1 + UInt64(offset)), epoch: epoch)
    }

    /// Appends a batch and makes it durable: one sync of the segment, one of the originals, side by side.
    ///
    /// - Parameter now: the wall clock; a change is never dated before the one in front of it.
    /// - Returns: the changes as they stand in the log. They are not announced yet.
    /// - Throws: `SystemError`. When it `isOutOfSpace` nothing was committed and the batch may be tried again; after
    ///   any other error the log writes nothing more, and the process must end.
    package func commit(_ entries: [Entry], now: Timestamp) throws(SystemError) -> [Change] {
        precondition(!entries.isEmpty, "a batch has at least one change")
        if segment.end >= UInt64(Limits.segmentBytes) { try rotate() }
        let batch: Batch
        do throws(SystemError) {
            batch = try write(entries, time: max(now, position.time))
            try segment.write()
            try originals.write()
        } catch {
            guard error.isOutOfSpace else { throw error }
            try segment.rollBack()
            try originals.rollBack()
            throw error
        }
        try synchronize()
        finish(batch)
        try appendToIndexes(batch)
        return batch.changes
    }

    /// Lets readers see everything that is durable. The ledger calls it when the store has applied it.
    package func announce() {
        if let tip { reader.announce(tip) }
    }

    /// Replaces `log/state` durably, when it would say something new.
    package func writeState() throws(SystemError) {
        var state = writtenState
        state.segment = position.segment
        state.offset = position.offset
        state.sequence = position.sequence
        state.originals = position.segment
        state.originalsOffset = position.originalsOffset
        state.open = removals.open
        if state != writtenState {
            try Durable.replace(directory.state, state.encoded)
            writtenState = state
        }
        try removals.forgetAllBut(state.open)
    }

    /// Whether `writeState` would write.
    package var isStateBehind: Bool {
        writtenState.sequence != position.sequence || writtenState.segment != position.segment
            || writtenState.open != removals.open
    }

    /// Makes the indexes durable and writes the state: what a clean stop leaves behind.
    package func close() throws {
        try index.file.synchronize()
        try originalsIndex.file.synchronize()
        try writeState()
        try tree.publishNow(through: position.sequence)
    }

    // MARK: - A batch

    private struct Batch {
        var changes: [Change] = []
        var entries: [IndexEntry] = []
        var originals: [OriginalEntry] = []
        var position: LogPosition
    }

    private func write(_ entries: [Entry], time: Timestamp) throws(SystemError) -> Batch {
        var batch = Batch(position: position)
        for (offset, entry) in entries.enumerated() {
            let change = Change(
                cursor: cursor(ahead: offset), log: id, time: time, record: entry.record,
                content: entry.content)
            let lineStart = segment.end
            var indexEntry: IndexEntry?
            try segment.append { writer in
                let start = writer.count
                let layout = change.encode(content: entry.encoded, into: &writer)
                let leafHash = LeafHash.of(recordPart: writer.bytes[start..<start + layout.leafEnd])
                indexEntry = IndexEntry(offset: lineStart, time: time, layout: layout, leafHash: leafHash)
            }
            batch.originals += try append(
                change, blocks: (entry.original.map { [$0] } ?? []) + entry.mates, indexEntry: indexEntry!,
                to: &batch.position)
            batch.entries.append(indexEntry!)
            batch.changes.append(change)
        }
        return batch
    }

    /// Appends the change's original and its mates, and before the first change of a file its `warcinfo`.
    private func append(
        _ change: Change, blocks: [[UInt8]], indexEntry: IndexEntry, to position: inout LogPosition
    ) throws(SystemError) -> [OriginalEntry] {
        let isFirst = change.sequence == position.segment
        let headers = OriginalRecord.headers(of: change)
        let entries = position.advance(over: change, entry: indexEntry, headers: headers)
        precondition(
            entries.map(\.length) == blocks.map { UInt64($0.count) },
            "a change stores what it says that it stores, in the length that it says")
        try originals.append { writer in
            if isFirst {
                writer.append(OriginalRecord.warcinfo(log: id, first: change.sequence, time: change.time))
            }
            for (header, bytes) in zip(headers, blocks) {
                writer.append(header)
                writer.append(bytes)
                writer.append(OriginalRecord.closing)
            }
        }
        return entries
    }

    /// Syncs segment and originals at the same time: on most disks that costs little more than one of them.
    private func synchronize() throws(SystemError) {
        let failure = Mutex<SystemError?>(nil)
        let group = DispatchGroup()
        if originals.isDirty {
            let file = originals.file
            originalsQueue.async(group: group) {
                do throws(SystemError) {
                    try file.synchronize()
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        do throws(SystemError) {
            try segment.file.synchronize()
        } catch {
            failure.withLock { $0 = error }
        }
        group.wait()
        if let error = failure.withLock({ $0 }) {
            // What a failed sync leaves on the disk is unknown, also when it says "no space".
            segment.markBroken()
            originals.markBroken()
            throw SystemError(error.call, error.path, code: error.isOutOfSpace ? 5 : error.code)
        }
    }

    private func finish(_ batch: Batch) {
        precondition(segment.end == batch.position.offset, "the segment is as long as its changes")
        precondition(
            originals.end == batch.position.originalsOffset, "the originals are as long as their records")
        segment.markCommitted()
        originals.markCommitted()
        position = batch.position
        tip = batch.changes.last!.cursor
        removals.opened(batch.changes.first!.sequence.value...batch.changes.last!.sequence.value)
        reader.append(batch.entries, originals: batch.originals)
    }

    /// Indexes are views: written, not synced, and made again at the next start when they do not fit. So a full disk
    /// is no error here; the entries go out with a later batch.
    private func appendToIndexes(_ batch: Batch) throws(SystemError) {
        do throws(SystemError) {
            try index.append { writer in for entry in batch.entries { entry.encode(into: &writer) } }
            try originalsIndex.append { writer in for entry in batch.originals { entry.encode(into: &writer) }
            }
            try index.write()
            try originalsIndex.write()
            index.markCommitted()
            originalsIndex.markCommitted()
        } catch {
            guard error.isOutOfSpace else { throw error }
        }
    }

    /// Seals the segment and begins the next one. The state is written before and after, so that at a crash in
    /// between only an empty segment can lie behind it.
    private func rotate() throws(SystemError) {
        try index.write()
        try originalsIndex.write()
        try writeState()
        let sealed = files
        let next = LogFiles(directory: directory, first: position.sequence.next)
        try next.create()
        segment = AppendFile(try File(next.segment, .write), length: 0)
        originals = AppendFile(try File(next.originals, .write), length: 0)
        index = AppendFile(try File(next.index, .write), length: 0)
        originalsIndex = AppendFile(try File(next.originalsIndex, .write), length: 0)
        files = next
        position = LogPosition(startOf: next.first, time: position.time)
        reader.rotate(to: next.first)
        try sealed.seal()
        try writeState()
    }

    private static func lastCursor(_ directory: DataDirectory, _ recovered: LogRecovery.Recovered) throws
        -> Cursor?
    {
        let last = recovered.position.sequence
        guard last > .none else { return nil }
        let isSealed = recovered.entries.isEmpty
        let first = isSealed ? recovered.segments[recovered.segments.count - 2] : recovered.position.segment
        let files = LogFiles(directory: directory, first: first)
        let offset: UInt64
        if let entry = recovered.entries.last {
            offset = entry.offset
        } else {
            let place = (last.value - first.value) * UInt64(IndexEntry.bytes)
            guard
                let entry = IndexEntry(try File(files.index, .read).read(at: place, count: IndexEntry.bytes))
            else {
                throw LogFiles.damaged(files.index, place, "an entry is missing")
            }
            offset = entry.offset
        }
        var lines = try LineReader(try File(files.segment, .read), from: offset)
        guard let line = try lines.next(), let change = try? Change(line: line), change.sequence == last
        else {
            throw LogFiles.damaged(files.segment, offset, "change \(last) is not there")
        }
        return change.cursor
    }
}
