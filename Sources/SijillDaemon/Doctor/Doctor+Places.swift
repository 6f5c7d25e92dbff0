import Glibc
import SijillFiles
import SijillFormat
import SijillLog

extension Doctor {
    // MARK: The data directory

    mutating func checkData() {
        let data = configuration.data
        guard let ownership = SystemFacts.ownership(data.root) else {
            let parent = Durable.parent(of: data.root)
            if SystemFacts.isWritable(parent) {
                add("data", .ok, "\(data.root.escapedForDisplay) is not there yet and can be made")
            } else {
                add(
                    "data", .problem, "\(data.root.escapedForDisplay) is not there and cannot be made",
                    "make it, owned by the user that the daemon runs as")
            }
            return
        }
        guard SystemFacts.isWritable(data.root) else {
            add(
                "data", .problem, "\(data.root.escapedForDisplay) is not writable for this user",
                "chown it to the user that the daemon runs as, who is \(ownership.user) by its owner")
            return
        }
        if ownership.mode & 0o002 != 0 {
            add(
                "data", .problem, "everyone may write in \(data.root.escapedForDisplay)",
                "chmod 0750 it; only the inbox is for others")
        } else {
            add("data", .ok, "\(data.root.escapedForDisplay) is there and writable")
        }
        checkFileSystem("data.file-system", data.root)
        checkSync(data.root)
        checkSecret("key", data.signingKey)
        checkState(data)
    }

    private mutating func checkFileSystem(_ name: String, _ path: String) {
        guard let type = SystemFacts.fileSystemType(path) else { return }
        switch UInt32(truncatingIfNeeded: type) {
        case 0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B:
            add(
                name, .problem,
                "it lies on a network file system, where locks, leases and syncs are not to be relied on",
                "move it to a local disk; the inbox alone may be mounted from elsewhere")
        case 0x0102_1994, 0x8584_58F6:
            add(
                name, .problem, "it lies in memory (tmpfs): a restart of the machine loses it",
                "move it to a disk")
        case 0x6573_5546:
            add(
                name, .warning, "it lies on FUSE: whether a sync reaches the disk is up to its server",
                "prefer a local disk")
        case 0x794C_7630:
            add(
                name, .warning, "it lies on an overlay, as of a container: it goes with the container",
                "mount a volume there")
        case 0xEF53: add(name, .ok, "ext4")
        case 0x5846_5342: add(name, .ok, "XFS")
        case 0x9123_683E: add(name, .ok, "btrfs")
        case 0x2FC1_2FC1: add(name, .ok, "ZFS")
        default: add(name, .ok, "type 0x\(String(type, radix: 16))")
        }
    }

    private mutating func checkSync(_ path: String) {
        let probe = FileSystemProbe(path)
        guard let time = probe.syncTime else {
            let why = probe.syncError.map { "\($0)" } ?? "no answer"
            return add(
                "disk.sync", .problem, "a file cannot be written and synced: \(why)", "look at disk and quota"
            )
        }
        let shown = "\(Double(time.components.attoseconds / 1_000_000_000_000) / 1_000) ms"
        if time > .milliseconds(100) {
            add(
                "disk.sync", .warning, "a sync takes \(time > .seconds(1) ? "over a second" : shown)",
                "small batches will be slow; a disk with a protected write cache helps")
        } else {
            add("disk.sync", .ok, "a sync takes \(shown)")
        }
        if !probe.renamesWithoutReplacing {
            add(
                "data.rename", .problem, "renameat2 with RENAME_NOREPLACE does not work there",
                "use a local disk")
        }
    }

    /// A file that only its owner may read.
    private mutating func checkSecret(_ name: String, _ path: String) {
        guard let ownership = SystemFacts.ownership(path) else { return }
        if ownership.mode & 0o077 != 0 {
            add(name, .problem, "\(path.escapedForDisplay) is not for its owner alone", "chmod 0600 it")
        } else {
            add(name, .ok, "\(path.escapedForDisplay) is for its owner alone")
        }
    }

    /// What `log/state` says, and whether the clock has gone back behind it.
    private mutating func checkState(_ data: DataDirectory) {
        do {
            guard let state = try LogState.read(data.state) else {
                return add("log", .ok, "there is no log yet; the first start makes it")
            }
            add("log", .ok, "log \(state.log), state at change \(state.sequence)")
            checkScrub(state.log)
            let written = try File(data.state, .read).modified()
            if written > WallClock.now() + 60_000_000_000 {
                add(
                    "clock.behind", .problem, "the log was written later than the clock says it is now",
                    "set the clock; until then changes are dated at the last one's time")
            }
        } catch let error as SijillError {
            add("log", .problem, error.message, error.remedy)
        } catch {
            add("log", .problem, "\(error)", "run 'sijilld check'")
        }
    }

