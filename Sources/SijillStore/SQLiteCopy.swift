import GRDB
import SijillFormat

/// Copies SQLite files that another process may be writing.
package enum SQLiteCopy {
    /// Makes at `target`, which must not be there, a copy of the database at `source` as it stands at one moment: SQLite's
    /// online backup in one step, which in WAL mode keeps no writer waiting.
    ///
    /// The copy is one file without a write-ahead log. It is not synced.
    /// - Throws: `StoreError`.
    package static func copy(_ source: String, to target: String) throws {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(30)
            let original = try DatabaseQueue(path: source, configuration: configuration)
            let copy = try DatabaseQueue(path: target)
            try original.backup(to: copy)
            try copy.close()
            try original.close()
        } catch let error as DatabaseError {
            throw StoreError(error, "copy", source)
        }
    }
}
