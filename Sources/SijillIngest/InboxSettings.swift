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
    package var sources = SourceRules()
    /// Path of the directory in whose `<date>` folders taken files are kept; nil when they are removed.
    package var donePath: String?
    /// Path of the file that notes what is being parsed; nil where nobody counts crashes.
    package var handPath: String?
    /// Told when the inbox becomes degraded, with what to do about it, and with nil when it no longer is. Called on
    /// the inbox's queue.
    package var onDegraded: @Sendable (String?) -> Void = { _ in }

    package init(path: String, quarantinePath: String) {
        self.path = path
        self.quarantinePath = quarantinePath
    }
}
