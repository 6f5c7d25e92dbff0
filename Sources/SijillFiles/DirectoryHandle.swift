import CSijillSystem
import Glibc
import SijillFormat

/// An open file that is closed when the last reference to it goes.
package final class FileDescriptor: Sendable {
    package let number: Int32
    /// For messages.
    package let path: String

    package init(_ number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    deinit { close(number) }

    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try system("fstat", path) { fstat(number, &status) }
        return FileStatus(status)
    }

    /// Reads up to `count` bytes at `offset` into the end of `bytes`; returns how many, 0 at the end of the file.
    package func read(_ count: Int, at offset: UInt64, into bytes: inout [UInt8]) throws(SystemError) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count))
        let result: Result<Int, SystemError> = bytes.withUnsafeMutableBytes { buffer in
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
            return Result { () throws(SystemError) in
                try system("pread", path) { pread(number, target.baseAddress, count, Int(offset)) }
            }
        }
        let got = (try? result.get()) ?? 0
        bytes.removeLast(count - got)
        return try result.get()
    }

    /// Reads until the end of the file, but no more than `limit` bytes. `expected` bytes are made room for.
    package func readAll(expected: Int, limit: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        // One byte more than expected, so that a file that has grown shows it.
        var room = min(expected, limit) + 1
        var bytes: [UInt8] = []
        var isAtEnd = false
        while !isAtEnd, failure == nil, bytes.count < limit {
            let start = bytes.count
            let piece = [UInt8](unsafeUninitializedCapacity: min(room, limit - start)) { buffer, count in
                do throws(SystemError) {
                    while count < buffer.count {
                        let base = buffer.baseAddress! + count  // not nil: the capacity is over 0
                        let space = buffer.count - count
                        let got = try system("read", path) { Glibc.read(number, base, space) }
                        if got == 0 {
                            isAtEnd = true
                            break
                        }
                        count += got
                        // Less than there was room for, and all that was expected: the end, without asking for it.
                        if start + count == expected, got < space {
                            isAtEnd = true
                            break
                        }
                    }
                } catch {
                    failure = error
                }
            }
            if start == 0 { bytes = piece } else { bytes.append(contentsOf: piece) }
            room = max(room, 64 << 10)
        }
        if let failure { throw failure }
        return bytes
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) {
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes { buffer -> Int in
                Glibc.write(number, buffer.baseAddress! + start, buffer.count - start)  // not empty here
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw .last("write", path)
            }
            start += written
        }
    }

    /// Makes its bytes and its size durable.
    package func sync() throws(SystemError) { try system("fsync", path) { fsync(number) } }

    /// Cuts it to `bytes`.
    package func truncate(to bytes: UInt64) throws(SystemError) {
        try system("ftruncate", path) { ftruncate(number, Int(bytes)) }
    }

    /// The magic number of its file system (statfs(2)).
    package func fileSystemType() throws(SystemError) -> Int {
        Int(try system("fstatfs", path) { sijill_file_system_type(number) })
    }
}

/// A name in a directory: any bytes but `/` and NUL.
package typealias NameBytes = [UInt8]

