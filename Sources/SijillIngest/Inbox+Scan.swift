import Glibc
import SijillFiles
import SijillFormat

extension Inbox {
    /// Watches and then lists a directory and all below it.
    func scan(_ directory: DirectoryID, _ cause: ScanCause) {
        if directory == .root {
            findRoot()
            guard !counts.isMissing else { return leaveRoot(cause) }
            wasShortOfWatches = counts.isShortOfWatches
            counts.isShortOfWatches = false
        }
        var results: [Settling.ScanResult] = []
        var left: [LeftOver] = []
        var waiting = [directory]
        while let next = waiting.popLast() {
            guard let path = settling.directories[next]?.path else { continue }
            do throws(SystemError) {
                let handle = try root.openDirectory(path)
                noteHowWatched(handle, as: next)
                var entries = try self.entries(of: handle)
                let isFound = Set(entries.filter { $0.status.kind == .directory }.map(\.name))
                for child in settling.directories.children(of: next) where !isFound.contains(child.name) {
                    self.handle(.directoryGone(child.id))
                }
                waiting += isFound.compactMap { settling.enter($0, in: next) }
                if cause == .start {
                    if putMatesBack(entries, in: handle) { entries = try self.entries(of: handle) }
                    for entry in entries {
                        let name = String(decoding: entry.name, as: UTF8.self)
                        guard let sequence = DataDirectory.sequence(ofRemovalName: name) else { continue }
                        left.append(
                            LeftOver(
                                directory: handle, id: next, name: entry.name, sequence: sequence))
                    }
                    if finish(&left) { entries = try self.entries(of: handle) }
                    noteFound(entries, in: next)
                }
                results.append(Settling.ScanResult(directory: next, entries: entries))
            } catch {
                cannotScan(next, error)
            }
        }
        if cause == .start { closeVanished() }
        handle(.scanned(results, cause, wallClock: WallClock.now()))
        if directory == .root { reportIgnored() }
        noteDegraded()
    }

    /// Names files that lie in the inbox and will never be taken in, when there are more than before.
    private func reportIgnored() {
        let names = settling.ignoredForLong.map { String(decoding: $0, as: UTF8.self).escapedForDisplay }
        let count = settling.counts(now: .now).ignoredForLong
        if count > reportedIgnored {
            logger.notice(
                "Names in the inbox are left alone because of their form, and have been for long; rename or remove them",
                metadata: ["inbox.ignored": "\(count)", "inbox.names": "\(names.joined(separator: ", "))"])
        }
        reportedIgnored = count
    }

    /// Puts mates back whose removal was broken off; the removal of their file, which is still there, goes on with them.
    private func putMatesBack(
        _ entries: [ScanEntry], in directory: DirectoryHandle
    ) -> Bool {
        var hasMoved = false
        for entry in entries {
            guard let (sequence, number) = MateAside.parse(entry.name) else { continue }
            let file = journal.change(sequence)?.file
            var name: NameBytes?
            if let number {
                let mates = file?.mates ?? []
                if mates.indices.contains(number) { name = mates[number].nameOnDisk }
            } else if let file, let marker = settings.sources[file.source].marker {
                name = file.nameOnDisk + marker
            }
            do throws(SystemError) {
                try Removal.putBack(
                    entry.name, as: name ?? Array("recovered-\(sequence).meta.json".utf8), suffix: sequence,
                    in: directory)
                hasMoved = true
            } catch {
                logger.error(
                    "A sidecar that is being removed cannot be; it stays under its removal name",
                    metadata: error.metadata)
            }
        }
        return hasMoved
    }

    private func entries(of directory: DirectoryHandle) throws(SystemError) -> [ScanEntry] {
        var entries: [ScanEntry] = []
        for name in try directory.names() {
            // A name that went since it was listed is no entry.
            guard let status = try? directory.status(of: name) else { continue }
            entries.append(ScanEntry(name: name, status: status))
        }
        return entries
    }

    private func cannotScan(_ directory: DirectoryID, _ error: SystemError) {
        if error.isNotFound || error.code == ELOOP {
            handle(.directoryGone(directory))
        } else {
            guard settling.directories[directory]?.isPolled == false else { return }
            logger.warning(
                "A directory of the inbox cannot be read and is tried again", metadata: error.metadata)
            handle(.watched(directory, isPolled: true, hasNoLeases: false))
        }
    }

    private func noteHowWatched(_ handle: DirectoryHandle, as directory: DirectoryID) {
        let isWatched = watch(handle, as: directory)
        let isNetwork = (try? handle.descriptor.fileSystemType()).map(FileSystems.isNetwork) ?? false
        let isPolled = !isWatched || isNetwork
        let known = settling.directories[directory]
        if known?.isPolled != isPolled || known?.hasNoLeases != isNetwork {
            self.handle(.watched(directory, isPolled: isPolled, hasNoLeases: isNetwork))
        }
    }

    /// Opens the inbox again when another directory has come in its place.
    private func findRoot() {
        do throws(SystemError) {
            let found = try DirectoryHandle(path: settings.path)
            counts.isMissing = false
            guard try !found.descriptor.status().isSameFile(as: root.descriptor.status()) else { return }
            root = found
            reader = reader.moved(to: found)
        } catch {
            if !counts.isMissing {
                logger.error("The inbox is not there; make it again", metadata: error.metadata)
            }
            counts.isMissing = true
            handle(.watched(.root, isPolled: true, hasNoLeases: false))
        }
    }

