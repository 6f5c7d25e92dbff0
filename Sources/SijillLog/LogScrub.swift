import Glibc
import SijillFiles
import SijillFormat
import SijillMerkle

/// Reads sealed segments and their originals again, change after change, while the daemon writes on: what
/// `LogCheck` verifies at once, a little at a time.
///
/// Held against each other are the line and all that it says of itself, its entry in the index, its leaf in the tile,
/// and its originals with their entries. Nothing is changed. One thread at a time.
package struct LogScrub {
    private let directory: DataDirectory
    private let reader: LogReader
    private let tiles: TileFiles
    /// Whether a withdrawal that erases lists this change and, of its originals, these.
    private let isListed: (SequenceNumber, [Digest]) throws -> Bool
    /// Behind the last change that was read; nil at the beginning of the log.
    package private(set) var place: LogPosition?
    private var open: OpenSegment?
    private var tile: (index: UInt64, hashes: [Digest])?

    /// What is wrong with a change.
    package struct Finding: Hashable, Sendable {
        package let sequence: SequenceNumber
        package let path: String
        package let offset: UInt64
        package let message: String

        package init(sequence: SequenceNumber, path: String, offset: UInt64, message: String) {
            self.sequence = sequence
            self.path = path
            self.offset = offset
            self.message = message
        }
    }

    package enum Step: Hashable, Sendable {
        /// These changes have been read, with so many bytes of log and originals.
        case read(ClosedRange<SequenceNumber>, bytes: UInt64, items: UInt64, findings: [Finding])
        /// Content is being erased, so that what is read proves nothing: ask again later.
        case erasing
        /// Everything that is sealed has been read.
        case end
    }

    /// - Parameters:
    ///   - place: where an earlier one stopped; the beginning when it is no place in a sealed segment.
    ///   - isListed: asked of erased changes only; see `Withdrawn`.
    package init(
        _ directory: DataDirectory, reader: LogReader, from place: LogPosition? = nil,
        isListed: @escaping (SequenceNumber, [Digest]) throws -> Bool
    ) {
        self.directory = directory
        self.reader = reader
        self.isListed = isListed
        tiles = TileFiles(directory)
        self.place = place.flatMap { reader.segments.contains($0.segment) ? $0 : nil }
    }

    /// Goes back to the beginning of the log.
    package mutating func restart() {
        place = nil
        open = nil
    }

    /// Reads the next change. A change that does not fit is read twice before it is damage.
    ///
    /// - Throws: `SystemError` of a call that says nothing of the bytes, such as too many open files; whatever `isListed`
    ///   throws. The same change is next then.
    package mutating func next() throws -> Step {
        guard let start = start() else { return .end }
        let version = reader.contentVersion
        if File.exists(directory.erasing) { return .erasing }
        let first = try attempt(from: start)
        guard !first.findings.isEmpty else { return first.step }
        // It may have been erased between the reading of the line and that of its original.
        open = nil
        tile = nil
        place = start
        let second = try attempt(from: start)
        if File.exists(directory.erasing) || reader.contentVersion != version {
            open = nil
            place = start
            return .erasing
        }
        return second.step
    }

    /// Lets the kernel drop what was read from its cache.
    package mutating func forgetPages() { open?.forgetPages() }

    /// Where the next change stands; nil when it is not sealed.
    private func start() -> LogPosition? {
        let segments = reader.segments
        let start = place ?? LogPosition(startOf: segments[0])
        return start.segment < segments.last! ? start : nil
    }

    private struct Attempt {
        let sequences: ClosedRange<SequenceNumber>
        let bytes: UInt64
        let items: UInt64
        let findings: [Finding]

        var step: Step { .read(sequences, bytes: bytes, items: items, findings: findings) }
    }

    private mutating func attempt(from start: LogPosition) throws -> Attempt {
        do {
            return try read(from: start)
        } catch let fault as SegmentFault {
            let files = LogFiles(directory: directory, first: start.segment)
            return skip(from: start, path: files.segment, offset: fault.offset, fault.message)
        } catch let error as SystemError where error.isNotFound || error.code == EIO {
            let message = error.isNotFound ? "missing" : "cannot be read: \(error)"
            return skip(from: start, path: error.path, offset: start.offset, message)
        }
    }

    private mutating func read(from start: LogPosition) throws -> Attempt {
        let next = reader.segments.first { $0 > start.segment }!
        if open?.walk.position != start {
            open?.forgetPages()
            open = try OpenSegment(directory, log: reader.log, from: start)
        }
        guard let walked = try open!.walk.next() else {
            let findings = try open!.findingsAtEnd(next: next)
            open!.forgetPages()
            open = nil
            place = LogPosition(startOf: next, time: start.time)
            let last = SequenceNumber(next.value - 1)
            return Attempt(sequences: last...last, bytes: 0, items: 0, findings: findings)
        }
        var findings = try open!.findings(of: walked)
        findings += try treeFinding(of: walked)
        if let finding = try unlisted(walked) { findings.append(finding) }
        place = open!.walk.position
        let sequence = walked.change.sequence
        return Attempt(
            sequences: sequence...sequence,
            bytes: UInt64(walked.bytes.count) + walked.originals.reduce(0) { $0 + $1.length },
            items: UInt64(1 + walked.originals.count), findings: findings)
    }

    /// The leaf of a change must be that of its tile, once the tile is full.
    private mutating func treeFinding(of walked: WalkedChange) throws -> [Finding] {
        guard let size = reader.tree?.published.checkpoint.size else { return [] }
        let leaf = walked.change.sequence.leafIndex
        let width = UInt64(SijillMerkle.tileWidth)
        let (index, position) = leaf.quotientAndRemainder(dividingBy: width)
        guard index < TilePlace.fullCount(size, 0) else { return [] }
        let path = tiles.path(TilePlace(.hashes(level: 0), index: index))
        do {
            if tile?.index != index {
                tile = (index, try tiles.hashes(level: 0, index: index, 0..<SijillMerkle.tileWidth))
            }
        } catch let error as SijillError where error.code == .damaged {
            return [finding(walked, path, 0, "it is too short for its leaf")]
        } catch let error as SystemError where error.isNotFound {
            return [finding(walked, path, 0, "missing")]
        }
        if tile!.hashes[Int(position)] == walked.entry.leafHash { return [] }
        return [finding(walked, path, position * UInt64(Digest.bytes), "the leaf does not fit its change")]
    }

    private func unlisted(_ walked: WalkedChange) throws -> Finding? {
        let erased = open!.erasedOriginals
        guard walked.line.isErased || !erased.isEmpty else { return nil }
        if try isListed(walked.change.sequence, erased) { return nil }
        return finding(
            walked, directory.segment(open!.walk.first), walked.entry.offset,
            "its content is gone, and no withdrawal lists it")
    }

    private func finding(_ walked: WalkedChange, _ path: String, _ offset: UInt64, _ message: String)
        -> Finding
    {
        Finding(sequence: walked.change.sequence, path: path, offset: offset, message: message)
    }

    /// Goes on behind a change that cannot be read: with the next one as the indexes have it, else with the next segment.
    private mutating func skip(
        from start: LogPosition, path: String, offset: UInt64, _ message: String
    ) -> Attempt {
        open?.forgetPages()
        open = nil
        let first = start.sequence.next
        let next = reader.segments.first { $0 > start.segment }!
        let finding = Finding(sequence: first, path: path, offset: offset, message: message)
        if let following = OpenSegment.place(after: first, directory, from: start) {
            place = following
            return Attempt(sequences: first...first, bytes: 0, items: 1, findings: [finding])
        }
        place = LogPosition(startOf: next, time: start.time)
        let last = max(first, SequenceNumber(next.value - 1))
        return Attempt(sequences: first...last, bytes: 0, items: 1, findings: [finding])
    }
}

