import Glibc
import SijillFormat

/// What the file system says about one name, at one moment (stat(2)).
package struct FileStatus: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable {
        case regular, directory, symbolicLink
        /// A FIFO, a socket or a device.
        case special
    }

    package let device: UInt64
    package let inode: UInt64
    /// Never trusted as the number of bytes that a read will give.
    package let bytes: UInt64
    /// Nanoseconds since 1970.
    package let modified: Int64
    /// Nanoseconds since 1970. Unlike `modified` it cannot be set, so it is what settling looks at.
    package let changed: Int64
    package let linkCount: UInt32
    package let kind: Kind

    package init(
        device: UInt64, inode: UInt64, bytes: UInt64, modified: Int64, changed: Int64, linkCount: UInt32 = 1,
        kind: Kind = .regular
    ) {
        self.device = device
        self.inode = inode
        self.bytes = bytes
        self.modified = modified
        self.changed = changed
        self.linkCount = linkCount
        self.kind = kind
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        bytes = UInt64(max(0, status.st_size))
        modified = FileStatus.nanoseconds(status.st_mtim)
        changed = FileStatus.nanoseconds(status.st_ctim)
        linkCount = UInt32(clamping: status.st_nlink)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .special
            }
    }

    /// Whether nothing that a writer leaves behind differs: the same file, size and both times.
    package func isUnchanged(since earlier: FileStatus) -> Bool {
        isSameFile(as: earlier) && bytes == earlier.bytes && modified == earlier.modified
            && changed == earlier.changed
    }

    /// Whether both are one file, and it has the size and the mtime it had. A rename moves only its ctime.
    package func hasSameContent(as earlier: FileStatus) -> Bool {
        isSameFile(as: earlier) && bytes == earlier.bytes && modified == earlier.modified
    }

    package func isSameFile(as other: FileStatus) -> Bool { inode == other.inode && device == other.device }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (time.tv_sec < 0 ? .min : .max) : seconds &+ Int64(time.tv_nsec)
    }
}

/// The wall clock, for comparing with the times that a file system writes. Never used for waiting.
package enum WallClock {
    /// Nanoseconds since 1970.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
