/// What a text is to an earlier one.
package enum RelationKind: String, Hashable, Sendable, CaseIterable {
    /// The same article, with small differences.
    case near
    /// Probably the same, edited. Never where the figures speak against it.
    case likely
    /// It holds the earlier text, and much besides.
    case contains
    /// It is part of the earlier text.
    case within
    /// It has passages of the earlier text.
    case related
}

/// A text's relation to an earlier one: the kind and the figures it rests on. A text without one has too
/// little in common with the other.
package struct TextRelation: Hashable, Sendable {
    package let kind: RelationKind
    package let similarity: Similarity
    /// The texts do not have the same figures, each as often.
    package let figuresDiffer: Bool

    /// Shingles below which a text is short, and must have more in common to be `near`.
    package static let shortCount = 28
    /// Shared shingles that `contains`, `within` and `related` take at least: less is a common phrase.
    package static let passageCountMin = 8

    /// The relation of a text to an earlier one; nil when there is none. First hit wins:
    ///
    /// | kind | rule |
    /// |---|---|
    /// | near | J ≥ .60; when the smaller text has fewer than 28 shingles J ≥ .75; when each text has a figure that the other lacks J ≥ .70 |
    /// | likely | C ≥ .55 and r ≤ 1.5; when each text has a figure that the other lacks J ≥ .60, else `related` |
    /// | contains, within | C ≥ .55, r > 1.5 and at least 8 shared shingles |
    /// | related | C ≥ .20 and at least 8 shared shingles |
    package init?(_ similarity: Similarity, _ figures: Figures, earlier: Figures) {
        guard let kind = TextRelation.kind(similarity, figures, earlier) else { return nil }
        self.kind = kind
        self.similarity = similarity
        figuresDiffer = figures != earlier
    }

    private static func kind(_ similarity: Similarity, _ figures: Figures, _ earlier: Figures)
        -> RelationKind?
    {
        // In whole numbers: a text at the limit is decided alike on every machine.
        let shared = similarity.sharedCount
        let (smaller, larger) = (similarity.smallerCount, similarity.largerCount)
        guard shared > 0 else { return nil }
        let bothHaveOwn = !figures.subtracting(earlier).isEmpty && !earlier.subtracting(figures).isEmpty
        let nearPercent = smaller < shortCount ? 75 : bothHaveOwn ? 70 : 60
        if 100 * shared >= nearPercent * similarity.unionCount { return .near }
        // A notice after a pattern, or a copy with other figures: as near as can be said.
        if bothHaveOwn, 100 * shared >= 60 * similarity.unionCount { return .likely }
        if 100 * shared >= 55 * smaller {
            if 2 * larger > 3 * smaller {
                guard shared >= passageCountMin else { return nil }
                return similarity.count > similarity.otherCount ? .contains : .within
            }
            return bothHaveOwn ? .related : .likely
        }
        return 100 * shared >= 20 * smaller && shared >= passageCountMin ? .related : nil
    }
}
