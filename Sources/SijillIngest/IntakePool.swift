import Dispatch
import SijillArticles
import SijillFormat

/// Bounds of what is between the inbox and the ledger.
package struct IntakeLimits: Hashable, Sendable {
    /// Blocks that read and parse at a time.
    package var workers = 2
    /// Inputs in hand: handed out and not yet durable.
    package var inputsMax = 1_000
    /// Bytes in hand, drafts weighed with what they cost beside their bytes. One bigger file may be in hand alone.
    package var bytesMax = 32 << 20
    /// JSONL files over `FileReader.smallBytesMax` that are streamed at a time.
    package var streamsMax = 2

    package init() {}
}

/// What a block of `sijill.intake` answers.
enum IntakeReport: Sendable {
    case read(Work, Reading)
    /// The next records of a file of many. `isWhole`: all of them, and its ticket is still waited for.
    case piece(RecordFile, Piece, isWhole: Bool)
    /// The block had read enough before it came to these.
    case left([Work])
}

/// Hands files to at most `workers` blocks at a time and keeps what is in hand within bounds.
///
/// A struct of the inbox's queue: it is told what comes and goes, and says which block is to run next. Nothing in it
/// waits. Small files go many to a block, so that queues are crossed per batch; a big one goes alone; a file of many
/// records goes piece by piece, each when there is room for it.
struct IntakePool {
    /// One block for a worker.
    enum Job: Sendable {
        case files([Work])
        case large(Work)
        case piece(RecordFile)
    }

    private static let filesPerBlock = 32
    /// Bytes after which a block gives back the files it has not come to.
    static let blockBytesMax = 2 << 20
    /// What a draft costs beside its bytes, roughly.
    static let inputOverheadBytes = 2 << 10

    let limits: IntakeLimits
    private(set) var inputsInHand = 0
    private(set) var bytesInHand = 0
    private(set) var blocks = 0
    private var left: [Work] = []
    private var large: [(work: Work, bytes: Int)] = []
    private var isLargeRunning = false
    private var streams: [Work] = []
    private var openStreams = 0
    private var idleFiles: [RecordFile] = []
    private var prefersPiece = false

    init(limits: IntakeLimits) { self.limits = limits }

    /// Nothing is being read or with the ledger; what waits to be streamed does not count.
    var isDrained: Bool { blocks == 0 && left.isEmpty && large.isEmpty && inputsInHand == 0 }

    /// The next block to run; nil when all workers are busy, or there is no room or nothing to do.
    ///
    /// Files that hold a ticket which others wait behind are let in without asking for room: what fills the room may
    /// be waiting for them.
    mutating func nextJob(nextTicket: UInt64, isDraining: Bool, take: () -> Work?) -> Job? {
        guard blocks < limits.workers else { return nil }
        var job = nextLeft() ?? nextLarge(nextTicket)
        if job == nil, !isDraining {
            job = prefersPiece ? nextPiece() ?? nextFiles(take) : nextFiles(take) ?? nextPiece()
        }
        guard let job else { return nil }
        if case .files = job { prefersPiece = true } else { prefersPiece = false }
        blocks += 1
        return job
    }

    private mutating func nextLeft() -> Job? {
        guard !left.isEmpty else { return nil }
        let works = Array(left.prefix(IntakePool.filesPerBlock))
        left.removeFirst(works.count)
        return .files(works)
    }

    private mutating func nextLarge(_ nextTicket: UInt64) -> Job? {
        guard !isLargeRunning else { return nil }
        let index = large.firstIndex {
            $0.work.handOut.ticket == nextTicket || bytesInHand + $0.bytes <= limits.bytesMax
        }
        guard let index else { return nil }
        isLargeRunning = true
        return .large(large.remove(at: index).work)
    }

    private mutating func nextPiece() -> Job? {
        guard hasRoom(RecordFile.pieceBytesMax) else { return nil }
        if !idleFiles.isEmpty { return .piece(idleFiles.removeFirst()) }
        guard !streams.isEmpty, openStreams < limits.streamsMax else { return nil }
        openStreams += 1
        return .large(streams.removeFirst())
    }

