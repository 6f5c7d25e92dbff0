import SijillFiles
import SijillFormat

/// Reads and verifies a WARC file of originals against the changes that wrote it.
struct OriginalsFile {
    let file: File

    private static let pieceBytes = 1 << 20

    /// What stands at the places of a change's original and mates.
    enum Found {
        /// All are whole, byte for byte; or the change stored none.
        case sound
        /// These are nothing but spaces: sound where a withdrawal lists them. The others are whole.
        case erased([OriginalEntry])
        case wrong(SegmentFault)
    }

    /// What stands at the places of the original of `walked` and of its mates.
    func find(_ walked: WalkedChange) throws(SystemError) -> Found {
        // The header of an erased change's original was verified when the walk read it.
        let headers = OriginalRecord.headers(of: walked.change, own: walked.line.isErased ? [] : nil)
        var erased: [OriginalEntry] = []
        for (entry, header) in zip(walked.originals, headers) {
            guard let fault = try fault(of: entry, header) else { continue }
            guard try isErased(entry, walked) else { return .wrong(fault) }
            erased.append(entry)
        }
        return erased.isEmpty ? .sound : .erased(erased)
    }

    private func fault(of entry: OriginalEntry, _ header: [UInt8]) throws(SystemError) -> SegmentFault? {
        if let place = try mismatch(header, at: entry.offset) {
            return SegmentFault(offset: place, message: "the header is not that of change \(entry.sequence)")
        }
        guard try digest(of: entry) == entry.digest else {
            return SegmentFault(
                offset: entry.blockOffset,
                message: "the bytes do not have the digest that change \(entry.sequence) gives")
        }
        if let place = try mismatch(OriginalRecord.closing, at: entry.blockOffset + entry.length) {
            return SegmentFault(offset: place, message: "the record of change \(entry.sequence) does not end")
        }
        return nil
    }

    /// The header of a change whose content was erased, at `offset`: all of it follows from the change but the URL, which
    /// nothing else holds any more. Nil when it does not stand there.
    func erasedHeader(of change: Change, at offset: UInt64) throws(SystemError) -> [UInt8]? {
        let expected = OriginalRecord.header(of: change)
        let field = Array("\r\nWARC-Target-URI: ".utf8)
        let found = try file.read(at: offset, count: expected.count + 3 * Limits.urlBytesMax)
        guard let start = Self.end(of: field, in: expected), found.starts(with: expected[..<start]),
            let foundEnd = found[start...].firstIndex(of: 0x0D),
            let end = expected[start...].firstIndex(of: 0x0D)
        else { return nil }
        let isURL = found[start..<foundEnd].allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isURL, found[foundEnd...].starts(with: expected[end...]) else { return nil }
        return Array(found[..<(foundEnd + expected.count - end)])
    }

    private static func end(of field: [UInt8], in header: [UInt8]) -> Int? {
        header.indices.first { header[$0...].starts(with: field) }.map { $0 + field.count }
    }

    /// Whether header and end stand there and all between them is spaces.
    private func isErased(_ entry: OriginalEntry, _ walked: WalkedChange) throws(SystemError) -> Bool {
        guard entry.length > 0, walked.line.isErased,
            try mismatch(OriginalRecord.closing, at: entry.blockOffset + entry.length) == nil
        else { return false }
        var done: UInt64 = 0
        while done < entry.length {
            let count = Int(min(UInt64(Self.pieceBytes), entry.length - done))
            let piece = try file.read(at: entry.blockOffset + done, count: count)
            guard !piece.isEmpty, piece.allSatisfy({ $0 == 0x20 }) else { return false }
            done += UInt64(piece.count)
        }
        return true
    }

    /// What is wrong with the `warcinfo` that the file must begin with.
    func faultOfWarcinfo(first change: Change) throws(SystemError) -> SegmentFault? {
        let expected = OriginalRecord.warcinfo(log: change.log, first: change.sequence, time: change.time)
        return try mismatch(expected, at: 0).map {
            SegmentFault(offset: $0, message: "the warcinfo is damaged")
        }
    }

    /// Offset of the first byte that is not as in `expected`; nil when all are.
    private func mismatch(_ expected: [UInt8], at offset: UInt64) throws(SystemError) -> UInt64? {
        let found = try file.read(at: offset, count: expected.count)
        if found == expected { return nil }
        let same = zip(found, expected).prefix { $0 == $1 }.count
        return offset + UInt64(same)
    }

    private func digest(of entry: OriginalEntry) throws(SystemError) -> Digest {
        var builder = DigestBuilder()
        var done: UInt64 = 0
        while done < entry.length {
            let count = Int(min(UInt64(Self.pieceBytes), entry.length - done))
            let piece = try file.read(at: entry.blockOffset + done, count: count)
            if piece.isEmpty { break }
            builder.add(piece)
            done += UInt64(piece.count)
        }
        return builder.finish()
    }
}
