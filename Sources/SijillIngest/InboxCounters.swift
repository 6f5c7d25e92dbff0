/// What the inbox is doing, for status and metrics.
package struct InboxCounters: Hashable, Sendable {
    package var files = Settling.Counts()
    /// Inputs handed to the ledger or on their way to it, and what they weigh.
    package var inputsInHand = 0
    package var bytesInHand = 0
    /// Times that the watch lost events.
    package var overflows = 0
    package var watches = 0
    /// The limit of watches is reached and directories are polled.
    package var isShortOfWatches = false
    /// The inbox directory itself is not there.
    package var isMissing = false
    package var isDegraded: Bool { isShortOfWatches || isMissing }
    /// From complete to durable, of each file.
    package var lag = LagHistogram()
    /// Why nothing is given out; nil while ingest goes on.
    package var pauseReason: String?

    package init() {}

    /// Nothing is waiting or in hand: all that is there has been handled.
    package var isQuiet: Bool { files.waiting == 0 && inputsInHand == 0 }

    /// The same but for files that wait for others: for their writers, for their markers, or for permission.
    package var isTakenIn: Bool {
        files.waiting == files.withWriter + files.blocked + files.waitsForMarker && inputsInHand == 0
    }
}

/// How long files took from complete to durable.
package struct LagHistogram: Hashable, Sendable {
    /// Upper bounds of the buckets, in seconds.
    package static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

    /// Files in each bucket alone; the last one is of those over all bounds.
    package private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// Of all files.
    package private(set) var sum = Duration.zero

    package init() {}

    mutating func add(_ lag: Duration) {
        let seconds = lag / .seconds(1)
        counts[LagHistogram.bounds.firstIndex { seconds <= $0 } ?? LagHistogram.bounds.count] += 1
        sum += lag
    }
}
