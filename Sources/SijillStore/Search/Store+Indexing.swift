import GRDB
import SijillFormat

/// What one step of the indexer did.
package struct IndexStep: Sendable {
    /// Texts that were added.
    package var texts = 0
    /// Up to here all texts can be found.
    package var indexed = SequenceNumber.none
    /// Whether there are changes behind that.
    package var isBehind = false
    /// Time from the lock to the end of the commit.
    package var took = Duration.zero
}

extension Store {
    /// Up to this change all texts can be found.
    package var searchable: SequenceNumber { searchProgress.withLock { $0 } }

    /// Adds the next texts to the search index, in one transaction. Call it on the queue of the indexer.
    ///
    /// Ends its work after `budget`, or earlier as soon as the ledger waits to write, but not before one text; the
    /// commit comes on top of that. The transaction stands as a whole or not at all, so a crash costs nothing but the
    /// work.
    ///
    /// - Throws: `StoreError`.
    package func indexTexts(for budget: Duration) throws -> IndexStep {
        try writeIndex { database, started in
            var step = IndexStep(indexed: try SearchIndex.indexed(database))
            let applied = try StoreSchema.applied(database)
            let next = try database.cachedStatement(sql: Store.nextText)
            while true {
                guard let row = try next.first([StoreValue(step.indexed), StoreValue(applied)]),
                    case .integer(let sequence) = row[0], case .integer(let article) = row[1]
                else {
                    step.indexed = applied
                    break
                }
                step.indexed = SequenceNumber(UInt64(sequence))
                if article != sequence {
                    try SearchIndex.removeRevisions(of: article, before: sequence, from: database)
                }
                try SearchIndex.add(step.indexed, to: database)
                step.texts += 1
                if ledgerWaits || .now - started >= budget { break }
            }
            step.isBehind = step.indexed < applied
            try database.cachedStatement(sql: "update search_progress set indexed = ?").run([
                StoreValue(step.indexed)
            ])
            return step
        }
    }

    /// Merges about `pages` pages of the index, where there are enough pieces to merge, in one transaction. Call it on
    /// the queue of the indexer.
    ///
    /// - Returns: Whether there may be more to merge, and the time that it took.
    /// - Throws: `StoreError`.
    package func mergeSearchIndex(pages: Int) throws -> (more: Bool, took: Duration) {
        var more = false
        let step = try writeIndex { database, _ in
            // FTS5 writes its structure only when it has merged something: a change of two rows or more.
            let before = database.totalChangesCount
            try SearchIndex.command("merge", pages, database)
            more = database.totalChangesCount - before >= 2
            return IndexStep(indexed: searchable)
        }
        return (more, step.took)
    }

    /// Moves what the WAL holds into the file, as far as readers let it. After some transactions of the indexer, which
    /// leave that undone. The ledger may write meanwhile.
    ///
    /// - Throws: `StoreError`.
    package func checkpointAfterIndexing() throws {
        try mover.withLock { mover in
            // A commit of the ledger that is at it does the same.
            _ = try mover?.writeWithoutTransaction { try moveWAL(.passive, $0) }
        }
    }

    /// Brings the index up to date in large transactions, for a store that nobody else writes: after a rebuild.
    ///
    /// - Parameter progress: Told the last change that was indexed.
    /// - Throws: `StoreError`.
    package func indexAll(progress: (SequenceNumber) -> Void = { _ in }) throws {
        var step = IndexStep(isBehind: true)
        while step.isBehind {
            step = try indexTexts(for: .seconds(1))
            progress(step.indexed)
            while try mergeSearchIndex(pages: Store.bulkMergePages).more {}
            try checkpointAfterIndexing()
        }
    }

    private static let bulkMergePages = 4_096

    /// Runs `body` in a transaction of the writer. The time begins when the transaction has the lock.
    private func writeIndex(_ body: (Database, ContinuousClock.Instant) throws -> IndexStep) throws
        -> IndexStep
    {
        let step = try write(verb: "index") { database in
            // A commit that has to move the WAL into the file takes twice as long; that is done by itself.
            database.setCheckpointsAtCommit(false)
            defer { database.setCheckpointsAtCommit(true) }
            let started = ContinuousClock.now
            try database.beginTransaction(.immediate)
            var step = try body(database, started)
            try database.commit()
            step.took = .now - started
            return step
        }
        searchProgress.withLock { $0 = step.indexed }
        return step
    }

    /// The first text behind a change.
    static let nextText =
        "select sequence, article from revisions where sequence > ?1 and sequence <= ?2 order by sequence limit 1"
}
