import SijillFormat

/// The WARC 1.1 record (ISO 28500) that keeps an input's bytes as they arrived.
///
/// Everything but the block is a pure function of the change, so the place of every original follows from the
/// changes alone, and a header with a flipped bit is found by making it again.
package enum OriginalRecord {
    /// What stands behind every block.
    package static let closing: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]

    /// The header of the `resource` record that `change` stored, up to and with the empty line.
    ///
    /// The change must store an original (`Record.storesOriginal`), so it has a digest.
    package static func header(of change: Change) -> [UInt8] {
        let file = change.record.file
        var header = start(
            type: "resource", id: "\(change.log.urn):\(change.sequence.padded)", time: change.time)
        header.field("WARC-Target-URI", targetURI(of: change))
        header.field("WARC-Block-Digest", blockDigest(file.sha256!))
        header.field("Content-Type", contentType(of: file))
        header.field("Content-Length", String(file.bytes))
        header.endOfFields()
        return header.bytes
    }

    /// The header of the `metadata` record that keeps a mate of the change's input: it refers to the `resource`
    /// record of the input's bytes, which an earlier change may have stored. It follows from the record part alone, so
    /// an erasure leaves it as it is.
    ///
    /// - Parameter number: 1 for the first mate that the change keeps.
    package static func header(of mate: Mate, number: Int, in change: Change) -> [UInt8] {
        var header = start(
            type: "metadata", id: "\(change.log.urn):\(change.sequence.padded):mate\(number)",
            time: change.time)
        var resource = change.sequence
        if case .duplicated(let duplicated) = change.record, !change.record.storesOriginal {
            resource = duplicated.of.sequence
        }
        header.field("WARC-Refers-To", "<\(change.log.urn):\(resource.padded)>")
        header.field("WARC-Block-Digest", blockDigest(mate.sha256))
        header.field("Content-Type", "application/json")
        header.field("Content-Length", String(mate.bytes))
        header.endOfFields()
        return header.bytes
    }

    /// The headers of all records that the change stored, in their order: of its input's bytes, then of its mates.
    ///
    /// - Parameter own: that of the input's bytes, where the change no longer says it: its content was erased.
    package static func headers(of change: Change, own: [UInt8]? = nil) -> [[UInt8]] {
        let first = change.record.storesOriginal ? [own ?? header(of: change)] : []
        return first
            + change.record.keptMates.enumerated().map { position, mate in
                header(of: mate, number: position + 1, in: change)
            }
    }

    /// The `warcinfo` record that a file begins with: of the log and the first change in the file.
    package static func warcinfo(log: LogID, first: SequenceNumber, time: Timestamp) -> [UInt8] {
        let block = Array(
            """
            software: sijilld\r
            format: WARC File Format 1.1\r
            conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r

            """.utf8)
        var record = start(type: "warcinfo", id: "\(log.urn):warcinfo:\(first.padded)", time: time)
        record.field("WARC-Filename", "\(Decimal.padded(first.value, width: 20)).warc")
        record.field("WARC-Block-Digest", blockDigest(Digest.of(block)))
        record.field("Content-Type", "application/warc-fields")
        record.field("Content-Length", String(block.count))
        record.endOfFields()
        record.append(block)
        record.append(closing)
        return record.bytes
    }

    /// The media type that an original is kept and served under.
    package static func contentType(of file: FileRecord) -> String {
        // A whole file under such a name was read as gzip or not at all; a record of one was unpacked.
        if file.offset == nil, gzipEnds.contains(Array(file.name.utf8.suffix(3))) {
            return "application/gzip"
        }
        switch file.format {
        case "json", "jsonl": return "application/json"
        case "html": return "text/html; charset=\(file.encoding ?? "utf-8")"
        default: return "text/plain; charset=\(file.encoding ?? "utf-8")"
        }
    }

    private static let gzipEnds = Set([".gz", ".GZ", ".Gz", ".gZ"].map { Array($0.utf8) })

    private static func start(type: String, id: String, time: Timestamp) -> ByteWriter {
        var header = ByteWriter(capacity: 512)
        header.append("WARC/1.1\r\n" as StaticString)
        header.field("WARC-Type", type)
        header.field("WARC-Record-ID", "<\(id)>")
        header.field("WARC-Date", time.rfc3339)
        return header
    }

    /// `sha256:` and upper-case base 32 with padding: the form that existing WARC tools check.
    private static func blockDigest(_ digest: Digest) -> String { "sha256:" + Base32.padded(digest.data) }

    private static func targetURI(of change: Change) -> String {
        if let url = change.content.url { return percentEscaped(Array(url.utf8), keeping: uriCharacters) }
        let file = change.record.file
        return "urn:sijill:file:"
            + percentEscaped(file.nameBytes ?? Array(file.name.utf8), keeping: unreserved)
    }

    /// RFC 3986 §2.3, for each byte whether it is one of these.
    private static let unreserved = table(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    /// The same with §2.2 and `%`: everything that a URI is made of.
    private static let uriCharacters = zip(unreserved, table(":/?#[]@!$&'()*+,;=%")).map { $0 || $1 }
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func table(_ characters: String) -> [Bool] {
        (UInt8.min...UInt8.max).map { characters.utf8.contains($0) }
    }

    private static func percentEscaped(_ bytes: [UInt8], keeping kept: [Bool]) -> String {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(bytes.count)
        for byte in bytes {
            if kept[Int(byte)] {
                escaped.append(byte)
            } else {
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}

extension ByteWriter {
    fileprivate mutating func field(_ name: StaticString, _ value: String) {
        append(name)
        append(": " as StaticString)
        append(value)
        endOfFields()
    }

    fileprivate mutating func endOfFields() { append("\r\n" as StaticString) }
}

/// One entry of the index beside a WARC file: 64 bytes, little-endian.
///
/// | bytes | what |
/// |---|---|
/// | 0–31 | SHA-256 of the block |
/// | 32–39 | offset of the record in the file |
/// | 40–43 | length of the record's header |
/// | 44–47 | 0 for a `resource` record, 1 for a `metadata` record |
/// | 48–55 | length of the block |
/// | 56–63 | sequence of the change that stored it |
///
/// Entries stand in the order of the records, so sequences never go down, and of one change the input comes first.
package struct OriginalEntry: Hashable, Sendable {
    package enum Kind: UInt32, Hashable, Sendable {
        /// The input's bytes.
        case resource = 0
        /// A mate's.
        case metadata = 1
    }

    package var kind = Kind.resource
    package var digest: Digest
    package var offset: UInt64
    package var headerLength: UInt32
    package var length: UInt64
    package var sequence: SequenceNumber

    package static let bytes = 64

    package init(
        digest: Digest, offset: UInt64, headerLength: UInt32, length: UInt64, sequence: SequenceNumber
    ) {
        self.digest = digest
        self.offset = offset
        self.headerLength = headerLength
        self.length = length
        self.sequence = sequence
    }

    /// The entries of the records that `change` stored, the first one at `offset`; `headers` are theirs.
    static func entries(of change: Change, headers: [[UInt8]], at offset: UInt64) -> [OriginalEntry] {
        let file = change.record.file
        // Only a change with a digest stores an original.
        var blocks = change.record.storesOriginal ? [(Kind.resource, file.sha256!, file.bytes)] : []
        blocks += change.record.keptMates.map { (Kind.metadata, $0.sha256, $0.bytes) }
        var place = offset
        return zip(blocks, headers).map { block, header in
            var entry = OriginalEntry(
                digest: block.1, offset: place, headerLength: UInt32(header.count), length: block.2,
                sequence: change.sequence)
            entry.kind = block.0
            place = entry.end
            return entry
        }
    }

    /// Where the block begins in the file.
    package var blockOffset: UInt64 { offset + UInt64(headerLength) }

    /// Where the record ends: the offset of the next one.
    package var end: UInt64 { blockOffset + length + UInt64(OriginalRecord.closing.count) }

    package func encode(into writer: inout ByteWriter) {
        writer.append(digest.data)
        writer.littleEndian(offset)
        writer.littleEndian(headerLength)
        writer.littleEndian(kind.rawValue)
        writer.littleEndian(length)
        writer.littleEndian(sequence.value)
    }

    /// Reads the entry at `start`; nil when fewer than 64 bytes follow or they cannot be an entry.
    package init?(_ bytes: [UInt8], at start: Int = 0) {
        guard start + OriginalEntry.bytes <= bytes.count,
            let digest = Digest(bytes: bytes[start..<start + 32])
        else {
            return nil
        }
        let raw = bytes.span.bytes
        func word<Word: FixedWidthInteger & BitwiseCopyable>(_ at: Int, as type: Word.Type) -> Word {
            Word(littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: start + at, as: Word.self))
        }
        guard let kind = Kind(rawValue: word(44, as: UInt32.self)) else { return nil }
        self.init(
            digest: digest, offset: word(32, as: UInt64.self), headerLength: word(40, as: UInt32.self),
            length: word(48, as: UInt64.self), sequence: SequenceNumber(word(56, as: UInt64.self)))
        self.kind = kind
    }
}
