import NIOCore
import SijillFormat
import SijillLog

/// A run of bytes to send: bytes of a segment, or a few of our own between them.
enum Span: Equatable {
    case segment(SequenceNumber, offset: UInt64, count: Int)
    case literal(StaticBytes)

    var count: Int {
        switch self {
        case .segment(_, _, let count): count
        case .literal(let bytes): bytes.bytes.count
        }
    }
}

/// The few bytes that a page adds to those of the log.
enum StaticBytes: String {
    case closing = "}}"
    case closingLine = "}}\n"
    case arrayStart = "[\n"
    case comma = ",\n"
    case arrayEnd = "]\n"
    case lastLine = "\n"
    case eventID = "id: "
    case eventData = "\ndata: "
    case eventEnd = "\n\n"

    var bytes: String.UTF8View { rawValue.utf8 }
}

/// Changes as the bytes that leave the server: what to read where, worked out from index entries alone.
///
/// Nothing is parsed. Whole lines that follow each other in a segment are one span.
struct Spans {
    private(set) var spans: [Span] = []
    /// Bytes of all spans: the length of the body.
    private(set) var byteCount = 0

    /// `entries` as lines or as one JSON array, without what `omission` names.
    init(_ entries: some Sequence<LocatedEntry>, form: ChangesRequest.Form, omission: ChangesRequest.Omission)
    {
        switch form {
        case .lines:
            for entry in entries { appendLine(entry, omission) }
        case .array:
            append(.literal(.arrayStart))
            var isFirst = true
            for entry in entries {
                if !isFirst { append(.literal(.comma)) }
                isFirst = false
                appendElement(entry, omission)
            }
            if !isFirst { append(.literal(.lastLine)) }
            append(.literal(.arrayEnd))
        case .events:
            for entry in entries { appendEvent(entry, omission) }
        }
    }

    /// Bytes of one segment as they are.
    init(segment: SequenceNumber, _ bytes: Range<Int>) {
        append(.segment(segment, offset: UInt64(bytes.lowerBound), count: bytes.count))
    }

    /// Bytes of one change as a line, with its newline.
    static func lineBytes(_ entry: IndexEntry, _ omission: ChangesRequest.Omission) -> Int {
        switch omission {
        case .none: entry.layout.length
        case .text: entry.layout.textStart + StaticBytes.closingLine.bytes.count
        case .content: entry.layout.leafEnd + StaticBytes.closingLine.bytes.count
        }
    }

    private mutating func appendLine(_ located: LocatedEntry, _ omission: ChangesRequest.Omission) {
        if omission == .none {
            append(
                .segment(located.segment, offset: located.entry.offset, count: located.entry.layout.length))
        } else {
            appendElement(located, omission)
            append(.literal(.lastLine))
        }
    }

    /// A change as one event, its id being the cursor that stands in the line (contract: feed §4).
    private mutating func appendEvent(_ located: LocatedEntry, _ omission: ChangesRequest.Omission) {
        append(.literal(.eventID))
        append(
            .segment(
                located.segment, offset: located.entry.offset + UInt64(LogReader.idOffset),
                count: Cursor.bytes))
        append(.literal(.eventData))
        appendElement(located, omission)
        append(.literal(.eventEnd))
    }

    /// A change without its newline.
    private mutating func appendElement(_ located: LocatedEntry, _ omission: ChangesRequest.Omission) {
        let layout = located.entry.layout
        let kept =
            switch omission {
            case .none: layout.length - 1
            case .text: layout.textStart
            case .content: layout.leafEnd
            }
        append(.segment(located.segment, offset: located.entry.offset, count: kept))
        if omission != .none { append(.literal(.closing)) }
    }

    private mutating func append(_ span: Span) {
        byteCount += span.count
        if case .segment(let segment, let offset, let count) = span,
            case .segment(let lastSegment, let lastOffset, let lastCount) = spans.last,
            segment == lastSegment, lastOffset + UInt64(lastCount) == offset
        {
            spans[spans.count - 1] = .segment(segment, offset: lastOffset, count: lastCount + count)
        } else {
            spans.append(span)
        }
    }
}

/// Reads spans in pieces of bounded size, from the file into the buffer that goes to the socket.
struct SpanReader {
    private let spans: [Span]
    private let reader: LogReader
    private var next = 0
    /// Bytes of `spans[next]` that earlier pieces took.
    private var taken = 0
    private let pieceBytes: Int

    init(_ spans: Spans, _ reader: LogReader, pieceBytes: Int = FeedLimits.pieceBytes) {
        self.spans = spans.spans
        self.reader = reader
        self.pieceBytes = pieceBytes
    }

    /// Whether all bytes were given out.
    var isAtEnd: Bool { next == spans.count }

    /// The bytes of a segment that are next, where there are so many of them; they count as given out.
    mutating func takeRun(bytesMin: Int) throws -> LogBytes? {
        guard next < spans.count, case .segment(let segment, let offset, let count) = spans[next],
            count - taken >= bytesMin
        else { return nil }
        defer {
            next += 1
            taken = 0
        }
        return try reader.bytes(segment: segment, offset: offset + UInt64(taken), count: count - taken)
    }

    /// Adds the next bytes to `buffer`, until it has `pieceBytes` or nothing is left.
    ///
    /// - Parameter waits: Whether to wait for the disk: it blocks then.
    /// - Returns: False where it does not wait and would have to; what was there was added.
    mutating func fill(_ buffer: inout ByteBuffer, waits: Bool) throws -> Bool {
        while next < spans.count, buffer.readableBytes < pieceBytes {
            switch spans[next] {
            case .literal(let bytes):
                buffer.writeBytes(bytes.bytes)
                next += 1
            case .segment(let segment, let offset, let count):
                let wanted = min(count - taken, pieceBytes - buffer.readableBytes)
                let place = offset + UInt64(taken)
                let reader = reader
                let added = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { room in
                    try reader.read(
                        segment: segment, offset: place,
                        into: UnsafeMutableRawBufferPointer(rebasing: room[..<wanted]), waits: waits)
                }
                taken += added
                if taken == count {
                    next += 1
                    taken = 0
                }
                if added == wanted { continue }
                if !waits { return false }
                throw SijillError(
                    .damaged, "segment \(segment) is shorter than its index at byte \(place)",
                    remedy: "run 'sijilld check'")
            }
        }
        return true
    }
}
