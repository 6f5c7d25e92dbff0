import SijillFiles
import SijillFormat

/// The log of a mirror: the lines of another log, appended as they are. The caller holds the directory's lock, and
/// uses this from one task at a time.
///
/// The order of a batch: `append` makes the lines durable, `publish` writes `log/state`, then the store takes them. So
/// nothing before the state's offset is ever taken back, and whoever reads the directory goes by the state. What a
/// crash leaves behind that offset is cut at the next start and asked for again: the truth is at the source.
package final class MirrorLog {
    package let directory: DataDirectory
    /// The id of the log that is mirrored.
    package let id: LogID
    package let reader: LogReader
    /// Bytes behind the state that were cut at the start.
    package let cutBytes: UInt64
    /// The last durable change; nil when there is none yet.
    package private(set) var tip: Cursor?

    private var state: LogState
    private var position: LogPosition
    private var segment: AppendFile
    private var index: AppendFile

    /// A line of the source, and what it says about itself.
    package struct Line: Sendable {
        package let bytes: [UInt8]
        package let verified: VerifiedLine

        /// Reads and verifies a line with its newline; can be done on any thread.
        package init(_ bytes: [UInt8]) throws(ChangeError) {
            self.bytes = bytes
            verified = try VerifiedLine(bytes)
        }

        package var change: Change { verified.change }
    }

    /// Opens the mirror in `directory`, or makes an empty one of `source`.
    ///
    /// - Parameter source: The log that is to be mirrored; nil for whatever log the directory has.
    /// - Throws: `SijillError` with `.configuration` when the directory holds something else, `.damaged` when what was
    ///   durable is not whole; `SystemError`.
    package init(_ directory: DataDirectory, source: LogID?) throws {
        let state = try Self.openState(directory, source: source)
        for name in try DirectoryListing.names(directory.log) {
            let first = DataDirectory.first(of: name, kind: "ndjson")
            // A segment behind the state's was begun in the moment of a crash, and holds nothing that counts.
            if name.hasSuffix(".tmp") || first.map({ $0 > state.segment }) == true {
                try Durable.remove("\(directory.log)/\(name)")
            }
        }
        let files = LogFiles(directory: directory, first: state.segment)
        if state.offset == 0 { try Self.create(files) }
        let stated = try StatedLog(directory, state: state)
        let time = try stated.checkSealed { files, count, time in
            try Self.repair(files, log: state.log, count: count, time: time)
        }
        let current = try StatedLog.walk(
            files, log: state.log, from: LogPosition(startOf: state.segment, time: time),
            through: state.sequence, end: state.offset, hasOriginals: false)
        try StatedLog.checkLeafHashes(files, current.entries)
        segment = AppendFile(try File(files.segment, .write), length: state.offset)
        cutBytes = try segment.file.size() - state.offset
        if cutBytes > 0 { try Durable.truncate(files.segment, to: state.offset) }
        let entries = LogFiles.bytes(current.entries)
        if try File.contents(files.index) != entries {
            try Durable.replace(files.index, entries, permissions: LogFiles.permissions)
        }
        index = AppendFile(try File(files.index, .write), length: UInt64(entries.count))
        reader = LogReader(
            directory: directory, log: state.log, epoch: .random(), segments: stated.segments,
            current: current.entries, currentOriginals: [], isReplica: true, keepsOriginals: false)
        self.directory = directory
        self.state = state
        id = state.log
        position = current.position
        tip =
            try current.tip
            ?? (state.sequence > .none ? reader.unannouncedCursor(of: state.sequence) : nil)
        if let tip { reader.announce(tip) }
    }

    /// Appends lines that follow the tip, and makes them durable. They are not published yet.
    ///
    /// - Parameter isBoundary: whether a change begins a segment; asked for each but the first of a segment.
    /// - Returns: the changes.
    /// - Throws: `SijillError` with `.damaged` when a line is not the one that must come, and `SystemError`: then the
    ///   log writes nothing more, and the process must end.
    package func append(
        _ lines: [Line], isBoundary: (_ first: SequenceNumber, _ segmentBytes: UInt64) -> Bool
    ) throws -> [Change] {
        var entries: [IndexEntry] = []
        for line in lines {
            try check(line)
            if segment.end > 0, isBoundary(line.change.sequence, segment.end) {
                try commit(entries)
                entries = []
                try rotate()
            }
            let entry = IndexEntry(
                offset: segment.end, time: line.change.time, layout: line.verified.layout,
                leafHash: line.verified.leafHash)
            try segment.append { $0.append(line.bytes) }
            entries.append(entry)
            // The originals are not here, so the place in them is none.
            _ = position.advance(over: line.change, entry: entry, headers: [])
            position.originalsOffset = 0
            tip = line.change.cursor
        }
        try commit(entries)
        return lines.map(\.change)
    }

    /// Writes `log/state`, so that readers of the directory may go as far as the log now is.
    package func publish() throws(SystemError) {
        var next = state
        next.segment = position.segment
        next.originals = position.segment
        next.offset = position.offset
        next.sequence = position.sequence
        guard next != state else { return }
        try Durable.replace(directory.state, next.encoded)
        state = next
        if let tip { reader.announce(tip) }
    }

    // MARK: A batch

    private func check(_ line: Line) throws(SijillError) {
        let change = line.change
        let wrong: String? =
            if change.sequence != position.sequence.next {
                "change \(change.sequence) came where change \(position.sequence.next) belongs"
            } else if change.log != id {
                "change \(change.sequence) is of the log \(change.log), not of \(id)"
            } else if change.time < position.time {
                "change \(change.sequence) is dated before the one in front of it"
            } else { nil }
        if let wrong {
            throw SijillError(.damaged, "the source is not in order: \(wrong)", remedy: "check it there")
        }
    }

    private func commit(_ entries: [IndexEntry]) throws(SystemError) {
        guard !entries.isEmpty else { return }
        try segment.write()
        do throws(SystemError) {
            try segment.file.synchronize()
        } catch {
            segment.markBroken()
            throw error
        }
        segment.markCommitted()
        try index.append { writer in for entry in entries { entry.encode(into: &writer) } }
        try index.write()
        index.markCommitted()
        reader.append(entries, originals: [])
    }

    /// Seals the segment and begins the next one. The state goes first to the end of the old one and then to the new
    /// one, so that at a crash in between only an empty segment lies behind it.
    private func rotate() throws(SystemError) {
        try publish()
        let sealed = LogFiles(directory: directory, first: position.segment)
        let next = LogFiles(directory: directory, first: position.sequence.next)
        try index.file.synchronize()
        try Self.create(next)
        segment = AppendFile(try File(next.segment, .write), length: 0)
        index = AppendFile(try File(next.index, .write), length: 0)
        position = LogPosition(startOf: next.first, time: position.time)
        reader.rotate(to: next.first)
        for path in [sealed.segment, sealed.index] { try Durable.seal(path) }
        try publish()
    }

    // MARK: Start

    private static func openState(_ directory: DataDirectory, source: LogID?) throws -> LogState {
        try Durable.createDirectory(directory.log)
        if let state = try LogState.read(directory.state) {
            guard state.isMirror else {
                throw SijillError(
                    .configuration, "\(directory.root.escapedForDisplay) holds a log of its own, no mirror",
                    remedy: "name another directory")
            }
            guard source == nil || source == state.log else {
                throw SijillError(
                    .configuration,
                    "\(directory.root.escapedForDisplay) mirrors the log \(state.log), and the server has the log "
                        + "\(source!)",
                    remedy: "name another directory, or the right server")
            }
            return state
        }
        guard let source else {
            throw SijillError(
                .configuration, "\(directory.root.escapedForDisplay) holds no mirror",
                remedy: "name the right directory")
        }
        guard try DirectoryListing.names(directory.log).allSatisfy({ $0.hasSuffix(".tmp") }) else {
            throw LogFiles.damaged(directory.state, 0, "it is missing, but there are files beside it")
        }
        var state = LogState(log: source)
        state.isMirror = true
        try Durable.replace(directory.state, state.encoded)
        return state
    }

    private static func create(_ files: LogFiles) throws(SystemError) {
        for path in [files.segment, files.index] {
            _ = try File(path, .create(permissions: LogFiles.permissions))
        }
        try Durable.syncDirectory(files.directory.log)
    }

    /// Makes the index of a sealed segment again.
    private static func repair(_ files: LogFiles, log: LogID, count: UInt64, time: Timestamp) throws
        -> Timestamp
    {
        let last = SequenceNumber(files.first.value + count - 1)
        let size = try File(files.segment, .read).size()
        let part = try StatedLog.walk(
            files, log: log, from: LogPosition(startOf: files.first, time: time), through: last, end: size,
            hasOriginals: false)
        try StatedLog.checkLeafHashes(files, part.entries)
        try Durable.replace(files.index, LogFiles.bytes(part.entries), permissions: LogFiles.permissions)
        try Durable.seal(files.index)
        return part.position.time
    }

    /// For whoever would write to a mirror as to a log of its own.
    static func isMirror(_ directory: DataDirectory) -> SijillError {
        SijillError(
            .configuration, "\(directory.root.escapedForDisplay) is a mirror of another log",
            remedy: "serve it with --read-only; 'sijill mirror' writes it")
    }
}
