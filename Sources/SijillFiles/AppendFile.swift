import Glibc
import SijillFormat

/// A file that only grows at its end, with the length that is known to be good.
///
/// Bytes are gathered in memory and written in pieces of a mebibyte. After a write or a sync failed for another
/// reason than space, the file refuses everything: a sync after a failed one may say "done" over lost pages
/// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
package struct AppendFile: ~Copyable {
    package let file: File
    /// Bytes of the file that were committed: the place where the next ones go.
    package private(set) var committed: UInt64
    private var pending = ByteWriter()
    private var written: UInt64
    private var isBroken = false

    private static let pieceBytes = 1 << 20

    /// Goes on behind `length` bytes of `file`.
    package init(_ file: File, length: UInt64) {
        self.file = file
        committed = length
        written = length
    }

    /// Where the next appended byte will stand.
    package var end: UInt64 { written + UInt64(pending.count) }

    /// Adds what `body` writes. Bytes past a mebibyte go to the kernel; nothing is durable before a sync.
    package mutating func append(_ body: (inout ByteWriter) -> Void) throws(SystemError) {
        body(&pending)
        guard pending.count >= AppendFile.pieceBytes else { return }
        let start = written
        try write()
        // More follows, and the disk need not wait for it.
        file.startWriting(start..<written)
    }

    /// Hands everything that was appended to the kernel. Not durable yet.
    package mutating func write() throws(SystemError) {
        precondition(!isBroken, "\(file.path) is not written to after an error")
        do {
            // Counted before it is tried: a write that fails half way has still written.
            let start = written
            written += UInt64(pending.count)
            try file.write(pending.bytes.span, at: start)
        } catch {
            isBroken = !error.isOutOfSpace
            throw error
        }
        pending.removeAll()
    }

    /// Whether anything was written since the last commit, so that there is something to sync.
    package var isDirty: Bool { written > committed }

    /// What was written is good, because it was synced, or is part of a view that can be made again.
    package mutating func markCommitted() { committed = written }

    /// A sync failed: nothing is written or synced through this file any more.
    package mutating func markBroken() { isBroken = true }

    /// Forgets what was appended since the last commit, in memory and in the file.
    package mutating func rollBack() throws(SystemError) {
        pending.removeAll()
        guard written > committed else { return }
        try file.truncate(to: committed)
        written = committed
    }
}
