import SijillFiles
import SijillFormat

/// Copies the truth of a data directory, segment by segment, to another folder, while a daemon may go on writing it.
///
/// Every change and every original that is copied is verified on the way, as `sijilld check` does. A sealed segment
/// whose copy has the same sizes and times is left alone, so a second run copies what is new, and what an erasure has
/// changed. At every moment, also after a crash in the middle, the folder is a data directory that a daemon can open:
/// the state there never says more than the segments beside it, and a segment is replaced by rename.
package struct LogBackup {
    /// What was done, for people.
    package struct Report: Hashable, Sendable {
        package var copiedSegments = 0
        package var unchangedSegments = 0
        /// Bytes of segments and originals that were copied.
        package var copiedBytes: UInt64 = 0
        /// The last change in the copy; nil for an empty log.
        package var tip: Cursor?
    }

    /// An erasure went on meanwhile: the copy may lack the withdrawal that goes with it. Run it again.
    package struct SourceChanged: Error {}

    private let source: DataDirectory
    private let target: DataDirectory
    private let sourceState: LogState
    private let bound: SequenceNumber
    private var state: LogState
    private var report = Report()
    /// Times of the sealed files when the copy began.
    private var times: [String: Int64] = [:]

    /// Prepares a copy of all changes up to `bound`, which are durable in `source`.
    ///
    /// The caller holds the lock of `target`, and that of `source` where no daemon has it.
    /// - Parameter sourceState: what `log/state` said before `bound` was known.
    /// - Throws: `SijillError(.configuration)` when `target` holds another history than `source`.
    package init(
        from source: DataDirectory, to target: DataDirectory, state sourceState: LogState,
        bound: SequenceNumber
    ) throws {
        self.source = source
        self.target = target
        self.sourceState = sourceState
        self.bound = bound
        guard !sourceState.isMirror else {
            throw SijillError(
                .configuration, "\(source.root.escapedForDisplay) is a mirror, which holds no originals",
                remedy: "make another mirror with 'sijill mirror', or back up the daemon that it mirrors")
        }
        for folder in [target.log, target.originals] { try Durable.createDirectory(folder) }
        if let old = try LogState.read(target.state) {
            state = old
        } else {
            state = LogState(log: sourceState.log)
            try Durable.replace(target.state, state.encoded)
        }
        try checkHistory()
        times = try sealedTimes()
    }

    /// Copies. `checkpoint` is the signed tree head that was read before `bound` was known; nil when there is none.
    ///
    /// - Parameter progress: told the bytes of changes and originals that have been gone through since the last time.
    /// - Throws: `SijillError(.damaged)` when a change or an original in `source` is not whole; nothing of its
    ///   segment is copied then.
    package mutating func run(checkpoint: [UInt8]?, progress: (UInt64) -> Void = { _ in }) throws -> Report {
        let segments = try Self.segments(of: source).filter { $0 <= bound }
        var position = LogPosition(startOf: SequenceNumber(1))
        for (number, first) in segments.enumerated() {
            guard first == position.sequence.next else {
                throw LogFiles.damaged(
                    source.segment(first), 0, "change \(position.sequence.next) is missing")
            }
            let next = number + 1 < segments.count ? segments[number + 1] : nil
            let isWhole = next != nil || isFollowed
            let last = next.map { SequenceNumber($0.value - 1) } ?? bound
            if isWhole, let copied = try copiedEnd(first, last) {
                report.unchangedSegments += 1
                progress(copied.offset + copied.originalsOffset)
                position = copied
                continue
            }
            position = try copy(
                first, through: last, isWhole: isWhole, time: position.time, progress: progress)
        }
        try finish(position, checkpoint: checkpoint)
        guard try sealedTimes() == times, !File.exists(source.erasing) else { throw SourceChanged() }
        if bound > .none { report.tip = try Self.cursor(of: bound, in: target) }
        return report
    }

    // MARK: - History

    /// The last change of the copy must stand in the source under the same cursor: else one of the two has gone
    /// another way, and one history would be written over the other.
    private func checkHistory() throws {
        let remedy = "name another folder; this one is left as it is"
        guard state.log == sourceState.log else {
            throw SijillError(
                .configuration, "\(target.root.escapedForDisplay) is a backup of another log, \(state.log)",
                remedy: remedy)
        }
        guard state.sequence > .none else { return }
        guard state.sequence <= bound else {
            throw SijillError(
                .configuration,
                "\(target.root.escapedForDisplay) ends with change \(state.sequence), the log with \(bound): "
                    + "the log has lost changes that the backup has",
                remedy: remedy)
        }
        let copied = try Self.cursor(of: state.sequence, in: target)
        let found = try Self.cursor(of: state.sequence, in: source)
        guard copied == found else {
            throw SijillError(
                .configuration,
                "\(target.root.escapedForDisplay) has gone another way than the log: change \(state.sequence) is "
                    + "\(copied) there and \(found) in the log", remedy: remedy)
        }
    }

    /// The cursor of a change, found by the index of its segment.
    private static func cursor(of sequence: SequenceNumber, in directory: DataDirectory) throws -> Cursor {
        guard let first = try segments(of: directory).last(where: { $0 <= sequence }) else {
            throw LogFiles.damaged(directory.segment(sequence), 0, "the file is missing")
        }
        let place = (sequence.value - first.value) * UInt64(IndexEntry.bytes)
        let bytes = try File(directory.index(first), .read).read(at: place, count: IndexEntry.bytes)
        guard let entry = IndexEntry(bytes) else {
            throw LogFiles.damaged(directory.index(first), place, "an entry is missing")
        }
        let line = try File(directory.segment(first), .read).read(
            at: entry.offset, count: LogReader.idOffset + Cursor.bytes)
        guard let cursor = Cursor(String(decoding: line.dropFirst(LogReader.idOffset), as: UTF8.self)),
            cursor.sequence == sequence
        else {
            throw LogFiles.damaged(directory.segment(first), entry.offset, "change \(sequence) is not there")
        }
        return cursor
    }

    private static func segments(of directory: DataDirectory) throws -> [SequenceNumber] {
        try DirectoryListing.names(directory.log)
            .compactMap { DataDirectory.first(of: $0, kind: "ndjson") }.sorted()
    }

    /// Whether a segment begins right behind the bound: then the last one up to it is sealed, or about to be.
    private var isFollowed: Bool { File.exists(source.segment(bound.next)) }

    /// When the sealed segments up to the bound, and their originals, were last changed: only an erasure does that.
    private func sealedTimes() throws -> [String: Int64] {
        var times: [String: Int64] = [:]
        for first in try Self.segments(of: source).filter({ $0 <= bound }).dropLast() {
            for path in [source.segment(first), source.originals(first)] {
                times[path] = try File(path, .read).modified()
            }
        }
        return times
    }

    // MARK: - A segment

    /// Where a copy ends that is still the segment in the source: sizes and times are equal.
    private func copiedEnd(_ first: SequenceNumber, _ last: SequenceNumber) throws -> LogPosition? {
        let from = LogFiles(directory: source, first: first)
        let to = LogFiles(directory: target, first: first)
        for (old, new) in [(from.segment, to.segment), (from.originals, to.originals)] {
            guard File.exists(new) else { return nil }
            let (a, b) = (try File(old, .read), try File(new, .read))
            guard try a.size() == b.size(), try a.modified() == b.modified() else { return nil }
        }
        let count = last.value + 1 - first.value
        guard let index = try File.contents(to.index), index.count == Int(count) * IndexEntry.bytes,
            let entry = IndexEntry(index, at: index.count - IndexEntry.bytes), File.exists(to.originalsIndex)
        else { return nil }
        var position = LogPosition(startOf: first, time: entry.time)
        position.sequence = last
        position.offset = entry.end
        position.originalsOffset = try File(to.originals, .read).size()
        return try File(to.segment, .read).size() == entry.end ? position : nil
    }

    private mutating func copy(
        _ first: SequenceNumber, through last: SequenceNumber, isWhole: Bool, time: Timestamp,
        progress: (UInt64) -> Void
    ) throws -> LogPosition {
        let to = LogFiles(directory: target, first: first)
        var copy = try SegmentCopy(
            from: LogFiles(directory: source, first: first), to: to, log: state.log, time: time)
        let position = try copy.run(through: last, progress: progress)
        // A segment that a recovery has cut in the source is shorter than its copy: the state goes back first.
        if state.segment == first, state.offset > position.offset { try writeState(position) }
        try copy.publish(isWhole: isWhole)
        if position.sequence > state.sequence { try writeState(position) }
        report.copiedSegments += 1
        report.copiedBytes += position.offset + position.originalsOffset
        return position
    }

    private mutating func writeState(_ position: LogPosition) throws(SystemError) {
        state.segment = position.segment
        state.offset = position.offset
        state.sequence = position.sequence
        state.originals = position.segment
        state.originalsOffset = position.originalsOffset
        // The inbox is not in the copy.
        state.open = OpenSequences()
        try Durable.replace(target.state, state.encoded)
    }

    /// The state before the checkpoint, and `signed` behind it: a checkpoint is never ahead of the state, and a log
    /// that says it is signed has one.
    private mutating func finish(_ position: LogPosition, checkpoint: [UInt8]?) throws {
        if position.sequence > .none { try writeState(position) }
        try Durable.remove(target.removals)
        guard let checkpoint else { return }
        try Durable.replace(target.checkpoint, checkpoint)
        if sourceState.signed, !state.signed {
            state.signed = true
            try Durable.replace(target.state, state.encoded)
        }
    }
}

