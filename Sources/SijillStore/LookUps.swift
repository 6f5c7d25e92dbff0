import SijillFormat

/// What the store keeps in memory: where each digest was first seen, and how much there is of everything.
///
/// It is a function of the rows of `sightings` and `rejects`, made from them at open and kept in step by
/// `apply`.
struct LookUps: Sendable {
    private(set) var applied: SequenceNumber = .none
    private(set) var counts = StoreCounts()
    /// By the digest of the input's bytes.
    private var raw: DigestTable
    /// By the digest of the canonical words. Versions are never compared, so each has a table of its own.
    private var canonical: [CanonicalDigest.Version: DigestTable]

    /// Articles that are withdrawn or erased; others are not here.
    var withdrawals: [ArticleID: WithdrawalState] = [:]
    /// Deliveries whose content and original were erased.
    var erased: Set<SequenceNumber> = []
    /// Digests whose text was erased and has come again: the new place.
    private var again: [UInt128: SequenceNumber] = [:]

    init(sightings: Int = 0) {
        raw = DigestTable(capacity: sightings)
        canonical = [:]
    }

    /// Takes in one row of `sightings`. Rows come in the order of their sequences.
    mutating func add(
        sighting sequence: SequenceNumber, match: Duplicated.Match?, raw digest: Digest?,
        canonical text: CanonicalDigest?
    ) {
        applied = sequence
        counts.sightings += 1
        // The same bytes again bring nothing; bytes that were rejected never come here.
        if match != .raw, let digest { add(raw: digest.high, sequence) }
        guard match == nil else { return }
        counts.articles += 1
        if let text {
            if let old = canonical[text.version]?[text.digest.high], erased.contains(old) {
                again[text.digest.high] = sequence
            }
            canonical[text.version, default: DigestTable()].insert(text.digest.high, sequence)
        }
    }

    private mutating func add(raw key: UInt128, _ sequence: SequenceNumber) {
        if let old = raw[key], erased.contains(old) { again[key] = sequence }
        raw.insert(key, sequence)
    }

    /// Takes in a withdrawal that was applied.
    mutating func add(_ withdrawn: Withdrawn, _ sequence: SequenceNumber) {
        applied = sequence
        counts.withdrawals += 1
        withdraw(withdrawn.article, erases: withdrawn.erases, isUndo: withdrawn.isUndo, withdrawn.sequences)
    }

    /// Rows of `withdrawals` counted at open.
    mutating func open(withdrawals: Int) { counts.withdrawals = withdrawals }

    mutating func withdraw(_ id: ArticleID, erases: Bool, isUndo: Bool, _ sequences: [SequenceNumber]) {
        var state = withdrawals[id] ?? WithdrawalState()
        state.isWithdrawn = !isUndo
        state.isErased = state.isErased || erases
        withdrawals[id] = state.isGone ? state : nil
        erased.formUnion(sequences)
    }

    mutating func add(reject sequence: SequenceNumber) {
        applied = sequence
        counts.rejects += 1
    }

    /// Rows of `rejects` counted at open; the order does not matter to them.
    mutating func open(rejects: Int, applied: SequenceNumber) {
        counts.rejects = rejects
        self.applied = applied
    }

    /// Where bytes whose digest begins so were first seen.
    func sequence(raw key: UInt128) -> SequenceNumber? { again[key] ?? raw[key] }

    func sequence(canonical key: UInt128, _ version: CanonicalDigest.Version) -> SequenceNumber? {
        again[key] ?? canonical[version]?[key]
    }

    /// Where an article of this id can have begun: an id is the first half of a canonical digest, or of a raw
    /// one. Those that were erased stand last: their text may have come again.
    func sequences(article key: UInt128) -> [SequenceNumber] {
        let all = candidates(article: key)
        return all.filter { !erased.contains($0) }.sorted() + all.filter { erased.contains($0) }.sorted()
    }

    private func candidates(article key: UInt128) -> [SequenceNumber] {
        CanonicalDigest.Version.allCases.compactMap { canonical[$0]?[key] }
            + [raw[key], again[key]].compactMap { $0 }
    }

    var bytes: Int { raw.bytes + canonical.values.reduce(0) { $0 + $1.bytes } }
}

/// How much there is in a store.
package struct StoreCounts: Hashable, Sendable {
    package var articles = 0
    /// Deliveries of a text, new or known before.
    package var sightings = 0
    package var rejects = 0
    package var withdrawals = 0
}
