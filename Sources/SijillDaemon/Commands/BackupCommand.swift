import ArgumentParser
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijilld backup DEST`: a copy of the data directory that a daemon can be started on.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract:
            "Copy log, originals, key, consumers and quarantine to a folder. May run beside the daemon.",
        discussion: """
            The copy is a data directory: 'sijilld check --data DEST' verifies it, and a daemon can be started on it. A \
            second run to the same folder copies only what is new or was erased since. Everything that is copied is \
            verified. Not in it are the inbox (what lies there has not been taken in yet), the configuration, and, \
            without --store, the SQLite store, which the next start makes again.
            """)

    @OptionGroup var options: DirectoryOptions

    @Argument(
        help: ArgumentHelp("The folder that holds the backup; made when it is not there.", valueName: "dest"))
    var target: String

    @Flag(help: "Copy the SQLite store too: a restored daemon starts at once, each backup takes longer.")
    var store = false

    @Flag(help: "Print one JSON object instead of a line.")
    var json = false

    func run() throws {
        let source = try options.load().data
        guard File.exists(source.state) else {
            throw SijillError(
                .configuration, "\(source.root.escapedForDisplay) is no data directory: it has no log",
                remedy: "name the right one with --data")
        }
        let sourceLock = try DirectoryInUse.lock(of: source)
        let target = try BackupTarget(target, of: source)
        if sourceLock != nil { try recover(source) }
        var progress = ProgressLine(total: try source.logBytes())
        let outcome = try Backup(
            from: source, to: target.directory, isRunning: sourceLock == nil, withStore: store
        )
        .run { progress.add($0) }
        progress.end()
        withExtendedLifetime((sourceLock, target)) { printLine(json ? outcome.json.line : outcome.line) }
    }

    /// A log that a crash has left is brought in order first, as a start would: so that nothing durable is missed.
    private func recover(_ source: DataDirectory) throws { try ChangeLog(source).close() }
}

/// The folder of a backup, locked.
private struct BackupTarget {
    let directory: DataDirectory
    private let lock: DirectoryLock

    init(_ path: String, of source: DataDirectory) throws {
        do throws(SystemError) {
            try Durable.createDirectory(path)
            let (from, to) = (try RealPath.of(source.root), try RealPath.of(path))
            guard from != to, !to.hasPrefix(from + "/"), !from.hasPrefix(to + "/") else {
                throw SystemError("backup", path, code: 22)
            }
        } catch {
            throw SijillError(
                error.isPermission ? .permission : .configuration,
                error.code == 22
                    ? "\(path.escapedForDisplay) and the data directory lie in one another"
                    : "\(path.escapedForDisplay) cannot be made: \(error)",
                remedy: "name a folder elsewhere, best on another disk")
        }
        directory = DataDirectory(path)
        let strangers = try DirectoryListing.names(path).filter { $0 != "lock" && $0 != "lost+found" }
        guard strangers.isEmpty || File.exists(directory.log) else {
            throw SijillError(
                .configuration, "\(path.escapedForDisplay) is neither empty nor a backup",
                remedy: "name an empty folder, or the one of an earlier backup")
        }
        lock = try DirectoryLock(directory)
    }
}

/// The steps of a backup. What refers to the log is read before it is asked how far it is durable, so that the copy
/// of the log covers it.
private struct Backup {
    let source: DataDirectory
    let target: DataDirectory
    let isRunning: Bool
    let withStore: Bool

    init(from source: DataDirectory, to target: DataDirectory, isRunning: Bool, withStore: Bool) {
        self.source = source
        self.target = target
        self.isRunning = isRunning
        self.withStore = withStore
    }

    private static let attemptsMax = 3

    /// An erasure that goes on meanwhile makes it begin again: the copy must have the withdrawal with it.
    func run(progress: (UInt64) -> Void) throws -> BackupOutcome {
        for _ in 0..<Self.attemptsMax {
            do { return try attempt(progress: progress) } catch is LogBackup.SourceChanged {}
        }
        throw SijillError(
            .inputOutput, "articles were being erased while \(source.root.escapedForDisplay) was copied",
            remedy: "run the backup again when the erasures are done")
    }

    private func attempt(progress: (UInt64) -> Void) throws -> BackupOutcome {
        guard let state = try LogState.read(source.state) else {
            throw SijillError(.damaged, "\(source.state) is missing", remedy: "run 'sijilld check'")
        }
        // A folder of another history is refused before anything in it is touched.
        _ = try LogBackup(from: source, to: target, state: state, bound: try bound(state))
        let checkpoint = try File.contents(source.checkpoint)
        try copyKey()
        var tiles = TreeCopy(removesStrangers: false)
        try copy(source.tiles, to: target.tiles, by: &tiles)
        for name in ["consumers.sqlite"] + (withStore ? ["sijill.sqlite"] : []) { try copyDatabase(name) }
        // A store that has not been copied now is older than the log beside it; the next start catches it up.
        var log = try LogBackup(from: source, to: target, state: state, bound: try bound(state))
        let report = try log.run(checkpoint: checkpoint, progress: progress)
        var quarantine = TreeCopy(removesStrangers: true)
        try copy(source.quarantine, to: target.quarantine, by: &quarantine)
        try Durable.syncDirectory(target.root)
        return BackupOutcome(
            target: target.root, log: report,
            quarantineCount: quarantine.copiedCount + quarantine.unchangedCount)
    }

    /// How far the log is durable now; a stopped daemon's was brought in order before.
    private func bound(_ state: LogState) throws -> SequenceNumber {
        isRunning ? try DirectoryInUse.position(of: source) : state.sequence
    }

    private func copyKey() throws {
        guard let key = try File.contents(source.signingKey) else { return }
        try Durable.replace(target.signingKey, key, permissions: 0o600)
    }

    private func copy(_ folder: String, to copy: String, by copier: inout TreeCopy) throws {
        guard File.exists(folder) else { return }
        try Durable.createDirectory(copy)
        try copier.run(from: try DirectoryHandle(path: folder), to: try DirectoryHandle(path: copy))
    }

    private func copyDatabase(_ name: String) throws {
        let (from, to) = ("\(source.root)/\(name)", "\(target.root)/\(name)")
        guard File.exists(from) else { return }
        let temporary = Durable.temporaryName(to)
        for path in Store.files(path: temporary) { try Durable.remove(path) }
        // Made first, so that it has the permissions of the original from its first byte on.
        _ = try File(temporary, .create(permissions: 0o640))
        try SQLiteCopy.copy(from, to: temporary)
        try File(temporary, .write).synchronize()
        for path in Store.files(path: to) where path != to { try Durable.remove(path) }
        try Durable.rename(temporary, to)
    }
}

/// What a backup came to.
private struct BackupOutcome {
    let target: String
    let log: LogBackup.Report
    /// Files in the copy of the quarantine.
    let quarantineCount: Int

    var line: String {
        let tip = log.tip.map { "through \($0)" } ?? "of an empty log"
        let bytes =
            log.copiedBytes < 1 << 20 ? "\(log.copiedBytes >> 10) KiB" : "\(log.copiedBytes >> 20) MiB"
        return
            "backup \(tip) in \(target.escapedForDisplay): \(log.copiedSegments) segments copied (\(bytes)), "
            + "\(log.unchangedSegments) unchanged"
    }

    var json: JSONValue {
        .object([
            JSONMember("target", target), JSONMember("tip", log.tip?.description),
            JSONMember("segments_copied", UInt64(log.copiedSegments)),
            JSONMember("segments_unchanged", UInt64(log.unchangedSegments)),
            JSONMember("bytes_copied", UInt64(log.copiedBytes)),
            JSONMember("quarantine_files", UInt64(quarantineCount)),
        ])
    }
}

extension DataDirectory {
    /// Bytes of log and originals, for a progress bar.
    fileprivate func logBytes() throws -> UInt64 {
        var bytes: UInt64 = 0
        for (folder, kind) in [(log, ".ndjson"), (originals, ".warc")] {
            for name in (try? DirectoryListing.names(folder)) ?? [] where name.hasSuffix(kind) {
                bytes += (try? File("\(folder)/\(name)", .read).size()) ?? 0
            }
        }
        return bytes
    }
}
