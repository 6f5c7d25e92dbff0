import Dispatch
import Glibc
import Logging
import ServiceLifecycle
import SijillFeed
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore
import Synchronization

/// `sijilld --read-only`: serves a data directory that another process writes, a mirror above all.
///
/// It takes no lock and writes nothing. What it serves follows `log/state`, so it is never ahead of what is durable; the
/// writer may come and go.
package final class ReadOnlyDaemon: Sendable {
    private let configuration: DaemonConfiguration
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let health = Mutex(Health.notReady("the daemon is starting"))

    package init(_ configuration: DaemonConfiguration, notifier: ServiceNotifier, logger: Logger) {
        self.configuration = configuration
        self.notifier = notifier
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Throws: `SijillError` that says why it cannot start, with its exit code.
    package func run() async throws {
        let access = try FeedAccess(configuration)
        let stop = StopRequest { [logger] in access.reload(logger) }
        let view = try LogView(configuration.data)
        let store = try openStore(of: view.reader.log)
        let tracker = ViewTracker(view, store: store) { [logger] error in
            logger.critical("\(error)")
            exit(error.code.rawValue)
        }
        try tracker.start()
        var feed = FeedConfiguration(address: access.address)
        feed.isMirror = true
        feed.allowedHosts = configuration.access.allowedHosts
        feed.allowedOrigins = configuration.access.allowedOrigins
        feed.followersMax = configuration.access.followersMax
        feed.followersPerTokenMax = configuration.access.followersPerTokenMax
        feed.access = access.control
        feed.security = access.security
        let server = FeedServer(
            reader: view.reader, store: store, configuration: feed,
            health: { self.health.withLock { $0 } }, logger: logger, onListening: { self.ready($0) })
        var services = ServiceGroupConfiguration(services: [.init(service: server)], logger: logger)
        services.gracefulShutdownSignals = []
        let group = ServiceGroup(configuration: services)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // A feed that ends by itself ends the daemon.
                defer { stop.request() }
                try await group.run()
            }
            await stop.requested()
            health.withLock { $0 = .notReady("the daemon is stopping") }
            try? notifier.send(.stopping)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        tracker.stop()
        try store.close()
        logger.notice("stopped")
    }

    private func openStore(of log: LogID) throws -> Store {
        let path = configuration.data.store
        do {
            return try Store(path: path, log: log, readOnly: true)
        } catch let error as StoreError {
            throw SijillError(
                .configuration, "\(error.message), and a read-only daemon makes none",
                remedy:
                    "let 'sijill mirror' of this version bring it in step, for a log of its own 'sijilld rebuild'"
            )
        }
    }

    private func ready(_ address: FeedConfiguration.Address) {
        health.withLock { $0 = .ready }
        try? notifier.send(.ready, .status("read-only, serving on \(address)"))
        logger.notice(
            "ready, read-only",
            metadata: ["listen": "\(address)", "data": "\(configuration.data.root.escapedForDisplay)"])
    }
}

/// SIGTERM and SIGINT, or the end of the feed. SIGHUP makes tokens and certificate be read again.
private final class StopRequest: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let sources = Mutex<[SignalSource]>([])

    init(reload: @escaping @Sendable () -> Void) {
        (stream, continuation) = AsyncStream<Void>.makeStream()
        for number in [SIGPIPE, SIGXFSZ, SIGIO] { signal(number, SIG_IGN) }
        sources.withLock { sources in
            sources = [SIGTERM, SIGINT].map { SignalSource($0) { [self] in request() } }
            sources.append(SignalSource(SIGHUP, handler: reload))
        }
    }

    func request() { continuation.yield() }
    func requested() async { _ = await stream.first(where: { _ in true }) }
}

