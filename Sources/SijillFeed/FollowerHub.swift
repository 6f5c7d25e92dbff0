import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SijillFormat
import SijillLog
import SijillStore
import Synchronization

/// What a follower is sent of each change: followers of the same shape share the bytes of the newest batch.
struct FollowerShape: Hashable, Sendable {
    var isEvents: Bool
    var omission: ChangesRequest.Omission
    var filter: ChangeFilter

    /// The form whose bytes these are.
    var form: ChangesRequest.Form { isEvents ? .events : .lines(contentType: "") }
}

/// Where followers wait for the tip to move, and where the newest batches lie framed for all of them (contract:
/// feed §3).
///
/// There is no queue per follower: one that is woken looks where it stands, takes the shared bytes when they go on
/// from there, and reads the log when they do not. The ledger wakes the hub alone; the hub wakes the others, so ten
/// thousand followers cost the commit nothing.
final class FollowerHub: Service, Sendable {
    private let source: ChangeSource
    private let logger: Logger
    private let state: Mutex<State>

    /// Batches that are kept framed, for followers that are a little behind.
    private static let batchesMax = 8
    /// Shapes that a batch is framed for; followers of others read the log.
    private static let shapesMax = 64
    /// Changes that are framed on the hub's event loop at most, where the page cache has them.
    private static let inlineMax: UInt64 = 16
    /// How exactly a deadline is kept: those that are due soon are woken together.
    private static let tick = Duration.milliseconds(50)

    private struct State {
        /// Followers go up to here.
        var announced: SequenceNumber
        var batches: [Batch] = []
        var shapes: [FollowerShape: Int] = [:]
        var nextID = 0
        var parked: [Int: Parked] = [:]
        /// The one timer for all who wait, and what it is set to; nil while no one waits.
        var timer: (task: Scheduled<Void>, time: ContinuousClock.Instant)?
        var isShutDown = false

        mutating func takeParked() -> [CheckedContinuation<Wake, Never>] {
            defer { parked.removeAll(keepingCapacity: true) }
            return parked.values.map(\.continuation)
        }
    }

    /// The changes between two announcements.
    private struct Batch {
        let after: SequenceNumber
        let through: SequenceNumber
        let buffers: [FollowerShape: ByteBuffer]
    }

    private struct Parked {
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Wake, Never>
    }

    /// Why a follower was woken.
    enum Wake: Sendable { case look, silence, end }

    init(_ source: ChangeSource, logger: Logger) {
        self.source = source
        self.logger = logger
        state = Mutex(State(announced: source.reader.tip?.sequence ?? .none))
    }

    /// The change up to which followers may read.
    var announced: SequenceNumber { state.withLock { $0.announced } }

    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// Followers that are connected.
    var followersCount: Int { state.withLock { $0.shapes.values.reduce(0, +) } }

    // MARK: For followers

    func join(_ shape: FollowerShape) { state.withLock { $0.shapes[shape, default: 0] += 1 } }

    func leave(_ shape: FollowerShape) {
        state.withLock { state in
            let left = state.shapes[shape, default: 1] - 1
            state.shapes[shape] = left == 0 ? nil : left
        }
    }

    /// The changes that come right behind `position`, framed, and the last one looked at for them; nil when they are
    /// to be read from the log.
    func newest(after position: SequenceNumber, _ shape: FollowerShape) -> (ByteBuffer, SequenceNumber)? {
        state.withLock { state in
            guard let batch = state.batches.first(where: { $0.after == position }),
                let buffer = batch.buffers[shape]
            else { return nil }
            return (buffer, batch.through)
        }
    }

