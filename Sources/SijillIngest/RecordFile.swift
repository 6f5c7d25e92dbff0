import SijillArticles
import SijillFiles
import SijillFormat

/// One record of a file of many, read and parsed.
struct ReadRecord: Sendable {
    let file: FileRecord
    let outcome: Arrival.Outcome
    /// The bytes of the file's mates, where the change may keep them.
    var mates: [[UInt8]] = []
    /// The record's bytes when it is rejected; nil when there were too many to keep.
    let rejectedBytes: [UInt8]?
}

/// The next records of a file.
struct Piece: Sendable {
    var records: [ReadRecord] = []
    /// The end of the file has been read.
    var isLast = false
    /// The file has no record at all, and is rejected as one.
    var wholeRejection: (FileRecord, Rejection)?
    /// Reading was broken off: the file is another one than when it was opened.
    var failure: IntakeResult?

    var bytes: Int { records.reduce(0) { $0 + Int(clamping: $1.file.bytes) } }
}

/// A file of many records while it is gone through, in pieces that keep memory bounded: lines that are streamed, or
/// the elements of an array that is in memory.
///
/// Used by one block of `sijill.intake` at a time; the pool sees to it.
final class RecordFile: @unchecked Sendable {
    // Invariant: `next` is called by one block at a time, and each is queued by the answer of the one before.

    /// A quarter of the inputs that may be in hand, so that the next piece is parsed while one is committed.
    static let pieceRecordsMax = 250
    static let pieceBytesMax = 8 << 20
    private static let chunkBytes = 256 << 10

    let taken: TakenFile
    let work: Work
    /// What was taken of it before the daemon ended, once the reader has found that it is the same file.
    private(set) var begun: Resumption.Begun?
    /// Sequences of changes that its inode has from before.
    let earlierSequences: SequenceRanges

    private enum Input {
        case lines(FileBytes, LineReader)
        case elements(Elements)
    }

    /// The elements of an array that is in memory, and what all are written in.
    struct Elements: Sendable {
        let bytes: [UInt8]
        let ranges: [Range<Int>]
        let encoding: String
    }

    /// What came with the file: it holds for every record, and is offered with each: the decision takes it once.
    struct Company: Sendable {
        let hints: InputHints
        let mates: Mates
        /// It was taken with a record before the daemon ended.
        var isTaken = false
    }

    private var input: Input
    private let reader: FileReader
    private var company: Company
    private var element = 0
    private var records: UInt64 = 0
    private var isChecked = false

    init(
        lines bytes: FileBytes, taken: TakenFile, work: Work, reader: FileReader, company: Company,
        begun: Resumption.Begun?
    ) {
        self.company = company
        self.taken = taken
        self.work = work
        self.reader = reader
        self.begun = begun
        earlierSequences = begun?.sequences ?? SequenceRanges()
        input = .lines(bytes, LineReader(lineBytesMax: reader.limits.lineBytesMax))
    }

    init(
        elements: Elements, taken: TakenFile, work: Work, reader: FileReader, company: Company,
        begun: Resumption.Begun?
    ) {
        self.company = company
        self.taken = taken
        self.work = work
        self.reader = reader
        self.begun = begun
        earlierSequences = begun?.sequences ?? SequenceRanges()
        input = .elements(elements)
    }

    /// Reads and parses the next records: at most `pieceRecordsMax`, or as many as have `pieceBytesMax`.
    func next() -> Piece {
        do throws(SystemError) {
            try resume()
            switch input {
            case .elements(let elements): return nextElements(elements)
            case .lines(let bytes, let lines): return try nextLines(bytes, lines)
            }
        } catch {
            return Piece(failure: .blocked)
        }
    }

    // MARK: Going on behind what was taken

    private func resume() throws(SystemError) {
        guard !isChecked else { return }
        isChecked = true
        defer {
            company.isTaken = begun?.keepsText ?? false
        }
        guard let last = begun?.last.file, let offset = last.offset else { return }
        switch input {
        case .elements(let all):
            guard let index = all.ranges.firstIndex(where: { UInt64($0.lowerBound) == offset }),
                Digest.of(all.bytes[all.ranges[index]]) == last.sha256
            else {
                begun = nil
                return
            }
            element = index + 1
        case .lines(let bytes, var lines):
            guard try lines.goOn(behind: last, in: bytes) else {
                begun = nil
                return
            }
            input = .lines(bytes, lines)
        }
    }

