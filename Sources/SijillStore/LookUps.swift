import SijillFormat
import SijillText

/// What the store keeps in memory: where each digest and each identity was first seen, which texts share sketch
/// keys, and how much there is of everything.
///
/// It is a function of the rows of `sightings`, `sketches` and `rejects`, made from them at open and kept in step
/// by `apply`.
struct LookUps: Sendable {
    private(set) var applied: SequenceNumber = .none
    private(set) var counts = StoreCounts()
    /// By the digest of the input's bytes.
    private var raw: DigestTable
    /// By the digest of the canonical words. Versions are never compared, so each has a table of its own.
    private var canonical: [CanonicalDigest.Version: DigestTable]
    var texts = TextLookUps()

    /// Articles that are withdrawn or erased; others are not here.
    var withdrawals: [ArticleID: WithdrawalState] = [:]
    /// Deliveries whose content and original were erased.
    var erased: Set<SequenceNumber> = []
    /// Withdrawn articles, by their keys: later texts are not compared with theirs.
    private var hidden: Set<SequenceNumber> = []

    /// Empty, with room for so many.
    init(sightings: Int, articles: Int) {
        raw = DigestTable(capacity: sightings)
        canonical = [.c1: DigestTable(capacity: articles)]
    }

    /// Takes in one row of `sightings`. Rows come in the order of their sequences.
    ///
    /// - Parameter article: The key of its article.
    mutating func add(
        sighting sequence: SequenceNumber, article: SequenceNumber, match: Duplicated.Match?,
        raw digest: Digest?, canonical text: CanonicalDigest?
    ) {
        applied = sequence
        counts.sightings += 1
        // The same bytes again bring nothing; bytes that were rejected never come here.
        if match != .raw, let digest { raw.insert(digest.high, sequence) }
        guard match == nil else { return }
        if article == sequence { counts.articles += 1 } else { counts.revisions += 1 }
        if let text {
            canonical[text.version, default: DigestTable()].insert(text.digest.high, sequence)
        }
    }

    /// Takes in a withdrawal that was applied, but for its text.
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

    /// Whether later texts may be compared with that of an article; what was erased is not compared again.
    ///
    /// - Parameter key: The key of the article.
    mutating func hide(_ key: SequenceNumber, erases: Bool, isUndo: Bool) {
        if isUndo { hidden.remove(key) } else { hidden.insert(key) }
        if erases { texts.remove(article: key) }
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

    /// Where bytes whose digest begins so may have been seen: ascending, those that were erased last.
    func sequences(raw key: UInt128) -> [SequenceNumber] { erasedLast(raw.sequences(key)) }

    func sequences(canonical key: UInt128, _ version: CanonicalDigest.Version) -> [SequenceNumber] {
        erasedLast(canonical[version]?.sequences(key) ?? [])
    }

    /// Where articles with this identity may have begun, ascending.
    func sequences(_ identity: Identity) -> [SequenceNumber] { texts.sequences(identity) }

    /// Where an article of this id can have begun: an id is the first half of a canonical digest, or of a raw
    /// one. Those that were erased stand last, the latest of them first: their text may have come again.
    func sequences(article key: UInt128) -> [SequenceNumber] {
        erasedLast(
            (CanonicalDigest.Version.allCases.flatMap { canonical[$0]?.sequences(key) ?? [] }
                + raw.sequences(key)).sorted())
    }

    /// A text that was erased may have come again, and then it is that one that is meant.
    private func erasedLast(_ all: [SequenceNumber]) -> [SequenceNumber] {
        guard !erased.isEmpty, all.contains(where: erased.contains) else { return all }
        return all.filter { !erased.contains($0) } + all.reversed().filter(erased.contains)
    }

    /// The change that brought the text with which an article stands, by the change that added it.
    func current(article: SequenceNumber) -> SequenceNumber { texts.current(article: article) }

    /// The texts, as articles stand now, that share keys with a text.
    func candidates(of probe: SketchProbe, excluding: Set<UInt64>) -> [SketchIndex.Candidate] {
        let withdrawn = hidden.isEmpty ? [] : hidden.map { current(article: $0).value }
        return texts.candidates(of: probe, excluding: excluding.union(withdrawn))
    }

    /// Bytes in all, and those of them that hold sketches.
    var bytes: Int { raw.bytes + texts.bytes + canonical.values.reduce(0) { $0 + $1.bytes } }
    var sketchBytes: Int { texts.sketchBytes }
}

/// How much there is in a store.
package struct StoreCounts: Hashable, Sendable {
    package var articles = 0
    /// Texts that took the place of an earlier one of their article.
    package var revisions = 0
    /// Deliveries of a text, new or known before.
    package var sightings = 0
    package var rejects = 0
    package var withdrawals = 0
}
