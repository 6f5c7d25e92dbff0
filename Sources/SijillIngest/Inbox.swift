import Dispatch
import Glibc
import Logging
import SijillArticles
import SijillFiles
import SijillFormat

/// The inbox: watches it, gives complete files to the intake, hands what comes of them to the ledger in order, and
/// takes files away once their changes are durable (contract: inbox).
///
/// Everything in it belongs to the serial queue `sijill.inbox`; the methods may be called on any thread but that
/// queue's, and, but `start` and `counters`, return before their work is done. It crosses to the intake and to the
/// ledger once per batch.
package final class Inbox: @unchecked Sendable {
    // Invariant: every stored `var` is read and written on `queue` only; `assertOnQueue` checks it.

    let queue = DispatchQueue(label: "sijill.inbox")
    private let intakeQueue = DispatchQueue(label: "sijill.intake", attributes: .concurrent)
    /// Takes files away, in the order in which they were finished. It waits for no other queue.
    let removalQueue = DispatchQueue(label: "sijill.removal")
    /// Files that are with `removalQueue`.
    var beingRemoved = 0
    /// From how many files on that are with `removalQueue` the watch is read when some of them are gone, and not at each
    /// event: each removal is an event.
    static let removedAtOnce = 64
    let settings: InboxSettings
    let journal: RemovalHooks
    let logger: Logger
    let quarantine: Quarantine
    let done: DoneFolder?
    let hand: HandTable?
    /// What the last end left in hand: each is read alone.
    private let suspects: [HandTable.Identity: UInt32]
    /// Handed out, and not yet removed or given back.
    private var outstanding: Set<UInt64> = []
    /// A suspect that waits until it can be alone.
    private var suspect: Work?
    /// The suspect that is alone in hand.
    private var aloneTicket: UInt64?
    var reportedIgnored = 0
    /// As of the scan before the present one.
    var wasShortOfWatches = false
    private var reportedDegraded: String?
    let resumption = ResumptionBox()
    private let watch: Watch
    private weak var sink: (any ArrivalSink)?

    var root: DirectoryHandle
    var reader: FileReader
    var settling: Settling
    var pool: IntakePool
    var order = ReorderBuffer<Arrival>()
    /// Tickets that are not waited for any more, of files whose records come piece by piece.
    var givenUp: Set<UInt64> = []
    var files: [UInt64: FileInHand] = [:]
    /// Large files that are gone through, and whether they are streams.
    var largeOpen: [UInt64: Bool] = [:]
    /// Files whose changes are durable and which could not be removed.
    var blocked: [FileKey: FileInHand] = [:]
    var outbox: [Arrival] = []
    var counts = InboxCounters()
    private var watched: [Int32: DirectoryID] = [:]
    private var watchOf: [DirectoryID: Int32] = [:]
    var source: ReadSource?
    private var timer: DeadlineTimer?
    private var armed: Instant?
    private var drained: [@Sendable () -> Void] = []
    var isDraining: Bool { !drained.isEmpty || isStopped }
    private var isStopped = false

    /// Opens and tries out inbox and quarantine; nothing is watched or read before `start`.
    ///
    /// The sink is not retained.
    /// - Throws: `SijillError` with exit code 78 when a directory cannot be used, naming it and the remedy.
    package init(
        settings: InboxSettings, sink: any ArrivalSink, journal: RemovalHooks, logger: Logger
    ) throws(SijillError) {
        self.settings = settings
        self.sink = sink
        self.journal = journal
        self.logger = logger
        root = try DirectoryCheck.open(settings.path, key: "inbox.path")
        quarantine = Quarantine(root: try DirectoryCheck.open(settings.quarantinePath, key: "data"))
        done = try settings.donePath.map { path throws(SijillError) in
            DoneFolder(root: try DirectoryCheck.open(path, key: "data"))
        }
        do throws(SystemError) {
            hand = try settings.handPath.map { path throws(SystemError) in try HandTable(path: path) }
        } catch {
            throw SijillError(
                .configuration, error.description, remedy: "give the daemon's user the right to write there")
        }
        suspects = hand?.suspects ?? [:]
        do throws(SystemError) {
            watch = try Watch()
        } catch {
            throw SijillError(
                .configuration, error.description, remedy: "raise the sysctl fs.inotify.max_user_instances")
        }
        reader = FileReader(
            root: root, limits: settings.input, protectsHardLinks: DirectoryCheck.protectsHardLinks(),
            resumption: resumption, sources: settings.sources, hand: hand)
        settling = Settling(times: settings.times, sources: settings.sources, now: .now)
        pool = IntakePool(limits: settings.intake)
    }

    /// Finishes what the daemon's last end left, then watches, scans and gives out files.
    ///
    /// - Parameter open: the changes whose files may still lie in the inbox. Of a file of many records the rejected
    ///   ones are wanted and the one that lies furthest behind; the others need only be known by their sequences.
    package func start(open: [OpenChange]) {
        queue.sync {
            resumption.value.withLock { $0 = Resumption(open) }
            source = ReadSource(watch.descriptor, queue: queue) { [weak self] in self?.readWatch() }
            timer = DeadlineTimer(queue: queue) { [weak self] in self?.timerFired() }
            scan(.root, .start)
            pump()
        }
    }

    /// The changes of these arrivals are durable: their files may go.
    package func committed(_ outcomes: [Outcome]) {
        queue.async { self.take(outcomes) }
    }

    /// Scans everything now.
    package func rescan() { send(.rescan) }

    /// Gives out no more files; they stay where they are. Asked for when there is no room on the disk.
    package func pause(reason: String) {
        queue.async {
            self.counts.pauseReason = reason
            self.settling.isPaused = true
        }
    }

    /// Goes on after `pause`.
    package func resume() {
        queue.async {
            self.counts.pauseReason = nil
            self.settling.isPaused = false
            self.pump()
        }
    }

    /// Gives out nothing more, waits until what is in hand is durable and removed, and calls back on the inbox's
    /// queue. Files that were not begun, and the rest of a streamed one, stay for the next start.
    package func drain(_ completion: @escaping @Sendable () -> Void) {
        queue.async {
            self.drained.append(completion)
            self.pump()
        }
    }

    /// O(files waiting).
    package func counters() -> InboxCounters {
        queue.sync {
            var counters = counts
            counters.files = settling.counts(now: .now)
            counters.inputsInHand = pool.inputsInHand
            counters.bytesInHand = pool.bytesInHand
            counters.watches = watched.count
            return counters
        }
    }

    // MARK: On the queue

    func assertOnQueue() { dispatchPrecondition(condition: .onQueue(queue)) }

    private func send(_ event: Settling.Event) {
        queue.async {
            self.handle(event)
            self.pump()
        }
    }

    func handle(_ event: Settling.Event) {
        assertOnQueue()
        perform(settling.handle(event, now: .now))
    }

    private func perform(_ actions: [Settling.Action]) {
        for action in actions {
            switch action {
            case .look(let key):
                let status = settling.directories.path(of: key).flatMap { try? root.status(of: $0) }
                handle(.looked(key, status))
            case .scan(let directory, let cause): scan(directory, cause)
            case .unwatch(let directory): unwatch(directory)
            case .remove(let key):
                if let file = blocked.removeValue(forKey: key) { finish([file]) }
            case .reportStuck(let key):
                let path = settling.directories.path(of: key) ?? key.name
                logger.warning(
                    "A file has been open for writing for very long and is not read; close it, or remove it",
                    metadata: ["inbox.file": "\(String(decoding: path, as: UTF8.self).escapedForDisplay)"])
            }
        }
    }

    private func timerFired() {
        armed = nil
        handle(.due)
        pump()
    }

    func readWatch() {
        do throws(SystemError) {
            var events = try watch.read()
            while !events.isEmpty {
                for event in events { handle(event) }
                // A source that is not suspended tells by itself that there are more.
                events = source?.isSuspended == true ? try watch.read() : []
            }
        } catch {
            logger.error(
                "The watch of the inbox cannot be read; it is scanned instead", metadata: error.metadata)
            handle(.rescan)
        }
        pump()
    }

    private func handle(_ event: WatchEvent) {
        if event.kind == .overflow {
            counts.overflows += 1
            return handle(.rescan)
        }
        guard let directory = watched[event.watch] else { return }
        let key = FileKey(directory, event.name)
        switch (event.kind, event.isDirectory) {
        case (.created, false): handle(.created(key))
        case (.closedWrite, false): handle(.closedWrite(key))
        case (.movedIn, false): handle(.movedIn(key))
        case (.movedFrom, false): handle(.movedFrom(key))
        case (.created, true): handle(.directoryAppeared(directory, event.name, wasMoved: false))
        case (.movedIn, true): handle(.directoryAppeared(directory, event.name, wasMoved: true))
        case (.movedFrom, true): handle(.directoryVanished(directory, event.name))
        case (.directoryGone, _):
            if directory == .root { handle(.rescan) } else { handle(.directoryGone(directory)) }
        case (.watchGone, _):
            watched[event.watch] = nil
            if watchOf[directory] == event.watch { watchOf[directory] = nil }
        case (.closedWrite, true), (.overflow, _): break
        }
    }

    func unwatch(_ directory: DirectoryID) {
        guard let number = watchOf.removeValue(forKey: directory) else { return }
        // A directory that was moved inside the inbox keeps its number, which may be its new id's by now.
        if watched[number] == directory {
            watched[number] = nil
            watch.remove(number)
        }
    }

    /// Watches an open directory; false when there is no watch to be had.
    func watch(_ handle: DirectoryHandle, as directory: DirectoryID) -> Bool {
        do throws(SystemError) {
            let number = try watch.add(handle)
            if let old = watchOf[directory], old != number, watched[old] == directory { watched[old] = nil }
            watched[number] = directory
            watchOf[directory] = number
            return true
        } catch {
            if !counts.isShortOfWatches, !wasShortOfWatches {
                logger.warning(
                    "No more directories can be watched, the rest is polled; raise fs.inotify.max_user_watches",
                    metadata: error.metadata)
            }
            counts.isShortOfWatches = true
            return false
        }
    }

    // MARK: Giving out

    /// Starts what can be started, arms the timer, and ends a drain when nothing is in hand.
    func pump() {
        assertOnQueue()
        while let job = pool.nextJob(nextTicket: order.next, isDraining: isDraining, take: takeWork) {
            intakeQueue.async { [reader] in
                let reports = job.run(reader)
                self.queue.async { self.take(reports, of: job) }
            }
        }
        submit()
        arm()
        if !drained.isEmpty, pool.isDrained, beingRemoved == 0 {
            isStopped = true
            let completions = drained
            drained = []
            for completion in completions { completion() }
        }
    }

    private func takeWork() -> Work? {
        guard aloneTicket == nil, !isDraining else { return nil }
        if let work = suspect { return takeAlone(work) }
        while let handOut = settling.takeReady() {
            if let path = settling.directories.path(of: handOut.key),
                let directory = settling.directories[handOut.key.directory]
            {
                var work = Work(handOut: handOut, path: path, source: directory.source)
                work.suspicion = suspicion(of: work)
                if work.suspicion != nil { return takeAlone(work) }
                outstanding.insert(handOut.ticket)
                return work
            }
            answer([], ticket: handOut.ticket)
        }
        return nil
    }

    private func suspicion(of work: Work) -> UInt32? {
        guard !suspects.isEmpty, let status = try? root.status(of: work.path) else { return nil }
        return suspects[HandTable.Identity(status)]
    }

    /// A file that was in hand when the daemon ended is read when nothing else is: so a second end names it.
    private func takeAlone(_ work: Work) -> Work? {
        guard outstanding.isEmpty else {
            suspect = work
            return nil
        }
        suspect = nil
        aloneTicket = work.handOut.ticket
        outstanding.insert(work.handOut.ticket)
        return work
    }

    /// A file that was handed out is out of hand.
    func ended(_ ticket: UInt64) { ended([ticket]) }

    /// Files that were handed out are out of hand.
    func ended(_ tickets: [UInt64]) {
        hand?.clear(tickets)
        for ticket in tickets {
            outstanding.remove(ticket)
            if aloneTicket == ticket { aloneTicket = nil }
        }
    }

    /// Tells whether the inbox has become degraded, or has ceased to be.
    func noteDegraded() {
        var reason: String?
        if counts.isMissing {
            reason = "the inbox is not there; make it again"
        } else if counts.isShortOfWatches {
            reason =
                "no more directories can be watched, the rest is polled; raise the sysctl fs.inotify.max_user_watches"
        }
        guard reason != reportedDegraded else { return }
        reportedDegraded = reason
        settings.onDegraded(reason)
    }

    /// Hands over what is next in the order of arrival, in pieces of bounded size.
    private func submit() {
        guard !outbox.isEmpty, let sink else { return }
        let arrivals = outbox
        outbox = []
        var start = 0
        var bytes = 0
        for index in arrivals.indices {
            let size = Int(clamping: arrivals[index].file.bytes)
            if index > start,
                index - start >= RecordFile.pieceRecordsMax || bytes + size > RecordFile.pieceBytesMax
            {
                sink.submit(Array(arrivals[start..<index]))
                start = index
                bytes = 0
            }
            bytes += size
        }
        sink.submit(start == 0 ? arrivals : Array(arrivals[start...]))
    }

    /// Puts arrivals where their ticket's turn is, or in the outbox at once when it is not waited for.
    func answer(_ arrivals: [Arrival], ticket: UInt64) {
        outbox += givenUp.contains(ticket) ? arrivals : order.add(arrivals, ticket: ticket)
    }

    private func arm() {
        guard let timer else { return }
        let due = settling.nextDue
        guard due != armed else { return }
        armed = due
        timer.schedule(after: max(.zero, due - .now))
    }
}

extension SystemError {
    var metadata: Logger.Metadata { ["error": "\(self)"] }
}
