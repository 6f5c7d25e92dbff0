import Dispatch
import Logging
import SijillFiles
import SijillFormat
import SijillIngest
import SijillLog
import SijillMerkle
import SijillStore
import SijillText
import Synchronization

/// The one place where a change becomes durable: decide, commit, apply, announce, batch by batch, on the serial
/// queue `sijill.ledger`.
///
/// Whatever has arrived while a batch was synced is the next batch. Where one waits already, the store takes a batch in
/// on `sijill.store` while the next one is decided and written; no batch is behind by more than that one.
///
/// `@unchecked Sendable`: everything but the mailbox is touched on the queue only, and that is checked.
package final class Ledger: ArrivalSink, @unchecked Sendable {
    /// What the ledger tells the rest of the daemon. Called on the ledger's queue, but for `committed`.
    package struct Listener: Sendable {
        /// These arrivals are durable, applied and announced. Called in their order, on the ledger's or the store's queue.
        package var committed: @Sendable ([Outcome]) -> Void
        /// Nothing can be written for now; the reason is for people.
        package var paused: @Sendable (String) -> Void
        /// Writing goes on.
        package var resumed: @Sendable () -> Void
        /// The log cannot be written any more: nothing more is acknowledged, and the process must end.
        package var failed: @Sendable (SijillError) -> Void

        package init(
            committed: @escaping @Sendable ([Outcome]) -> Void, paused: @escaping @Sendable (String) -> Void,
            resumed: @escaping @Sendable () -> Void, failed: @escaping @Sendable (SijillError) -> Void
        ) {
            self.committed = committed
            self.paused = paused
            self.resumed = resumed
            self.failed = failed
        }
    }

    /// What was committed since the start.
    package struct Tallies: Sendable {
        package fileprivate(set) var changes: [ChangeType: UInt64] = [:]
        package fileprivate(set) var rejected: [RejectReason: UInt64] = [:]
        package fileprivate(set) var batches: UInt64 = 0
        /// Of the inputs.
        package fileprivate(set) var bytes: UInt64 = 0
        package fileprivate(set) var commitTime = Duration.zero
    }

    private struct Mailbox {
        var arrivals: [Arrival] = []
        var isScheduled = false
    }

    package let queue = DispatchQueue(label: "sijill.ledger")
    private let log: ChangeLog
    private let store: Store
    private let reserve: DiskReserve
    private let withdrawal: Withdrawal
    private let logger: Logger
    /// A batch that is durable and that the store takes in while the next one is decided.
    private final class Applying: Sendable {
        let changes: [Change]
        let sketches: [SequenceNumber: Sketch]
        /// Why the store could not take it in. Valid when `group` is left.
        let error = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()

        init(_ changes: [Change], _ sketches: [SequenceNumber: Sketch]) {
            self.changes = changes
            self.sketches = sketches
        }
    }

    private let storeQueue = DispatchQueue(label: "sijill.store")
    private let mailbox = Mutex(Mailbox())
    private let counted = Mutex(Tallies())
    private var listener: Listener?
    /// Arrivals that wait for a batch, oldest first.
    private var waiting: [Arrival] = []
    /// Durable changes that the store could not take yet, and the sketches of their texts.
    private var unapplied: [Change] = []
    private var sketches: [SequenceNumber: Sketch] = [:]
    /// The batch before, while the store is at it. None is left when the queue turns to something else.
    private var applying: (batch: Applying, decider: BatchDecider<Store>)?
    /// Texts of batches before, to be compared with.
    private let texts = TextCache()
    private let tended = TendedFiles()
    private var isPaused = false
    private var hasFailed = false
    private var isClosed = false
    private var drained: (@Sendable () -> Void)?
    private var retryTimer: DeadlineTimer?
    private var stateTimer: DeadlineTimer?
    private var isStateTimerSet = false
    private var stateWritten = ContinuousClock.now

    /// How often a paused ledger looks whether there is space again.
    private static let retryInterval = Duration.seconds(5)
    /// `log/state` is written at most this often under load.
    private static let stateInterval = Duration.seconds(1)
    /// How long after the last commit the ledger counts as idle, and the state is written.
    private static let idleDelay = Duration.milliseconds(50)

    package init(
        log: ChangeLog, store: Store, reserve: DiskReserve, logger: Logger, directory: DataDirectory
    ) {
        withdrawal = Withdrawal(log: log, store: store, directory: directory)
        self.log = log
        self.store = store
        self.reserve = reserve
        self.logger = logger
    }

    /// Must be called once before the first `submit`.
    package func start(_ listener: Listener) {
        queue.sync {
            self.listener = listener
            retryTimer = DeadlineTimer(queue: queue) { [weak self] in self?.retry() }
            stateTimer = DeadlineTimer(queue: queue) { [weak self] in self?.stateIsDue() }
        }
    }

    /// Takes arrivals in their order and returns at once. From any queue.
    package func submit(_ arrivals: [Arrival]) {
        let schedules = mailbox.withLock { mailbox in
            mailbox.arrivals.add(arrivals)
            defer { mailbox.isScheduled = true }
            return !mailbox.isScheduled
        }
        if schedules { queue.async { self.collect() } }
    }

    /// Files of changes are gone from the inbox. From any queue.
    package func closed(_ ranges: [ClosedRange<UInt64>]) {
        log.removals.closed(ranges)
        queue.async { self.scheduleState() }
    }

    /// The inbox begins to drain. A ledger that is paused, now or later, does not make it wait: what is not committed
    /// stays in the inbox for the next start.
    package func beginDrain(_ completion: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            drained = completion
            if isPaused { close() }
        }
    }

    /// The inbox has drained: nothing is submitted any more. Commits what is left, writes the state, and calls the
    /// completion of `beginDrain` on the ledger's queue.
    package func finishDrain() {
        queue.async { [self] in
            collect()
            close()
        }
    }

    /// Inputs that were rejected since the start. From any queue.
    package var rejectedCount: Int { Int(clamping: tallies.changes[.rejected] ?? 0) }

    /// What was committed since the start. From any queue; never waits for a commit.
    package var tallies: Tallies { counted.withLock { $0 } }

    /// Where the log stands, for whoever asks over the control socket. From any queue but the ledger's.
    package func position() -> SequenceNumber {
        queue.sync { log.tip?.sequence ?? .none }
    }

    /// Withdraws an article; see `Withdrawal.run`. From any queue but the ledger's.
    func withdraw(_ request: Withdrawal.Request) throws -> JSONValue {
        try queue.sync {
            guard !isPaused, !hasFailed, !isClosed, unapplied.isEmpty else {
                throw SijillError(.unavailable, "the daemon takes nothing in now", remedy: "try again later")
            }
            defer { scheduleState() }
            texts.remove(request.article)
            return try withdrawal.run(request)
        }
    }

    /// Makes a new signing key; see `LogTree.rotate`. From any queue but the ledger's.
    package func rotateKey() throws -> NoteVerifierKey { try queue.sync { try log.tree.rotate() } }

    // MARK: - On the queue

    private func close() {
        guard let completion = drained else { return }
        drained = nil
        // A clean stop needs the little space that was set aside for it.
        if reserve.lackOfSpace() != nil { reserve.release() }
        finish { try log.close() }
        retryTimer?.cancel()
        stateTimer?.cancel()
        isClosed = true
        completion()
    }

    private func collect() {
        dispatchPrecondition(condition: .onQueue(queue))
        waiting.add(
            mailbox.withLock { mailbox in
                mailbox.isScheduled = false
                return exchange(&mailbox.arrivals, with: [])
            })
        while !waiting.isEmpty, !isPaused, !hasFailed, !isClosed {
            let batch = takeBatch()
            guard commit(batch) else {
                waiting = batch + waiting
                break
            }
            waiting.add(mailbox.withLock { exchange(&$0.arrivals, with: []) })
        }
        endApplying()
        scheduleState()
    }

    private func takeBatch() -> [Arrival] {
        let count = Self.batchCount(waiting)
        if count == waiting.count { return exchange(&waiting, with: []) }
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }

    /// How many arrivals from the front make a batch: 1,000, or 64 MiB, and at least one.
    private static func batchCount(_ arrivals: [Arrival]) -> Int {
        var bytes: UInt64 = 0
        var count = 0
        for arrival in arrivals.prefix(Limits.batchChangesMax) {
            bytes += arrival.file.bytes
            if bytes > UInt64(Limits.batchBytesMax), count > 0 { break }
            count += 1
        }
        return count
    }

    /// Whether the batch is durable, and applied and announced, or about to be.
    private func commit(_ arrivals: [Arrival]) -> Bool {
        let started = ContinuousClock.now
        if let reason = reserve.lackOfSpace() {
            endApplying()
            pause(reason)
            return false
        }
        do {
            var decider = BatchDecider(
                index: store, cache: texts, tended: tended, before: applying?.decider)
            let decisions = try decide(arrivals, &decider)
            let entries = zip(arrivals, decisions).map { $1.entry(mates: $0.mates) }
            let changes = try log.commit(entries, now: WallClock.timestamp())
            decider.remember()
            for (change, decision) in zip(changes, decisions) { sketches[change.sequence] = decision.sketch }
            let bytes = arrivals.reduce(0) { $0 + $1.file.bytes }
            tally(changes, bytes: bytes, took: .now - started)
            endApplying()
            guard !hasFailed else { return false }
            let outcomes = outcomes(arrivals, changes)
            if isMoreWaiting, unapplied.isEmpty {
                beginApplying(changes, decider, outcomes)
            } else {
                let isApplied = applyAndAnnounce(changes)
                listener?.committed(outcomes)
                guard isApplied else { return !hasFailed }
            }
            logBatch(changes, bytes: bytes, took: .now - started)
            return true
        } catch let error as SystemError where error.isOutOfSpace {
            endApplying()
            pause("no space on the disk: \(error)")
        } catch {
            fail(error)
        }
        return false
    }

    /// Whether there is a batch to decide while the store takes in the one before.
    private var isMoreWaiting: Bool { !waiting.isEmpty || mailbox.withLock { !$0.arrivals.isEmpty } }

    /// Lets the store take a durable batch in on its own queue, and readers see it then.
    private func beginApplying(_ changes: [Change], _ decider: BatchDecider<Store>, _ outcomes: [Outcome]) {
        let batch = Applying(changes, exchange(&sketches, with: [:]))
        applying = (batch, decider)
        storeQueue.async(group: batch.group) { [store, log = log.reader, listener] in
            do {
                try store.apply(batch.changes, sketches: batch.sketches)
                log.announce(batch.changes.last!.cursor)
            } catch {
                batch.error.withLock { $0 = error }
            }
            // Durable, so never submitted again, even where the store takes them later.
            listener?.committed(outcomes)
        }
    }

    /// Waits for the batch that the store is at. One that it could not take in is left to `applyAndAnnounce`.
    private func endApplying() {
        guard let batch = exchange(&applying, with: nil)?.batch else { return }
        batch.group.wait()
        guard let error = batch.error.withLock({ $0 }) else { return }
        unapplied += batch.changes
        sketches.merge(batch.sketches) { $1 }
        notApplied(error)
    }

    private func decide(_ arrivals: [Arrival], _ decider: inout BatchDecider<Store>) throws -> [Decision] {
        try arrivals.enumerated().map { try decider.decide($1, cursor: log.cursor(ahead: $0)) }
    }

    /// Applies durable changes to the store and lets readers see them. A store without space keeps them waiting: the
    /// log has them.
    private func applyAndAnnounce(_ changes: [Change]) -> Bool {
        unapplied += changes
        do {
            try store.apply(unapplied, sketches: sketches)
            unapplied = []
            sketches = [:]
            log.announce()
            return true
        } catch {
            notApplied(error)
            return false
        }
    }

    private func notApplied(_ error: any Error) {
        if let error = error as? StoreError, error.code == .outOfSpace {
            pause("no space on the disk: \(error)")
        } else {
            fail(error)
        }
    }

    private func outcomes(_ arrivals: [Arrival], _ changes: [Change]) -> [Outcome] {
        zip(arrivals, changes).map { arrival, change in
            if case .rejected(let rejection) = arrival.outcome {
                return Outcome(id: arrival.id, sequence: change.sequence, reason: rejection.reason)
            }
            return Outcome(id: arrival.id, sequence: change.sequence)
        }
    }

    private func tally(_ changes: [Change], bytes: UInt64, took: Duration) {
        counted.withLock { counted in
            for change in changes {
                counted.changes[change.record.type, default: 0] += 1
                if case .rejected(let rejected) = change.record {
                    counted.rejected[rejected.reason, default: 0] += 1
                }
            }
            counted.batches += 1
            counted.bytes += bytes
            counted.commitTime += took
        }
    }

    private func logBatch(_ changes: [Change], bytes: UInt64, took: Duration) {
        var counts: [ChangeType: Int] = [:]
        for change in changes { counts[change.record.type, default: 0] += 1 }
        logger.info(
            "batch",
            metadata: [
                "log.sequence": "\(changes.last!.sequence)", "added": "\(counts[.added] ?? 0)",
                "revised": "\(counts[.revised] ?? 0)",
                "duplicated": "\(counts[.duplicated] ?? 0)", "rejected": "\(counts[.rejected] ?? 0)",
                "bytes": "\(bytes)", "ms": "\(took.milliseconds)",
            ])
    }

    // MARK: Space

    private func pause(_ reason: String) {
        retryTimer?.schedule(after: Self.retryInterval)
        guard !isPaused else { return }
        isPaused = true
        logger.warning("ingest is paused", metadata: ["reason": "\(reason)"])
        listener?.paused(reason)
        close()
    }

    private func retry() {
        guard isPaused, !hasFailed else { return }
        if let reason = reserve.lackOfSpace() { return pause(reason) }
        guard unapplied.isEmpty || applyAndAnnounce([]) else { return }
        isPaused = false
        reserve.restore()
        logger.notice("ingest goes on")
        listener?.resumed()
        collect()
    }

    private func fail(_ error: any Error) {
        guard !hasFailed else { return }
        hasFailed = true
        let known = error as? SijillError ?? (error as? StoreError)?.sijillError
        listener?.failed(
            known
                ?? SijillError(
                    .inputOutput, "the log or the store cannot be written: \(error)",
                    remedy: "check the disk; the daemon recovers when it is started again"))
    }

    // MARK: State

    private func scheduleState() {
        guard !isStateTimerSet, !hasFailed, !isClosed, log.isStateBehind || isTreeBehind else { return }
        isStateTimerSet = true
        let sinceLast = ContinuousClock.now - stateWritten
        stateTimer?.schedule(after: max(Self.idleDelay, Self.stateInterval - sinceLast))
    }

    private func stateIsDue() {
        isStateTimerSet = false
        finish { try log.writeState() }
        publishTree()
        scheduleState()
    }

    /// Whether changes are announced that no checkpoint has been asked to cover.
    private var isTreeBehind: Bool { log.tree.isBehind(log.reader.tip?.sequence ?? .none) }

    /// Signs what is announced, behind the state that has just been written, on the tree's queue.
    private func publishTree() {
        guard !hasFailed, !isPaused, let tip = log.reader.tip else { return }
        log.tree.publish(through: tip.sequence) { [self] error in
            queue.async { [self] in finish { throw error } }
        }
    }

    private func finish(_ write: () throws -> Void) {
        guard !hasFailed else { return }
        do {
            try write()
            stateWritten = .now
        } catch let error as SystemError where error.isOutOfSpace {
            pause("no space on the disk: \(error)")
            stateWritten = .now
        } catch {
            fail(error)
        }
    }
}

extension Store: SeenIndex {}

extension Decision {
    fileprivate func entry(mates: [[UInt8]]) -> ChangeLog.Entry {
        ChangeLog.Entry(
            record: record, content: content, encoded: encoded, original: original,
            mates: zip(record.file.mates, mates).filter { $0.0.isKept }.map(\.1))
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension [Arrival] {
    /// Appends others; where there is nothing yet, without a copy of each.
    fileprivate mutating func add(_ others: [Arrival]) {
        if isEmpty { self = others } else { self += others }
    }
}

/// Puts a new value in a place and returns the old one.
private func exchange<Value>(_ place: inout Value, with value: Value) -> Value {
    let old = place
    place = value
    return old
}