    /// A rejected record's bytes once more, after a restart; nil when they are too many to keep, or not there.
    ///
    /// Called while no block goes through the file.
    func bytes(of change: OpenChange, bytesMax: Int) -> [UInt8]? {
        guard let offset = change.file.offset, change.file.bytes <= bytesMax else { return nil }
        let count = Int(change.file.bytes)
        var record: [UInt8] = []
        switch input {
        case .elements(let all):
            guard offset <= UInt64(all.bytes.count) else { return nil }
            record = Array(all.bytes[Int(offset)...].prefix(count))
        case .lines(let bytes, _):
            guard (try? bytes.read(count, at: offset, into: &record)) != nil else { return nil }
        }
        return Digest.of(record) == change.file.sha256 ? record : nil
    }

    // MARK: Reading on

    private func nextElements(_ all: Elements) -> Piece {
        var piece = Piece()
        var size = 0
        while element < all.ranges.count, piece.records.count < RecordFile.pieceRecordsMax,
            size < RecordFile.pieceBytesMax
        {
            let range = all.ranges[element]
            element += 1
            size += range.count
            piece.records.append(
                parsed(
                    Array(all.bytes[range]), line: UInt64(element), offset: UInt64(range.lowerBound),
                    format: .json, encoding: all.encoding))
        }
        records += UInt64(piece.records.count)
        piece.isLast = element == all.ranges.count
        return piece
    }

    private func nextLines(_ bytes: FileBytes, _ start: LineReader) throws(SystemError) -> Piece {
        var lines = start
        while !lines.isAtEnd, lines.waiting.count <= RecordFile.pieceRecordsMax,
            lines.waitingBytes <= RecordFile.pieceBytesMax
        {
            try lines.readOn(bytes, RecordFile.chunkBytes)
        }
        let end = bytes.survey?.unpackedBytes ?? taken.status.bytes
        guard try bytes.descriptor.status().isUnchanged(since: taken.status),
            !lines.isAtEnd || lines.position == end
        else {
            guard work.handOut.isLastReading else { return Piece(failure: .changedWhileRead) }
            return Piece(isLast: true, wholeRejection: (whole(sha256: nil), .keepsChanging))
        }
        var piece = Piece()
        for line in lines.take(RecordFile.pieceRecordsMax) {
            switch line {
            case .record(let number, let offset, let record):
                piece.records.append(parsed(record, line: number, offset: offset, format: .jsonl))
            case .tooLarge(let number, let offset, let length, let digest):
                let max = UInt64(reader.limits.lineBytesMax)
                let rejection = Rejection.tooLarge("the line", bytes: length, max: max)
                piece.records.append(
                    ReadRecord(
                        file: self.record(length, digest, nil, .jsonl, number, offset),
                        outcome: .rejected(rejection.inRecord(line: number, offset: offset)),
                        rejectedBytes: nil))
            }
        }
        records += UInt64(piece.records.count)
        piece.isLast = lines.isAtEnd && lines.waiting.isEmpty
        if piece.isLast, records == 0, begun == nil {
            let file = whole(sha256: bytes.survey?.packedDigest ?? lines.digest)
            piece.wholeRejection = (file, Rejection.noRecords)
        }
        input = .lines(bytes, lines)
        return piece
    }

    private func parsed(
        _ bytes: [UInt8], line: UInt64, offset: UInt64, format: ArticleFormat, encoding: String? = nil
    ) -> ReadRecord {
        do throws(Rejection) {
            let draft = try reader.articles.draft(
                bytes, format: format, encoding: encoding, hints: company.hints)
            var file = record(UInt64(bytes.count), draft.raw, draft.encoding, format, line, offset)
            file.mates = company.mates.records(isKept: !company.isTaken)
            let mates = company.isTaken ? [] : company.mates.bytes
            return ReadRecord(
                file: file, outcome: .draft(draft, bytes: bytes), mates: mates, rejectedBytes: nil)
        } catch {
            let file = record(UInt64(bytes.count), Digest.of(bytes), nil, format, line, offset)
            return ReadRecord(
                file: file, outcome: .rejected(error.inRecord(line: line, offset: offset)),
                rejectedBytes: bytes)
        }
    }

