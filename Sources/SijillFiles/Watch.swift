import Glibc
import SijillFormat

/// One event of the inbox's watch.
package struct WatchEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case created, closedWrite, movedIn, movedFrom
        /// The watched directory itself was deleted or renamed.
        case directoryGone
        /// The kernel has dropped the watch.
        case watchGone
        /// The kernel's queue was full and events were lost.
        case overflow
    }

    package let watch: Int32
    package let kind: Kind
    package let name: NameBytes
    package let isDirectory: Bool
}

/// Watches directories with inotify(7) for files that appear, are closed or are moved.
///
/// Not recursive: every directory is added by itself. `read` and `add` may be called on one queue only.
package final class Watch: Sendable {
    /// Readable when there are events.
    package let descriptor: FileDescriptor

    private static let mask =
        UInt32(IN_CREATE) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM)
        | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)

    package init() throws(SystemError) {
        let number = try system("inotify_init1", "inbox") {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
        descriptor = FileDescriptor(number, path: "inotify")
    }

    /// Watches an open directory and returns the number of the watch; one directory has one number.
    ///
    /// The directory is named through /proc/self/fd, so that it is the one that was opened beneath the inbox, and
    /// not one that a symbolic link was put in place of since.
    /// - Throws: ENOSPC when the user's limit of watches (fs.inotify.max_user_watches) is reached.
    package func add(_ directory: DirectoryHandle) throws(SystemError) -> Int32 {
        let name = "/proc/self/fd/\(directory.descriptor.number)"
        return try system("inotify_add_watch", directory.descriptor.path) {
            inotify_add_watch(descriptor.number, name, Watch.mask)
        }
    }

    package func remove(_ watch: Int32) {
        // Fails only when the kernel has dropped it already, which is what is wanted.
        inotify_rm_watch(descriptor.number, watch)
    }

    /// The events that have come; empty when there are none. At most `bytesMax` bytes of them at a time.
    package func read(bytesMax: Int = 64 << 10) throws(SystemError) -> [WatchEvent] {
        var events: [WatchEvent] = []
        let failure: SystemError? = withUnsafeTemporaryAllocation(byteCount: bytesMax, alignment: 8) {
            buffer in
            while true {
                let count = Glibc.read(descriptor.number, buffer.baseAddress, buffer.count)
                if count >= 0 {
                    Watch.decode(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &events)
                    return nil
                }
                if errno == EAGAIN { return nil }
                if errno != EINTR { return .last("read", "inotify") }
            }
        }
        if let failure { throw failure }
        return events
    }

    private static func decode(_ bytes: UnsafeRawBufferPointer, into events: inout [WatchEvent]) {
        var position = 0
        let header = MemoryLayout<inotify_event>.size
        // The kernel hands over whole events only (inotify(7)).
        while position + header <= bytes.count {
            let event = bytes.loadUnaligned(fromByteOffset: position, as: inotify_event.self)
            let padded = bytes[(position + header)..<(position + header + Int(event.len))]
            let name = NameBytes(padded.prefix { $0 != 0 })
            position += header + Int(event.len)
            guard let kind = kind(of: event.mask) else { continue }
            events.append(
                WatchEvent(
                    watch: event.wd, kind: kind, name: name, isDirectory: event.mask & UInt32(IN_ISDIR) != 0))
        }
    }

    private static func kind(of mask: UInt32) -> WatchEvent.Kind? {
        if mask & UInt32(IN_Q_OVERFLOW) != 0 { return .overflow }
        if mask & UInt32(IN_IGNORED) != 0 { return .watchGone }
        if mask & UInt32(IN_MOVED_TO) != 0 { return .movedIn }
        if mask & UInt32(IN_CLOSE_WRITE) != 0 { return .closedWrite }
        if mask & UInt32(IN_CREATE) != 0 { return .created }
        if mask & UInt32(IN_MOVED_FROM) != 0 { return .movedFrom }
        if mask & (UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)) != 0 { return .directoryGone }
        return nil
    }
}
