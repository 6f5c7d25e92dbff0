import SijillFiles
import SijillFormat

/// What can still be read of a damaged log: every original whose bytes have their digest, wherever it stands.
///
/// Nothing is written, and nothing is trusted: a record that is not whole is passed over, and the search goes on at
/// the next one.
package struct LogSalvage {
    /// An input that can be taken in again.
    package struct Found {
        package let sequence: SequenceNumber
        package let bytes: [UInt8]
        /// Nil where the change cannot be read any more.
        package let file: FileRecord?
        /// As the WARC header says it, without parameters; empty where it does not.
        package let mediaType: String
        /// Whether its article was withdrawn: it must not come back by itself.
        package let isWithdrawn: Bool
    }

    private let directory: DataDirectory
    private var files: [UInt64: FileRecord] = [:]
    private var articles: [UInt64: ArticleID] = [:]
    private var withdrawn: Set<ArticleID> = []
    /// Records that are not whole, and lines that are no changes.
    package private(set) var lostCount = 0

    /// Reads every line that is a change. `directory` is where the damaged log lies.
    package init(_ directory: DataDirectory) throws {
        self.directory = directory
        for name in try DirectoryListing.names(directory.log) where name.hasSuffix(".ndjson") {
            var lines = try LineReader(try File("\(directory.log)/\(name)", .read), from: 0)
            while let line = try lines.next() { read(line) }
        }
    }

    private mutating func read(_ line: [UInt8]) {
        guard let verified = try? VerifiedLine(line) else {
            lostCount += 1
            return
        }
        let (sequence, record) = (verified.change.sequence.value, verified.change.record)
        if case .withdrawn(let withdrawal) = record {
            if withdrawal.isUndo {
                withdrawn.remove(withdrawal.article)
            } else {
                withdrawn.insert(withdrawal.article)
            }
        } else {
            files[sequence] = record.file
            articles[sequence] = record.article
        }
    }

    /// Hands on every original that is whole. Erased ones are not: their digests do not fit.
    package mutating func originals(_ found: (Found) throws -> Void) throws {
        for name in try DirectoryListing.names(directory.originals) where name.hasSuffix(".warc") {
            let file = try File("\(directory.originals)/\(name)", .read)
            let size = try file.size()
            var offset: UInt64 = 0
            while offset < size {
                guard let record = try Self.record(file, at: offset, size: size) else {
                    lostCount += 1
                    offset = try Self.next(file, after: offset, size: size)
                    continue
                }
                offset = record.end
                guard let sequence = record.sequence else { continue }
                let bytes = try file.read(at: record.block, count: Int(record.length))
                let isErased = bytes.allSatisfy { $0 == 0x20 }
                guard "sha256:" + Base32.padded(Digest.of(bytes).data) == record.digest else {
                    lostCount += isErased ? 0 : 1
                    continue
                }
                let article = articles[sequence.value]
                try found(
                    Found(
                        sequence: sequence, bytes: bytes, file: files[sequence.value],
                        mediaType: record.mediaType,
                        isWithdrawn: article.map(withdrawn.contains) ?? false))
            }
        }
    }

    private struct Record {
        let block: UInt64
        let length: UInt64
        /// Of a `resource` record.
        let sequence: SequenceNumber?
        let digest: String
        let mediaType: String
        var end: UInt64 { block + length + UInt64(OriginalRecord.closing.count) }
    }

    private static let mark = Array("WARC/1.1\r\n".utf8)
    private static let headerBytesMax = 32 << 10

    /// The record that begins at `offset`; nil when none does that ends within the file.
    private static func record(_ file: File, at offset: UInt64, size: UInt64) throws(SystemError) -> Record? {
        let head = try file.read(at: offset, count: headerBytesMax)
        guard head.starts(with: mark),
            let end = head.indices.first(where: { head[$0...].starts(with: OriginalRecord.closing) })
        else { return nil }
        var fields: [Substring: Substring] = [:]
        let text = String(decoding: head[..<end], as: UTF8.self)
        for line in text.split(separator: "\r\n") {
            if let colon = line.firstRange(of: ": ") {
                fields[line[..<colon.lowerBound]] = line[colon.upperBound...]
            }
        }
        guard let length = fields["Content-Length"].flatMap({ Decimal.value($0.utf8) }) else { return nil }
        let id = fields["WARC-Record-ID"]?.dropLast().split(separator: ":").last
        let isOriginal = fields["WARC-Type"] == "resource"
        let record = Record(
            block: offset + UInt64(end + OriginalRecord.closing.count), length: length,
            sequence: isOriginal ? id.flatMap { SequenceNumber(padded: $0.utf8) } : nil,
            digest: fields["WARC-Block-Digest"].map(String.init) ?? "",
            mediaType: fields["Content-Type"]?.split(separator: ";").first.map(String.init) ?? "")
        return record.end <= size ? record : nil
    }

    /// Where the next record may begin; the end of the file when there is none.
    private static func next(_ file: File, after offset: UInt64, size: UInt64) throws(SystemError) -> UInt64 {
        var start = offset + 1
        while start < size {
            let piece = try file.read(at: start, count: 1 << 20)
            if let found = piece.indices.first(where: { piece[$0...].starts(with: mark) }) {
                return start + UInt64(found)
            }
            if piece.count <= mark.count { break }
            start += UInt64(piece.count - mark.count)
        }
        return size
    }
}