/// An open directory, and what is done to names in it.
///
/// All names are relative and are never followed out of the directory: what is opened is opened with openat2(2),
/// RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS. Calls may be made on any thread.
package final class DirectoryHandle: Sendable {
    package let descriptor: FileDescriptor

    package init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    /// Opens the directory at `path`, symbolic links followed: it is the operator's.
    package convenience init(path: String) throws(SystemError) {
        let number = try system("open", path) { sijill_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        self.init(FileDescriptor(number, path: path))
    }

    package func path(of name: [UInt8]) -> String {
        name.isEmpty ? descriptor.path : descriptor.path + "/" + String(decoding: name, as: UTF8.self)
    }

    /// Opens a file below for reading; never waits, never follows a symbolic link.
    package func openFile(_ path: [UInt8]) throws(SystemError) -> FileDescriptor {
        try openBeneath(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }

    /// Opens a directory below. An empty path is the directory itself.
    package func openDirectory(_ path: [UInt8]) throws(SystemError) -> DirectoryHandle {
        let target = path.isEmpty ? [UInt8(ascii: ".")] : path
        return DirectoryHandle(try openBeneath(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
    }

    private func openBeneath(_ path: [UInt8], _ flags: Int32) throws(SystemError) -> FileDescriptor {
        let number = try withCString(path) { name throws(SystemError) in
            // EAGAIN: a rename was going on somewhere and the kernel could not be sure; it asks to be asked again.
            for _ in 0..<64 {
                let number = sijill_open_beneath(descriptor.number, name, UInt64(flags))
                if number >= 0 || errno != EAGAIN && errno != EINTR { return number }
            }
            return -1
        }
        if number < 0 { throw .last("openat2", self.path(of: path)) }
        return FileDescriptor(number, path: self.path(of: path))
    }

    /// What lies under a name; the link itself where it is a symbolic link.
    package func status(of name: NameBytes) throws(SystemError) -> FileStatus {
        var status = stat()
        let result = withCString(name) { fstatat(descriptor.number, $0, &status, AT_SYMLINK_NOFOLLOW) }
        if result != 0 { throw .last("fstatat", path(of: name)) }
        return FileStatus(status)
    }

    /// Renames, here or into another directory; fails with EEXIST where the new name is taken.
    ///
    /// On NFS and most FUSE two steps (`sijill_rename_noreplace`): a crash between leaves the file under both names.
    package func rename(
        _ name: NameBytes, to other: DirectoryHandle? = nil, as newName: NameBytes
    ) throws(SystemError) {
        let target = other ?? self
        let result = withCString(name) { old in
            withCString(newName) { new in
                sijill_rename_noreplace(descriptor.number, old, target.descriptor.number, new)
            }
        }
        if result != 0 { throw .last("renameat2", path(of: name)) }
    }

    /// Puts a file with these bytes under a name, in place of what was there, and makes both durable: a temporary
    /// file, fsync, rename, and fsync of the directory.
    package func replaceDurably(_ name: NameBytes, with bytes: [UInt8]) throws(SystemError) {
        let temporary = Array(".sijill-new".utf8)
        do throws(SystemError) { try unlink(temporary) } catch { if !error.isNotFound { throw error } }
        let file = try createFile(temporary)
        try file.write(bytes)
        try file.sync()
        let result = withCString(temporary) { old in
            withCString(name) { new in renameat(descriptor.number, old, descriptor.number, new) }
        }
        if result != 0 { throw .last("renameat", path(of: name)) }
        try sync()
    }

    package func unlink(_ name: NameBytes) throws(SystemError) {
        let result = withCString(name) { unlinkat(descriptor.number, $0, 0) }
        if result != 0 { throw .last("unlinkat", path(of: name)) }
    }

    /// Makes a directory and opens it; an existing one is just opened.
    package func makeDirectory(_ name: NameBytes, mode: mode_t = 0o750) throws(SystemError) -> DirectoryHandle
    {
        let result = withCString(name) { mkdirat(descriptor.number, $0, mode) }
        if result != 0, errno != EEXIST { throw .last("mkdirat", path(of: name)) }
        if result == 0 { try descriptor.sync() }
        return try openDirectory(name)
    }

    /// Opens a file for appending; made when missing.
    package func openForAppending(_ name: NameBytes, mode: mode_t = 0o640) throws(SystemError)
        -> FileDescriptor
    {
        try open(name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode)
    }

    /// Makes a new file; fails with EEXIST where the name is taken.
    package func createFile(_ name: NameBytes, mode: mode_t = 0o640) throws(SystemError) -> FileDescriptor {
        try open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    }

    private func open(_ name: NameBytes, _ flags: Int32, _ mode: mode_t) throws(SystemError) -> FileDescriptor
    {
        let number = withCString(name) { sijill_open_at(descriptor.number, $0, flags, mode) }
        if number < 0 { throw .last("openat", path(of: name)) }
        return FileDescriptor(number, path: path(of: name))
    }

    /// Makes the names in it durable.
    package func sync() throws(SystemError) { try descriptor.sync() }

    /// The names in it without `.` and `..`, in the order of the directory. O(names).
    package func names() throws(SystemError) -> [NameBytes] {
        // A descriptor of its own: fdopendir takes it over, and a second listing begins at the first name.
        let number = try system("openat", descriptor.path) {
            sijill_open_at(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard let stream = fdopendir(number) else {
            let error = SystemError.last("fdopendir", descriptor.path)
            close(number)
            throw error
        }
        defer { closedir(stream) }
        var names: [NameBytes] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let offset = MemoryLayout<dirent>.offset(of: \.d_name)!  // a stored property has an offset
            let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            // The name ends with a NUL inside the record (readdir(3)).
            let length = strnlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), 256)
            let name = NameBytes(UnsafeBufferPointer(start: start, count: length))
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        if errno != 0 { throw .last("readdir", descriptor.path) }
        return names
    }
}

/// Calls `body` with `bytes` and a NUL behind them.
private func withCString<Result, Failure: Error>(
    _ bytes: [UInt8], _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
) throws(Failure) -> Result {
    // A name with a NUL in it cannot come from the kernel; were one made up, it would name another file.
    precondition(!bytes.contains(0), "a file name holds no NUL")
    return try withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) {
        buffer throws(Failure) in
        for position in bytes.indices { buffer[position] = CChar(bitPattern: bytes[position]) }
        buffer[bytes.count] = 0
        return try body(UnsafePointer(buffer.baseAddress!))  // not nil: the capacity is over 0
    }
}
