import Glibc
import SijillFiles
import SijillFormat

/// Takes files out of the inbox whose changes are durable (DESIGN §6, Removal).
///
/// In the same directory a file is renamed to `.sijill-<sequence of its last change>` and looked at: if it is the
/// file that was read, and unchanged since, its removal is noted in the journal and it is unlinked, or moved into
/// quarantine; if it is another one, it goes back under its name and is a second file. A crash after any step is
/// finished at the next start.
struct Removal {
    enum Result {
        case gone
        /// Another file lay there, and is still there.
        case replaced
        case blocked(SystemError)
    }

    let root: DirectoryHandle
    let quarantine: Quarantine
    let journal: RemovalJournal
    let resumption: ResumptionBox

    /// Removes a batch; one note in the journal for all of it. Results are in the order of `files`.
    func remove(_ files: [FileInHand]) -> [Result] {
        var directories: [[UInt8]: DirectoryHandle] = [:]
        var results: [Result?] = files.map { file in
            do throws(SystemError) {
                try file.writeRejects(quarantine)
                try file.syncRejects()
                let path = file.directoryPath
                if let directory = directories[path] { return try setAside(file, in: directory) }
                let directory = try root.openDirectory(path)
                directories[path] = directory
                return try setAside(file, in: directory)
            } catch {
                return Removal.result(of: error)
            }
        }
        // Those whose name is gone are noted as well: their inodes may be used again.
        let noted = files.indices.filter { if case .blocked = results[$0] { false } else { true } }
        let newlyNoted = noted.filter { !files[$0].isJournaled }.flatMap { files[$0].sequences.ranges }
        if !newlyNoted.isEmpty {
            do {
                try journal.removed(newlyNoted)
                for index in noted { files[index].isJournaled = true }
            } catch {
                let failure = error as? SystemError ?? SystemError("append", "log/removals", code: EIO)
                return results.map { _ in .blocked(failure) }
            }
        }
        for index in files.indices where results[index] == nil {
            let file = files[index]
            do throws(SystemError) {
                // Opened above: only a file that was set aside in it has no result yet.
                try finish(file, in: directories[file.directoryPath]!)
                results[index] = .gone
            } catch {
                results[index] = Removal.result(of: error)
            }
        }
        let closed = files.indices.filter { if case .blocked = results[$0] { false } else { true } }
        let ranges = closed.flatMap { files[$0].sequences.ranges }
        if !ranges.isEmpty { journal.closed(ranges) }
        return results.map { $0! }  // every index without a result got one above
    }

    private static func result(of error: SystemError) -> Result { error.isNotFound ? .gone : .blocked(error) }

    private static func removalName(_ file: FileInHand) -> NameBytes {
        // A file that is removed has at least one change.
        Array(DataDirectory.removalName(file.sequences.last ?? .none).utf8)
    }

    /// Renames the file out of its name; nil when it is the one that was read.
    private func setAside(_ file: FileInHand, in directory: DirectoryHandle) throws(SystemError) -> Result? {
        let name = file.taken.key.name
        let aside = Removal.removalName(file)
        if !file.isSetAside {
            try directory.rename(name, as: aside)
            file.isSetAside = true
        }
        let status = try directory.status(of: aside)
        guard status.hasSameContent(as: file.taken.status) else {
            try Removal.putBack(aside, as: name, suffix: file.sequences.last ?? .none, in: directory)
            file.isSetAside = false
            return .replaced
        }
        if status.linkCount <= 1 {
            // The last name of its inode: whatever else was open for the inode has no file any more.
            let rest = resumption.value.withLock { $0.isEmpty ? nil : $0.takeRest(inode: status.inode) }
            for range in rest?.ranges ?? [] { file.sequences.insert(range) }
        }
        return nil
    }

    private func finish(_ file: FileInHand, in directory: DirectoryHandle) throws(SystemError) {
        let aside = Removal.removalName(file)
        if let whole = file.whole, whole.reason != nil {
            try quarantine.move(aside, from: directory, as: whole, firstSeen: file.taken.status.changed)
        } else {
            try directory.unlink(aside)
        }
    }

    /// Gives a file its name back; where that is taken, the same name with the sequence before its extension.
    static func putBack(
        _ current: NameBytes, as name: NameBytes, suffix: SequenceNumber, in directory: DirectoryHandle
    ) throws(SystemError) {
        do throws(SystemError) {
            try directory.rename(current, as: name)
        } catch {
            guard error.code == EEXIST else { throw error }
            let point = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
            let other = name[..<point] + Array(".\(suffix)".utf8) + name[point...]
            try directory.rename(current, as: Array(other.suffix(Limits.nameBytesMax)))
        }
    }
}

/// A `.sijill-<n>` that the daemon's end left behind.
struct LeftOver {
    let directory: DirectoryHandle
    let name: NameBytes
    let sequence: SequenceNumber

    /// Whether it is the file of change `n`: its whole digest, or that of the record the change names.
    ///
    /// - Complexity: O(bytes of the file, or of the record).
    func isFile(of change: OpenChange, _ status: FileStatus) throws(SystemError) -> Bool {
        guard let wanted = change.file.sha256 else {
            return change.file.inode == status.inode
                && (status.kind != .regular || change.file.bytes == status.bytes)
        }
        guard status.kind == .regular else { return false }
        let descriptor = try directory.openFile(name)
        var offset = change.file.offset ?? 0
        var left = change.file.offset == nil ? UInt64.max : change.file.bytes
        var digest = DigestBuilder()
        while left > 0 {
            var chunk: [UInt8] = []
            let count = try descriptor.read(Int(min(left, 256 << 10)), at: offset, into: &chunk)
            if count == 0 { break }
            digest.add(chunk)
            offset += UInt64(count)
            left -= UInt64(count)
        }
        return digest.finish() == wanted
    }
}
