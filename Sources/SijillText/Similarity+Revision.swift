/// What a text is to the one that stood at the same address, or under the same id, before it.
package enum RevisionKind: Hashable, Sendable {
    /// The same article, changed.
    case revised
    /// The same article, most of it new.
    case major
    /// Another article.
    case replaced
}

extension Similarity {
    /// J ≥ .50 or C ≥ .70: revised; C ≥ .30: major; less: another article (contract: text §2).
    package var revisionKind: RevisionKind {
        // In whole numbers: a text at the limit is decided alike on every machine.
        if sharedCount > 0 {
            if 100 * sharedCount >= 50 * unionCount || 100 * sharedCount >= 70 * smallerCount {
                return .revised
            }
            if 100 * sharedCount >= 30 * smallerCount { return .major }
        }
        return .replaced
    }

    /// J ≥ .50: near enough to the head of a cluster to belong to it.
    package var isNearHead: Bool { sharedCount > 0 && 100 * sharedCount >= 50 * unionCount }
}
