import SijillFiles
import SijillFormat

/// The changes behind the offsets of `log/state`: those that are whole, with whole originals, up to the first that
/// is not. What follows that one is ignored, because a batch may reach the disk out of order.
struct LogTail {
    let files: LogFiles
    /// Where the state ends and the tail begins.
    let start: LogPosition
    private(set) var end: LogPosition
    private(set) var entries: [IndexEntry] = []
    private(set) var originals: [OriginalEntry] = []
    /// What is erased in it, and what its withdrawals list.
    private(set) var erasures = ErasureAccount()
    private(set) var tornBytes: UInt64 = 0
    private(set) var tornOriginalsBytes: UInt64 = 0

    /// Whether not a byte lies behind the state.
    var isEmpty: Bool { entries.isEmpty && tornBytes == 0 && tornOriginalsBytes == 0 }

    private init(files: LogFiles, start: LogPosition) {
        self.files = files
        self.start = start
        end = start
    }

    static func scan(_ files: LogFiles, log: LogID, from start: LogPosition) throws -> LogTail {
        var tail = LogTail(files: files, start: start)
        let segment = try File(files.segment, .read)
        let originals = OriginalsFile(file: try File(files.originals, .read))
        // Withdrawals stand behind what they erase.
        tail.erasures = try withdrawals(segment, files, log: log, from: start)
        var walk = try SegmentWalk(segment, originals: files.originals, log: log, from: start)
        do {
            while let walked = try walk.next() {
                if walked.change.sequence == files.first,
                    let fault = try originals.faultOfWarcinfo(first: walked.change)
                {
                    throw fault
                }
                try tail.check(walked, originals)
                tail.entries.append(walked.entry)
                tail.originals += walked.originals
                tail.end = walk.position
            }
        } catch is SegmentFault {
            // The torn tail begins here.
        }
        tail.tornBytes = try segment.size() - tail.end.offset
        tail.tornOriginalsBytes =
            try originals.file.size() - min(tail.end.originalsOffset, originals.file.size())
        return tail
    }

    private static func withdrawals(
        _ segment: File, _ files: LogFiles, log: LogID, from start: LogPosition
    ) throws -> ErasureAccount {
        var account = ErasureAccount()
        var walk = try SegmentWalk(segment, originals: files.originals, log: log, from: start)
        do {
            while let walked = try walk.next() { account.add(walked, path: files.segment) }
        } catch is SegmentFault {
            // The same place ends the scan.
        }
        return account
    }

    /// - Throws: `SegmentFault` where the change or its original is not whole.
    private func check(_ walked: WalkedChange, _ originals: OriginalsFile) throws {
        let place = walked.entry.offset
        if walked.line.isErased, !erasures.lists(walked.change.sequence) {
            throw SegmentFault(offset: place, message: "its content is gone, and no withdrawal lists it")
        }
        switch try originals.find(walked) {
        case .sound: break
        case .wrong(let fault): throw fault
        case .erased(let entries):
            guard entries.allSatisfy({ erasures.lists($0.digest) }) else {
                throw SegmentFault(offset: place, message: "its original is gone, and no withdrawal lists it")
            }
        }
    }

    /// Throws unless the lines of both readers are equal as far as both have whole ones.
    static func compare(_ old: LineReader, _ new: LineReader, path: String) throws {
        var (old, new) = (old, new)
        while let a = try old.next(), a.last == UInt8(ascii: "\n") {
            let offset = new.offset
            guard let b = try new.next(), b.last == UInt8(ascii: "\n") else { return }
            guard a == b else {
                throw LogFiles.damaged(path, offset, "it differs from the segment that it was recovered from")
            }
        }
    }

    /// Copies the changes byte for byte to files of their own: ids and leaves stay. Each file is written beside its
    /// place, synced, and renamed; the segment last of the truth, so that it never stands without its originals.
    func copy(
        to target: LogFiles, log: LogID
    ) throws -> (position: LogPosition, entries: [IndexEntry], originals: [OriginalEntry]) {
        let warcinfo =
            entries.first.map { OriginalRecord.warcinfo(log: log, first: target.first, time: $0.time) } ?? []
        let blocksStart = originals.first?.offset ?? end.originalsOffset
        let blocksEnd = originals.last?.end ?? end.originalsOffset
        let originalsPath = Durable.temporaryName(target.originals)
        let segmentPath = Durable.temporaryName(target.segment)
        try copyBytes(from: files.originals, blocksStart..<blocksEnd, to: originalsPath, prefix: warcinfo)
        try copyBytes(from: files.segment, start.offset..<end.offset, to: segmentPath, prefix: [])
        let moved = entries.map { entry in
            var entry = entry
            entry.offset -= start.offset
            return entry
        }
        let movedOriginals = originals.map { original in
            var original = original
            original.offset = original.offset - blocksStart + UInt64(warcinfo.count)
            return original
        }
        try target.writeIndexes(moved, movedOriginals)
        try Durable.rename(originalsPath, target.originals)
        try Durable.rename(segmentPath, target.segment)
        var position = LogPosition(startOf: target.first, time: end.time)
        position.sequence = end.sequence
        position.offset = end.offset - start.offset
        position.originalsOffset = UInt64(warcinfo.count) + blocksEnd - blocksStart
        return (position, moved, movedOriginals)
    }

    private func copyBytes(
        from source: String, _ range: Range<UInt64>, to path: String, prefix: [UInt8]
    ) throws(SystemError) {
        let old = try File(source, .read)
        var new = AppendFile(try File(path, .replace(permissions: LogFiles.permissions)), length: 0)
        try new.append { $0.append(prefix) }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let piece = try old.read(at: offset, count: Int(min(1 << 20, range.upperBound - offset)))
            guard !piece.isEmpty else { throw SystemError("read", source, code: 5) }
            try new.append { $0.append(piece) }
            offset += UInt64(piece.count)
        }
        try new.write()
        try new.file.synchronize()
    }
}
