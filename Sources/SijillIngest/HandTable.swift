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
        /// What the file holds.
        var image: [UInt8] = []
        var places: [UInt64: Int] = [:]
        var free: [Int] = []

        /// Where the state of an entry lies in the image, low byte.
        func state(_ place: Int) -> Int { place * HandTable.entryBytes + 28 }
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
            let place =
                slots.places[ticket] ?? slots.free.popLast() ?? slots.image.count / HandTable.entryBytes
            slots.places[ticket] = place
            let start = place * HandTable.entryBytes
            if start == slots.image.count {
                slots.image += writer.bytes
            } else {
                slots.image.replaceSubrange(start..<start + HandTable.entryBytes, with: writer.bytes)
            }
            write(slots, place...place)
        }
    }

    /// Changes were committed from these, and they are still in hand.
    func progress(_ tickets: [UInt64]) {
        slots.withLock { slots in
            let places = tickets.compactMap { slots.places[$0] }.filter { slots.image[slots.state($0)] != 2 }
            mark(places, 2, &slots)
        }
    }

    /// They are out of hand.
    func clear(_ tickets: [UInt64]) {
        slots.withLock { slots in
            let places = tickets.compactMap { slots.places.removeValue(forKey: $0) }
            // The lowest is used first, so that what is in hand lies close together.
            slots.free += places.reversed()
            mark(places, 0, &slots)
        }
    }

    /// Gives the entries at `places` another state, with one write.
    private func mark(_ places: [Int], _ state: UInt8, _ slots: inout Slots) {
        guard let first = places.min(), let last = places.max() else { return }
        for place in places { slots.image[slots.state(place)] = state }
        write(slots, first...last)
    }

    private func write(_ slots: Slots, _ places: ClosedRange<Int>) {
        let start = places.lowerBound * HandTable.entryBytes
        let end = (places.upperBound + 1) * HandTable.entryBytes
        try? file.write(slots.image.span.extracting(start..<end), at: UInt64(start))
    }
}
