/// When the search index is worked on, and for how long: the ledger goes first.
///
/// One SQLite file has one writer. The indexer takes it for a few milliseconds, and gives it back as soon as the ledger
/// waits for it. While batches follow each other it takes it only at intervals, so that intake has the machine; behind
/// the last batch it works on without a pause until all texts can be found.
///
/// A pure state machine: `SearchIndexer` does what it says.
struct IndexerPace {
    enum Action: Equatable {
        /// Add texts for so long.
        case index(Duration)
        /// Merge pieces of the index, about so many pages.
        case merge(pages: Int)
        /// Move what was written into the file.
        case checkpoint
        /// Ask again after this time.
        case wait(Duration)
        /// Nothing is to be done until the next batch.
        case rest
    }

    typealias Instant = ContinuousClock.Instant

    /// Time for adding texts in one transaction. It ends as soon as the ledger waits, so it may be long; and the more
    /// texts FTS5 writes at once, the less each costs.
    static let indexTime = Duration.milliseconds(250)
    /// The longest that the ledger waits: for a step of merging, or for the end of a transaction that adds texts.
    static let ledgerWaitMax = Duration.milliseconds(20)
    /// So long after a batch there has been no other: the ledger is idle.
    static let quiet = Duration.milliseconds(100)
    /// While batches follow each other the indexer works once in this time.
    static let turnInterval = Duration.milliseconds(500)

    private var isBehind = true
    private var mayMerge = true
    private var lastBatch: Instant?
    private var lastTurn: Instant?
    private(set) var mergePages = 256
    /// How long merging may go on before texts are added again: as long as adding has taken.
    private var mergeTime = Duration.zero
    /// What steps of merging take, averaged: one that the machine held up is no reason to change anything.
    private var mergingTakes = goal
    /// What transactions have taken since the last checkpoint.
    private var unmoved = Duration.zero

    /// A step of fewer pages would do little but open the pieces that it merges.
    private static let mergePagesMin = 128
    /// What a step of merging takes as a rule, so that hardly one takes longer than `ledgerWaitMax`.
    private static let goal = ledgerWaitMax / 2
    /// So much is written from checkpoint to checkpoint: a few dozen mebibytes.
    private static let checkpointInterval = Duration.milliseconds(400)

    /// The ledger committed a batch.
    mutating func batch(at now: Instant) {
        isBehind = true
        lastBatch = now
    }

    /// What to do now.
    func next(at now: Instant) -> Action {
        guard isBehind || mayMerge || unmoved > .zero else { return .rest }
        if let wait = turn(at: now) { return .wait(wait) }
        if unmoved >= Self.checkpointInterval || !isBehind && !mayMerge { return .checkpoint }
        // In turn, so that the pieces do not grow in number faster than they are merged.
        if isBehind, !mayMerge || mergeTime <= .zero { return .index(Self.indexTime) }
        return .merge(pages: mergePages)
    }

    /// How long the ledger must be left alone; nil when it is the indexer's turn.
    private func turn(at now: Instant) -> Duration? {
        guard let lastBatch, now - lastBatch < Self.quiet else { return nil }
        let quietAt = lastBatch + Self.quiet
        guard let lastTurn else { return quietAt - now }
        let turnAt = lastTurn + Self.turnInterval
        return now >= turnAt ? nil : min(quietAt, turnAt) - now
    }

    /// Texts were added in a transaction that took so long.
    mutating func indexed(isBehind: Bool, took: Duration, at now: Instant) {
        self.isBehind = isBehind
        mayMerge = true
        mergeTime = took
        lastTurn = now
        unmoved += took
    }

    /// Pieces were merged in a transaction that took so long.
    mutating func merged(more: Bool, took: Duration, at now: Instant) {
        mayMerge = more
        mergeTime -= took
        lastTurn = now
        // Nothing was merged: that is no measure.
        guard more else { return }
        unmoved += took
        mergingTakes = mergingTakes * 0.8 + took * 0.2
        if mergingTakes > Self.goal * 1.2 {
            mergePages = max(Self.mergePagesMin, mergePages * 19 / 20)
        } else if mergingTakes < Self.goal * 0.9 {
            mergePages = min(1_024, mergePages * 21 / 20 + 1)
        }
    }

    /// What was written has been moved.
    mutating func moved(at now: Instant) {
        unmoved = .zero
        lastTurn = now
    }
}
