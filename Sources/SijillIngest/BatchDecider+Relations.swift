import SijillArticles
import SijillFormat
import SijillText

extension BatchDecider {
    /// What a text is to earlier articles, the closest first, and the head of the cluster that it joins; nil when
    /// it stands alone.
    ///
    /// - Parameter before: The text that it takes the place of, which is no relation of it.
    mutating func standingAmongOthers(
        _ draft: Draft, of before: EarlierText?
    ) throws -> (relations: [Relation], cluster: ArticleID?) {
        var found: [(relation: TextRelation, text: EarlierText)] = []
        for text in try candidates(draft, without: before) where text.article != before?.article {
            let similarity = Similarity(draft.shingles, text.shingles)
            if let relation = TextRelation(similarity, draft.figures, earlier: text.figures) {
                found.append((relation, text))
            }
        }
        found.sort { ($0.relation, $1.text.change.sequence) > ($1.relation, $0.text.change.sequence) }
        let relations = found.map { relation, text in
            Relation(
                kind: Relation.Kind(relation.kind), article: text.article, relation.similarity,
                figuresDiffer: relation.figuresDiffer)
        }
        guard before == nil, let closest = found.first, closest.relation.kind == .near else {
            return (relations, nil)
        }
        return (relations, try cluster(of: draft, near: closest.text))
    }

    /// Clusters are stars: a text joins one only when it is near enough to its head, so that a chain of small
    /// steps never links two different events.
    private mutating func cluster(of draft: Draft, near text: EarlierText) throws -> ArticleID? {
        guard let head = try text.cluster == text.article ? text : standing(text.cluster) else { return nil }
        return Similarity(draft.shingles, head.shingles).isNearHead ? text.cluster : nil
    }

    private mutating func standing(_ article: ArticleID) throws -> EarlierText? {
        if let sequence = brought.current[article] { return brought.texts[sequence] }
        if let ahead, let sequence = ahead.current[article] { return ahead.texts[sequence] }
        if let text = cache.standing(article) { return text }
        guard let text = try index.standing(article).flatMap({ EarlierText($0) }) else { return nil }
        cache.insert(text)
        return text
    }

    /// The texts worth the exact comparison: of earlier batches and of this one.
    private mutating func candidates(_ draft: Draft, without before: EarlierText?) throws -> [EarlierText] {
        let probe = SketchProbe(draft.shingles)
        var replaced = brought.replaced
        if let ahead { replaced.formUnion(ahead.replaced) }
        var earlier = index.candidates(of: probe, excluding: replaced)
        var ofBatches = brought.sketches.candidates(of: probe)
        if let ahead {
            // The index may have come to know them meanwhile.
            earlier.removeAll { ahead.texts[SequenceNumber($0.number)] != nil }
            ofBatches += ahead.sketches.candidates(of: probe, excluding: brought.replaced)
        }
        let best =
            ofBatches.isEmpty ? earlier : SketchIndex.Candidate.best(earlier + ofBatches)
        var texts: [EarlierText] = []
        var missing: [SequenceNumber] = []
        for candidate in best {
            let sequence = SequenceNumber(candidate.number)
            if let text = brought.texts[sequence] ?? ahead?.texts[sequence] ?? cache.text(of: sequence) {
                texts.append(text)
            } else {
                missing.append(sequence)
            }
        }
        if !missing.isEmpty {
            for kept in try index.texts(of: missing) {
                guard let text = EarlierText(kept) else { continue }
                cache.insert(text)
                texts.append(text)
            }
        }
        return texts
    }
}

extension Relation.Kind {
    init(_ kind: RelationKind) {
        switch kind {
        case .near: self = .near
        case .likely: self = .likely
        case .contains: self = .contains
        case .within: self = .within
        case .related: self = .related
        }
    }
}

extension TextRelation: Comparable {
    /// Closer is greater: the kind first, then J, then C.
    package static func < (a: TextRelation, b: TextRelation) -> Bool {
        (a.rank, a.similarity.jaccard, a.similarity.containment)
            < (b.rank, b.similarity.jaccard, b.similarity.containment)
    }

    private var rank: Int {
        switch kind {
        case .near: 4
        case .likely: 3
        case .contains, .within: 2
        case .related: 1
        }
    }
}
