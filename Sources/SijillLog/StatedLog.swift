import SijillFiles
import SijillFormat

/// A log as `log/state` says it stands, for whoever reads a directory that another process may be writing.
///
/// Everything before the state's offsets is durable and never changes again, so it can be read beside the writer
/// without a lock. What lies behind them is left alone.
struct StatedLog {
    let directory: DataDirectory
    let state: LogState
    /// First sequences of the segments, that of the state the last.
    let segments: [SequenceNumber]

    /// The names are taken before their contents are looked at: a segment that a writer has just begun belongs to a
    /// later state.
    ///
    /// - Throws: `SijillError` with `.damaged` when segments are missing.
    init(_ directory: DataDirectory, state: LogState) throws {
        self.directory = directory
        self.state = state
        segments = try DirectoryListing.names(directory.log)
            .compactMap { DataDirectory.first(of: $0, kind: "ndjson") }.filter { $0 <= state.segment }
            .sorted()
        guard segments.first == SequenceNumber(1), segments.last == state.segment else {
            let missing = segments.first == SequenceNumber(1) ? state.segment : SequenceNumber(1)
            throw LogFiles.damaged(directory.segment(missing), 0, "the segment is missing")
        }
    }

    /// Checks the sizes of the sealed segments against their indexes. Returns the time of the last sealed change.
    ///
    /// - Parameter repair: called for one whose index does not fit; it returns the time of its last change.
    func checkSealed(
        repair: (_ files: LogFiles, _ count: UInt64, _ time: Timestamp) throws -> Timestamp
    ) throws -> Timestamp {
        var time = Timestamp(milliseconds: 0)
        for (first, next) in zip(segments, segments.dropFirst()) {
            let files = LogFiles(directory: directory, first: first)
            let count = next.value - first.value
            if let last = try lastEntry(files, count: count) {
                time = last.time
            } else {
                time = try repair(files, count, time)
            }
        }
        return time
    }

    private func lastEntry(_ files: LogFiles, count: UInt64) throws -> IndexEntry? {
        let bytes = UInt64(IndexEntry.bytes)
        guard File.exists(files.index) else { return nil }
        let index = try File(files.index, .read)
        guard try index.size() == count * bytes,
            let last = IndexEntry(try index.read(at: (count - 1) * bytes, count: IndexEntry.bytes)),
            try File(files.segment, .read).size() == last.end
        else { return nil }
        return last
    }

    /// Holds the leaves of a segment against the hashes in its index, as far as that reaches: a leaf that differs where
    /// all else in the entry is equal has changed, or its hash has.
    static func checkLeafHashes(_ files: LogFiles, _ entries: [IndexEntry]) throws {
        let index = try File.contents(files.index) ?? []
        for (position, entry) in entries.enumerated() {
            guard let old = IndexEntry(index, at: position * IndexEntry.bytes) else { break }
            if old.offset == entry.offset, old.layout == entry.layout, old.leafHash != entry.leafHash {
                let sequence = files.first.value + UInt64(position)
                throw LogFiles.damaged(
                    files.segment, entry.offset,
                    "the leaf of change \(sequence) does not have the hash in \(files.index)")
            }
        }
    }

    /// Walks a segment from `start` through change `last`, verifying each line.
    ///
    /// - Parameter end: where that change must end; nil when nothing says so.
    /// - Throws: `SijillError` with `.damaged` at the first byte that is not as it must be.
    static func walk(
        _ files: LogFiles, log: LogID, from start: LogPosition, through last: SequenceNumber,
        end: UInt64? = nil, hasOriginals: Bool
    ) throws -> WalkedPart {
        let file = try File(files.segment, .read)
        var walk = try SegmentWalk(
            file, originals: hasOriginals ? files.originals : nil, log: log, from: start, to: end)
        var part = WalkedPart(position: start)
        do {
            while walk.position.sequence < last {
                guard let walked = try walk.next() else {
                    throw SegmentFault(
                        offset: walk.position.offset,
                        message: "change \(walk.position.sequence.next) is missing")
                }
                part.entries.append(walked.entry)
                part.originals += walked.originals
                part.tip = walked.change.cursor
            }
        } catch let fault as SegmentFault {
            throw LogFiles.damaged(files.segment, fault.offset, fault.message)
        }
        part.position = walk.position
        if let end, part.position.offset != end {
            throw LogFiles.damaged(
                files.segment, part.position.offset, "change \(last) does not end where log/state says")
        }
        return part
    }
}

/// Verified changes of one segment.
struct WalkedPart {
    var position: LogPosition
    var entries: [IndexEntry] = []
    var originals: [OriginalEntry] = []
    /// The last of them.
    var tip: Cursor?
}
