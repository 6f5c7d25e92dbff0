import SijillFiles
import SijillFormat

/// What start-up found and did, for the logger: one line each.
package struct RecoveryReport: Hashable, Sendable {
    /// Whole changes that lay behind the state and were copied.
    package var recoveredCount = 0
    /// Bytes of a torn tail that were left behind, in the segment and in the originals.
    package var tornBytes: UInt64 = 0
    package var tornOriginalsBytes: UInt64 = 0
    /// Views that did not fit and were made again.
    package var rebuiltIndexes: [String] = []
    package var isFirstStart = false

    /// The same with further views that were made again.
    func adding(rebuilt: [String]) -> RecoveryReport {
        var report = self
        report.rebuiltIndexes += rebuilt
        return report
    }

    package var lines: [String] {
        var lines: [String] = []
        if recoveredCount > 0 { lines.append("recovered \(recoveredCount) changes behind the last state") }
        if tornBytes + tornOriginalsBytes > 0 {
            lines.append(
                "cut a torn tail: \(tornBytes) bytes of log, \(tornOriginalsBytes) bytes of originals")
        }
        lines += rebuiltIndexes.map { "\($0) did not fit and was made again" }
        return lines
    }
}

/// Opens a data directory's log, in whatever state a crash has left it (DESIGN §6).
///
/// What lies before the offsets of `log/state` must be there, whole, or nothing is touched and exit code 65 is
/// thrown. What lies behind them is never trusted in place: whole changes are copied to a new segment.
struct LogRecovery {
    let directory: DataDirectory
    /// The configured name of the log.
    private let origin: String?
    private(set) var report = RecoveryReport()

    /// The log as it stands after recovery.
    struct Recovered {
        var state: LogState
        var signature: LogSignature
        var segments: [SequenceNumber]
        var position: LogPosition
        var entries: [IndexEntry]
        var originals: [OriginalEntry]
    }

    init(_ directory: DataDirectory, origin: String? = nil) {
        self.directory = directory
        self.origin = origin
    }

    mutating func run() throws -> Recovered {
        for folder in [directory.log, directory.originals] {
            try Durable.createDirectory(folder)
            for name in try DirectoryListing.names(folder) where name.hasSuffix(".tmp") {
                try Durable.remove("\(folder)/\(name)")
            }
        }
        var segments = try DirectoryListing.names(directory.log)
            .compactMap { DataDirectory.first(of: $0, kind: "ndjson") }.sorted()
        var state = try readState(segments: segments)
        let signature = try LogSignature.read(directory, state: state, origin: origin)
        let candidate = try candidate(in: segments, state: state)
        segments.removeAll { $0 >= state.segment }
        let time = try checkSealed(segments, before: state.segment, log: state.log)
        let files = LogFiles(directory: directory, first: state.segment)
        if state.offset == 0, !File.exists(files.segment) || !File.exists(files.originals) {
            try files.create()
        }
        var current = try verifyCommitted(files, state: state, time: time)
        try repairIndexes(files, current)
        let tail = try LogTail.scan(files, log: state.log, from: current.position)
        try checkErasures(current.erasures, tail.erasures)
        if tail.isEmpty, candidate == nil {
            return Recovered(
                state: state, signature: signature, segments: segments + [state.segment],
                position: current.position, entries: current.entries, originals: current.originals)
        }
        if state.sequence >= state.segment { segments.append(state.segment) }
        let first = state.sequence.next
        current = try moveTail(tail, candidate: candidate, files: files, state: &state)
        return Recovered(
            state: state, signature: signature, segments: segments + [first], position: current.position,
            entries: current.entries, originals: current.originals)
    }

    private mutating func readState(segments: [SequenceNumber]) throws -> LogState {
        if let state = try LogState.read(directory.state) {
            guard !state.isMirror else { throw MirrorLog.isMirror(directory) }
            return state
        }
        guard segments.isEmpty else {
            throw SijillError(
                .damaged, "\(directory.state) is missing, but there are segments beside it",
                remedy: "restore it from a backup; nothing was changed")
        }
        report.isFirstStart = true
        let state = LogState(log: .random())
        try Durable.replace(directory.state, state.encoded)
        return state
    }

    /// A segment behind the state's: made by a recovery, or by the beginning of a new segment, that did not get as
    /// far as the state. It can only begin behind the state's last change.
    private func candidate(in segments: [SequenceNumber], state: LogState) throws -> SequenceNumber? {
        let later = segments.filter { $0 > state.segment }
        if later.isEmpty { return nil }
        guard later == [state.sequence.next] else {
            throw LogFiles.damaged(
                directory.segment(later.last!), 0, "it stands behind the change that log/state ends with")
        }
        return later[0]
    }

