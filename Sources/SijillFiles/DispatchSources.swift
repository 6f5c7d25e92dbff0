import Dispatch
import Glibc
import Synchronization

/// Calls a handler on a queue whenever a descriptor is readable, until it is cancelled.
///
/// The handler is `@Sendable`: a closure that inherits an actor's isolation would trap on the source's queue.
package final class ReadSource: @unchecked Sendable {
    // Invariant: a dispatch source may be used from any thread; the reference itself never changes.
    private let source: any DispatchSourceRead
    /// A source may not go while it is suspended, and counts how often it is.
    private let suspended = Mutex(false)

    /// The descriptor is kept open until the source is cancelled or gone.
    package init(_ descriptor: FileDescriptor, queue: DispatchQueue, handler: @escaping @Sendable () -> Void)
    {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor.number, queue: queue)
        source.setEventHandler(handler: handler)
        // Keeps the descriptor until libdispatch has let go of it.
        source.setCancelHandler(handler: { _ = descriptor })
        source.activate()
    }

    /// Whether the handler is not called for now. What is readable meanwhile is told once it is called again.
    package var isSuspended: Bool {
        get { suspended.withLock { $0 } }
        set {
            suspended.withLock { suspended in
                guard newValue != suspended else { return }
                suspended = newValue
                if newValue { source.suspend() } else { source.resume() }
            }
        }
    }

    package func cancel() {
        source.cancel()
        isSuspended = false
    }

    deinit { cancel() }
}

/// Calls a handler on a queue at one deadline at a time, by the monotonic clock.
package final class DeadlineTimer: @unchecked Sendable {
    // Invariant: as in ReadSource.
    private let source: any DispatchSourceTimer

    package init(queue: DispatchQueue, handler: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: queue)
        source.setEventHandler(handler: handler)
        source.schedule(deadline: .distantFuture)
        source.activate()
    }

    /// Replaces the deadline by one `delay` from now. The handler comes no earlier.
    package func schedule(after delay: Duration) {
        let (seconds, attoseconds) = delay.components
        // A year is far enough and cannot overflow.
        let nanoseconds = min(seconds, 31_536_000) * 1_000_000_000 + attoseconds / 1_000_000_000
        source.schedule(deadline: .now() + .nanoseconds(Int(max(0, nanoseconds))), leeway: .milliseconds(1))
    }

    /// Forgets the deadline.
    package func stop() { source.schedule(deadline: .distantFuture) }

    package func cancel() { source.cancel() }

    deinit { source.cancel() }
}

/// Calls a handler on a queue again and again, by the monotonic clock.
package final class RepeatingTimer: @unchecked Sendable {
    // Invariant: as in ReadSource.
    private let source: any DispatchSourceTimer

    package init(every interval: Duration, queue: DispatchQueue, handler: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: queue)
        source.setEventHandler(handler: handler)
        let (seconds, attoseconds) = interval.components
        let nanoseconds = Int(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        source.schedule(deadline: .now(), repeating: .nanoseconds(nanoseconds), leeway: .milliseconds(100))
        source.activate()
    }

    package func cancel() { source.cancel() }

    deinit { source.cancel() }
}

/// Calls a handler for each arrival of a signal, whose default action is taken away.
package final class SignalSource: @unchecked Sendable {
    // Invariant: as in ReadSource.
    private let source: any DispatchSourceSignal

    package init(_ number: Int32, queue: DispatchQueue = .global(), handler: @escaping @Sendable () -> Void) {
        signal(number, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler(handler: handler)
        source.activate()
    }

    deinit { source.cancel() }
}
