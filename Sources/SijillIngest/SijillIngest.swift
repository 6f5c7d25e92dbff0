/// The way in: from files that someone drops to arrivals in order, and from committed changes to an empty inbox.
///
/// `Inbox` is the shell and owns the serial queue `sijill.inbox`. What it decides is decided in structs that touch
/// no file and no clock: `Settling` (when is a file complete), `ReorderBuffer` (who is next), `Resumption` (what had
/// been taken before the daemon ended). `IntakePool` reads and parses on `sijill.intake`; `Removal` and `Quarantine`
/// take files away once their changes are durable (contract: inbox; DESIGN §6).
package enum SijillIngest {
    /// Directories inside each other, the inbox not counted; files in deeper ones are rejected `too-deep`.
    package static let depthMax = 8
    /// The source of files that lie in the inbox itself.
    package static let defaultSource = "default"
}

/// The monotonic clock of everything that waits. It goes on while the machine sleeps.
package typealias Instant = ContinuousClock.Instant
