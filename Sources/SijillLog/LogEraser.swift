import Glibc
import SijillFiles
import SijillFormat

/// Erases in place what a withdrawal lists: content parts and originals become spaces to the same length
/// (contract: evidence §4). Leaves, digests, offsets and proofs stay as they are.
///
/// It works on the files of a data directory or of a mirror of one, may be repeated, and goes on from wherever a
/// crash has ended it. Call it after the withdrawal is durable, on the queue that writes the log.
package struct LogEraser {
    private let directory: DataDirectory
    private let segments: [SequenceNumber]

    private static let pieceBytes = 1 << 20

    package init(_ directory: DataDirectory) throws(SystemError) {
        self.directory = directory
        segments = try DirectoryListing.names(directory.log).compactMap {
            DataDirectory.first(of: $0, kind: "ndjson")
        }
        .sorted()
    }

    /// Erases everything that `withdrawn` lists; durable when it returns.
    ///
    /// - Throws: `SijillError` with `.damaged` when an index does not lead to a listed change; `SystemError`.
    package func erase(_ withdrawn: Withdrawn) throws {
        guard withdrawn.erases else { return }
        let originals = Set(withdrawn.originals)
        let groups = Dictionary(grouping: withdrawn.sequences) { sequence in segments.last { $0 <= sequence }
        }
        for (first, sequences) in groups {
            guard let first else {
                throw SijillError(.damaged, "the log has no segment with a change to erase")
            }
            let files = LogFiles(directory: directory, first: first)
            try Self.writing(files.segment) { segment in
                try Self.writing(files.index) { index in
                    for sequence in sequences { try erase(sequence, segment, index, first: first) }
                }
            }
            try eraseOriginals(files, Set(sequences), originals)
        }
    }

    private func erase(_ sequence: SequenceNumber, _ segment: File, _ index: File, first: SequenceNumber)
        throws
    {
        let place = (sequence.value - first.value) * UInt64(IndexEntry.bytes)
        guard var entry = IndexEntry(try index.read(at: place, count: IndexEntry.bytes)) else {
            throw LogFiles.damaged(index.path, place, "an entry is missing")
        }
        let line = try segment.read(at: entry.offset, count: entry.layout.length)
        guard let change = try? Change(line: line), change.sequence == sequence,
            let layout = LineLayout(scanning: line), layout.leafEnd == entry.layout.leafEnd
        else { throw LogFiles.damaged(segment.path, entry.offset, "change \(sequence) is not there") }
        let end = line.count - 1 - lineClosing.count
        let erased = ErasedContent.bytes(count: end - layout.leafEnd)
        if !line[layout.leafEnd..<end].elementsEqual(erased) {
            try segment.write(erased.span, at: entry.offset + UInt64(layout.leafEnd))
        }
        // The index says of every line where its text begins.
        let after = line[..<layout.leafEnd] + erased + line[end...]
        guard let now = LineLayout(scanning: Array(after)), now != entry.layout else { return }
        entry.layout = now
        try index.write(LogFiles.bytes([entry]).span, at: place)
    }

    private func eraseOriginals(_ files: LogFiles, _ sequences: Set<SequenceNumber>, _ digests: Set<Digest>)
        throws
    {
        let entries = try File.contents(files.originalsIndex) ?? []
        let listed = (0..<entries.count / OriginalEntry.bytes).compactMap {
            OriginalEntry(entries, at: $0 * OriginalEntry.bytes)
        }.filter { sequences.contains($0.sequence) && digests.contains($0.digest) }
        guard !listed.isEmpty else { return }
        try Self.writing(files.originals) { file in
            let spaces = [UInt8](repeating: 0x20, count: Self.pieceBytes)
            for entry in listed {
                var done: UInt64 = 0
                while done < entry.length {
                    let count = min(entry.length - done, UInt64(Self.pieceBytes))
                    try file.write(spaces.span.extracting(first: Int(count)), at: entry.blockOffset + done)
                    done += count
                }
            }
        }
    }

    /// Opens a file for `body`, sealed or not, and makes what it wrote durable.
    private static func writing(_ path: String, _ body: (File) throws -> Void) throws {
        let isSealed = access(path, W_OK) != 0
        if isSealed { try Durable.unseal(path) }
        defer { if isSealed { try? Durable.seal(path) } }
        let file = try File(path, .write)
        try body(file)
        try file.synchronize()
    }
}
