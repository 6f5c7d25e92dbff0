import SijillFiles
import SijillFormat

/// The four files that belong to one segment: its lines and their index, its originals and theirs.
struct LogFiles {
    let directory: DataDirectory
    let first: SequenceNumber

    var segment: String { directory.segment(first) }
    var index: String { directory.index(first) }
    var originals: String { directory.originals(first) }
    var originalsIndex: String { directory.originalsIndex(first) }

    static let permissions: UInt32 = 0o640

    /// Makes the files that are not there, empty, and their names durable.
    func create() throws(SystemError) {
        for path in [segment, index, originals, originalsIndex] {
            _ = try File(path, .create(permissions: Self.permissions))
        }
        try syncDirectories()
    }

    func syncDirectories() throws(SystemError) {
        try Durable.syncDirectory(directory.log)
        try Durable.syncDirectory(directory.originals)
    }

    /// Makes the indexes durable and all four files read-only. The truth in them is durable already.
    func seal() throws(SystemError) {
        for path in [index, originalsIndex] { try File(path, .write).synchronize() }
        for path in [segment, index, originals, originalsIndex] { try Durable.seal(path) }
    }

    /// Cuts the truth at `position`, originals first: the segment is cut last, so that a crash in between is seen
    /// at the next start by a segment that is too long.
    func cut(at position: LogPosition) throws(SystemError) {
        let changes = position.sequence.value + 1 - first.value
        try Durable.truncate(originals, to: position.originalsOffset)
        try Durable.truncate(index, to: changes * UInt64(IndexEntry.bytes))
        try Durable.truncate(segment, to: position.offset)
    }

    /// Writes both indexes anew: they are views of the segment.
    func writeIndexes(_ entries: [IndexEntry], _ originals: [OriginalEntry]) throws(SystemError) {
        try Durable.replace(index, Self.bytes(entries), permissions: Self.permissions)
        try Durable.replace(originalsIndex, Self.bytes(originals), permissions: Self.permissions)
    }

    static func bytes(_ entries: [IndexEntry]) -> [UInt8] {
        var writer = ByteWriter(capacity: entries.count * IndexEntry.bytes)
        for entry in entries { entry.encode(into: &writer) }
        return writer.bytes
    }

    static func bytes(_ entries: [OriginalEntry]) -> [UInt8] {
        var writer = ByteWriter(capacity: entries.count * OriginalEntry.bytes)
        for entry in entries { entry.encode(into: &writer) }
        return writer.bytes
    }

    /// The error for a byte of the truth that is not what it must be.
    static func damaged(_ path: String, _ offset: UInt64, _ message: String) -> SijillError {
        SijillError(
            .damaged, "\(path) is damaged at byte \(offset): \(message)",
            remedy:
                "nothing was changed; restore the data directory from a backup, or see Documentation/Recovery.md"
        )
    }
}
