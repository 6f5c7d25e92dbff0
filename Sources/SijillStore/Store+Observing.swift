import GRDB
import SijillFormat

extension Store {
    /// Sequence of the last change that the file holds. It is ahead of `applied` where another process writes the
    /// store.
    ///
    /// - Throws: `StoreError`.
    package func appliedInFile() throws -> SequenceNumber { try read { try StoreSchema.applied($0) } }

    /// Takes up how far the file's search index is by now.
    ///
    /// - Throws: `StoreError`.
    package func observeSearch() throws {
        let indexed = try read { try SearchIndex.indexed($0) }
        searchProgress.withLock { $0 = indexed }
    }

    /// Brings the look-ups of a store that was opened read-only up to changes that the file holds by now.
    ///
    /// `changes` must follow `applied`; what was observed already traps.
    package func observe(_ changes: [Change]) {
        lookUps.withLock { lookUps in
            for change in changes {
                precondition(
                    change.sequence == lookUps.applied.next, "change \(change.sequence) observed out of order"
                )
                lookUps.add(change)
            }
        }
    }
}
