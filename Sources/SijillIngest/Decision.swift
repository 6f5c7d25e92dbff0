import SijillArticles
import SijillFormat

/// What is known of earlier texts. Only changes that brought a text count: rejected bytes may be retried.
package protocol SeenIndex {
    /// The text that came with exactly these bytes.
    func seen(raw: Digest) throws -> SeenText?
    /// The text with these canonical words, by the same version of the rules.
    func seen(canonical: CanonicalDigest) throws -> SeenText?
}

/// What the ledger writes down for one arrival.
package struct Decision: Sendable {
    package let record: Record
    package let content: Content
    package let encoded: EncodedContent
    /// The input's bytes, where the change stores them.
    package let original: [UInt8]?
}

/// Decides the arrivals of one batch in their order: `added`, `duplicated` or `rejected`; first hit wins (contract:
/// text §2). A decision sees those before it in the same batch.
package struct BatchDecider<Index: SeenIndex> {
    private let index: Index
    private var raw: [Digest: SeenText] = [:]
    private var canonical: [CanonicalDigest: SeenText] = [:]

    package init(index: Index) { self.index = index }

    /// - Parameter cursor: what the change will be named by, if the batch is committed.
    package mutating func decide(_ arrival: Arrival, cursor: Cursor) throws -> Decision {
        switch arrival.outcome {
        case .rejected(let rejection):
            let rejected = Rejected(file: arrival.file, reason: rejection.reason, detail: rejection.detail)
            return Decision(record: .rejected(rejected), content: Content(), encoded: .none, original: nil)
        case .draft(let draft, let bytes):
            if let seen = try raw[draft.raw] ?? index.seen(raw: draft.raw) {
                return duplicated(draft, file: arrival.file, seen: seen, match: .raw, original: nil)
            }
            let known = try draft.canonical.flatMap { try canonical[$0] ?? index.seen(canonical: $0) }
            let article = known?.article ?? ArticleID(draft.canonical?.digest.high ?? draft.raw.high)
            // These bytes stand with this change; their text may stand with an earlier one.
            let seen = SeenText(
                cursor: cursor, article: article, revision: known?.revision ?? 1,
                isKept: known?.isKept ?? true)
            raw[draft.raw] = seen
            if let known {
                return duplicated(draft, file: arrival.file, seen: known, match: .canonical, original: bytes)
            }
            if let digest = draft.canonical { canonical[digest] = seen }
            return added(draft, file: arrival.file, article: article, original: bytes)
        }
    }

    private func added(_ draft: Draft, file: FileRecord, article: ArticleID, original: [UInt8]) -> Decision {
        let digests = ArticleDigests(
            canonical: draft.canonical, text: draft.textDigest, content: draft.encoded.digest)
        let added = Added(
            article: article, file: file, digests: digests, words: draft.words, cluster: article)
        return Decision(
            record: .added(added), content: draft.content, encoded: draft.encoded, original: original)
    }

    private func duplicated(
        _ draft: Draft, file: FileRecord, seen: SeenText, match: Duplicated.Match, original: [UInt8]?
    ) -> Decision {
        // What was erased is not kept again, in no part.
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
}
