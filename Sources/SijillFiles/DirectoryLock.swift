import CSijillSystem
import Glibc
import SijillFormat

/// The lock of a data directory: one daemon, or one offline command, at a time. Held until the last reference goes;
/// the kernel lets go of it when the process dies.
package final class DirectoryLock: Sendable {
    private let file: File

    /// Takes the lock of `directory` or throws at once.
    ///
    /// - Throws: `SijillError` with `.locked` when another process holds it, `.permission` or `.configuration` when
    ///   the directory cannot be used.
    package init(_ directory: DataDirectory) throws(SijillError) {
        do throws(SystemError) {
            file = try File(directory.lock, .create(permissions: 0o640))
        } catch {
            throw SijillError(
                error.isPermission ? .permission : .configuration,
                "the data directory cannot be used: \(error)",
                remedy: "make it writable for this user, or name another with --data")
        }
        if flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            throw SijillError(
                .locked, "another sijilld holds the lock of \(directory.root.escapedForDisplay)",
                remedy: "stop it, or name another directory with --data")
        }
    }
}
