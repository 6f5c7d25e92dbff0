import Synchronization

/// Those who wait for the tip to move. No queue per waiter: a waiter is woken, looks at the tip, and reads the log.
final class TipWaiters: Sendable {
    private struct State {
        var isShutDown = false
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Returns true once `isReached` is, asked again at each wake; false at shutdown or when the task is cancelled.
    func wait(until isReached: @Sendable () -> Bool) async -> Bool {
        while true {
            if isReached() { return true }
            if Task.isCancelled || state.withLock({ $0.isShutDown }) { return false }
            let id = state.withLock { state in
                state.nextID += 1
                return state.nextID
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    park(continuation, id: id, isReached: isReached)
                }
            } onCancel: {
                state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
            }
        }
    }

    /// The condition is asked once more under the lock that `wake` takes after the tip has moved, so no wake is lost.
    private func park(
        _ continuation: CheckedContinuation<Void, Never>, id: Int, isReached: @Sendable () -> Bool
    ) {
        let isParked = state.withLock { state in
            if state.isShutDown || isReached() || Task.isCancelled { return false }
            state.waiting[id] = continuation
            return true
        }
        if !isParked { continuation.resume() }
    }

    func wake() {
        let woken = state.withLock { state in
            defer { state.waiting.removeAll(keepingCapacity: true) }
            return Array(state.waiting.values)
        }
        for continuation in woken { continuation.resume() }
    }

    func shutDown() {
        state.withLock { $0.isShutDown = true }
        wake()
    }
}
