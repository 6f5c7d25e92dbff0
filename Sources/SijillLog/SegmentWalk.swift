import SijillFiles
import SijillFormat

/// A change as it is found in a segment, with the entries that the indexes must have for it.
struct WalkedChange {
    let line: VerifiedLine
    let entry: IndexEntry
    /// Where its original and its mates stand in the WARC file; empty when it stored none.
    let originals: [OriginalEntry]
    /// The header of its original as it stands there, of an erased change; nil of any other, and in a mirror.
    let erasedHeader: [UInt8]?
    /// The line, with its newline.
    let bytes: [UInt8]

    var change: Change { line.change }
}

/// Bytes of a segment that are not the change that must stand there.
struct SegmentFault: Error {
    let offset: UInt64
    let message: String
}

/// Walks the changes of one segment in order and verifies each against all that is known before it is read: its
/// sequence, its log, the time of the one before, and everything that the line says about itself.
struct SegmentWalk {
    let log: LogID
    /// First sequence of the segment.
    let first: SequenceNumber
    private(set) var position: LogPosition
    private var lines: LineReader
    /// Path of the originals: an erased line no longer says how long the header of its original is. Nil in a mirror,
    /// which has none.
    private let originals: String?

    /// Walks from `position`, whose changes before it were verified, up to `end` or to the end of the file.
    init(
        _ file: File, originals: String?, log: LogID, from position: LogPosition, to end: UInt64? = nil
    ) throws(SystemError) {
        self.originals = originals
        self.log = log
        first = position.segment
        self.position = position
        lines = try LineReader(file, from: position.offset, to: end)
    }

    /// The next change; nil when the bytes end exactly where the last one did.
    ///
    /// - Throws: `SegmentFault` at the first byte sequence that is not the next change, `SystemError`.
    mutating func next() throws -> WalkedChange? {
        let offset = lines.offset
        guard let bytes = try lines.next() else { return nil }
        let line: VerifiedLine
        do {
            line = try VerifiedLine(bytes)
        } catch {
            throw SegmentFault(offset: offset, message: error.description)
        }
        let change = line.change
        guard change.sequence == position.sequence.next else {
            throw SegmentFault(
                offset: offset,
                message: "change \(position.sequence.next) is expected, \(change.sequence) stands there")
        }
        guard change.log == log else {
            throw SegmentFault(offset: offset, message: "a change of another log")
        }
        guard change.time >= position.time else {
            throw SegmentFault(
                offset: offset, message: "its time is before that of the change in front of it")
        }
        let entry = IndexEntry(
            offset: offset, time: change.time, layout: line.layout, leafHash: line.leafHash)
        let header = try erasedHeader(line)
        let originals = position.advance(
            over: change, entry: entry, headers: OriginalRecord.headers(of: change, own: header))
        return WalkedChange(
            line: line, entry: entry, originals: originals, erasedHeader: header, bytes: bytes)
    }
}

extension SegmentWalk {
    /// The header of an erased change's original, read from where it must stand; nil for a change that says it itself.
    private func erasedHeader(_ line: VerifiedLine) throws -> [UInt8]? {
        guard let originals, line.isErased, line.change.record.storesOriginal else { return nil }
        var offset = position.originalsOffset
        if line.change.sequence == first {
            let warcinfo = OriginalRecord.warcinfo(log: log, first: first, time: line.change.time)
            offset = UInt64(warcinfo.count)
        }
        let file = OriginalsFile(file: try File(originals, .read))
        guard let header = try file.erasedHeader(of: line.change, at: offset) else {
            throw SegmentFault(
                offset: position.offset,
                message:
                    "change \(line.change.sequence) is erased, and its original has no header in \(originals)"
            )
        }
        return header
    }
}

/// A place between two changes: how far segment and originals reach.
package struct LogPosition: Hashable, Sendable {
    /// First sequence of the segment, and of the originals file that belongs to it.
    package var segment: SequenceNumber
    /// Bytes of the segment before this place.
    package var offset: UInt64
    /// The change in front of this place.
    package var sequence: SequenceNumber
    /// Its time.
    package var time: Timestamp
    /// Bytes of the originals file before this place.
    package var originalsOffset: UInt64

    /// The beginning of a segment.
    package init(startOf segment: SequenceNumber, time: Timestamp = Timestamp(milliseconds: 0)) {
        self.segment = segment
        offset = 0
        sequence = SequenceNumber(segment.value - 1)
        self.time = time
        originalsOffset = 0
    }

    /// Goes on over a change of this segment; the entries of its original and its mates, when it stored any.
    ///
    /// - Parameter headers: those of the records that the change stored (`OriginalRecord.headers`).
    mutating func advance(over change: Change, entry: IndexEntry, headers: [[UInt8]]) -> [OriginalEntry] {
        if change.sequence == segment {
            let warcinfo = OriginalRecord.warcinfo(log: change.log, first: segment, time: change.time)
            originalsOffset = UInt64(warcinfo.count)
        }
        offset = entry.end
        sequence = change.sequence
        time = change.time
        let originals = OriginalEntry.entries(of: change, headers: headers, at: originalsOffset)
        originalsOffset = originals.last?.end ?? originalsOffset
        return originals
    }
}