    // MARK: The inbox

    mutating func checkInbox() {
        let path = configuration.inboxPath
        guard let ownership = SystemFacts.ownership(path) else {
            return add("inbox", .ok, "\(path.escapedForDisplay) is not there yet; the first start makes it")
        }
        guard SystemFacts.isWritable(path) else {
            return add(
                "inbox", .problem,
                "\(path.escapedForDisplay) is not writable for this user: nothing could leave it",
                "chown or chmod it; files are removed from it when they are taken in")
        }
        if ownership.mode & 0o002 != 0, ownership.mode & 0o1000 == 0 {
            add(
                "inbox", .problem, "everyone may remove everyone's files in \(path.escapedForDisplay)",
                "chmod 1770 it, with a group for those who drop files")
        } else {
            add("inbox", .ok, "\(path.escapedForDisplay) is there and writable")
        }
        if FileSystemProbe.lease(in: path) == .unavailable {
            add(
                "inbox.lease", .warning,
                "its file system knows no leases: whether someone still writes is not to be told",
                "drop files by rename (mv), or raise inbox.settle")
        } else {
            add("inbox.lease", .ok, "leases work there")
        }
        let quarantine = configuration.data.quarantine
        if let inbox = try? DirectoryHandle(path: path).descriptor.status(),
            let other = try? DirectoryHandle(path: quarantine).descriptor.status(),
            inbox.device != other.device
        {
            add(
                "inbox.file-system", .warning,
                "it is not that of the quarantine: rejected files are copied, not moved")
        }
    }

    // MARK: Space

    mutating func checkSpace() {
        let root = configuration.data.root
        let path = File.exists(root) ? root : Durable.parent(of: root)
        guard let space = try? DiskSpace.of(path) else { return }
        let reserve = min(UInt64(configuration.diskReserveBytes), space.total / 50)
        let shown =
            "\(space.free >> 20) MiB of \(space.total >> 20) MiB are free, \(reserve >> 20) MiB are kept in reserve"
        if space.free < reserve {
            add(
                "disk.free", .problem, shown,
                "ingest is paused until there is space: remove something, or add a disk")
        } else if space.free < 4 * reserve {
            add("disk.free", .warning, shown, "add space before ingest pauses")
        } else {
            add("disk.free", .ok, shown)
        }
        if let inodes = SystemFacts.freeInodes(path), inodes < 10_000 {
            add(
                "disk.inodes", .problem, "\(inodes) files can still be made",
                "remove small files, or use another disk")
        }
    }

    // MARK: The address

    mutating func checkListening() {
        let isRunning =
            File.exists(configuration.data.control)
            && (try? DirectoryInUse.position(of: configuration.data)) != nil
        add("daemon", .ok, isRunning ? "runs on this data directory" : "does not run on this data directory")
        guard case .tcp(let host, let port) = configuration.listen, port > 0 else {
            return add("listen", .ok, "\(configuration.listen)")
        }
        switch SystemFacts.bindFailure(host: host, port: port) {
        case 0 where isRunning:
            add(
                "listen", .warning, "the daemon runs, but not on \(configuration.listen)",
                "give doctor the --config that the daemon has")
        case 0: add("listen", .ok, "\(configuration.listen) is free")
        case EADDRINUSE where isRunning:
            add("listen", .ok, "\(configuration.listen) is in use, by the daemon")
        case EADDRINUSE:
            add(
                "listen", .problem, "\(configuration.listen) is in use",
                "end what listens there (ss -ltnp), or choose another port")
        case EACCES:
            add("listen", .problem, "\(configuration.listen) may not be bound", "take a port over 1023")
        case let code:
            add(
                "listen", .problem,
                "\(configuration.listen) cannot be bound: \(String(cString: strerror(code)))",
                "name an address that this machine has")
        }
    }
}

extension Doctor {
    /// What the scrub found when it read what is sealed.
    fileprivate mutating func checkScrub(_ log: LogID) {
        let state = ScrubState.load(configuration.data, log: log)
        if let finding = state.findings.first {
            let damaged = Set(state.findings.map(\.sequence)).count
            add(
                "scrub", .problem,
                "\(damaged) changes were found damaged, the first in \(finding.path.escapedForDisplay)",
                "run 'sijilld check' and see Documentation/Recovery.md")
        } else if let finished = state.finished {
            add("scrub", .ok, "all that was sealed was whole at \(finished.rfc3339)")
        }
    }
}
