/// How a process of ours ends (DESIGN §10; the numbers from 64 on are those of sysexits.h).
package enum ExitCode: Int32, Hashable, Sendable {
    case done = 0
    case checkFailed = 1
    case quarantined = 3
    case usage = 64
    case damaged = 65
    case unavailable = 69
    case inputOutput = 74
    case locked = 75
    case permission = 77
    case configuration = 78
}

/// An error of the environment: what went wrong, where, and what to do about it.
///
/// It is thrown up to whoever ends the process or answers the request, and logged once, there.
package struct SijillError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: ExitCode
    /// What went wrong and where, in one sentence without a full stop.
    package let message: String
    /// What the reader can do, in one sentence; empty when there is nothing.
    package let remedy: String

    package init(_ code: ExitCode, _ message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    package var description: String { remedy.isEmpty ? message : "\(message); \(remedy)" }
}
