import Glibc
import SijillArticles
import SijillFiles
import SijillFormat
import Synchronization

/// What reading one file gave.
enum Reading: Sendable {
    case notTaken(IntakeResult)
    /// The file is one input.
    case whole(TakenFile, FileRecord, Arrival.Outcome, mates: [[UInt8]])
    /// Its change is in the log from before the daemon ended: only the removal is left to do.
    case alreadyTaken(TakenFile, OpenChange)
    /// A file of many records, to be gone through.
    case many(RecordFile)
    /// Over `FileReader.smallBytesMax`, and to be read by itself; `isLines` when it can be streamed.
    case large(bytes: UInt64, isLines: Bool)
}

/// A file that was handed out, with what the directory table says about it.
struct Work: Sendable {
    let handOut: HandOut
    let path: [UInt8]
    let source: String
    /// It was alone in hand when the daemon ended; how often in a row, or nil when it is not suspected.
    var suspicion: UInt32?

    /// Read line by line, however big it is.
    var isStreamed: Bool { ArticleFormat(fileName: handOut.key.name) == .jsonl && !handOut.isTooDeep }

    /// The directory it lies in, relative to the inbox.
    var directoryPath: [UInt8] { Array(path.dropLast(handOut.key.name.count + 1)) }

    /// The name as a change writes it.
    var name: (text: String, bytes: [UInt8]?) {
        let bytes = handOut.key.name
        if let text = String(validating: bytes, as: UTF8.self) { return (text, nil) }
        return (String(decoding: bytes, as: UTF8.self), bytes)
    }
}

/// Reads and parses one file: open beneath the inbox, ask for writers, read, look again. Runs on `sijill.intake`.
struct FileReader: Sendable {
    /// Files up to here are read many to a block.
    static let smallBytesMax: UInt64 = 256 << 10

    let root: DirectoryHandle
    let limits: InputLimits
    let articles: ArticleReader
    /// fs.protected_hardlinks: nobody links to a file that is not theirs to write.
    let protectsHardLinks: Bool
    let resumption: ResumptionBox
    let sources: SourceRules
    let hand: HandTable?

    init(
        root: DirectoryHandle, limits: InputLimits, protectsHardLinks: Bool, resumption: ResumptionBox,
        sources: SourceRules = SourceRules(), hand: HandTable? = nil
    ) {
        self.root = root
        self.limits = limits
        articles = ArticleReader(limits: limits)
        self.protectsHardLinks = protectsHardLinks
        self.resumption = resumption
        self.sources = sources
        self.hand = hand
    }

    /// The same over another inbox directory.
    func moved(to root: DirectoryHandle) -> FileReader {
        FileReader(
            root: root, limits: limits, protectsHardLinks: protectsHardLinks, resumption: resumption,
            sources: sources, hand: hand)
    }

    func read(_ work: Work, admitsLarge: Bool) -> Reading {
        do throws(SystemError) {
            let descriptor = try root.openFile(work.path)
            let status = try descriptor.status()
            return try read(descriptor, status, work, admitsLarge)
        } catch {
            return failed(error, work)
        }
    }

