import CSijillSystem
import Glibc
import SijillFormat

/// An open file. The descriptor is closed when the last reference goes.
///
/// All reading and writing names its place, so one file may be used from several threads.
package final class File: Sendable {
    package let descriptor: Int32
    package let path: String

    /// Opens `path`; the descriptor is never inherited by a child process.
    package init(_ path: String, _ access: Access) throws(SystemError) {
        descriptor = try system("open", path) {
            sijill_open(path, access.flags | O_CLOEXEC | O_NOCTTY, access.permissions)
        }
        self.path = path
    }

    deinit { close(descriptor) }

    package enum Access: Sendable {
        case read
        /// Reading and writing; the file must be there.
        case write
        /// Reading and writing; made, with these permissions, when it is not there.
        case create(permissions: UInt32)
        /// Reading and writing; made empty, whatever was there.
        case replace(permissions: UInt32)

        fileprivate var flags: Int32 {
            switch self {
            case .read: O_RDONLY
            case .write: O_RDWR
            case .create: O_RDWR | O_CREAT
            case .replace: O_RDWR | O_CREAT | O_TRUNC
            }
        }

        fileprivate var permissions: UInt32 {
            switch self {
            case .read, .write: 0
            case .create(let permissions), .replace(let permissions): permissions
            }
        }
    }

    /// Size of the file in bytes now.
    package func size() throws(SystemError) -> UInt64 {
        var status = stat()
        try system("fstat", path) { fstat(descriptor, &status) }
        return UInt64(status.st_size)
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    package func read(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `buffer` from `offset`; the count that was there, less than asked only at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError)
        -> Int
    {
        var filled = 0
        while filled < buffer.count {
            let count = try system("read", path) {
                pread(
                    descriptor, buffer.baseAddress! + filled, buffer.count - filled,
                    off_t(offset) + off_t(filled))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Fills `buffer` from `offset` with what can be had without waiting for the disk: the count, 0 where the page cache
    /// does not have the first byte, or nothing of it can be said.
    package func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        max(0, Int(sijill_read_cached(descriptor, buffer.baseAddress, UInt64(buffer.count), Int64(offset))))
    }

    /// Everything in the file.
    package func readAll() throws(SystemError) -> [UInt8] {
        try read(at: 0, count: Int(try size()))
    }

    /// Writes all of `bytes` at `offset`. Not durable before `synchronize`.
    package func write(_ bytes: borrowing Span<UInt8>, at offset: UInt64) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            var written = 0
            do throws(SystemError) {
                while written < buffer.count {
                    written += try system("write", path) {
                        pwrite(
                            descriptor, buffer.baseAddress! + written, buffer.count - written,
                            off_t(offset) + off_t(written))
                    }
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Has the kernel begin to write these bytes to the disk, so that a later `synchronize` finds less left to do. Says
    /// nothing about durability, and its failure nothing either: the sync tells.
    package func startWriting(_ range: Range<UInt64>) {
        sijill_start_writing(descriptor, Int64(range.lowerBound), Int64(range.count))
    }

    /// Makes the bytes of the file, and the size that is needed to read them, durable (fdatasync).
    package func synchronize() throws(SystemError) {
        try system("fdatasync", path) { fdatasync(descriptor) }
    }

    /// Cuts the file at `size` bytes. Not durable before `synchronize`.
    package func truncate(to size: UInt64) throws(SystemError) {
        try system("ftruncate", path) { ftruncate(descriptor, off_t(size)) }
    }

    /// Everything in the file at `path`; nil when there is none.
    package static func contents(_ path: String) throws(SystemError) -> [UInt8]? {
        do {
            return try File(path, .read).readAll()
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
    }

    /// Tells the kernel that these bytes will not be read again soon (posix_fadvise(2), POSIX_FADV_DONTNEED), so that
    /// they do not push others out of its cache. Advice: nothing fails.
    package func forgetPages(from start: UInt64, to end: UInt64) {
        guard start < end else { return }
        _ = posix_fadvise(descriptor, off_t(start), off_t(end - start), POSIX_FADV_DONTNEED)
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
