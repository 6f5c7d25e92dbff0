import SijillFiles
import Synchronization

/// Keeps the files that readers use open, up to a number.
final class FileCache: Sendable {
    private static let filesMax = 128
    private let open = Mutex<[String: File]>([:])

    /// The open file at `path`. A file that is dropped from the cache stays open while someone reads it.
    func file(_ path: String) throws(SystemError) -> File {
        if let file = open.withLock({ $0[path] }) { return file }
        let file = try File(path, .read)
        open.withLock { open in
            if open.count >= Self.filesMax { open.removeAll() }
            open[path] = file
        }
        return file
    }
}
