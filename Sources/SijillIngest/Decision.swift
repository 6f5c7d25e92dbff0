import SijillArticles
import SijillFormat
import SijillText

/// What is known of earlier texts. Only changes that brought a text count: rejected bytes may be retried.
package protocol SeenIndex {
    /// The text that came with exactly these bytes.
    func seen(raw: Digest) throws -> SeenText?
    /// The text with these canonical words, by the same version of the rules.
    func seen(canonical: CanonicalDigest) throws -> SeenText?
    /// The revision of this article with these canonical words, the latest of several.
    func seen(canonical: CanonicalDigest, of article: ArticleID) throws -> SeenText?
    /// The article that is known by this identity, as it stands now.
    func standing(_ identity: Identity) throws -> KeptText?
    /// An article as it stands now.
    func standing(_ article: ArticleID) throws -> KeptText?
    /// Texts, as articles stand now, that share keys with this one; by the sequences of their changes.
    func candidates(of probe: SketchProbe, excluding: Set<UInt64>) -> [SketchIndex.Candidate]
    /// The texts that these changes brought. One that is not there any more is left out.
    func texts(of sequences: [SequenceNumber]) throws -> [KeptText]
    /// Whether the bytes of a mate went to the originals with an earlier delivery of this article.
    func keepsMate(_ sha256: Digest, of article: ArticleID) throws -> Bool
}

/// What the ledger writes down for one arrival.
package struct Decision: Sendable {
    package let record: Record
    package let content: Content
    package let encoded: EncodedContent
    /// The input's bytes, where the change stores them.
    package let original: [UInt8]?
    /// Of the text, where the change brings one.
    package var sketch: Sketch?
}

