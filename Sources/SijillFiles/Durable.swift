import CSijillSystem
import Glibc
import SijillFormat

/// The verbs that make a change of the file system durable. Nothing else in Sijill renames, cuts or makes a file
/// that must survive a power cut.
package enum Durable {
    /// Makes the names in the directory at `path` durable.
    package static func syncDirectory(_ path: String) throws(SystemError) {
        let descriptor = try system("open", path) { sijill_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        defer { close(descriptor) }
        try system("fsync", path) { fsync(descriptor) }
    }

    /// Makes the directory when it is not there, and its name durable in its parent.
    package static func createDirectory(_ path: String, permissions: UInt32 = 0o750) throws(SystemError) {
        if mkdir(path, mode_t(permissions)) == 0 {
            try syncDirectory(parent(of: path))
        } else if errno != EEXIST {
            throw .last("mkdir", path)
        }
    }

    /// Puts a file with these bytes at `path`: after a crash either the old file is there or the new one, whole.
    ///
    /// Written under `<path>.tmp`, synced, renamed over `path`, directory synced.
    package static func replace(_ path: String, _ bytes: [UInt8], permissions: UInt32 = 0o640)
        throws(SystemError)
    {
        let temporary = temporaryName(path)
        let file = try File(temporary, .replace(permissions: permissions))
        try file.write(bytes.span, at: 0)
        try file.synchronize()
        try rename(temporary, path)
    }

    /// Renames over whatever is at `new`, and makes that durable. Both lie in one directory.
    package static func rename(_ old: String, _ new: String) throws(SystemError) {
        try system("rename", old) { Glibc.rename(old, new) }
        try syncDirectory(parent(of: new))
    }

    /// Renames to a name that must be free, and makes that durable; false when the name is taken. Both lie in one
    /// directory.
    package static func publish(_ old: String, as new: String) throws(SystemError) -> Bool {
        if sijill_rename_noreplace(AT_FDCWD, old, AT_FDCWD, new) != 0 {
            if errno == EEXIST { return false }
            throw .last("rename", old)
        }
        try syncDirectory(parent(of: new))
        return true
    }

    /// Cuts the file at `path` and makes the cut durable.
    package static func truncate(_ path: String, to size: UInt64) throws(SystemError) {
        let file = try File(path, .write)
        try file.truncate(to: size)
        try file.synchronize()
    }

    /// Takes the write permission from a file that will never change again.
    package static func seal(_ path: String) throws(SystemError) {
        try system("chmod", path) { chmod(path, 0o440) }
    }

    /// Gives a sealed file its write permission back, for the one thing that may change it: an erasure.
    package static func unseal(_ path: String) throws(SystemError) {
        try system("chmod", path) { chmod(path, 0o640) }
    }

    /// Removes a file; one that is not there is fine.
    package static func remove(_ path: String) throws(SystemError) {
        if unlink(path) != 0, errno != ENOENT { throw .last("unlink", path) }
    }

    /// Where `replace` writes before it renames. Left ones are removed at start.
    package static func temporaryName(_ path: String) -> String { path + ".tmp" }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// Bytes that are free for an unprivileged user, and in all, on the file system of a path.
package struct DiskSpace: Hashable, Sendable {
    package let free: UInt64
    package let total: UInt64

    package init(free: UInt64, total: UInt64) {
        self.free = free
        self.total = total
    }

    package static func of(_ path: String) throws(SystemError) -> DiskSpace {
        var status = statvfs()
        try system("statvfs", path) { statvfs(path, &status) }
        let block = UInt64(status.f_frsize)
        return DiskSpace(free: UInt64(status.f_bavail) * block, total: UInt64(status.f_blocks) * block)
    }
}
