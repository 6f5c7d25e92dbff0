/// How a client behaves when a connection is lost, or the server says "later".
///
/// Pauses double from `pauseMin` to `pauseMax`, each shortened at random by up to a half, so that a thousand clients
/// of a server that starts again do not come back at the same moment. A `Retry-After` of the server is kept to.
public struct Reconnection: Sendable {
    /// The first pause.
    public var pauseMin: Duration = .milliseconds(250)
    /// The longest pause.
    public var pauseMax: Duration = .seconds(30)
    /// Failures in a row after which a replay gives up. A follower never does.
    public var replayFailuresMax = 8
    /// Keeps trying also when the server has not answered even once. Otherwise that is an error at once: more likely
    /// the URL is wrong than that the server is about to start.
    public var isPatient = false
    /// Told of each failure that is followed by a pause. Called on the task that iterates.
    public var onFailure: (@Sendable (Failure) -> Void)?

    /// A try that failed, with another to come.
    public struct Failure: Sendable {
        public let error: SijillClientError
        /// How many have failed since the last answer: 1 for the first.
        public let count: Int
        /// How long until the next.
        public let pause: Duration
    }

    /// The clock; tests have their own.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// How much of a pause is kept: 0.5 to 1.
    var jitter: @Sendable () -> Double = { .random(in: 0.5...1) }

    public init() {}

    /// The pause after so many failures in a row.
    func pause(afterFailures failures: Int, jitter: Double) -> Duration {
        let doubled = pauseMin * (1 << min(max(0, failures - 1), 20))
        return min(pauseMax, doubled) * jitter
    }
}