/// Copies one segment and its originals to temporary files, verifying both, and puts them in place.
private struct SegmentCopy: ~Copyable {
    private let from: LogFiles
    private let to: LogFiles
    private let segment: File
    private let originals: OriginalsFile
    /// Times of the sources when the copy began: an erasure changes them.
    private let times: (segment: Int64, originals: Int64)
    private var walk: SegmentWalk
    private var lines: AppendFile
    private var blocks: AppendFile
    private var entries: [IndexEntry] = []
    private var originalEntries: [OriginalEntry] = []

    private static let pieceBytes = 1 << 20

    init(from: LogFiles, to: LogFiles, log: LogID, time: Timestamp) throws {
        let segment = try File(from.segment, .read)
        let originals = OriginalsFile(file: try File(from.originals, .read))
        let times = (try segment.modified(), try originals.file.modified())
        let walk = try SegmentWalk(
            segment, originals: from.originals, log: log, from: LogPosition(startOf: from.first, time: time))
        let lineFile = try Self.temporary(to.segment)
        let blockFile = try Self.temporary(to.originals)
        self.from = from
        self.to = to
        self.segment = segment
        self.originals = originals
        self.times = times
        self.walk = walk
        lines = AppendFile(lineFile, length: 0)
        blocks = AppendFile(blockFile, length: 0)
    }

