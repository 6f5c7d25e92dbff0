import SijillArticles

/// What an inbox is made with.
package struct InboxSettings: Sendable {
    /// Path of the inbox directory, which must exist.
    package var path: String
    /// Path of the quarantine directory, which must exist.
    package var quarantinePath: String
    package var times = SettlingTimes()
    package var input = InputLimits()
    package var intake = IntakeLimits()

    package init(path: String, quarantinePath: String) {
        self.path = path
        self.quarantinePath = quarantinePath
    }
}

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
    /// Why nothing is given out; nil while ingest goes on.
    package var pauseReason: String?

    package init() {}

    /// Nothing is waiting or in hand: all that is there has been handled.
    package var isQuiet: Bool { files.waiting == 0 && inputsInHand == 0 }

    /// The same but for files that wait for others: for their writers, or for permission.
    package var isTakenIn: Bool { files.waiting == files.withWriter + files.blocked && inputsInHand == 0 }
}
