import Dispatch
import Glibc
import Logging
import ServiceLifecycle
import SijillArticles
import SijillFeed
import SijillFiles
import SijillFormat
import SijillIngest
import SijillLog
import SijillStore
import Synchronization

/// The daemon put together: log, store, ledger, inbox and feed of one data directory, from start to stop.
///
/// Documentation/Queues.md says which queue owns what.
package final class Daemon: Sendable {
    private let configuration: DaemonConfiguration
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let health = Mutex(Health.notReady("the daemon is starting"))
    /// Why the inbox works less well than it should; nil when it does not.
    private let degraded = Mutex<String?>(nil)

    package init(_ configuration: DaemonConfiguration, notifier: ServiceNotifier, logger: Logger) {
        self.configuration = configuration
        self.notifier = notifier
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, then drains and returns.
    ///
    /// - Throws: `SijillError` that says why the daemon cannot start, with its exit code.
    package func run() async throws {
        MemoryArenas.limit()
        // Before anything is made or opened: a feed that may not be served is no reason to touch the data.
        let access = try FeedAccess(configuration)
        let parts = try open()
        let stop = StopSignals(inbox: parts.inbox) { [logger] in access.reload(logger) }
        OpenFiles.raiseLimit()
        let listening = AsyncStream<FeedConfiguration.Address>.makeStream()
        let feed = try makeFeed(parts, access) { listening.continuation.yield($0) }
        var feedConfiguration = ServiceGroupConfiguration(services: [.init(service: feed)], logger: logger)
        feedConfiguration.gracefulShutdownSignals = []
        let services = ServiceGroup(configuration: feedConfiguration)

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // A feed that ends by itself ends the daemon; its error is thrown below.
                defer {
                    listening.continuation.finish()
                    stop.request()
                }
                try await services.run()
            }
            guard let address = await listening.stream.first(where: { _ in true }) else {
                try await group.next()
                return
            }
            let control = try ControlServer(configuration.data) { Self.answer($0, $1, parts.ledger) }
            parts.inbox.start(open: parts.openChanges)
            let watchdog = Watchdog(notifier, ledger: parts.ledger)
            parts.scrubber.start()
            ready(address)
            await stop.requested()
            parts.scrubber.stop()
            await drain(parts)
            watchdog.stop()
            control.stop()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        try close(parts)
    }

    /// Takes in what lies in the inbox, without serving it, and returns: whether anything was rejected.
    ///
    /// Files that someone has open for writing, and files that may not be read, are not waited for.
    package func runOnce() async throws -> Bool {
        let parts = try open()
        let stop = StopSignals(inbox: parts.inbox)
        let control = try ControlServer(configuration.data) { Self.answer($0, $1, parts.ledger) }
        parts.inbox.start(open: parts.openChanges)
        while !stop.isRequested, !parts.inbox.counters().isTakenIn {
            try await Task.sleep(for: .milliseconds(20))
        }
        await drain(parts)
        control.stop()
        // Nobody else writes any more, and no daemon is there to do it later.
        parts.indexer.stop()
        if !stop.isRequested { try parts.store.indexAll() }
        try close(parts)
        return parts.ledger.rejectedCount > 0
    }

    /// What is open while the daemon runs.
    private struct Parts: Sendable {
        let lock: DirectoryLock
        let reader: LogReader
        let store: Store
        let ledger: Ledger
        let inbox: Inbox
        let indexer: SearchIndexer
        let scrubber: Scrubber
        let openChanges: [OpenChange]
    }

    private func open() throws -> Parts {
        let lock = try prepareDirectory()
        let reserve = DiskReserve(configuration.data, bytesFreeMin: UInt64(configuration.diskReserveBytes))
        if reserve.lackOfSpace() != nil { reserve.release() }
        let log = try ChangeLog(configuration.data, origin: configuration.logOrigin)
        for line in log.recovery.lines { logger.notice("\(line)") }
        log.announce()
        let store = try StoreOpening(configuration.data, logger: logger).open(for: log.reader)
        try Withdrawal(log: log, store: store, directory: configuration.data).start()
        let openChanges = try OpenChanges.read(log)
        reserve.restore()
        let ledger = Ledger(
            log: log, store: store, reserve: reserve, logger: logger, directory: configuration.data)
        let inbox = try makeInbox(ledger: ledger, log: log)
        let indexer = SearchIndexer(store: store, logger: logger) { [self] in end($0) }
        ledger.start(listener(inbox: inbox, indexer: indexer))
        indexer.start()
        let scrubber = Scrubber(
            ScrubPace(rateBytes: configuration.scrub.rateBytes, interval: configuration.scrub.interval),
            directory: configuration.data, reader: log.reader, store: store, logger: logger)
        return Parts(
            lock: lock, reader: log.reader, store: store, ledger: ledger, inbox: inbox, indexer: indexer,
            scrubber: scrubber, openChanges: openChanges)
    }

    private func drain(_ parts: Parts) async {
        health.withLock { $0 = .notReady("the daemon is stopping") }
        try? notifier.send(.stopping, .status("draining"))
        logger.notice("draining")
        await withCheckedContinuation { done in
            parts.ledger.beginDrain { done.resume() }
            parts.inbox.drain { parts.ledger.finishDrain() }
        }
    }

    private func close(_ parts: Parts) throws {
        parts.indexer.stop()
        try close(parts.store)
        withExtendedLifetime(parts.lock) { logger.notice("stopped") }
    }

    /// Closes the store, its write-ahead log folded in. Without space for that it stays as it is: the next start goes on
    /// from it.
    private func close(_ store: Store) throws {
        do {
            try store.checkpoint()
            try store.close()
        } catch let error as StoreError where error.code == .outOfSpace {
            logger.warning("the store was closed with its write-ahead log", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Parts

    /// Makes the data directory when it is not there and takes its lock.
    private func prepareDirectory() throws -> DirectoryLock {
        let root = configuration.data.root
        do throws(SystemError) {
            try Durable.createDirectory(root)
        } catch {
            throw SijillError(
                error.isPermission ? .permission : .configuration,
                "the data directory \(root.escapedForDisplay) cannot be made: \(error)",
                remedy: "make its parent, or name another with --data")
        }
        let lock = try DirectoryLock(configuration.data)
        let data = configuration.data
        for folder in [root, data.log, data.originals] where File.exists(folder) { try probe(folder) }
        return lock
    }

    /// The self-test of a directory (contract: inbox §7): better no start than files that come in and never leave.
    private func probe(_ folder: String) throws {
        do throws(SystemError) {
            try DirectoryHandle(path: folder).probe()
        } catch {
            throw SijillError(
                .configuration,
                "in \(folder.escapedForDisplay) a file cannot be made, renamed and removed: \(error)",
                remedy: "let this user write there, on a disk that is not read-only")
        }
    }

    private func makeInbox(ledger: Ledger, log: ChangeLog) throws -> Inbox {
        let done = configuration.inbox.after == .keep ? configuration.data.done : nil
        for folder in [configuration.inboxPath, configuration.data.quarantine] + (done.map { [$0] } ?? []) {
            do throws(SystemError) {
                try Durable.createDirectory(folder)
            } catch {
                throw SijillError(
                    .configuration, "\(folder.escapedForDisplay) cannot be made: \(error)",
                    remedy: "make it, writable for this user")
            }
            try probe(folder)
        }
        var settings = InboxSettings(
            path: configuration.inboxPath, quarantinePath: configuration.data.quarantine)
        settings.times.settle = configuration.inbox.settle
        settings.times.rescan = configuration.inbox.rescan
        settings.times.emptyWait = configuration.inbox.emptyWait
        let reread = configuration.inbox.reread
        settings.times.rereads = [reread, reread * 4, reread * 12]
        settings.times.mateWait = configuration.inbox.mateWait
        settings.times.poll = configuration.inbox.poll
        settings.times.writerPoll = configuration.inbox.writerPoll
        settings.times.writerSlowPoll = configuration.inbox.writerPoll * 10
        settings.times.stuck = configuration.inbox.stuck
        settings.times.ignoredReport = configuration.inbox.ignoredReport
        settings.input = configuration.limits
        settings.sources = configuration.sources
        settings.donePath = done
        settings.handPath = configuration.data.hand
        settings.onDegraded = { [self] reason in
            degraded.withLock { $0 = reason }
            try? notifier.send(.status(reason.map { "degraded: \($0)" } ?? "taking in"))
        }
        settings.intake.workers =
            configuration.workerCount > 0 ? configuration.workerCount : ProcessorCount.online
        let removals = log.removals
        let reader = log.reader
        let hooks = RemovalHooks(
            removed: { try removals.renamedAway($0.map(\.values)) },
            closed: { ledger.closed($0.map(\.values)) },
            change: { sequence in
                (try? reader.line(of: sequence)).flatMap { $0 }.flatMap { try? Change(line: $0) }.map(
                    OpenChange.init)
            })
        return try Inbox(settings: settings, sink: ledger, journal: hooks, logger: logger)
    }

    private func makeFeed(
        _ parts: Parts, _ access: FeedAccess,
        onListening: @escaping @Sendable (FeedConfiguration.Address) -> Void
    ) throws -> FeedServer {
        var feed = FeedConfiguration(address: access.address)
        feed.allowedHosts = configuration.access.allowedHosts
        feed.allowedOrigins = configuration.access.allowedOrigins
        feed.followersMax = configuration.access.followersMax
        feed.followersPerTokenMax = configuration.access.followersPerTokenMax
        feed.consumers = try ConsumerStore(path: configuration.data.consumers)
        feed.access = access.control
        feed.security = access.security
        let quarantine = QuarantineRoutes(
            quarantinePath: configuration.data.quarantine, inboxPath: configuration.inboxPath)
        feed.dashboard = quarantine.parts
        let metrics = Metrics(
            inbox: parts.inbox, ledger: parts.ledger, reader: parts.reader, store: parts.store,
            consumers: feed.consumers, directory: configuration.data, followers: feed.followers,
            security: feed.security, scrubber: parts.scrubber, reserveBytes: configuration.diskReserveBytes,
            started: WallClock.timestamp()
        ) { if case .notReady = self.currentHealth { false } else { true } }
        return FeedServer(
            reader: parts.reader, store: parts.store, configuration: feed,
            additional: [metrics.route] + quarantine.all, health: { self.currentHealth }, logger: logger,
            onListening: onListening)
    }

    private var currentHealth: Health {
        let health = health.withLock { $0 }
        guard health == .ready, let reason = degraded.withLock({ $0 }) else { return health }
        return .degraded(reason)
    }

    private func listener(inbox: Inbox, indexer: SearchIndexer) -> Ledger.Listener {
        Ledger.Listener(
            committed: { outcomes in
                inbox.committed(outcomes)
                indexer.batchApplied()
            },
            paused: { [self] reason in
                inbox.pause(reason: reason)
                health.withLock { $0 = .notReady("ingest is paused: \(reason)") }
                try? notifier.send(.status("ingest is paused: \(reason)"))
            },
            resumed: { [self] in
                inbox.resume()
                indexer.batchApplied()
                health.withLock { $0 = .ready }
                try? notifier.send(.status("taking in"))
            },
            failed: { [self] in end($0) })
    }

    /// Ends the process. Nothing may be acknowledged any more, so nothing is drained either.
    private func end(_ error: SijillError) {
        logger.critical("\(error)")
        exit(error.code.rawValue)
    }

    private func ready(_ address: FeedConfiguration.Address) {
        health.withLock { $0 = .ready }
        try? notifier.send(
            .ready, .status("taking in from \(configuration.inboxPath), serving on \(address)"))
        logger.notice(
            "ready",
            metadata: [
                "inbox.path": "\(configuration.inboxPath.escapedForDisplay)", "listen": "\(address)",
                "data": "\(configuration.data.root.escapedForDisplay)",
            ])
    }

    private static func answer(
        _ question: ControlServer.Question, _ argument: String, _ ledger: Ledger
    ) -> String {
        switch question {
        case .position: #"{"sequence":\#(ledger.position())}"#
        case .withdraw: ControlQuestion.answer { try ledger.withdraw(try Withdrawal.Request(json: argument)) }
        case .rotateKey:
            ControlQuestion.answer {
                .object([
                    JSONMember(name: "key", value: .string(Array(try ledger.rotateKey().description.utf8)))
                ])
            }
        }
    }
}

extension ClosedRange<SequenceNumber> {
    fileprivate var values: ClosedRange<UInt64> { lowerBound.value...upperBound.value }
}

/// Cores that this process may use.
enum ProcessorCount {
    static var online: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// SIGTERM and SIGINT end the daemon; SIGHUP makes it look through the inbox again.
private final class StopSignals: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let isSet = Mutex(false)
    private let sources = Mutex<[SignalSource]>([])

    init(inbox: Inbox, onHangUp: @escaping @Sendable () -> Void = {}) {
        (stream, continuation) = AsyncStream<Void>.makeStream()
        // These become errors of the calls that cause them.
        for number in [SIGPIPE, SIGXFSZ, SIGIO] { signal(number, SIG_IGN) }
        sources.withLock { sources in
            for number in [SIGTERM, SIGINT] { sources.append(SignalSource(number) { [self] in request() }) }
            sources.append(
                SignalSource(SIGHUP) {
                    inbox.rescan()
                    onHangUp()
                })
        }
    }

    var isRequested: Bool { isSet.withLock { $0 } }

    func request() {
        isSet.withLock { $0 = true }
        continuation.yield()
    }

    func requested() async { _ = await stream.first(where: { _ in true }) }
}

/// Tells the service manager that the ledger is alive, from the ledger's own queue: a ledger that hangs is restarted.
private final class Watchdog: Sendable {
    private let timer: RepeatingTimer?

    init(_ notifier: ServiceNotifier, ledger: Ledger) {
        timer = notifier.watchdogInterval.map { interval in
            RepeatingTimer(every: interval / 2, queue: ledger.queue) { try? notifier.send(.alive) }
        }
    }

    func stop() { timer?.cancel() }
}