    /// The file as one input.
    private func whole(sha256: Digest?) -> FileRecord {
        let (name, nameBytes) = work.name
        return FileRecord(
            name: name, nameBytes: nameBytes, source: work.source, bytes: taken.status.bytes, sha256: sha256,
            format: ArticleFormat(fileName: work.handOut.key.name)?.rawValue, inode: taken.status.inode,
            mates: company.mates.records(isKept: false))
    }

    private func record(
        _ bytes: UInt64, _ digest: Digest, _ encoding: String?, _ format: ArticleFormat, _ line: UInt64,
        _ offset: UInt64
    ) -> FileRecord {
        let (name, nameBytes) = work.name
        return FileRecord(
            name: name, nameBytes: nameBytes, source: work.source, bytes: bytes, sha256: digest,
            encoding: encoding,
            format: format.rawValue, inode: taken.status.inode, line: line, offset: offset)
    }
}

/// Reads a JSONL file chunk by chunk into lines.
struct LineReader: Sendable {
    private(set) var waiting: [LineSplitter.Line] = []
    private(set) var waitingBytes = 0
    private(set) var isAtEnd = false
    /// Offset of the next byte to read.
    private(set) var position: UInt64 = 0

    private let lineBytesMax: Int
    private var splitter: LineSplitter
    private var hasher = DigestBuilder()

    init(lineBytesMax: Int) {
        self.lineBytesMax = lineBytesMax
        splitter = LineSplitter(lineBytesMax: lineBytesMax)
    }

    /// Of all bytes read; the file's own when reading began at its beginning and `isAtEnd`.
    var digest: Digest {
        let copy = hasher
        return copy.finish()
    }

    mutating func readOn(_ bytes: FileBytes, _ count: Int) throws(SystemError) {
        var chunk: [UInt8] = []
        if try bytes.read(count, at: position, into: &chunk) == 0 {
            isAtEnd = true
            if let line = splitter.finish() { add([line]) }
            return
        }
        position += UInt64(chunk.count)
        // Wanted only for a file without any record, which is small or strange.
        if waiting.isEmpty { hasher.add(chunk) }
        add(splitter.add(chunk))
    }

    private mutating func add(_ lines: [LineSplitter.Line]) {
        waiting += lines
        for case .record(_, _, let bytes) in lines { waitingBytes += bytes.count }
    }

    /// Up to `count` of the lines read, but never the last one before the end is known: it may be the file's last.
    mutating func take(_ count: Int) -> [LineSplitter.Line] {
        let available = isAtEnd ? waiting.count : max(0, waiting.count - 1)
        let lines = Array(waiting.prefix(min(count, available)))
        waiting.removeFirst(lines.count)
        for case .record(_, _, let bytes) in lines { waitingBytes -= bytes.count }
        return lines
    }

    /// Begins behind a record that was taken, when it still lies there with the same digest.
    mutating func goOn(behind last: FileRecord, in bytes: FileBytes) throws(SystemError) -> Bool {
        guard let offset = last.offset, let number = last.line, let wanted = last.sha256 else { return false }
        var digest = DigestBuilder()
        var left = last.bytes
        var place = offset
        while left > 0 {
            var chunk: [UInt8] = []
            let got = try bytes.read(Int(min(left, 256 << 10)), at: place, into: &chunk)
            if got == 0 { return false }
            digest.add(chunk)
            place += UInt64(got)
            left -= UInt64(got)
        }
        guard digest.finish() == wanted else { return false }
        // Behind the record stands its line's end, or nothing.
        var end: [UInt8] = []
        _ = try bytes.read(2, at: place, into: &end)
        if end.first == UInt8(ascii: "\r") { place += 1 }
        if end.contains(UInt8(ascii: "\n")) { place += 1 }
        splitter = LineSplitter(lineBytesMax: lineBytesMax, number: number + 1, offset: place)
        position = place
        return true
    }
}