    private func read(
        _ descriptor: FileDescriptor, _ status: FileStatus, _ work: Work, _ admitsLarge: Bool
    ) throws(SystemError) -> Reading {
        guard status.kind == .regular else { return irregular(status, work) }
        if work.handOut.asksForWriters {
            switch Lease.probe(descriptor) {
            case .noWriter: break
            case .hasWriter: return .notTaken(.hasWriter)
            case .unavailable: return .notTaken(.noLeases)
            }
        }
        let format = ArticleFormat(fileName: work.handOut.key.name)
        var taken = TakenFile(key: work.handOut.key, path: work.path, status: status)
        let mates: Mates
        switch try readMates(of: work) {
        case .success(let read): mates = read
        case .failure(let result): return .notTaken(result.value)
        }
        taken.mates = mates.taken
        if work.suspicion.map({ $0 >= HandTable.endsMax }) == true {
            return unread(taken, work, Rejection.crashLoop)
        }
        if let refusal = work.handOut.refusal {
            return refused(
                taken, work, Rejection.refusal(refusal), digest: try descriptor.digest(), mates)
        }
        let max = work.isStreamed ? limits.jsonlBytesMax : UInt64(limits.fileBytesMax)
        if status.bytes > max {
            return unread(taken, work, Rejection.tooLarge("the file", bytes: status.bytes, max: max))
        }
        if status.bytes > FileReader.smallBytesMax, !admitsLarge {
            return .large(bytes: status.bytes, isLines: work.isStreamed)
        }
        if status.linkCount > 1, !protectsHardLinks {
            let detail = "the file has \(status.linkCount) names and fs.protected_hardlinks is 0; copy it in"
            return unread(taken, work, Rejection(.notRegular, detail))
        }
        hand?.note(work.handOut.ticket, status, ends: work.suspicion ?? 0)
        if work.isStreamed, status.bytes > 0 {
            return try lines(descriptor, taken, work, mates, admitsLarge)
        }
        return try whole(descriptor, taken, work, format, mates, admitsLarge)
    }

    private func whole(
        _ descriptor: FileDescriptor, _ taken: TakenFile, _ work: Work, _ format: ArticleFormat?,
        _ mates: Mates, _ admitsLarge: Bool
    ) throws(SystemError) -> Reading {
        let input = try descriptor.readAll(expected: Int(taken.status.bytes), limit: limits.fileBytesMax + 1)
        guard try descriptor.status().isUnchanged(since: taken.status), input.count == taken.status.bytes
        else { return changed(taken, work) }
        if input.isEmpty, !work.handOut.mayBeEmpty { return .notTaken(.empty) }
        let outcome: Arrival.Outcome
        do throws(Rejection) {
            if work.handOut.isTooDeep { throw FileReader.tooDeep }
            if input.isEmpty { throw Rejection(.empty, "the file has no bytes") }
            let hints = try hints(mates, work)
            let name = work.handOut.key.name
            guard let format else {
                throw Compression.rejection(fileName: name, first: input.prefix(Compression.magicBytesMax))
            }
            let isPacked = try Compression.check(
                fileName: name, first: input.prefix(Compression.magicBytesMax))
            let bytes =
                isPacked
                ? try Gzip.unpacked(input, limits: limits, bytesMax: limits.fileBytesMax) : input
            if bytes.count > FileReader.smallBytesMax, !admitsLarge {
                return .large(bytes: UInt64(bytes.count), isLines: false)
            }
            if format == .json,
                case .array(let ranges, let encoding) = try articles.records(of: bytes, hints: hints)
            {
                let elements = RecordFile.Elements(bytes: bytes, ranges: ranges, encoding: encoding)
                let company = RecordFile.Company(hints: hints, mates: mates)
                return .many(
                    RecordFile(
                        elements: elements, taken: taken, work: work, reader: self, company: company,
                        begun: takeBegun(taken, work)))
            }
            let draft = try articles.draft(
                bytes, format: format, packed: isPacked ? input : nil, hints: hints)
            outcome = .draft(draft, bytes: input)
        } catch {
            if error.reason == .truncated, !work.handOut.isLastReading { return .notTaken(.looksCut) }
            outcome = .rejected(error)
        }
        if case .draft(let draft, _) = outcome {
            return settled(taken, work, outcome, digest: draft.raw, encoding: draft.encoding, mates)
        }
        return settled(taken, work, outcome, digest: Digest.of(input), encoding: nil, mates)
    }

    /// A file that is being changed is read again, and at last rejected.
    private func changed(_ taken: TakenFile, _ work: Work) -> Reading {
        guard work.handOut.isLastReading else { return .notTaken(.changedWhileRead) }
        return unread(taken, work, Rejection.keepsChanging)
    }

    private func refused(
        _ taken: TakenFile, _ work: Work, _ rejection: Rejection, digest: Digest, _ mates: Mates
    ) -> Reading {
        settled(taken, work, .rejected(rejection), digest: digest, encoding: nil, mates)
    }

