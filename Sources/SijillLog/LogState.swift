import SijillFiles
import SijillFormat

/// `log/state`: how far the log was known to be durable when it was last written. One JSON line (DESIGN §6).
///
/// Replaced durably at most once a second under load, at once when idle, and at a clean stop. It is never ahead of
/// the log: what lies behind its offsets is verified and copied at the next start, what lies before them must be
/// there.
package struct LogState: Hashable, Sendable {
    package var log: LogID
    /// First sequence of the segment that was being written.
    package var segment: SequenceNumber
    /// Bytes of that segment.
    package var offset: UInt64
    /// The last change in those bytes; that of the segments before when there are none.
    package var sequence: SequenceNumber
    /// First sequence of the originals file that was being written.
    package var originals: SequenceNumber
    package var originalsOffset: UInt64
    /// Changes whose files may still lie in the inbox.
    package var open: OpenSequences
    /// Whether the log has a signed checkpoint. Not before the tree is built.
    package var signed: Bool
    /// The log is written elsewhere and this directory is a copy of it, without originals. Only `MirrorLog` writes it.
    package var isMirror = false

    /// The state of a log that is about to be made.
    package init(log: LogID) {
        self.log = log
        segment = SequenceNumber(1)
        offset = 0
        sequence = .none
        originals = SequenceNumber(1)
        originalsOffset = 0
        open = OpenSequences()
        signed = false
    }

    /// The line, `sum` being the SHA-256 of all that stands before its member.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 512)
        writer.append("{\"format\":\(SijillFormat.directoryVersion),\"log\":\"\(log)\"")
        writer.append(",\"segment\":\(segment.value),\"offset\":\(offset),\"sequence\":\(sequence.value)")
        writer.append(",\"warc\":\(originals.value),\"warc_offset\":\(originalsOffset)")
        writer.append(",\"done\":\(open.done(tip: sequence).value),\"open\":[")
        for (position, range) in open.ranges.enumerated() {
            writer.append("\(position > 0 ? "," : "")[\(range.lowerBound),\(range.upperBound)]")
        }
        writer.append("],\"signed\":\(signed)")
        if isMirror { writer.append(",\"mirror\":true") }
        let sum = Digest.of(writer.bytes)
        writer.append(",\"sum\":\"\(sum.hex)\"}\n")
        return writer.bytes
    }

    /// Reads the line in the file at `path`; nil when there is no file.
    ///
    /// - Throws: `SijillError` with `.damaged` when it is not what was written, `.configuration` when it is of
    ///   another version.
    package static func read(_ path: String) throws -> LogState? {
        guard let bytes = try File.contents(path) else { return nil }
        let marker = Array(",\"sum\":\"".utf8)
        guard let sumStart = bytes.indices.last(where: { bytes[$0...].starts(with: marker) }),
            let value = try? JSONParser.parse(bytes),
            value["sum"]?.text == Digest.of(bytes[..<sumStart]).hex
        else { throw damaged(path, "its sum does not fit its bytes") }
        // `format` and `sum` mean the same in every format.
        guard value["format"] == .number(String(SijillFormat.directoryVersion)) else {
            let found = if case .number(let literal)? = value["format"] { literal } else { "none" }
            throw SijillError(
                .configuration,
                "\(path) is of format \(found); this version of sijilld knows format \(SijillFormat.directoryVersion)",
                remedy: "use the version of sijilld that wrote it, or a later one; nothing was changed")
        }
        guard let state = LogState(value), state.encoded == bytes else {
            throw damaged(path, "a member is wrong")
        }
        return state
    }

    private init?(_ value: JSONValue) {
        func number(_ name: String) -> UInt64? {
            guard case .number(let literal)? = value[name] else { return nil }
            return Decimal.value(literal.utf8)
        }
        guard let log = (value["log"]?.text).flatMap({ LogID($0) }), let segment = number("segment"),
            let offset = number("offset"), let sequence = number("sequence"), let originals = number("warc"),
            let originalsOffset = number("warc_offset"), case .bool(let signed)? = value["signed"],
            case .array(let pairs)? = value["open"], let open = OpenSequences(pairs: pairs),
            segment >= 1, segment <= sequence + 1, originals == segment
        else { return nil }
        self.log = log
        self.segment = SequenceNumber(segment)
        self.offset = offset
        self.sequence = SequenceNumber(sequence)
        self.originals = SequenceNumber(originals)
        self.originalsOffset = originalsOffset
        self.open = open
        self.signed = signed
        isMirror = value["mirror"] == .bool(true)
    }

    private static func damaged(_ path: String, _ what: String) -> SijillError {
        SijillError(
            .damaged, "\(path) is damaged at byte 0: \(what)",
            remedy: "restore the data directory from a backup; nothing was changed")
    }
}

extension OpenSequences {
    fileprivate init?(pairs: [JSONValue]) {
        var ranges: [ClosedRange<UInt64>] = []
        for pair in pairs {
            guard case .array(let ends) = pair, ends.count == 2, case .number(let first) = ends[0],
                case .number(let last) = ends[1], let lower = Decimal.value(first.utf8),
                let upper = Decimal.value(last.utf8), lower <= upper
            else { return nil }
            ranges.append(lower...upper)
        }
        self.init(ranges: ranges)
    }
}
