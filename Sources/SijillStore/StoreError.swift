import GRDB
import Glibc
import SijillFormat

/// What the store could not do: an open code, and what, where and what to do in words.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The file is no sound store of this log and version. The log is the truth: remove the files of the
        /// store (`Store.files`) and apply the log to a new one.
        case unusable
        /// No space, no quota. Nothing of the transaction stands; the same call works once there is space.
        case outOfSpace
        /// A read, write or sync failed. Nothing of the transaction stands; end the process.
        case inputOutput
        /// A change contradicts the changes before it, so the log is not sound. Nothing of the transaction
        /// stands.
        case contradiction
        /// Another program reads an older state, which still has what was deleted.
        case blocked
        /// Anything else: the file cannot be opened, or is held by another process.
        case failed
    }

    package let code: Code
    /// What went wrong and where, in one sentence without a full stop.
    package let message: String
    /// What the reader can do, in one sentence; empty when there is nothing.
    package let remedy: String

    init(_ code: Code, _ message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    package var description: String { remedy.isEmpty ? message : "\(message); \(remedy)" }

    /// The same for whoever ends the process.
    package var sijillError: SijillError {
        let exit: ExitCode =
            switch code {
            case .contradiction: .damaged
            case .blocked: .unavailable
            case .unusable, .outOfSpace, .inputOutput, .failed: .inputOutput
            }
        return SijillError(exit, message, remedy: remedy)
    }

    static func blocked(_ path: String, by names: [String]) -> StoreError {
        let who = names.isEmpty ? "another program" : names.joined(separator: ", ")
        return StoreError(
            .blocked, "\(who) reads an older state of \(path), in which the erased text still stands",
            remedy: "end it and restart the daemon, which finishes the erasure")
    }

    static func unusable(_ path: String, _ why: String) -> StoreError {
        StoreError(
            .unusable, "the store \(path) is unusable: \(why)",
            remedy: "it is a view of the log: run sijilld rebuild")
    }
}

extension StoreError {
    /// What an error of SQLite means to us.
    ///
    /// - Parameters:
    ///   - verb: What was done, as in "cannot read the store".
    ///   - number: errno of the system call behind an I/O error, 0 when it is not known.
    init(_ error: DatabaseError, _ verb: String, _ path: String, systemErrorNumber number: Int32 = 0) {
        let why = "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
        let message = "cannot \(verb) the store \(path): \(why)"
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_FORMAT:
            self = .unusable(path, why)
        case .SQLITE_FULL:
            self.init(.outOfSpace, message, remedy: "free some space")
        case .SQLITE_IOERR where number == ENOSPC || number == EDQUOT:
            // SQLite says FULL only when a write to the file itself found no space; a quota, or no space for
            // the index of the WAL, comes as an I/O error.
            self.init(.outOfSpace, message, remedy: "free some space or raise the quota")
        case .SQLITE_IOERR:
            let cause = number == 0 ? "" : ": \(String(cString: strerror(number)))"
            self.init(
                .inputOutput, message + cause, remedy: "look for errors of the disk in the kernel's messages")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.failed, message, remedy: "end the other program that holds it")
        default:
            self.init(.failed, message, remedy: "look at the owner and mode of the file and its directory")
        }
    }
}
