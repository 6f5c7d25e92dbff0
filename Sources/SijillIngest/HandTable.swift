import SijillFiles
import SijillFormat
import Synchronization

/// What is in hand, noted in a file before it is parsed: so that after a crash the next start knows which files may
/// have been the cause (DESIGN §6, crash-loop).
///
/// A file of the page cache outlives the process, so nothing is synced: after a power cut there is nothing to count.
/// One entry has 32 bytes, little-endian: inode, size and mtime of the file, then how many ends in a row it had been
/// alone in hand (u32), and 1 for an entry that counts, 2 when a change was committed from it (u32).
package final class HandTable: Sendable {
    /// Ends in a row at which a file was alone in hand, after which it is not read again.
    package static let endsMax: UInt32 = 3
    private static let entryBytes = 32

    /// A file as it is found again.
    package struct Identity: Hashable, Sendable {
        let inode: UInt64
        let bytes: UInt64
        let modified: Int64

        package init(_ status: FileStatus) {
            inode = status.inode
            bytes = status.bytes
            modified = status.modified
        }

        fileprivate init(inode: UInt64, bytes: UInt64, modified: Int64) {
            self.inode = inode
            self.bytes = bytes
            self.modified = modified
        }
    }

    private struct Slots {
        var places: [UInt64: Int] = [:]
        var free: [Int] = []
        var count = 0
        var progressed: Set<UInt64> = []
    }

    /// What was in hand when the daemon ended, each with how often in a row it was alone.
    package let suspects: [Identity: UInt32]
    private let file: File
    private let slots = Mutex(Slots())

    /// Reads what the last end left, and begins anew.
    package init(path: String) throws(SystemError) {
        file = try File(path, .create(permissions: 0o600))
        let bytes = try file.readAll()
        var found: [(identity: Identity, ends: UInt32, hasProgressed: Bool)] = []
        for start in stride(from: 0, to: bytes.count - HandTable.entryBytes + 1, by: HandTable.entryBytes) {
            func word(_ at: Int, _ count: Int) -> UInt64 {
                bytes[(start + at)..<(start + at + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            let state = word(28, 4)
            guard state != 0 else { continue }
            let identity = Identity(
                inode: word(0, 8), bytes: word(8, 8), modified: Int64(bitPattern: word(16, 8)))
            found.append((identity, UInt32(word(24, 4)), state == 2))
        }
        var suspects: [Identity: UInt32] = [:]
        for entry in found {
            let isAlone = found.count == 1 && !entry.hasProgressed
            suspects[entry.identity] = isAlone ? entry.ends + 1 : 0
        }
        self.suspects = suspects
        try file.truncate(to: 0)
    }

    /// Notes a file that is about to be parsed. What cannot be noted is not counted: that is no reason to stop.
    func note(_ ticket: UInt64, _ status: FileStatus, ends: UInt32) {
        var writer = ByteWriter(capacity: HandTable.entryBytes)
        writer.littleEndian(status.inode)
        writer.littleEndian(status.bytes)
        writer.littleEndian(UInt64(bitPattern: status.modified))
        writer.littleEndian(ends)
        writer.littleEndian(1 as UInt32)
        slots.withLock { slots in
            let place = slots.places[ticket] ?? slots.free.popLast() ?? slots.count
            slots.count = max(slots.count, place + 1)
            slots.places[ticket] = place
            write(writer.bytes, at: place, 0)
        }
    }

    /// A change was committed from it.
    func progress(_ ticket: UInt64) {
        slots.withLock { slots in
            guard let place = slots.places[ticket], slots.progressed.insert(ticket).inserted else { return }
            write([2, 0, 0, 0], at: place, 28)
        }
    }

    /// It is out of hand.
    func clear(_ ticket: UInt64) {
        slots.withLock { slots in
            guard let place = slots.places.removeValue(forKey: ticket) else { return }
            slots.free.append(place)
            slots.progressed.remove(ticket)
            write([0, 0, 0, 0], at: place, 28)
        }
    }

    private func write(_ bytes: [UInt8], at place: Int, _ offset: Int) {
        try? file.write(bytes.span, at: UInt64(place * HandTable.entryBytes + offset))
    }
}
