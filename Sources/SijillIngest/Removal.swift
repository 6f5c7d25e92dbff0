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
    /// Where files are kept; nil when they are removed.
    let done: DoneFolder?
    let journal: RemovalHooks
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
        do throws(SystemError) {
            try done?.sync()
        } catch {
            return results.map { _ in .blocked(error) }
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
        guard
            status.hasSameContent(as: file.taken.status)
                || file.isTakenAsItIs && status.isSameFile(as: file.taken.status)
        else {
            try Removal.putBack(aside, as: name, suffix: file.sequences.last ?? .none, in: directory)
            file.isSetAside = false
            return .replaced
        }
        if status.linkCount <= 1 {
            // The last name of its inode: whatever else was open for the inode has no file any more.
            let rest = resumption.value.withLock { $0.isEmpty ? nil : $0.takeRest(inode: status.inode) }
            for range in rest?.ranges ?? [] { file.sequences.insert(range) }
        }
        try setMatesAside(file, in: directory)
        return nil
    }

    /// Renames the mates out of their names as well; one that is not as it was read stays.
    private func setMatesAside(_ file: FileInHand, in directory: DirectoryHandle) throws(SystemError) {
        guard file.matesAside.isEmpty, !file.taken.mates.isEmpty else { return }
        var place = 0
        for mate in file.taken.mates {
            // Counted as the change names them, which is without markers and what was no file to read.
            let number = mate.kind == .marker ? nil : mate.sha256 == nil ? 99 : place
            if mate.sha256 != nil { place += 1 }
            let aside = MateAside.name(file.sequences.last ?? .none, number: number)
            do throws(SystemError) {
                try directory.rename(mate.name, as: aside)
            } catch {
                if error.isNotFound { continue }
                throw error
            }
            if try directory.status(of: aside).hasSameContent(as: mate.status) {
                file.matesAside.append((mate, aside))
            } else {
                try Removal.putBack(aside, as: mate.name, suffix: file.sequences.last ?? .none, in: directory)
            }
        }
    }

    private func finish(_ file: FileInHand, in directory: DirectoryHandle) throws(SystemError) {
        try Removal.finish(
            Removal.removalName(file), file.taken.key.name,
            mates: file.matesAside.map { ($0.mate.name, $0.aside) },
            whole: file.whole, sequence: file.sequences.last ?? .none, firstSeen: file.taken.status.changed,
            in: directory, quarantine, done)
    }

    /// The last step for one file: its mates first, so that none is ever left without it.
    static func finish(
        _ aside: NameBytes, _ name: NameBytes, mates: [(name: NameBytes, aside: NameBytes)],
        whole: OpenChange?, sequence: SequenceNumber, firstSeen: Int64, in directory: DirectoryHandle,
        _ quarantine: Quarantine, _ done: DoneFolder?
    ) throws(SystemError) {
        if let whole, whole.reason != nil {
            return try quarantine.move(aside, from: directory, as: whole, firstSeen: firstSeen, mates: mates)
        }
        for (current, name) in mates.map({ ($0.aside, $0.name) }) + [(aside, name)] {
            do throws(SystemError) {
                if let done {
                    try done.keep(current, from: directory, as: name, sequence: sequence)
                } else {
                    try directory.unlink(current)
                }
            } catch {
                // A mate that went in an attempt before this one.
                if !error.isNotFound || current == aside { throw error }
            }
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
            try directory.rename(current, as: Removal.name(name, with: "\(suffix)"))
        }
    }

    /// A name with something before its extension.
    static func name(_ name: NameBytes, with suffix: String) -> NameBytes {
        let point = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        let other = name[..<point] + Array(".\(suffix)".utf8) + name[point...]
        return Array(other.suffix(Limits.nameBytesMax))
    }
}

/// The names that mates have while they are being removed: `.sijill-mate-<sequence>-<number>`, and for a marker
/// `.sijill-mate-<sequence>-marker`.
enum MateAside {
    private static let prefix = ".sijill-mate-"

    /// - Parameter number: place among what the change's file was taken with; nil for its marker.
    static func name(_ sequence: SequenceNumber, number: Int?) -> NameBytes {
        Array("\(prefix)\(sequence.value)-\(number.map(String.init) ?? "marker")".utf8)
    }

    /// The sequence in such a name, and the place; nil for any other name.
    static func parse(_ name: NameBytes) -> (sequence: SequenceNumber, number: Int?)? {
        let text = String(decoding: name, as: UTF8.self)
        guard text.hasPrefix(prefix) else { return nil }
        let parts = text.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let value = UInt64(parts[0]), value > 0 else { return nil }
        if parts[1] == "marker" { return (SequenceNumber(value), nil) }
        guard let number = Int(parts[1]) else { return nil }
        return (SequenceNumber(value), number)
    }
}

/// A `.sijill-<n>` that the daemon's end left behind.
struct LeftOver {
    let directory: DirectoryHandle
    let id: DirectoryID
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

    /// The mates of the change that still lie beside it as they were taken, and its marker unless another file has
    /// come under its name.
    func mates(
        of change: OpenChange, marker: NameBytes?
    ) throws(SystemError) -> [(name: NameBytes, aside: NameBytes)] {
        var names: [NameBytes] = []
        for mate in change.file.mates {
            guard let file = try? directory.openFile(mate.nameOnDisk), try file.digest() == mate.sha256 else {
                continue
            }
            names.append(mate.nameOnDisk)
        }
        let name = change.file.nameOnDisk
        if let marker, (try? directory.status(of: name)) == nil,
            (try? directory.status(of: name + marker)) != nil
        {
            names.append(name + marker)
        }
        return names.map { ($0, $0) }
    }
}