    /// Waits for a change behind `position`, for the deadline, for `wakeAll`, or for the end.
    func wait(after position: SequenceNumber, until deadline: ContinuousClock.Instant) async -> Wake {
        await withCheckedContinuation { continuation in
            let now: Wake? = state.withLock { state in
                if state.isShutDown { return .end }
                if state.announced > position { return .look }
                state.nextID += 1
                state.parked[state.nextID] = Parked(deadline: deadline, continuation: continuation)
                setTimer(deadline, in: &state)
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    /// Has everyone look again, for other reasons than a change.
    func wakeAll() {
        for parked in state.withLock({ $0.takeParked() }) { parked.resume(returning: .look) }
    }

    // MARK: The hub itself

    /// Wakes followers until the log's reader shuts down or the task is cancelled.
    func run() async {
        // On an event loop, so that no other thread has to be woken between the ledger and the followers.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        await cancelWhenGracefulShutdown {
            await withTaskExecutorPreference(LoopExecutor(loop)) { await self.announce() }
        }
        shutDown()
        // A service that ends before its group does would end the group.
        if !Task.isShuttingDownGracefully { try? await gracefulShutdown() }
    }

    /// Ends every wait, now and from now on.
    func shutDown() {
        let parked = state.withLock { state in
            state.isShutDown = true
            state.timer?.task.cancel()
            state.timer = nil
            return state.takeParked()
        }
        for continuation in parked { continuation.resume(returning: .end) }
    }

    private func announce() async {
        while !Task.isCancelled {
            let (after, shapes) = state.withLock { ($0.announced, Array($0.shapes.keys)) }
            guard await source.reader.wait(after: after), let tip = source.reader.tip?.sequence else {
                return
            }
            let batch = await frame(after: after, through: tip, shapes)
            let woken = state.withLock { state in
                state.announced = tip
                if let batch { state.batches.append(batch) }
                if state.batches.count > Self.batchesMax { state.batches.removeFirst() }
                return state.takeParked()
            }
            for continuation in woken { continuation.resume(returning: .look) }
        }
    }

    /// The new changes for the shapes that are followed; nil when they are too many to be kept, or cannot be read
    /// now: then each follower reads for itself, and it is there that an error ends it.
    private func frame(
        after: SequenceNumber, through: SequenceNumber, _ shapes: [FollowerShape]
    ) async -> Batch? {
        guard !shapes.isEmpty, through.value - after.value <= UInt64(FeedLimits.streamChanges) else {
            return nil
        }
        let source = source
        let isFew = through.value - after.value <= Self.inlineMax
        do {
            if isFew,
                let buffers = try Self.frame(source, after: after, through: through, shapes, waits: false)
            {
                return Batch(after: after, through: through, buffers: buffers)
            }
            let buffers = try await offLoop {
                try Self.frame(source, after: after, through: through, shapes, waits: true)
            }
            return buffers.map { Batch(after: after, through: through, buffers: $0) }
        } catch {
            logger.error("a batch cannot be read for followers", metadata: ["feed.error": "\(error)"])
            return nil
        }
    }

    /// Nil where it does not wait, and would have to: for the disk, or for the store, which a filter asks.
    private static func frame(
        _ source: ChangeSource, after: SequenceNumber, through: SequenceNumber, _ shapes: [FollowerShape],
        waits: Bool
    ) throws -> [FollowerShape: ByteBuffer]? {
        var buffers: [FollowerShape: ByteBuffer] = [:]
        for shape in shapes.prefix(shapesMax) {
            if !waits, !shape.filter.isEmpty { return nil }
            guard let spans = try spans(source, after: after, through: through, shape) else { continue }
            var reader = SpanReader(spans, source.reader, pieceBytes: max(1, spans.byteCount))
            var buffer = ByteBuffer()
            guard try reader.fill(&buffer, waits: waits) else { return nil }
            buffers[shape] = buffer
        }
        return buffers
    }

    /// Nil where they are more than is kept.
    private static func spans(
        _ source: ChangeSource, after: SequenceNumber, through: SequenceNumber, _ shape: FollowerShape
    ) throws -> Spans? {
        let found = try source.entries(
            shape.filter, after: after, through: through, limit: FeedLimits.streamChanges,
            bytesMax: FeedLimits.streamBytes, omission: shape.omission)
        guard found.scanned == through else { return nil }
        return Spans(found.entries, form: shape.form, omission: shape.omission)
    }

    /// Sees to it that someone is woken at `deadline`. Ten thousand timers would cost more than the followers, and one
    /// that ticks would never let the processor rest.
    private func setTimer(_ deadline: ContinuousClock.Instant, in state: inout State) {
        if let timer = state.timer {
            guard deadline + Self.tick < timer.time else { return }
            timer.task.cancel()
        }
        let pause = max(.zero, deadline - .now)
        let task = MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: TimeAmount(pause)) {
            self.wakeDue()
        }
        state.timer = (task, deadline)
    }

    /// Wakes those whose time has come.
    private func wakeDue() {
        let due = state.withLock { state in
            let soon = ContinuousClock.now + Self.tick
            let due = state.parked.filter { $0.value.deadline <= soon }
            for id in due.keys { state.parked[id] = nil }
            state.timer = nil
            if let next = state.parked.values.map(\.deadline).min() { setTimer(next, in: &state) }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume(returning: .silence) }
    }
}