/// Keeps what is served in step with the directory, on the serial queue `sijill.view`.
///
/// It looks when `log/state` was replaced (inotify), and once a second for file systems that do not say so. A change
/// is announced when the store's file holds it too. `@unchecked Sendable`: everything is touched on the queue only.
final class ViewTracker: @unchecked Sendable {
    private let queue = DispatchQueue(label: "sijill.view")
    private let view: LogView
    private let store: Store
    private let storeInode: UInt64?
    private let failed: @Sendable (SijillError) -> Void
    private var source: ReadSource?
    private var timer: RepeatingTimer?
    private var retryTimer: DeadlineTimer?
    private var retryPause = ViewTracker.retryMin
    private var hasFailed = false
    /// Withdrawals whose erasure may still go on, and what they erase.
    private var erasing: [(SequenceNumber, [SequenceNumber])] = []

    /// How often it looks without being told.
    private static let interval = Duration.seconds(1)
    /// How soon it looks again when the store has not taken yet what the log has.
    private static let retryMin = Duration.milliseconds(5)
    private static let retryMax = Duration.seconds(1)
    private static let batchCount = 1_000

    init(_ view: LogView, store: Store, failed: @escaping @Sendable (SijillError) -> Void) {
        self.view = view
        self.store = store
        self.failed = failed
        storeInode = Self.inode(store.path)
    }

    /// Looks a first time and from then on by itself.
    func start() throws {
        try queue.sync {
            if let last = try store.erasures().last { view.reader.contentErased(by: last) }
            try look()
            retryTimer = DeadlineTimer(queue: queue) { [weak self] in self?.lookOrFail() }
            let watch = try Watch()
            _ = try watch.add(try DirectoryHandle(path: view.directory.log))
            source = ReadSource(watch.descriptor, queue: queue) { [weak self] in
                // What the events say does not matter: the state says it all.
                _ = try? watch.read()
                self?.lookOrFail()
            }
            timer = RepeatingTimer(every: Self.interval, queue: queue) { [weak self] in self?.lookOrFail() }
        }
    }

    func stop() {
        queue.sync {
            source?.cancel()
            timer?.cancel()
            retryTimer?.cancel()
        }
    }

    private func lookOrFail() {
        guard !hasFailed else { return }
        do {
            try look()
        } catch {
            hasFailed = true
            let known = error as? SijillError ?? (error as? StoreError)?.sijillError
            failed(
                known
                    ?? SijillError(
                        .inputOutput, "the directory cannot be read: \(error)", remedy: "check the disk"))
        }
    }

    private func look() throws {
        dispatchPrecondition(condition: .onQueue(queue))
        _ = try view.refresh()
        try store.observeSearch()
        let last = try min(store.appliedInFile(), view.sequence)
        while store.applied < last {
            let changes = try view.changes(after: store.applied, through: last, limit: Self.batchCount)
            try store.observe(changes)
            for change in changes {
                guard case .withdrawn(let withdrawn) = change.record, withdrawn.erases else { continue }
                erasing.append((change.sequence, withdrawn.sequences))
            }
        }
        try takeErasures()
        try view.announce(through: store.applied)
        try view.showCheckpoint()
        guard store.applied < view.sequence else {
            retryPause = Self.retryMin
            return
        }
        guard Self.inode(store.path) == storeInode else {
            throw SijillError(
                .unavailable, "the store \(store.path) was made again",
                remedy: "start again to serve the new one")
        }
        retryTimer?.schedule(after: retryPause)
        retryPause = min(Self.retryMax, retryPause * 2)
    }

    /// The writer erases after the withdrawal is durable, and takes its marker away when that is done.
    private func takeErasures() throws {
        for (withdrawal, _) in erasing { view.reader.contentErased(by: withdrawal) }
        guard !erasing.isEmpty, !File.exists(view.directory.erasing) else { return }
        for (_, sequences) in erasing { try view.reader.contentErased(of: sequences) }
        erasing = []
    }

    private static func inode(_ path: String) -> UInt64? {
        try? DirectoryHandle(path: Durable.parent(of: path))
            .status(of: Array(path.split(separator: "/").last!.utf8)).inode
    }
}