/// The four files of a segment that is being read.
private struct OpenSegment {
    var walk: SegmentWalk
    private let files: LogFiles
    private let segment: File
    private let index: File
    private let originals: OriginalsFile
    private let originalsIndex: File
    /// Entries of the originals' index before the next change.
    private var originalsCount: Int
    /// Bytes before these have been dropped from the kernel's cache.
    private var forgotten: (segment: UInt64, originals: UInt64)
    /// Of the change that was read last: originals that are nothing but spaces.
    private(set) var erasedOriginals: [Digest] = []

    init(_ directory: DataDirectory, log: LogID, from start: LogPosition) throws {
        files = LogFiles(directory: directory, first: start.segment)
        segment = try File(files.segment, .read)
        index = try File(files.index, .read)
        originals = OriginalsFile(file: try File(files.originals, .read))
        originalsIndex = try File(files.originalsIndex, .read)
        originalsCount = try Self.count(through: start.sequence, in: originalsIndex)
        forgotten = (start.offset, start.originalsOffset)
        walk = try SegmentWalk(segment, originals: files.originals, log: log, from: start)
    }

    mutating func findings(of walked: WalkedChange) throws -> [LogScrub.Finding] {
        let sequence = walked.change.sequence
        var found: [LogScrub.Finding] = []
        func add(_ path: String, _ offset: UInt64, _ message: String) {
            found.append(
                LogScrub.Finding(sequence: sequence, path: path, offset: offset, message: message))
        }
        let place = (sequence.value - files.first.value) * UInt64(IndexEntry.bytes)
        if try index.read(at: place, count: IndexEntry.bytes) != LogFiles.bytes([walked.entry]) {
            add(files.index, place, "the entry does not fit its change")
        }
        for original in walked.originals {
            let place = UInt64(originalsCount * OriginalEntry.bytes)
            originalsCount += 1
            if try originalsIndex.read(at: place, count: OriginalEntry.bytes) != LogFiles.bytes([original]) {
                add(files.originalsIndex, place, "the entry does not fit its change")
            }
        }
        if sequence == files.first, let fault = try originals.faultOfWarcinfo(first: walked.change) {
            add(files.originals, fault.offset, fault.message)
        }
        erasedOriginals = []
        switch try originals.find(walked) {
        case .sound: break
        case .erased(let entries): erasedOriginals = entries.map(\.digest)
        case .wrong(let fault): add(files.originals, fault.offset, fault.message)
        }
        return found
    }

