/// Where a sequence of changes stands, and what it does after an error. Pure: the reader acts on it.
struct Resumption {
    /// Where the next request begins.
    private(set) var start: LogStart
    /// A replay has reached the end that the log had when it began.
    private(set) var isComplete = false

    private let isLive: Bool
    private let isFiltered: Bool
    private let reconnection: Reconnection
    /// Sequence of the next change, under a filter the lowest it can have; nil while any may be the first.
    private var expected: UInt64?
    /// A replay ends here; nil until the first answer.
    private var end: UInt64?
    private var wasConnected = false
    /// Tries that have failed in a row.
    private(set) var failures = 0
    /// Changes received from the present page.
    private var received = 0

    init(
        start: LogStart, isLive: Bool, isFiltered: Bool = false, reconnection: Reconnection = Reconnection()
    ) {
        self.start = start
        self.isLive = isLive
        self.isFiltered = isFiltered
        self.reconnection = reconnection
        expected = start.firstSequence
    }

    /// The server has answered.
    ///
    /// - Parameters:
    ///   - next: where it says that this stream begins, so that a lost connection resumes there even when no change
    ///     has come yet.
    mutating func connected(next: LogStart?, tip: LogCursor?) {
        wasConnected = true
        received = 0
        if let next, expected == nil {
            start = next
            expected = next.firstSequence
        }
        if !isLive, end == nil {
            end = tip?.sequence ?? 0
            complete()
        }
    }

    /// A change has come.
    ///
    /// - Throws: `.brokenPromise` when it is not the one that must come now.
    mutating func received(_ cursor: LogCursor) throws {
        if let expected, isFiltered ? cursor.sequence < expected : cursor.sequence != expected {
            throw SijillClientError(
                .brokenPromise,
                "the server sent change \(cursor.sequence) where change \(expected) belongs; the log would not be"
                    + " complete: report it to whoever runs the server")
        }
        expected = cursor.sequence + 1
        start = .after(cursor)
        failures = 0
        received += 1
        complete()
    }

    /// A page of a replay has ended.
    ///
    /// - Parameter next: where the server says that the next one begins. Under a filter that can be far behind the
    ///   last change of the page.
    mutating func pageEnded(next: LogStart? = nil) {
        failures = 0
        if isFiltered, let next, let first = next.firstSequence, first > expected ?? 0 {
            start = next
            expected = first
            complete()
        } else if received == 0 {
            // Nothing on a page: whatever the server says of its tip, there is no more.
            isComplete = true
        }
    }

    /// How long to wait before the next try; nil when `error` ends the sequence.
    ///
    /// - Parameter random: how much of the pause is kept, 0.5 to 1.
    mutating func pause(after error: SijillClientError, random: Double) -> Duration? {
        guard error.isTransient, wasConnected || reconnection.isPatient || error.retryAfter != nil else {
            return nil
        }
        failures += 1
        if !isLive, !reconnection.isPatient, failures > reconnection.replayFailuresMax { return nil }
        let pause = reconnection.pause(afterFailures: failures, jitter: random)
        return max(pause, error.retryAfter ?? .zero)
    }

    private mutating func complete() {
        if !isLive, let end, (expected ?? 1) > end { isComplete = end == 0 || expected != nil }
    }
}
