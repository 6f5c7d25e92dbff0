import SijillFiles
import SijillFormat
import Synchronization

/// Where one change stands.
package struct LocatedEntry: Hashable, Sendable {
    package let sequence: SequenceNumber
    /// First sequence of the segment that holds it.
    package let segment: SequenceNumber
    package let entry: IndexEntry
}

/// Reads the log from any thread while the ledger appends to it.
///
/// Nothing past the announced tip is ever read: what a reader sees is durable and applied to the store.
package final class LogReader: Sendable {
    package let log: LogID
    /// The log is written elsewhere, so that a cursor beyond the tip may be of a change that is still on its way.
    package let isReplica: Bool
    private let ownEpoch: Epoch
    private let keepsOriginals: Bool
    private let directory: DataDirectory
    let state: Mutex<State>
    private let files = FileCache()
    private let waiters = TipWaiters()
    private let evidence = Mutex<ServedTree?>(nil)
    private let erasures = Mutex<UInt64>(0)

    struct State {
        /// First sequences of all segments, the last one being written.
        var segments: [SequenceNumber]
        /// Entries of the last segment.
        var current: [IndexEntry]
        var currentOriginals: [OriginalEntry]
        var tip: Cursor?
    }

    init(
        directory: DataDirectory, log: LogID, epoch: Epoch, segments: [SequenceNumber], current: [IndexEntry],
        currentOriginals: [OriginalEntry], isReplica: Bool = false, keepsOriginals: Bool = true
    ) {
        self.directory = directory
        self.log = log
        ownEpoch = epoch
        self.isReplica = isReplica
        self.keepsOriginals = keepsOriginals
        state = Mutex(State(segments: segments, current: current, currentOriginals: currentOriginals))
    }

    /// Goes up when content was erased in place, so that pages and segments get another ETag. Set at start to the last
    /// withdrawal that erased; 0 in a log without one.
    package var contentVersion: UInt64 { erasures.withLock { $0 } }

    /// The content of changes has been erased by this withdrawal, or by one before it.
    package func contentErased(by withdrawal: SequenceNumber) {
        erasures.withLock { $0 = max($0, withdrawal.value) }
    }

    /// The tree over the log; nil while the log is being opened, and of a log that is written elsewhere without one.
    package internal(set) var tree: ServedTree? {
        get { evidence.withLock { $0 } }
        set { evidence.withLock { $0 = newValue } }
    }

    /// The run of this daemon: the epoch of the changes it writes. Of a log that is written elsewhere, that of the
    /// newest change.
    package var epoch: Epoch { isReplica ? tip?.epoch ?? ownEpoch : ownEpoch }

    /// The newest change that may be read; nil when the log is empty.
    package var tip: Cursor? { state.withLock { $0.tip } }

    /// The oldest change of the log; nil when the log is empty.
    package var oldest: Cursor? {
        get throws { try cursor(of: segments[0]) }
    }

    /// The last change of the last sealed segment; `.none` when none is sealed.
    package var sealedThrough: SequenceNumber { SequenceNumber(segments.last!.value - 1) }

    /// First sequences of all segments; the last one is being written, the others are sealed.
    package var segments: [SequenceNumber] { state.withLock { $0.segments } }

    /// The changes after `sequence`, at most `limit` of them and at most `maxBytes` of lines, but always at least
    /// one if there is one.
    package func entries(
        after sequence: SequenceNumber, limit: Int, maxBytes: Int
    ) throws -> [LocatedEntry] {
        guard let tip = tip?.sequence, sequence < tip, limit > 0 else { return [] }
        var found: [LocatedEntry] = []
        var bytes = 0
        var next = sequence.next
        while next <= tip, found.count < limit {
            let (segment, entries) = try run(from: next, through: tip, limit: limit - found.count)
            for entry in entries {
                bytes += entry.layout.length
                if bytes > maxBytes, !found.isEmpty { return found }
                found.append(LocatedEntry(sequence: next, segment: segment, entry: entry))
                next = next.next
            }
        }
        return found
    }

    /// Entries from `sequence` on that stand in one segment, in pieces of at most 1,024.
    func run(
        from sequence: SequenceNumber, through tip: SequenceNumber, limit: Int
    ) throws -> (segment: SequenceNumber, entries: [IndexEntry]) {
        let count = Int(min(UInt64(min(limit, 1_024)), tip.value - sequence.value + 1))
        let place = state.withLock { state -> (SequenceNumber, SequenceNumber?, [IndexEntry]?) in
            let position = State.segment(of: sequence, in: state.segments)
            let segment = state.segments[position]
            if position == state.segments.count - 1 {
                let start = Int(sequence.value - segment.value)
                return (segment, nil, Array(state.current[start..<min(start + count, state.current.count)]))
            }
            return (segment, state.segments[position + 1], nil)
        }
        if let entries = place.2 { return (place.0, entries) }
        let inSegment = Int(min(UInt64(count), place.1!.value - sequence.value))
        return (place.0, try indexEntries(of: place.0, from: sequence, count: inSegment))
    }

    private func indexEntries(
        of segment: SequenceNumber, from sequence: SequenceNumber, count: Int
    ) throws -> [IndexEntry] {
        let path = directory.index(segment)
        let offset = (sequence.value - segment.value) * UInt64(IndexEntry.bytes)
        let bytes = try files.file(path).read(at: offset, count: count * IndexEntry.bytes)
        let entries = (0..<count).compactMap { IndexEntry(bytes, at: $0 * IndexEntry.bytes) }
        guard entries.count == count else {
            throw SijillError(
                .damaged, "\(path) is damaged behind byte \(offset)",
                remedy: "stop the daemon and run 'sijilld check'")
        }
        return entries
    }

    /// The entry of one change; nil beyond the tip.
    package func entry(of sequence: SequenceNumber) throws -> LocatedEntry? {
        guard sequence > .none else { return nil }
        return try entries(after: SequenceNumber(sequence.value - 1), limit: 1, maxBytes: 0).first
    }

    /// The cursor of a change; nil for 0 and beyond the tip.
    package func cursor(of sequence: SequenceNumber) throws -> Cursor? {
        guard let tip else { return nil }
        if sequence == tip.sequence { return tip }
        guard let located = try entry(of: sequence) else { return nil }
        return try cursor(of: sequence, segment: located.segment, located.entry)
    }

    private func cursor(of sequence: SequenceNumber, segment: SequenceNumber, _ entry: IndexEntry) throws
        -> Cursor
    {
        // Every line begins with the same members, so its id stands at a fixed place.
        let start = entry.offset + UInt64(Self.idOffset)
        let bytes = try read(segment: segment, offset: start, count: Cursor.bytes)
        guard let cursor = Cursor(String(decoding: bytes, as: UTF8.self)), cursor.sequence == sequence else {
            throw SijillError(
                .damaged, "\(directory.segment(segment)) is damaged at byte \(start)",
                remedy: "stop the daemon and run 'sijilld check'")
        }
        return cursor
    }

    /// The cursor of a change that was taken up, whether announced or not.
    func unannouncedCursor(of sequence: SequenceNumber) throws -> Cursor {
        let (segment, entries) = try run(from: sequence, through: sequence, limit: 1)
        return try cursor(of: sequence, segment: segment, entries[0])
    }

    /// Where in its line the id of a change begins.
    package static let idOffset = "{\"specversion\":\"1.0\",\"id\":\"".utf8.count

    /// The first change that was committed at or after a moment; nil when there is none yet. Times never go back,
    /// so this is a binary search: O(log n) reads.
    package func firstSequence(atOrAfter time: Timestamp) throws -> SequenceNumber? {
        guard let tip = tip?.sequence else { return nil }
        var low: UInt64 = 1
        var high = tip.value + 1
        while low < high {
            let middle = (low + high) / 2
            guard let located = try entry(of: SequenceNumber(middle)) else { break }
            if located.entry.time < time { low = middle + 1 } else { high = middle }
        }
        return low <= tip.value ? SequenceNumber(low) : nil
    }

    /// Bytes of a segment; fewer than `count` only at its end.
    package func read(segment: SequenceNumber, offset: UInt64, count: Int) throws -> [UInt8] {
        try files.file(directory.segment(segment)).read(at: offset, count: count)
    }

    /// Fills `buffer` with bytes of a segment: the count, less than asked at its end, or, unless it `waits` for the disk,
    /// where the page cache has no more.
    package func read(
        segment: SequenceNumber, offset: UInt64, into buffer: UnsafeMutableRawBufferPointer, waits: Bool
    ) throws -> Int {
        let file = try files.file(directory.segment(segment))
        return waits
            ? try file.read(into: buffer, at: offset) : file.readCached(into: buffer, at: offset)
    }

    /// Bytes of a segment, to be sent without a copy.
    package func bytes(segment: SequenceNumber, offset: UInt64, count: Int) throws -> LogBytes {
        try LogBytes(files.file(directory.segment(segment)), offset: offset, count: count)
    }

    /// The line of a change with its newline; nil beyond the tip.
    package func line(of sequence: SequenceNumber) throws -> [UInt8]? {
        guard let located = try entry(of: sequence) else { return nil }
        return try read(
            segment: located.segment, offset: located.entry.offset, count: located.entry.layout.length)
    }

    /// The original that the change stored; nil when it stored none or is beyond the tip.
    package func original(of sequence: SequenceNumber) throws -> OriginalRange? {
        guard keepsOriginals, let tip = tip?.sequence, sequence > .none, sequence <= tip else { return nil }
        let place = state.withLock { state -> (SequenceNumber, [OriginalEntry]?) in
            let position = State.segment(of: sequence, in: state.segments)
            let isCurrent = position == state.segments.count - 1
            return (state.segments[position], isCurrent ? state.currentOriginals : nil)
        }
        let entry: OriginalEntry?
        if let current = place.1 {
            entry = try OriginalSearch(count: current.count) { current[$0] }.entry(of: sequence)
        } else {
            let index = try files.file(directory.originalsIndex(place.0))
            let count = Int(try index.size()) / OriginalEntry.bytes
            entry = try OriginalSearch(count: count) { position in
                let offset = UInt64(position * OriginalEntry.bytes)
                guard let entry = OriginalEntry(try index.read(at: offset, count: OriginalEntry.bytes)) else {
                    throw SijillError(.damaged, "\(index.path) is damaged at byte \(offset)")
                }
                return entry
            }.entry(of: sequence)
        }
        guard let entry else { return nil }
        return OriginalRange(file: try files.file(directory.originals(place.0)), entry: entry)
    }

    /// Returns true as soon as there is a change after `sequence`; false when the reader shuts down or the calling
    /// task is cancelled.
    package func wait(after sequence: SequenceNumber) async -> Bool {
        await waiters.wait { [self] in (tip?.sequence ?? .none) > sequence }
    }

    /// Wakes every waiter with false, now and from now on.
    package func shutDown() { waiters.shutDown() }

    // MARK: - For the ledger

    /// Takes up the entries of changes that are durable but not to be seen yet.
    func append(_ entries: [IndexEntry], originals: [OriginalEntry]) {
        state.withLock { state in
            state.current += entries
            state.currentOriginals += originals
        }
    }

    /// Content of these changes was erased: their entries say anew where their text begins.
    package func contentErased(of sequences: [SequenceNumber]) throws {
        let segment = segments.last!
        let path = directory.index(segment)
        for sequence in sequences where sequence >= segment {
            let place = (sequence.value - segment.value) * UInt64(IndexEntry.bytes)
            guard let entry = IndexEntry(try files.file(path).read(at: place, count: IndexEntry.bytes)) else {
                throw LogFiles.damaged(path, place, "an entry is missing")
            }
            state.withLock { state in
                // A segment that was sealed in between is read from its index anyway.
                guard state.segments.last == segment else { return }
                state.current[Int(sequence.value - segment.value)] = entry
            }
        }
    }

    /// The current segment is sealed and `first` begins the next one.
    func rotate(to first: SequenceNumber) {
        state.withLock { state in
            state.segments.append(first)
            state.current = []
            state.currentOriginals = []
        }
    }

    /// Lets readers see every change up to `cursor` and wakes those who wait. For whoever has made these changes durable.
    package func announce(_ cursor: Cursor) {
        state.withLock { $0.tip = cursor }
        waiters.wake()
    }
}