    /// A file that is one input, unless its change is in the log already.
    private func settled(
        _ taken: TakenFile, _ work: Work, _ outcome: Arrival.Outcome, digest: Digest, encoding: String?,
        _ mates: Mates
    ) -> Reading {
        let bytes = taken.status.bytes
        if let change = takeWhole(taken, work, bytes, digest) {
            return .alreadyTaken(taken.with(only: change.file.mates), change)
        }
        var isKept = false
        if case .draft = outcome { isKept = true }
        let (name, nameBytes) = work.name
        let file = FileRecord(
            name: name, nameBytes: nameBytes, source: work.source, bytes: bytes, sha256: digest,
            encoding: encoding, format: ArticleFormat(fileName: work.handOut.key.name)?.rawValue,
            inode: taken.status.inode, mates: mates.records(isKept: isKept))
        return .whole(taken, file, outcome, mates: isKept ? mates.bytes : [])
    }

    private func lines(
        _ descriptor: FileDescriptor, _ taken: TakenFile, _ work: Work, _ mates: Mates, _ admitsLarge: Bool
    ) throws(SystemError) -> Reading {
        let bytes: FileBytes
        let hints: InputHints
        do throws(Rejection) {
            hints = try self.hints(mates, work)
        } catch {
            if error.reason == .truncated, !work.handOut.isLastReading { return .notTaken(.looksCut) }
            return refused(taken, work, error, digest: try descriptor.digest(), mates)
        }
        switch try opened(descriptor, work) {
        case .success(let opened): bytes = opened
        case .failure(let rejection):
            if rejection.reason == .truncated, !work.handOut.isLastReading { return .notTaken(.looksCut) }
            let digest = try descriptor.digest()
            guard try descriptor.status().isUnchanged(since: taken.status) else {
                return changed(taken, work)
            }
            return refused(taken, work, rejection, digest: digest, mates)
        }
        if let survey = bytes.survey {
            if survey.unpackedBytes > FileReader.smallBytesMax, !admitsLarge {
                return .large(bytes: survey.unpackedBytes, isLines: true)
            }
        } else if !work.handOut.isLastReading, try endsCut(descriptor, taken.status) {
            return .notTaken(.looksCut)
        }
        let begun = takeBegun(taken, work)
        let company = RecordFile.Company(hints: hints, mates: mates)
        return .many(
            RecordFile(lines: bytes, taken: taken, work: work, reader: self, company: company, begun: begun))
    }

    /// The lines of a JSONL file, once it is known that all of them can be had.
    private func opened(
        _ descriptor: FileDescriptor, _ work: Work
    ) throws(SystemError) -> Result<FileBytes, Rejection> {
        var first: [UInt8] = []
        _ = try descriptor.read(Compression.magicBytesMax, at: 0, into: &first)
        let isPacked: Bool
        do throws(Rejection) {
            isPacked = try Compression.check(fileName: work.handOut.key.name, first: first)
        } catch {
            return .failure(error)
        }
        var survey: GzipSurvey?
        if isPacked {
            switch try GzipSurvey.of(descriptor, limits: limits) {
            case .success(let found): survey = found
            case .failure(let rejection): return .failure(rejection)
            }
        }
        let bytes = FileBytes(descriptor, survey: survey, limits: limits)
        var head: [UInt8] = []
        _ = try bytes.read(4, at: 0, into: &head)
        return WideText.begins(head) ? .failure(.wideLines) : .success(bytes)
    }

