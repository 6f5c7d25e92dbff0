import SijillFiles
import SijillFormat

/// Reads everything of the truth and its indexes and says what is wrong: `sijilld check` without the store.
///
/// Nothing is changed. Findings are sentences with file and place. Every change that could be read is handed on, so
/// that the store can be held against it.
package struct LogCheck {
    private let directory: DataDirectory
    /// The last sequence that is checked; later ones may still be written while this runs.
    package var bound: SequenceNumber?
    private var tree: TreeCheck
    private var erasures = ErasureAccount()
    package private(set) var findings: [String] = []
    package private(set) var changeCount: UInt64 = 0
    package private(set) var log: LogID?

    private static let batchCount = 1_000
    private static let findingsMax = 1_000

    /// - Parameter bound: where a running daemon's log was durable when it was asked; nil when no daemon runs.
    package init(_ directory: DataDirectory, bound: SequenceNumber? = nil) {
        self.directory = directory
        self.bound = bound
        tree = TreeCheck(directory)
    }

    /// Runs the check. Findings are in `findings`; only what keeps it from reading at all is thrown.
    ///
    /// - Parameters:
    ///   - progress: told the bytes of log and originals that have been read since the last time.
    ///   - found: handed the changes in order, in batches.
    package mutating func run(
        progress: (UInt64) -> Void = { _ in }, found: ([Change]) throws -> Void = { _ in }
    ) throws {
        let state: LogState
        do {
            guard let read = try LogState.read(directory.state) else {
                findings.append("\(directory.state): missing")
                return
            }
            state = read
        } catch let error as SijillError where error.code == .damaged {
            findings.append(error.message)
            return
        }
        log = state.log
        tree.begin(state)
        let segments = try checkNames(state)
        var position = LogPosition(startOf: SequenceNumber(1))
        for (number, first) in segments.enumerated() {
            if first != position.sequence.next {
                let what = "begins with change \(first), \(position.sequence.next) is expected"
                report("\(directory.segment(first)): byte 0: \(what)")
            }
            let next = number + 1 < segments.count ? segments[number + 1] : nil
            position = try checkSegment(
                first, next: next, time: position.time, state: state, progress: progress, found: found)
            if let bound, position.sequence >= bound { break }
        }
        if position.sequence < state.sequence {
            report(
                "\(directory.state): change \(state.sequence) is in no segment; the log ends with \(position.sequence)"
            )
        }
        if bound == nil, position.segment == state.segment, position.offset < state.offset {
            report("\(directory.state): the segment ends at byte \(position.offset), before its offset")
        }
        reportErasures(isMirror: state.isMirror)
        try tree.finish(isRunning: bound != nil)
        for finding in tree.findings { report(finding) }
    }

    /// What is erased without a withdrawal, and what a withdrawal lists that is still there.
    private mutating func reportErasures(isMirror: Bool) {
        for lost in erasures.unlisted { report("\(lost.path): byte \(lost.offset): \(lost.message)") }
        for withdrawal in erasures.altered {
            report(
                "\(directory.originals): a header of what withdrawal \(withdrawal) erased is not what it was")
        }
        // While the marker is there, the daemon erases, or its next start does.
        guard !File.exists(directory.erasing) else { return }
        for pending in erasures.pending {
            report(
                "change \(pending.sequence) still has the content that withdrawal \(pending.withdrawal) erases"
            )
        }
        // A mirror has none.
        for pending in erasures.pendingOriginals where !isMirror {
            report(
                "the original \(pending.digest), which withdrawal \(pending.withdrawal) erases, is still there"
            )
        }
    }

    private mutating func report(_ finding: String) {
        if findings.count < Self.findingsMax { findings.append(finding) }
    }

    // MARK: Names

    /// Reports every file that does not belong; returns the segments in order.
    private mutating func checkNames(_ state: LogState) throws -> [SequenceNumber] {
        var segments: [SequenceNumber] = []
        for name in try DirectoryListing.names(directory.log) {
            if let first = DataDirectory.first(of: name, kind: "ndjson") {
                segments.append(first)
            } else if DataDirectory.first(of: name, kind: "index") == nil,
                !["state", "removals", "reserve", "checkpoint", "tile", "erasing"].contains(name),
                // A running daemon replaces files.
                bound == nil || !name.hasSuffix(".tmp")
            {
                report("\(directory.log)/\(name): does not belong here")
            }
        }
        let known = Set(segments)
        let folders = [(directory.log, ["index"]), (directory.originals, ["warc", "index"])]
        for (folder, kinds) in state.isMirror ? folders.dropLast() : folders {
            for name in try DirectoryListing.names(folder) {
                let first = kinds.lazy.compactMap { DataDirectory.first(of: name, kind: $0) }.first
                let isOurs = folder == directory.log && (name.hasSuffix(".ndjson") || first == nil)
                if !isOurs, first.map({ known.contains($0) }) != true {
                    report("\(folder)/\(name): does not belong here")
                }
            }
        }
        return segments.sorted()
    }

    // MARK: A segment

    private mutating func checkSegment(
        _ first: SequenceNumber, next: SequenceNumber?, time: Timestamp, state: LogState,
        progress: (UInt64) -> Void, found: ([Change]) throws -> Void
    ) throws -> LogPosition {
        let files = LogFiles(directory: directory, first: first)
        let isOpen = next == nil
        let segment = try File(files.segment, .read)
        var index = IndexCheck(path: files.index, entryBytes: IndexEntry.bytes)
        var originalsIndex = IndexCheck(path: files.originalsIndex, entryBytes: OriginalEntry.bytes)
        let originals = (try? File(files.originals, .read)).map(OriginalsFile.init)
        // A mirror has no originals, and their absence is no finding there.
        if originals == nil, !state.isMirror { report("\(files.originals): missing") }
        var walk = try SegmentWalk(
            segment, originals: state.isMirror ? nil : files.originals, log: state.log,
            from: LogPosition(startOf: first, time: time))
        var batch: [Change] = []
        do {
            while walk.position.sequence < bound ?? .max, let walked = try walk.next() {
                changeCount += 1
                tree.add(walked.entry, line: walked.bytes)
                erasures.add(walked, path: files.segment)
                progress(UInt64(walked.entry.layout.length) + walked.originals.reduce(0) { $0 + $1.length })
                if let wrong = index.fault(LogFiles.bytes([walked.entry])) {
                    // Behind the checkpoint a leaf and its hash are each other's only witness: both are named.
                    report("\(wrong), in \(files.segment) from byte \(walked.entry.offset) on")
                }
                for original in walked.originals where !state.isMirror {
                    if let wrong = originalsIndex.fault(LogFiles.bytes([original])) { report(wrong) }
                }
                try checkOriginal(of: walked, in: originals, first: first, path: files.originals)
                batch.append(walked.change)
                if batch.count == Self.batchCount {
                    try found(batch)
                    batch = []
                }
            }
        } catch let fault as SegmentFault {
            // Behind the state's offset a torn tail is what a crash leaves, and the next start cuts it.
            if !isOpen || first != state.segment || fault.offset < state.offset {
                report("\(files.segment): byte \(fault.offset): \(fault.message)")
            }
        }
        if !batch.isEmpty { try found(batch) }
        let position = walk.position
        if !isOpen || (bound == nil && position.sequence == state.sequence) {
            try checkEnds(files, position, index, originalsIndex)
        }
        return position
    }

    private mutating func checkOriginal(
        of walked: WalkedChange, in originals: OriginalsFile?, first: SequenceNumber, path: String
    ) throws {
        guard let originals else { return }
        if walked.change.sequence == first, let fault = try originals.faultOfWarcinfo(first: walked.change) {
            report("\(path): byte \(fault.offset): \(fault.message)")
        }
        switch try originals.find(walked) {
        case .sound: break
        case .erased(let entries): for entry in entries { erasures.addErased(entry, path: path) }
        case .wrong(let fault): report("\(path): byte \(fault.offset): \(fault.message)")
        }
    }

    /// Nothing may stand behind the last change, its original and their entries.
    private mutating func checkEnds(
        _ files: LogFiles, _ position: LogPosition, _ index: IndexCheck, _ originalsIndex: IndexCheck
    ) throws {
        let ends = [
            (files.segment, position.offset), (files.originals, position.originalsOffset),
            (files.index, index.length), (files.originalsIndex, originalsIndex.length),
        ]
        for (path, end) in ends {
            guard let file = try? File(path, .read) else { continue }
            let size = try file.size()
            if size != end {
                report("\(path): byte \(min(size, end)): \(size) bytes long, \(end) are expected")
            }
        }
    }
}

/// Compares an index with what it must say, entry after entry.
private struct IndexCheck {
    let path: String
    let entryBytes: Int
    private let bytes: [UInt8]?
    private var position = 0
    private var isReported = false

    init(path: String, entryBytes: Int) {
        self.path = path
        self.entryBytes = entryBytes
        bytes = (try? File.contents(path)) ?? nil
    }

    /// Bytes that the entries seen so far take.
    var length: UInt64 { UInt64(position * entryBytes) }

    /// What is wrong with the next entry; once when the index ends too early.
    mutating func fault(_ expected: [UInt8]) -> String? {
        let start = position * entryBytes
        position += 1
        guard let bytes, bytes.count >= start + entryBytes else {
            defer { isReported = true }
            return isReported
                ? nil : "\(path): \(bytes == nil ? "missing" : "ends at byte \(bytes!.count), too early")"
        }
        let same = zip(bytes[start..<start + entryBytes], expected).prefix { $0 == $1 }.count
        return same == entryBytes ? nil : "\(path): byte \(start + same): the entry does not fit its change"
    }
}