extension LogReader.State {
    /// Position of the segment that holds `sequence`: the last one that begins at or before it.
    fileprivate static func segment(of sequence: SequenceNumber, in segments: [SequenceNumber]) -> Int {
        var low = 0
        var high = segments.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle] <= sequence { low = middle } else { high = middle }
        }
        return low
    }
}

/// Binary search by sequence over the entries of an originals index.
private struct OriginalSearch {
    let count: Int
    let entry: (Int) throws -> OriginalEntry

    func entry(of sequence: SequenceNumber) throws -> OriginalEntry? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if try entry(middle).sequence < sequence { low = middle + 1 } else { high = middle }
        }
        guard low < count else { return nil }
        let found = try entry(low)
        // Of one change the input comes first; a duplicate may have stored a mate alone.
        return found.sequence == sequence && found.kind == .resource ? found : nil
    }
}

/// The bytes of one original, read in pieces.
package struct OriginalRange: Sendable {
    private let file: File
    private let entry: OriginalEntry

    init(file: File, entry: OriginalEntry) {
        self.file = file
        self.entry = entry
    }

    package var digest: Digest { entry.digest }
    package var byteCount: UInt64 { entry.length }

    /// All of it, to be sent without a copy.
    package func bytes() throws -> LogBytes {
        try LogBytes(file, offset: entry.blockOffset, count: Int(entry.length))
    }

    /// Bytes from `offset` in the original; fewer than `count` only at its end.
    package func read(offset: UInt64, count: Int) throws -> [UInt8] {
        guard offset < entry.length else { return [] }
        return try file.read(
            at: entry.blockOffset + offset, count: Int(min(UInt64(count), entry.length - offset)))
    }
}