    /// While there is no inbox, the directory that was it is somebody's folder: nothing is taken from it.
    private func leaveRoot(_ cause: ScanCause) {
        for child in settling.directories.children(of: .root) { handle(.directoryGone(child.id)) }
        unwatch(.root)
        let nothing = Settling.ScanResult(directory: .root, entries: [])
        handle(.scanned([nothing], cause, wallClock: WallClock.now()))
        noteDegraded()
    }

    // MARK: What the daemon's last end left

    private func noteFound(_ entries: [ScanEntry], in directory: DirectoryID) {
        let source = settling.directories[directory]?.source ?? SijillIngest.defaultSource
        resumption.value.withLock { resumption in
            guard !resumption.isEmpty else { return }
            for entry in entries where entry.status.kind != .directory {
                resumption.found(
                    inode: entry.status.inode, name: String(decoding: entry.name, as: UTF8.self),
                    source: source)
            }
        }
    }

    /// Ends the removals that were going on; true when names have changed.
    private func finish(_ left: inout [LeftOver]) -> Bool {
        let waiting = left
        left = []
        for leftOver in waiting {
            do {
                try finish(leftOver)
            } catch {
                logger.error(
                    "A file that is being removed cannot be; it stays under its removal name",
                    metadata: ["error": "\(error)"])
            }
        }
        return !waiting.isEmpty
    }

    private func finish(_ left: LeftOver) throws {
        let status = try left.directory.status(of: left.name)
        let change = journal.change(left.sequence)
        guard let change, try left.isFile(of: change, status) else {
            let name = change?.file.nameOnDisk ?? Array("recovered-\(left.sequence)".utf8)
            try Removal.putBack(left.name, as: name, suffix: left.sequence, in: left.directory)
            return
        }
        var sequences = SequenceRanges()
        resumption.value.withLock { resumption in
            let file = change.file
            if file.offset == nil {
                _ = resumption.takeWhole(
                    inode: status.inode, name: file.name, source: file.source, bytes: file.bytes,
                    sha256: file.sha256)
            } else if let begun = resumption.takeBegun(
                inode: status.inode, name: file.name, source: file.source)
            {
                for range in begun.sequences.ranges { sequences.insert(range) }
            }
        }
        if !sequences.ranges.contains(where: { $0.contains(left.sequence) }) {
            sequences.insert(left.sequence)
        }
        try journal.removed(sequences.ranges)
        let marker = settings.sources[settling.directories[left.id]?.source ?? ""].marker
        try Removal.finish(
            left.name, change.file.nameOnDisk, mates: try left.mates(of: change, marker: marker),
            whole: change.file.offset == nil ? change : nil, sequence: left.sequence,
            firstSeen: status.changed,
            in: left.directory, quarantine, done)
        try done?.sync()
        journal.closed(sequences.ranges)
    }

    /// Changes whose files are nowhere to be found close.
    private func closeVanished() {
        let ranges = resumption.value.withLock { $0.takeVanished() }.ranges
        guard !ranges.isEmpty else { return }
        do {
            try journal.removed(ranges)
            journal.closed(ranges)
        } catch {
            logger.error("The removals cannot be noted", metadata: ["error": "\(error)"])
        }
    }
}

/// File systems on which leases and watches do not see what other machines do (contract: inbox §2, class E).
enum FileSystems {
    /// Magic numbers of statfs(2): NFS, SMB, CIFS, SMB2, 9P, FUSE, Ceph, AFS, Lustre.
    private static let network: Set<Int> = [
        0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x6573_5546, 0x00C3_6400, 0x5346_414F,
        0x0BD0_0BD0,
    ]

    static func isNetwork(_ type: Int) -> Bool { network.contains(type & 0xFFFF_FFFF) }
}

/// Tries out the directories that the inbox cannot do without.
enum DirectoryCheck {
    /// Opens a directory and creates, renames and unlinks a file in it.
    static func open(_ path: String, key: String) throws(SijillError) -> DirectoryHandle {
        do throws(SystemError) {
            let directory = try DirectoryHandle(path: path)
            let probe = Array(".sijill-probe".utf8)
            let renamed = Array(".sijill-probe-renamed".utf8)
            for name in [probe, renamed] {
                do throws(SystemError) { try directory.unlink(name) } catch {
                    if !error.isNotFound { throw error }
                }
            }
            _ = try directory.createFile(probe)
            try directory.rename(probe, as: renamed)
            try directory.unlink(renamed)
            return try directory.openDirectory([])
        } catch {
            if error.code == ENOSYS {
                throw SijillError(
                    .configuration, error.description,
                    remedy:
                        "openat2 is needed: Linux 5.6 or later, and no sandbox that takes it away, as RestrictSUIDSGID= does"
                )
            }
            throw SijillError(
                .configuration, error.description,
                remedy:
                    "make the directory and give the daemon's user the right to write in it, or change '\(key)'"
            )
        }
    }

    /// fs.protected_hardlinks; false where it cannot be read.
    static func protectsHardLinks() -> Bool {
        guard let proc = try? DirectoryHandle(path: "/proc/sys/fs"),
            let file = try? proc.openFile(Array("protected_hardlinks".utf8)),
            let bytes = try? file.readAll(expected: 8, limit: 8)
        else { return false }
        return bytes.first == UInt8(ascii: "1")
    }
}
