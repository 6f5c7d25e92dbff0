import SijillLog
import Synchronization

/// What is on its way from the tasks that read the source to the one that writes the copy: verified lines, and the newest
/// checkpoint. What waits is taken together. Bounded, so that a slow disk slows the reading.
final class MirrorQueue: Sendable {
    struct Taken: Sendable {
        var lines: [MirrorLog.Line] = []
        var checkpoint: ServerVerification.Verified?

        var isEmpty: Bool { lines.isEmpty && checkpoint == nil }
    }

    private struct State {
        var waiting = Taken()
        var bytes = 0
        var lastSequence: UInt64 = 0
        var isFinished = false
        var taker: CheckedContinuation<Void, Never>?
        var putter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let bytesMax = 32 << 20

    /// Adds lines; waits while too many bytes are waiting.
    func put(_ lines: [MirrorLog.Line]) async {
        guard let last = lines.last else { return }
        let taker = state.withLock { state in
            state.waiting.lines += lines
            state.bytes += lines.reduce(0) { $0 + $1.bytes.count }
            state.lastSequence = last.change.sequence.value
            return state.taker.take()
        }
        taker?.resume()
        await withCheckedContinuation { continuation in
            let isFull = state.withLock { state in
                if state.bytes <= bytesMax || state.isFinished { return false }
                state.putter = continuation
                return true
            }
            if !isFull { continuation.resume() }
        }
    }

    /// Puts the newest checkpoint in the place of one that was not taken yet.
    func put(_ checkpoint: ServerVerification.Verified) {
        let taker = state.withLock { state in
            state.waiting.checkpoint = checkpoint
            return state.taker.take()
        }
        taker?.resume()
    }

    /// No lines wait.
    var isEmpty: Bool { state.withLock { $0.waiting.lines.isEmpty } }

    /// The last change that came.
    var lastSequence: UInt64 { state.withLock { $0.lastSequence } }

    /// All that waits, something; nil when there will be no more.
    func take() async -> Taken? {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.waiting.isEmpty || state.isFinished { return false }
                state.taker = continuation
                return true
            }
            if !isEmpty { continuation.resume() }
        }
        let (taken, putter) = state.withLock { state in
            let taken = state.waiting
            state.waiting = Taken()
            state.bytes = 0
            return (taken, state.putter.take())
        }
        putter?.resume()
        return taken.isEmpty ? nil : taken
    }

    /// No more comes, or nothing is taken any more. Wakes both sides.
    func finish() {
        let (taker, putter) = state.withLock { state in
            state.isFinished = true
            return (state.taker.take(), state.putter.take())
        }
        taker?.resume()
        putter?.resume()
    }
}
