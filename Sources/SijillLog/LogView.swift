import SijillFiles
import SijillFormat
import SijillMerkle

/// The log of a directory that another process writes, a daemon or `sijill mirror`: reads, and writes nothing.
///
/// It goes by `log/state` alone, which never says more than is durable. Not to be used from two threads at a time; its
/// `reader` may be.
package final class LogView {
    package let directory: DataDirectory
    package let reader: LogReader
    /// Whether the directory is a mirror, without originals.
    package let isMirror: Bool
    /// The last change that was taken up. Readers see it once it is announced.
    package var sequence: SequenceNumber { position.sequence }

    private var position: LogPosition

    /// Opens the log of `directory` as far as its state says. Verifies the changes of the last segment.
    ///
    /// - Throws: `SijillError` with `.configuration` when there is no log, `.damaged` when it is not whole.
    package init(_ directory: DataDirectory) throws {
        guard let state = try LogState.read(directory.state) else {
            throw SijillError(
                .configuration, "\(directory.root.escapedForDisplay) is no data directory: it has no log",
                remedy: "name the right one with --data, or make it with 'sijill mirror'")
        }
        let stated = try StatedLog(directory, state: state)
        let time = try stated.checkSealed { files, _, _ in
            throw LogFiles.damaged(files.index, 0, "it does not fit its segment")
        }
        let files = LogFiles(directory: directory, first: state.segment)
        let current = try StatedLog.walk(
            files, log: state.log, from: LogPosition(startOf: state.segment, time: time),
            through: state.sequence, end: state.offset, hasOriginals: !state.isMirror)
        try StatedLog.checkLeafHashes(files, current.entries)
        self.directory = directory
        isMirror = state.isMirror
        position = current.position
        reader = LogReader(
            directory: directory, log: state.log, epoch: .random(), segments: stated.segments,
            current: current.entries, currentOriginals: current.originals, isReplica: true,
            keepsOriginals: !state.isMirror)
    }

    /// Takes up what the state says now. Readers do not see it yet.
    ///
    /// - Returns: whether there was anything new.
    /// - Throws: `SijillError` with `.damaged` when the directory was put back to an older state, or is of another log.
    package func refresh() throws -> Bool {
        guard let state = try LogState.read(directory.state), state.log == reader.log,
            state.sequence >= position.sequence
        else {
            throw SijillError(
                .damaged,
                "\(directory.state) is not the state of this log any more, or of an older copy of it",
                remedy: "start again; clients find out by their cursors")
        }
        guard state.sequence > position.sequence || state.segment > position.segment else { return false }
        let stated = try StatedLog(directory, state: state)
        for next in stated.segments where next > position.segment {
            try takeUp(through: SequenceNumber(next.value - 1), end: nil)
            position = LogPosition(startOf: next, time: position.time)
            reader.rotate(to: next)
        }
        try takeUp(through: state.sequence, end: state.offset)
        return true
    }

    /// Changes after `sequence` that were taken up, announced or not, at most `limit` of them.
    ///
    /// - Throws: `SijillError` with `.damaged` when one cannot be read.
    package func changes(after sequence: SequenceNumber, through last: SequenceNumber, limit: Int) throws
        -> [Change]
    {
        var changes: [Change] = []
        var next = sequence.next
        let last = min(last, position.sequence)
        while next <= last, changes.count < limit {
            let (segment, entries) = try reader.run(from: next, through: last, limit: limit - changes.count)
            for entry in entries {
                let line = try reader.read(segment: segment, offset: entry.offset, count: entry.layout.length)
                guard let change = try? Change(line: line), change.sequence == next else {
                    throw LogFiles.damaged(
                        directory.segment(segment), entry.offset, "change \(next) is not there")
                }
                changes.append(change)
                next = next.next
            }
        }
        return changes
    }

    /// Lets readers see every change up to `sequence`, or up to the last one taken up, and wakes those who wait.
    package func announce(through sequence: SequenceNumber) throws {
        let last = min(sequence, position.sequence)
        guard last > reader.tip?.sequence ?? .none else { return }
        reader.announce(try reader.unannouncedCursor(of: last))
    }

    /// Shows the checkpoint that the writer has shown last, once readers see all that it covers.
    ///
    /// - Throws: `SijillError` with `.damaged` when it does not fit the log.
    package func showCheckpoint() throws {
        guard let note = try File.contents(directory.checkpoint), note != reader.tree?.published.note,
            let checkpoint = try? Checkpoint(body: SignedNote(note).text),
            checkpoint.size <= reader.tip?.sequence.value ?? 0
        else { return }
        // Its full tiles were durable before it was; what is behind them is made of the log.
        guard var tree = TileFiles(directory).tree(size: checkpoint.size) else { return }
        try TreeGrowth(files: TileFiles(directory), reader: reader).grow(
            &tree, to: SequenceNumber(checkpoint.size))
        guard tree.root == checkpoint.root else {
            throw LogFiles.damaged(
                directory.checkpoint, 0,
                "the first \(checkpoint.size) changes of the log do not have its root")
        }
        let signed = try File(directory.checkpoint, .read).status().modified
        let published = PublishedTree(
            note: note, checkpoint: checkpoint,
            time: Timestamp(milliseconds: UInt64(max(0, signed) / 1_000_000)), tree: tree)
        let verifiers = LogKeys.verifiers(of: directory)
        if let served = reader.tree {
            served.show(published, verifiers: verifiers)
        } else {
            reader.tree = ServedTree(
                directory, reader: reader, verifiers: verifiers, published: published)
        }
    }

    private func takeUp(through last: SequenceNumber, end: UInt64?) throws {
        guard position.sequence < last else { return }
        let part = try StatedLog.walk(
            LogFiles(directory: directory, first: position.segment), log: reader.log, from: position,
            through: last, end: end, hasOriginals: !isMirror)
        reader.append(part.entries, originals: part.originals)
        position = part.position
    }
}