    // MARK: Sealed segments

    /// Checks the sizes of sealed segments and originals against their indexes; makes an index again that does not
    /// fit. Returns the time of the last sealed change.
    private mutating func checkSealed(
        _ sealed: [SequenceNumber], before next: SequenceNumber, log: LogID
    ) throws -> Timestamp {
        var time = Timestamp(milliseconds: 0)
        guard sealed.first ?? next == SequenceNumber(1) else {
            throw LogFiles.damaged(directory.segment(SequenceNumber(1)), 0, "the segment is missing")
        }
        for (position, first) in sealed.enumerated() {
            let following = position + 1 < sealed.count ? sealed[position + 1] : next
            let files = LogFiles(directory: directory, first: first)
            let count = following.value - first.value
            if let last = try lastEntry(files, count: count) {
                time = last.time
            } else {
                time = try repairSealed(files, log: log, count: count, isLast: following == next)
            }
        }
        return time
    }

    /// The last index entry, when segment, originals and both indexes have the sizes that fit each other.
    private func lastEntry(_ files: LogFiles, count: UInt64) throws -> IndexEntry? {
        let bytes = UInt64(IndexEntry.bytes)
        guard File.exists(files.index), File.exists(files.originalsIndex), File.exists(files.originals) else {
            return nil
        }
        let index = try File(files.index, .read)
        guard try index.size() == count * bytes,
            let last = IndexEntry(try index.read(at: (count - 1) * bytes, count: IndexEntry.bytes)),
            try File(files.segment, .read).size() == last.end
        else { return nil }
        let originalsIndex = try File(files.originalsIndex, .read)
        let size = try originalsIndex.size()
        let originalsSize = try File(files.originals, .read).size()
        if size == 0 { return originalsSize < 4_096 ? last : nil }
        guard size % UInt64(OriginalEntry.bytes) == 0,
            let original = OriginalEntry(
                try originalsIndex.read(at: size - UInt64(OriginalEntry.bytes), count: OriginalEntry.bytes)),
            originalsSize == original.end
        else { return nil }
        return last
    }

    /// Walks a sealed segment whose sizes do not fit: makes its indexes again, and cuts it when it is the one that a
    /// recovery was about to cut. Returns the time of its last change.
    private mutating func repairSealed(
        _ files: LogFiles, log: LogID, count: UInt64, isLast: Bool
    ) throws -> Timestamp {
        let file = try opened(files.segment)
        let walked = try walk(file, files, log: log, from: LogPosition(startOf: files.first), count: count)
        let position = walked.position
        let originalsSize = try opened(files.originals).size()
        guard originalsSize >= position.originalsOffset else {
            throw LogFiles.damaged(files.originals, originalsSize, "bytes are missing")
        }
        let isTooLong = try file.size() > position.offset || originalsSize > position.originalsOffset
        if isTooLong {
            guard isLast else {
                throw LogFiles.damaged(files.segment, position.offset, "bytes that belong to no change")
            }
            try checkOverlap(files, from: position)
            try files.cut(at: position)
        }
        try files.writeIndexes(walked.entries, walked.originals)
        try files.seal()
        report.rebuiltIndexes += isTooLong ? [] : [files.index]
        return position.time
    }

    /// The bytes that a recovery copied must be equal in both files; only then is the earlier one cut.
    private func checkOverlap(_ files: LogFiles, from position: LogPosition) throws {
        let old = try LineReader(try opened(files.segment), from: position.offset)
        let new = try LineReader(try opened(directory.segment(position.sequence.next)), from: 0)
        try LogTail.compare(old, new, path: directory.segment(position.sequence.next))
    }

    // MARK: The segment that was being written

    private struct Walked {
        var position: LogPosition
        var entries: [IndexEntry] = []
        var originals: [OriginalEntry] = []
        var erasures = ErasureAccount()
    }

    /// What is erased in the last segment has its withdrawal there too, behind it.
    private func checkErasures(_ account: ErasureAccount, _ tail: ErasureAccount) throws {
        var account = account
        account.addListed(of: tail)
        if let lost = account.unlisted.first { throw LogFiles.damaged(lost.path, lost.offset, lost.message) }
    }

