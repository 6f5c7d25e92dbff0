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
    ///
    /// - Throws: `StoreError`; then nothing was taken up.
    package func observe(_ changes: [Change]) throws {
        guard let first = changes.first, let last = changes.last else { return }
        let found = try read { try self.written(first.sequence, last.sequence, in: $0) }
        lookUps.withLock { lookUps in
            precondition(
                first.sequence == lookUps.applied.next, "change \(first.sequence) observed out of order")
            lookUps.add(changes, found)
        }
    }

    /// What the writer found out about the changes from `first` to `last`, as its rows have it.
    private func written(
        _ first: SequenceNumber, _ last: SequenceNumber, in database: Database
    ) throws -> StoreWriter.Written {
        var written = StoreWriter.Written()
        let range = [StoreValue(first), StoreValue(last)]
        let texts = try database.cachedStatement(
            sql: StoreTable.sketches.select + " where sequence between ? and ? order by sequence")
        try texts.start(range)
        while try texts.step() { written.sketches.append(try KeptSketch(texts.row, path: path)) }
        let withdrawals = try database.cachedStatement(
            sql: "select sequence, article from withdrawals where sequence between ? and ?")
        try withdrawals.start(range)
        while try withdrawals.step() {
            if let sequence = withdrawals.number(at: 0), let article = withdrawals.number(at: 1) {
                written.withdrawnKeys[SequenceNumber(sequence)] = SequenceNumber(article)
            }
        }
        return written
    }
}
