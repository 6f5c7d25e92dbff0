import Glibc
import SijillFiles
import Synchronization

/// SIGINT or SIGTERM came before the work was done.
struct Interruption: Error {}

/// Runs `body` to its end, or until SIGINT or SIGTERM cancels it: then what it has in hand is finished first. A second
/// signal ends the process at once, for when what is in hand hangs, on a full pipe perhaps.
///
/// - Throws: `Interruption` when a signal came and `body` ended by it; whatever `body` throws.
func untilInterrupted(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let task = Task { try await body() }
    let count = Atomic<Int>(0)
    let cancel: @Sendable () -> Void = {
        if count.add(1, ordering: .relaxed).oldValue > 0 { Glibc._exit(128 + SIGINT) }
        task.cancel()
    }
    let sources = [SIGINT, SIGTERM].map { SignalSource($0, handler: cancel) }
    defer { withExtendedLifetime(sources) {} }
    do {
        try await task.value
    } catch is CancellationError {
        throw Interruption()
    }
}