    private mutating func nextFiles(_ take: () -> Work?) -> Job? {
        guard hasRoom(0) else { return nil }
        let room = min(IntakePool.filesPerBlock, limits.inputsMax - inputsInHand)
        var works: [Work] = []
        while works.count < room, let work = take() { works.append(work) }
        return works.isEmpty ? nil : .files(works)
    }

    private func hasRoom(_ bytes: Int) -> Bool {
        inputsInHand == 0 || (inputsInHand < limits.inputsMax && bytesInHand + bytes < limits.bytesMax)
    }

    // MARK: What a block answered

    mutating func blockEnded() { blocks -= 1 }

    mutating func putBack(_ works: [Work]) { left += works }

    /// A file to be read by itself. A JSONL file's ticket must have been given up: others do not wait for it.
    mutating func add(large work: Work, bytes: UInt64, isLines: Bool) {
        if isLines { streams.append(work) } else { large.append((work, Int(clamping: bytes))) }
    }

    /// A large file was read, or turned out to be nothing to read.
    mutating func largeEnded(isStream: Bool) {
        if isStream { openStreams -= 1 } else { isLargeRunning = false }
    }

    /// A file of many records wants to be gone on with.
    mutating func add(_ file: RecordFile) { idleFiles.append(file) }

    mutating func took(inputs: Int, bytes: Int) {
        inputsInHand += inputs
        bytesInHand += bytes
    }

    mutating func released(inputs: Int, bytes: Int) {
        inputsInHand -= inputs
        bytesInHand -= bytes
        assert(inputsInHand >= 0 && bytesInHand >= 0, "each input is released once")
    }

    /// What an input costs while it is in hand; unpacked, a text may be far bigger than its file.
    static func weight(of file: FileRecord, _ outcome: Arrival.Outcome) -> Int {
        var bytes = Int(clamping: file.bytes)
        if case .draft(let draft, _) = outcome {
            bytes = max(bytes, draft.encoded.bytes.count) + draft.shingles.count * 8
        }
        return bytes + inputOverheadBytes
    }
}

extension IntakePool.Job {
    /// Reads and parses. Called on `sijill.intake`.
    func run(_ reader: FileReader) -> [IntakeReport] {
        switch self {
        case .files(let works): return IntakePool.Job.read(works, reader)
        case .large(let work):
            let reading = reader.read(work, admitsLarge: true)
            guard case .many(let file) = reading else { return [.read(work, reading)] }
            return [.piece(file, file.next(), isWhole: false)]
        case .piece(let file): return [.piece(file, file.next(), isWhole: false)]
        }
    }

    private static func read(_ works: [Work], _ reader: FileReader) -> [IntakeReport] {
        var reports: [IntakeReport] = []
        var bytes = 0
        for (position, work) in works.enumerated() {
            if bytes >= IntakePool.blockBytesMax {
                reports.append(.left(Array(works[position...])))
                break
            }
            let reading = reader.read(work, admitsLarge: false)
            switch reading {
            case .whole(_, let file, let outcome, let mates):
                bytes += IntakePool.weight(of: file, outcome) + mates.reduce(0) { $0 + $1.count }
            case .many(let file):
                // A small file: all its records at once, in its place in the order of arrival.
                var whole = file.next()
                while !whole.isLast, whole.failure == nil { whole.append(file.next()) }
                bytes += whole.bytes + whole.records.count * IntakePool.inputOverheadBytes
                reports.append(.piece(file, whole, isWhole: true))
                continue
            case .notTaken, .alreadyTaken, .large: break
            }
            reports.append(.read(work, reading))
        }
        return reports
    }
}

extension Piece {
    fileprivate mutating func append(_ other: Piece) {
        records += other.records
        isLast = other.isLast
        wholeRejection = other.wholeRejection
        failure = other.failure
    }
}
