import Glibc
import SijillFormat

/// Space that is set aside while there is some, so that a daemon on a full disk can still stop cleanly, recover and
/// start (DESIGN §4, `log/reserve`).
package struct DiskReserve: Sendable {
    private let path: String
    /// Below this many free bytes ingest pauses.
    package let bytesFreeMin: UInt64

    /// - Parameter bytesFreeMin: what is configured; on a small disk 2 % of it are enough.
    package init(_ directory: DataDirectory, bytesFreeMin: UInt64) {
        path = directory.reserve
        let total = (try? DiskSpace.of(directory.root))?.total ?? .max
        self.bytesFreeMin = min(bytesFreeMin, total / 50)
    }

    /// Why nothing may be written now; nil when there is room.
    package func lackOfSpace() -> String? {
        guard let space = try? DiskSpace.of(Durable.parent(of: path)), space.free < bytesFreeMin else {
            return nil
        }
        return "\(space.free >> 20) MiB are free on the disk, \(bytesFreeMin >> 20) MiB are kept in reserve"
    }

    /// Gives the space back to the disk.
    package func release() { try? Durable.remove(path) }

    /// Sets a quarter of the reserve aside, where that leaves enough to go on. It is no error when it cannot be.
    package func restore() {
        let bytes = bytesFreeMin / 4
        guard bytes > 0, !File.exists(path), let space = try? DiskSpace.of(Durable.parent(of: path)),
            space.free >= 2 * bytesFreeMin, let file = try? File(path, .create(permissions: 0o640))
        else { return }
        if posix_fallocate(file.descriptor, 0, off_t(bytes)) != 0 { release() }
    }
}
