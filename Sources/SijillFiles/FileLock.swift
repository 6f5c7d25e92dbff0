import Glibc
import SijillFormat

/// A lock on one file, held until the last reference goes or the process dies (flock(2)).
package final class FileLock: Sendable {
    private let file: File

    /// Takes the lock on the file at `path`, which is made when it is not there, or throws at once.
    ///
    /// - Throws: `SijillError` with `.locked` when another process holds it; `SystemError`.
    package init(_ path: String) throws {
        file = try File(path, .create(permissions: 0o640))
        if flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            throw SijillError(
                .locked, "another process works with \(path.escapedForDisplay)",
                remedy: "end it, or use another file")
        }
    }
}