    /// The next segment must begin where this one ends, and nothing may stand behind the last change.
    func findingsAtEnd(next: SequenceNumber) throws -> [LogScrub.Finding] {
        let position = walk.position
        let last = SequenceNumber(next.value - 1)
        guard position.sequence == last else {
            let message = "it ends with change \(position.sequence), \(last) is expected"
            return [
                LogScrub.Finding(
                    sequence: last, path: files.segment, offset: position.offset, message: message)
            ]
        }
        let changes = next.value - files.first.value
        let ends = [
            (originals.file, position.originalsOffset), (index, changes * UInt64(IndexEntry.bytes)),
            (originalsIndex, UInt64(originalsCount * OriginalEntry.bytes)),
        ]
        return try ends.compactMap { file, end in
            let size = try file.size()
            guard size != end else { return nil }
            return LogScrub.Finding(
                sequence: last, path: file.path, offset: min(size, end),
                message: "\(size) bytes long, \(end) are expected")
        }
    }

    mutating func forgetPages() {
        // What the walk has read ahead is left: it comes next.
        segment.forgetPages(from: forgotten.segment, to: walk.position.offset)
        originals.file.forgetPages(from: forgotten.originals, to: walk.position.originalsOffset)
        forgotten = (walk.position.offset, walk.position.originalsOffset)
    }

    /// How many entries are of changes up to `sequence`.
    private static func count(through sequence: SequenceNumber, in index: File) throws -> Int {
        var low = 0
        var high = Int(try index.size()) / OriginalEntry.bytes
        while low < high {
            let middle = (low + high) / 2
            let bytes = try index.read(at: UInt64(middle * OriginalEntry.bytes), count: OriginalEntry.bytes)
            guard let entry = OriginalEntry(bytes), entry.sequence <= sequence else {
                high = middle
                continue
            }
            low = middle + 1
        }
        return low
    }

    /// Where the change behind `sequence` stands in the same segment, as the indexes say; nil when they do not say
    /// anything that can be.
    static func place(after sequence: SequenceNumber, _ directory: DataDirectory, from start: LogPosition)
        -> LogPosition?
    {
        let files = LogFiles(directory: directory, first: start.segment)
        let at = (sequence.value - start.segment.value) * UInt64(IndexEntry.bytes)
        guard let segment = try? File(files.segment, .read), let size = try? segment.size(),
            let index = try? File(files.index, .read),
            let bytes = try? index.read(at: at, count: 2 * IndexEntry.bytes),
            let own = IndexEntry(bytes), let following = IndexEntry(bytes, at: IndexEntry.bytes),
            own.offset == start.offset, own.end == following.offset, following.end <= size,
            following.time >= own.time, own.time >= start.time,
            let originalsIndex = try? File(files.originalsIndex, .read),
            let count = try? count(through: sequence, in: originalsIndex)
        else { return nil }
        var place = start
        place.sequence = sequence
        place.offset = own.end
        place.time = own.time
        guard count > 0 else { return place }
        let last = UInt64((count - 1) * OriginalEntry.bytes)
        guard
            let entry = (try? originalsIndex.read(at: last, count: OriginalEntry.bytes)).flatMap({
                OriginalEntry($0)
            }), entry.end >= start.originalsOffset
        else { return nil }
        place.originalsOffset = entry.end
        return place
    }
}