    private static func temporary(_ path: String) throws(SystemError) -> File {
        let name = Durable.temporaryName(path)
        try Durable.remove(name)
        return try File(name, .replace(permissions: LogFiles.permissions))
    }

    /// Copies the changes up to `last`; where they end.
    mutating func run(through last: SequenceNumber, progress: (UInt64) -> Void) throws -> LogPosition {
        do {
            while walk.position.sequence < last {
                guard let walked = try walk.next() else {
                    throw SegmentFault(
                        offset: walk.position.offset,
                        message: "change \(walk.position.sequence.next) is missing")
                }
                try append(walked)
                progress(UInt64(walked.entry.layout.length) + walked.originals.reduce(0) { $0 + $1.length })
            }
        } catch let fault as SegmentFault {
            throw LogFiles.damaged(from.segment, fault.offset, fault.message)
        }
        try lines.write()
        try blocks.write()
        return walk.position
    }

    private mutating func append(_ walked: WalkedChange) throws {
        if walked.change.sequence == from.first,
            let fault = try originals.faultOfWarcinfo(first: walked.change)
        {
            throw LogFiles.damaged(from.originals, fault.offset, fault.message)
        }
        if case .wrong(let fault) = try originals.find(walked) {
            throw LogFiles.damaged(from.originals, fault.offset, fault.message)
        }
        try lines.append { $0.append(walked.bytes) }
        try Self.copy(originals.file, blocks.end..<walk.position.originalsOffset, to: &blocks)
        entries.append(walked.entry)
        originalEntries += walked.originals
    }

    private static func copy(_ file: File, _ range: Range<UInt64>, to copy: inout AppendFile)
        throws(SystemError)
    {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let piece = try file.read(
                at: offset, count: Int(min(UInt64(pieceBytes), range.upperBound - offset)))
            guard !piece.isEmpty else { throw SystemError("read", file.path, code: 5) }
            try copy.append { $0.append(piece) }
            offset += UInt64(piece.count)
        }
    }

    /// Puts the copies in place, the segment last. A whole one gets the times of its source, by which it is known the
    /// next time; another none that a source could have.
    borrowing func publish(isWhole: Bool) throws {
        guard
            try segment.modified() == times.segment && originals.file.modified() == times.originals
                || !isWhole
        else {
            throw LogBackup.SourceChanged()
        }
        try lines.file.setModified(isWhole ? times.segment : 0)
        try blocks.file.setModified(isWhole ? times.originals : 0)
        try lines.file.synchronize()
        try blocks.file.synchronize()
        try Durable.rename(blocks.file.path, to.originals)
        try to.writeIndexes(entries, originalEntries)
        try Durable.rename(lines.file.path, to.segment)
        if isWhole { try to.seal() }
    }
}