    /// Verifies every change before the state's offset, and that the originals reach as far as the state says.
    private func verifyCommitted(_ files: LogFiles, state: LogState, time: Timestamp) throws -> Walked {
        let file = try opened(files.segment)
        let start = LogPosition(startOf: files.first, time: time)
        let count = state.sequence.value + 1 - files.first.value
        let size = try file.size()
        guard size >= state.offset else { throw LogFiles.damaged(files.segment, size, "bytes are missing") }
        let walked = try walk(file, files, log: state.log, from: start, count: count, end: state.offset)
        guard walked.position.offset == state.offset else {
            throw LogFiles.damaged(
                files.segment, walked.position.offset,
                "change \(state.sequence) does not end where log/state says")
        }
        // As long as there is no tree to tell which of the two has changed, either is damage.
        try StatedLog.checkLeafHashes(files, walked.entries)
        let originalsSize = try opened(files.originals).size()
        guard originalsSize >= state.originalsOffset else {
            throw LogFiles.damaged(files.originals, originalsSize, "bytes are missing")
        }
        guard walked.position.originalsOffset == state.originalsOffset else {
            throw LogFiles.damaged(
                files.originals, state.originalsOffset, "the originals do not end where log/state says")
        }
        return walked
    }

    /// Walks exactly `count` changes.
    private func walk(
        _ file: File, _ files: LogFiles, log: LogID, from start: LogPosition, count: UInt64,
        end: UInt64? = nil
    ) throws -> Walked {
        var walk = try SegmentWalk(file, originals: files.originals, log: log, from: start, to: end)
        var walked = Walked(position: start)
        do {
            for _ in 0..<count {
                guard let change = try walk.next() else {
                    throw SegmentFault(
                        offset: walk.position.offset,
                        message: "change \(walk.position.sequence.next) is missing")
                }
                walked.entries.append(change.entry)
                walked.originals += change.originals
                walked.erasures.add(change, path: files.segment)
            }
        } catch let fault as SegmentFault {
            throw LogFiles.damaged(files.segment, fault.offset, fault.message)
        }
        walked.position = walk.position
        return walked
    }

    /// Makes an index again that is not what the segment gives: too short after a crash, or wrong.
    private mutating func repairIndexes(_ files: LogFiles, _ walked: Walked) throws {
        let expected = [
            (files.index, LogFiles.bytes(walked.entries)),
            (files.originalsIndex, LogFiles.bytes(walked.originals)),
        ]
        for (path, bytes) in expected {
            let found = try File.contents(path) ?? []
            if found == bytes { continue }
            try Durable.replace(path, bytes, permissions: LogFiles.permissions)
            // Entries behind the state's are those of the tail, no fault of the index.
            if !found.starts(with: bytes) { report.rebuiltIndexes.append(path) }
        }
    }

    /// Copies the whole changes behind the state to new files, writes the state, cuts and seals the old files.
    private mutating func moveTail(
        _ tail: LogTail, candidate: SequenceNumber?, files: LogFiles, state: inout LogState
    ) throws -> Walked {
        let first = state.sequence.next
        let target = LogFiles(directory: directory, first: first)
        var source = tail
        if candidate != nil {
            // A recovery before this one got as far as the new segment.
            try target.create()
            let copied = try LogTail.scan(
                target, log: state.log, from: LogPosition(startOf: first, time: tail.start.time))
            try LogTail.compare(
                try LineReader(try opened(files.segment), from: tail.start.offset, to: tail.end.offset),
                try LineReader(try opened(target.segment), from: 0, to: copied.end.offset),
                path: target.segment)
            if copied.entries.count > tail.entries.count { source = copied }
        }
        report.recoveredCount = source.entries.count
        report.tornBytes = tail.tornBytes
        report.tornOriginalsBytes = tail.tornOriginalsBytes
        let moved = try source.copy(to: target, log: state.log)
        let old = tail.start
        state.segment = first
        state.offset = moved.position.offset
        state.sequence = moved.position.sequence
        state.originals = first
        state.originalsOffset = moved.position.originalsOffset
        if state.sequence >= first { state.open.insert(first.value...state.sequence.value) }
        try Durable.replace(directory.state, state.encoded)
        if files.first != first {
            try files.cut(at: old)
            try files.seal()
        }
        return Walked(position: moved.position, entries: moved.entries, originals: moved.originals)
    }

    private func opened(_ path: String) throws -> File {
        do throws(SystemError) {
            return try File(path, .read)
        } catch {
            if error.isNotFound { throw LogFiles.damaged(path, 0, "the file is missing") }
            throw error
        }
    }
}