    /// Whether a JSONL file's last line has no end and is JSON that ends too early. Asked before the first record is
    /// handed on, so that a file still being delivered is waited for as a whole.
    private func endsCut(_ descriptor: FileDescriptor, _ status: FileStatus) throws(SystemError) -> Bool {
        var tail: [UInt8] = []
        var piece = 4 << 10
        while true {
            let count = min(piece, limits.lineBytesMax, Int(status.bytes))
            tail.removeAll(keepingCapacity: true)
            _ = try descriptor.read(count, at: status.bytes - UInt64(count), into: &tail)
            let lineStart = tail.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            if lineStart == tail.count { return false }
            if let lineStart {
                tail.removeFirst(lineStart)
            } else if count < Int(status.bytes) {
                if count >= limits.lineBytesMax { return false }
                piece *= 8
                continue
            }
            if tail.isEmpty { return false }
            do throws(Rejection) {
                _ = try articles.draft(tail, format: .jsonl)
                return false
            } catch {
                return error.reason == .truncated
            }
        }
    }

    // MARK: What cannot be read

    private func failed(_ error: SystemError, _ work: Work) -> Reading {
        switch error.code {
        case ENOENT, ENOTDIR, ESTALE: return .notTaken(.vanished)
        case EACCES, EPERM, EMFILE, ENFILE, ENOMEM, EAGAIN: return .notTaken(.blocked)
        default: break
        }
        // The status also tells a symbolic link (ELOOP) and a socket (ENXIO) from a disk that fails.
        let status: FileStatus
        do throws(SystemError) {
            status = try statusWithoutOpening(work)
        } catch {
            return .notTaken(error.isNotFound ? .vanished : .blocked)
        }
        if status.kind != .regular { return irregular(status, work) }
        if error.code == ELOOP || error.code == ENXIO { return .notTaken(.vanished) }  // replaced in between
        let taken = TakenFile(key: work.handOut.key, path: work.path, status: status)
        let detail =
            "\(error.call) failed with errno \(error.code); look at the disk, then deliver the file again"
        return unread(taken, work, Rejection(.readError, detail))
    }

    private func statusWithoutOpening(_ work: Work) throws(SystemError) -> FileStatus {
        try root.openDirectory(work.directoryPath).status(of: work.handOut.key.name)
    }

    private func irregular(_ status: FileStatus, _ work: Work) -> Reading {
        let taken = TakenFile(key: work.handOut.key, path: work.path, status: status)
        switch status.kind {
        case .directory: return .notTaken(.vanished)
        case .symbolicLink:
            return unread(
                taken, work, Rejection(.symlink, "a symbolic link is never followed; deliver the file"))
        case .regular, .special:
            return unread(
                taken, work, Rejection(.notRegular, "a FIFO, socket or device is not a file to read"))
        }
    }

    /// Rejected without its bytes having been read.
    private func unread(_ taken: TakenFile, _ work: Work, _ rejection: Rejection) -> Reading {
        let bytes = taken.status.kind == .regular ? taken.status.bytes : 0
        if let change = takeWhole(taken, work, bytes, nil) {
            return .alreadyTaken(taken.with(only: change.file.mates), change)
        }
        let (name, nameBytes) = work.name
        let file = FileRecord(
            name: name, nameBytes: nameBytes, source: work.source, bytes: bytes, sha256: nil,
            format: ArticleFormat(fileName: work.handOut.key.name)?.rawValue, inode: taken.status.inode,
            mates: taken.mateRecords)
        return .whole(taken, file, .rejected(rejection), mates: [])
    }

    private func takeWhole(_ taken: TakenFile, _ work: Work, _ bytes: UInt64, _ digest: Digest?)
        -> OpenChange?
    {
        resumption.value.withLock {
            $0.isEmpty
                ? nil
                : $0.takeWhole(
                    inode: taken.status.inode, name: work.name.text, source: work.source, bytes: bytes,
                    sha256: digest)
        }
    }

    private func takeBegun(_ taken: TakenFile, _ work: Work) -> Resumption.Begun? {
        resumption.value.withLock {
            $0.isEmpty
                ? nil : $0.takeBegun(inode: taken.status.inode, name: work.name.text, source: work.source)
        }
    }

    static let tooDeep = Rejection(
        .tooDeep, "the file lies deeper than \(SijillIngest.depthMax) directories; deliver it higher up")
}

/// The one `Resumption`, asked by the workers and told by the inbox.
final class ResumptionBox: Sendable {
    let value = Mutex(Resumption())
}