/// Decides the arrivals of one batch in their order: `added`, `revised`, `duplicated` or `rejected`; first hit wins
/// (contract: text §2). A decision sees those before it in the same batch.
package struct BatchDecider<Index: SeenIndex> {
    let index: Index
    let cache: TextCache
    var brought = BatchTexts()
    /// What the batch before has brought, which the index may not know yet, or may come to know meanwhile.
    let ahead: BatchTexts?
    var mates: BatchMates

    /// - Parameters:
    ///   - cache: Texts of batches before, to be compared with; belongs to the caller's queue.
    ///   - tended: Of batches before too, and belongs to the same queue.
    ///   - before: The decider of the batch before, where the index may not know that batch yet.
    package init(
        index: Index, cache: TextCache, tended: TendedFiles = TendedFiles(), before: BatchDecider? = nil
    ) {
        self.index = index
        self.cache = cache
        ahead = before?.brought
        mates = BatchMates(tended: tended, before: before?.mates)
    }

    /// - Parameter cursor: what the change will be named by, if the batch is committed.
    package mutating func decide(_ arrival: Arrival, cursor: Cursor) throws -> Decision {
        defer { mates.handled(arrival) }
        switch arrival.outcome {
        case .rejected(let rejection):
            let rejected = Rejected(file: arrival.file, reason: rejection.reason, detail: rejection.detail)
            return Decision(record: .rejected(rejected), content: Content(), encoded: .none, original: nil)
        case .draft(let draft, let bytes):
            if let seen = try brought.raw[draft.raw] ?? ahead?.raw[draft.raw] ?? index.seen(raw: draft.raw) {
                let delivery = Delivery(draft: draft, bytes: bytes, arrival: arrival, cursor: cursor)
                return try duplicated(delivery, seen: seen, match: .raw, original: nil)
            }
            return try decide(Delivery(draft: draft, bytes: bytes, arrival: arrival, cursor: cursor))
        }
    }

    /// The batch is committed: its texts are what later ones are compared with first.
    package func remember() {
        for text in brought.texts.values { cache.insert(text) }
        mates.remember()
    }

    private mutating func decide(_ delivery: Delivery) throws -> Decision {
        let identity = Identity(delivery.draft.content, source: delivery.file.source)
        var replaced: (article: ArticleID, similarity: Similarity, figuresDiffer: Bool)?
        if let identity, let standing = try standing(identity) {
            let similarity = Similarity(delivery.draft.shingles, standing.text.shingles)
            if let decision = try decide(delivery, about: standing, similarity) { return decision }
            replaced = (
                standing.text.article, similarity, delivery.draft.figures != standing.text.figures
            )
        }
        if let known = try delivery.draft.canonical.flatMap({ try seen($0) }) {
            return try repeated(delivery, known)
        }
        var (relations, cluster) = try standingAmongOthers(delivery.draft, of: nil)
        if let replaced {
            relations.removeAll { $0.article == replaced.article }
            relations.append(
                Relation(
                    kind: .replacedURL, article: replaced.article, replaced.similarity,
                    figuresDiffer: replaced.figuresDiffer))
        }
        return added(delivery, identity, relations, cluster: cluster)
    }

    /// What a delivery under a known identity is; nil when it is another article.
    private mutating func decide(
        _ delivery: Delivery, about standing: StandingText, _ similarity: Similarity
    ) throws -> Decision? {
        let draft = delivery.draft
        let current = SeenText(
            cursor: standing.text.change, article: standing.text.article, revision: standing.text.revision)
        if standing.wordsDigest == draft.wordsDigest {
            return try standing.hasTitle(of: draft)
                ? repeated(delivery, current)
                : revised(delivery, standing, isMajor: false, isReverted: false)
        }
        if let canonical = draft.canonical, let older = try seen(canonical, of: current.article) {
            guard GivenDates.isLater(draft.content.fetched, than: standing.content.fetched) else {
                return try repeated(delivery, older)
            }
            return try revised(
                delivery, standing, isMajor: similarity.revisionKind != .revised, isReverted: true)
        }
        switch similarity.revisionKind {
        case .revised: return try revised(delivery, standing, isMajor: false, isReverted: false)
        case .major: return try revised(delivery, standing, isMajor: true, isReverted: false)
        case .replaced: return nil
        }
    }

    // MARK: Decisions

    private mutating func added(
        _ delivery: Delivery, _ identity: Identity?, _ relations: [Relation], cluster: ArticleID?
    ) -> Decision {
        let draft = delivery.draft
        let article = ArticleID(draft.canonical?.digest.high ?? draft.raw.high)
        let file = file(newText: delivery, article: article)
        let added = Added(
            article: article, file: file, digests: delivery.digests(of: draft.encoded),
            words: draft.words, relations: relations, cluster: cluster ?? article)
        let text = EarlierText(
            change: delivery.cursor, article: article, revision: 1, cluster: cluster ?? article, draft: draft)
        brought.add(text, delivery, identity, replacing: nil)
        return Decision(
            record: .added(added), content: draft.content, encoded: draft.encoded, original: delivery.bytes,
            sketch: draft.sketch)
    }

    private mutating func revised(
        _ delivery: Delivery, _ standing: StandingText, isMajor: Bool, isReverted: Bool
    ) throws -> Decision {
        let draft = delivery.draft
        let before = standing.text
        let (relations, _) = try standingAmongOthers(draft, of: before)
        let difference = RevisionDifference(from: standing, to: draft)
        var content = draft.content
        content.changes = difference.changes
        if difference.isCut { content.cut.append("changes") }
        let encoded = EncodedContent(content)
        let revised = Revised(
            article: before.article, revision: before.revision + 1,
            file: try file(of: delivery, article: before.article),
            digests: delivery.digests(of: encoded), words: draft.words, relations: relations,
            cluster: before.cluster, isMajor: isMajor, isReverted: isReverted, changed: difference.counts)
        let text = EarlierText(
            change: delivery.cursor, article: before.article, revision: revised.revision,
            cluster: before.cluster, draft: draft)
        brought.add(text, delivery, nil, replacing: before.change.sequence)
        return Decision(
            record: .revised(revised), content: content, encoded: encoded, original: delivery.bytes,
            sketch: draft.sketch)
    }

    /// Other bytes with the words of a text that is known. The bytes stand with this change from now on.
    private mutating func repeated(_ delivery: Delivery, _ known: SeenText) throws -> Decision {
        brought.raw[delivery.draft.raw] = SeenText(
            cursor: delivery.cursor, article: known.article, revision: known.revision, isKept: known.isKept)
        return try duplicated(delivery, seen: known, match: .canonical, original: delivery.bytes)
    }

    private mutating func duplicated(
        _ delivery: Delivery, seen: SeenText, match: Duplicated.Match, original: [UInt8]?
    ) throws -> Decision {
        let draft = delivery.draft
        // What was erased is not kept again, in no part.
        let file =
            seen.isKept
            ? try file(of: delivery, article: seen.article)
            : delivery.arrival.file.withoutMatesKept
        let content = seen.isKept ? draft.content.withoutText : Content()
        let encoded = EncodedContent(content)
        let digests = ArticleDigests(
            canonical: draft.canonical, text: draft.textDigest, content: encoded.digest)
        let duplicated = Duplicated(
            article: seen.article, of: seen.cursor, match: match, revision: seen.revision, file: file,
            digests: digests, isKept: seen.isKept)
        return Decision(
            record: .duplicated(duplicated), content: content, encoded: encoded,
            original: seen.isKept ? original : nil)
    }

    // MARK: What is known, this batch included

    private func seen(_ canonical: CanonicalDigest) throws -> SeenText? {
        try index.seen(canonical: canonical) ?? ahead?.canonical[canonical]?.first
            ?? brought.canonical[canonical]?.first
    }

    private func seen(_ canonical: CanonicalDigest, of article: ArticleID) throws -> SeenText? {
        try brought.canonical[canonical]?.last { $0.article == article }
            ?? ahead?.canonical[canonical]?.last { $0.article == article }
            ?? index.seen(canonical: canonical, of: article)
    }

    private func standing(_ identity: Identity) throws -> StandingText? {
        if let article = brought.identities[identity] ?? ahead?.identities[identity] {
            return broughtStanding(article)
        }
        guard let kept = try index.standing(identity) else { return nil }
        return broughtStanding(kept.article) ?? StandingText(kept)
    }

    /// How an article stands that this batch or the one before has added or revised.
    private func broughtStanding(_ article: ArticleID) -> StandingText? {
        brought.standing(article) ?? ahead?.standing(article)
    }
}

/// A draft on its way to a decision.
struct Delivery {
    let draft: Draft
    /// The original.
    let bytes: [UInt8]
    let arrival: Arrival
    let cursor: Cursor

    var file: FileRecord { arrival.file }

    func digests(of encoded: EncodedContent) -> ArticleDigests {
        ArticleDigests(canonical: draft.canonical, text: draft.textDigest, content: encoded.digest)
    }
}

extension Relation {
    init(kind: Kind, article: ArticleID, _ similarity: Similarity, figuresDiffer: Bool) {
        self.init(
            kind: kind, article: article,
            jaccard: Share(similarity.sharedCount, of: similarity.unionCount),
            containment: Share(similarity.sharedCount, of: similarity.smallerCount),
            figuresDiffer: figuresDiffer)
    }
}
