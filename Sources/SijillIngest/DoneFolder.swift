import Glibc
import SijillFiles
import SijillFormat

/// Keeps files whose changes are durable in `<data>/done/<date>/` (`inbox.after: keep`).
///
/// `@unchecked Sendable`: used on the inbox's queue at its start, when nothing is being removed, and on the removal's
/// from then on.
final class DoneFolder: @unchecked Sendable {
    private let root: DirectoryHandle
    private var today: (name: String, handle: DirectoryHandle)?
    private var isDirty = false

    init(root: DirectoryHandle) { self.root = root }

    /// Moves a file to today's folder, UTC, under its name, or with the sequence before its extension where that is
    /// taken; to another file system by copy, sync, rename and unlink. Durable after `sync`.
    func keep(
        _ current: NameBytes, from directory: DirectoryHandle, as name: NameBytes, sequence: SequenceNumber
    ) throws(SystemError) {
        let folder = try folder()
        do throws(SystemError) {
            try directory.move(current, to: folder, as: name)
        } catch {
            guard error.code == EEXIST else { throw error }
            var number = 0
            while true {
                let suffix = number == 0 ? "\(sequence)" : "\(sequence).\(number)"
                do throws(SystemError) {
                    try directory.move(current, to: folder, as: Removal.name(name, with: suffix))
                    break
                } catch {
                    guard error.code == EEXIST, number < 1_000 else { throw error }
                    number += 1
                }
            }
        }
        isDirty = true
    }

    func sync() throws(SystemError) {
        guard isDirty else { return }
        try today?.handle.sync()
        isDirty = false
    }

    private func folder() throws(SystemError) -> DirectoryHandle {
        let now = Timestamp(milliseconds: UInt64(max(0, WallClock.now())) / 1_000_000)
        let name = String(now.rfc3339.prefix(10))
        if let today, today.name == name { return today.handle }
        try sync()
        let handle = try root.makeDirectory(Array(name.utf8))
        today = (name, handle)
        return handle
    }
}
