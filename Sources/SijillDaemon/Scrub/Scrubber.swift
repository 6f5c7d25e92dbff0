import Dispatch
import Logging
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore
import Synchronization

/// Reads all that is sealed again and again, slowly, beside everything else: on the serial queue `sijill.scrub`.
///
/// It changes nothing but its own file. Damage is logged and counted, and stays known until a later pass finds the change
/// whole again.
///
/// `@unchecked Sendable`: everything that is not behind a lock is touched on the queue only, and that is checked.
final class Scrubber: @unchecked Sendable {
    /// For `/metrics`.
    struct Figures: Hashable, Sendable {
        var rateBytes = 0
        /// Since the start of the daemon.
        var bytes: UInt64 = 0
        var items: UInt64 = 0
        var passes = 0
        /// The last change that the present pass has read; 0 between passes.
        var position: UInt64 = 0
        var finished: Timestamp?
        var damagedCount = 0
        /// It would go on, and waits for an erasure or for what an error said.
        var isPaused = false
    }

    private let queue = DispatchQueue(label: "sijill.scrub", qos: .utility)
    private let pace: ScrubPace
    private let directory: DataDirectory
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let shown: Mutex<Figures>
    private var scrub: LogScrub
    private var state: ScrubState
    private var timer: DeadlineTimer?
    private var saved = ContinuousClock.now
    /// An error that has been logged already.
    private var failure: String?

    /// Time between two writes of the state while a pass goes on.
    private static let saveInterval = Duration.seconds(60)

    init(_ pace: ScrubPace, directory: DataDirectory, reader: LogReader, store: Store, logger: Logger) {
        self.pace = pace
        self.directory = directory
        self.logger = logger
        let state = ScrubState.load(directory, log: reader.log)
        let erasures = ErasureLists(store: store, reader: reader)
        scrub = LogScrub(directory, reader: reader, from: state.place) { try erasures.list($0, $1) }
        self.state = state
        var figures = Figures()
        figures.rateBytes = pace.rateBytes
        figures.finished = state.finished
        figures.damagedCount = Set(state.findings.map(\.sequence)).count
        shown = Mutex(figures)
    }

    var figures: Figures { shown.withLock { $0 } }

    /// Goes on where the last run of the daemon stopped.
    func start() {
        queue.sync {
            guard !pace.isOff else { return }
            if let last = state.findings.last {
                logger.error(
                    "the scrub knows of damage",
                    metadata: ["count": "\(state.findings.count)", "last": "\(last.path)"])
            }
            timer = DeadlineTimer(queue: queue) { [weak self] in self?.turn() }
            timer?.schedule(after: min(pace.wait(after: pace.sliceBytes), ScrubPace.turn))
        }
    }

    /// Ends the work after the change in hand and keeps the place.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        queue.sync {
            timer?.cancel()
            if state.isUnderWay { save() }
        }
    }

    /// Reads a slice and sleeps.
    private func turn() {
        dispatchPrecondition(condition: .onQueue(queue))
        guard !isStopped.load(ordering: .relaxed) else { return }
        do {
            let wait = try work()
            failure = nil
            timer?.schedule(after: wait)
        } catch {
            let message = "\(error)"
            if failure != message { logger.warning("the scrub waits", metadata: ["reason": "\(message)"]) }
            failure = message
            shown.withLock { $0.isPaused = true }
            timer?.schedule(after: ScrubPace.pause)
        }
    }

    /// One slice; how long to sleep then.
    private func work() throws -> Duration {
        if !state.isUnderWay {
            let rest = pace.rest(since: state.began, at: WallClock.timestamp())
            guard rest == .zero else { return rest }
            begin()
        }
        var bytes: UInt64 = 0
        defer { scrub.forgetPages() }
        while bytes < pace.sliceBytes, !isStopped.load(ordering: .relaxed) {
            switch try scrub.next() {
            case .read(let sequences, let read, let items, let findings):
                bytes += read
                take(sequences, read, items, findings)
            case .erasing:
                shown.withLock { $0.isPaused = true }
                return ScrubPace.pause
            case .end:
                return end()
            }
        }
        shown.withLock { $0.isPaused = false }
        if .now - saved >= Self.saveInterval { save() }
        return pace.wait(after: bytes)
    }

    private func begin() {
        state.isUnderWay = true
        state.began = WallClock.timestamp()
        state.place = nil
        scrub.restart()
    }

    private func take(
        _ sequences: ClosedRange<SequenceNumber>, _ bytes: UInt64, _ items: UInt64,
        _ findings: [LogScrub.Finding]
    ) {
        state.place = scrub.place
        let known = Set(state.findings)
        state.read(sequences, findings)
        for finding in findings where !known.contains(finding) {
            logger.error(
                "the scrub found damage: \(finding.path.escapedForDisplay): byte \(finding.offset): \(finding.message)",
                metadata: [
                    "log.sequence": "\(finding.sequence)",
                    "remedy": "stop the daemon, run 'sijilld check', restore from a backup",
                ])
        }
        let damaged = Set(state.findings.map(\.sequence)).count
        shown.withLock { figures in
            figures.bytes += bytes
            figures.items += items
            figures.position = sequences.upperBound.value
            figures.damagedCount = damaged
        }
        if !findings.isEmpty { save() }
    }

    /// Everything that is sealed has been read.
    private func end() -> Duration {
        state.isUnderWay = false
        shown.withLock { $0.isPaused = false }
        guard state.place != nil else {
            // Nothing is sealed yet: that is no pass.
            state.began = nil
            return min(pace.interval, ScrubPace.sleepMax)
        }
        let now = WallClock.timestamp()
        state.finished = now
        state.place = nil
        let damaged = Set(state.findings.map(\.sequence)).count
        shown.withLock { figures in
            figures.finished = now
            figures.passes += 1
            figures.position = 0
        }
        logger.info("the scrub has read all that is sealed", metadata: ["damaged": "\(damaged)"])
        save()
        return max(pace.rest(since: state.began, at: now), .milliseconds(100))
    }

    /// Without space for it the place is kept in memory only.
    private func save() {
        saved = .now
        do throws(SystemError) {
            try state.save(directory)
        } catch {
            logger.debug("the place of the scrub is not saved", metadata: ["reason": "\(error)"])
        }
    }
}

/// What the withdrawals that erase list, read from the log when it is asked for.
///
/// On the scrub's queue only.
private final class ErasureLists {
    private let store: Store
    private let reader: LogReader
    private var last: SequenceNumber?
    private var sequences: Set<SequenceNumber> = []
    private var originals: Set<Digest> = []

    init(store: Store, reader: LogReader) {
        self.store = store
        self.reader = reader
    }

    /// Whether they list this change, and all of these originals.
    func list(_ sequence: SequenceNumber, _ digests: [Digest]) throws -> Bool {
        try update()
        return sequences.contains(sequence) && digests.allSatisfy(originals.contains)
    }

    private func update() throws {
        for withdrawal in try store.erasures() where last.map({ withdrawal > $0 }) ?? true {
            guard let line = try reader.line(of: withdrawal),
                case .withdrawn(let withdrawn) = try Change(line: line).record
            else { continue }
            sequences.formUnion(withdrawn.sequences)
            originals.formUnion(withdrawn.originals)
            last = withdrawal
        }
    }
}
