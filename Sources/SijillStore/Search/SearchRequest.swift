import SijillFormat

/// A search: what is looked for, among what, in which order, and which part of it.
package struct SearchRequest: Sendable {
    package enum Order: String, CaseIterable, Sendable {
        /// The newest change first.
        case newest
        /// The best first, of the newest hits that are ranked (`SearchLimits`), by BM25.
        case best
    }

    package var query: SearchQuery
    package var source: String?
    package var publisher: String?
    /// A language, or one with its region: `ar` finds `ar-SY` too.
    package var lang: String?
    /// Committed at or after this.
    package var since: Timestamp?
    /// Committed before this.
    package var until: Timestamp?
    package var order = Order.newest
    package var limit = SearchLimits.hitsDefault
    package var page: SearchPosition?

    package init(_ query: SearchQuery) { self.query = query }
}

/// Limits of a search.
package enum SearchLimits {
    /// Hits of a page when the request names no limit.
    package static let hitsDefault = 20
    /// Hits of a page.
    package static let hitsMax = 100
    /// Hits that are counted; beyond, the total is a lower bound.
    package static let countedMax = 10_000
    /// How long is counted once the page is full; then, too, the total is a lower bound.
    package static let countingMax = Duration.milliseconds(25)
    /// Hits that are ranked at most, the newest.
    package static let rankedMax = 10_000
    /// Hits that are ranked, however long it takes.
    package static let rankedMin = 500
    /// How long is ranked for a first page once there are so many; then the total is a lower bound.
    package static let rankingMax = Duration.milliseconds(25)
    /// Texts that have a word, which are looked up to tell how common it is.
    package static let weighedMax = 200
    /// Characters of a snippet.
    package static let snippetCharacters = 220
}

/// Where a page of hits begins, as `next` of the page before names it.
///
/// The newest first: `n-<sequence>`, the last hit of that page. The best first: `b-<newest>-<oldest>-<count>`, the
/// changes between which the first page ranked, and how many hits came on the pages before.
package enum SearchPosition: Hashable, Sendable, CustomStringConvertible {
    case after(SequenceNumber)
    case ranked(newest: SequenceNumber, oldest: SequenceNumber, offset: Int)

    /// Nil when `text` is no such name.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 2, let sequence = Decimal.value(Array(parts[1].utf8)),
            sequence <= SequenceNumber.max.value
        else { return nil }
        if parts[0] == "n", parts.count == 2 {
            self = .after(SequenceNumber(sequence))
        } else if parts[0] == "b", parts.count == 4, let oldest = Decimal.value(Array(parts[2].utf8)),
            oldest <= sequence, let offset = Decimal.value(Array(parts[3].utf8)),
            offset <= UInt64(SearchLimits.rankedMax)
        {
            self = .ranked(
                newest: SequenceNumber(sequence), oldest: SequenceNumber(oldest), offset: Int(offset))
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .after(let sequence): "n-\(sequence.value)"
        case .ranked(let newest, let oldest, let offset): "b-\(newest.value)-\(oldest.value)-\(offset)"
        }
    }

    /// The order that the page belongs to.
    package var order: SearchRequest.Order {
        switch self {
        case .after: .newest
        case .ranked: .best
        }
    }
}

/// A page of what was found.
package struct SearchPage: Sendable {
    /// Articles that were found, all pages together, as far as they were counted (`SearchLimits`).
    package var total = 0
    /// False where there may be more than `total`.
    package var isTotalExact = true
    package var hits: [SearchHit] = []
    /// Where the next page begins; nil on the last.
    package var next: SearchPosition?
    /// What was searched: the texts up to this change.
    package var searchable = SequenceNumber.none
}

/// An article that was found, in its revision that stands.
package struct SearchHit: Sendable {
    package let article: ArticleID
    package let revision: Int
    /// The change that brought the revision.
    package let cursor: Cursor
    /// Of its commit.
    package let time: Timestamp
    package let source: String
    package let title: String?
    package let publisher: String?
    package let url: String?
    package let lang: String?
    package let published: String?
    /// How well it fits, larger is better; nil where hits are in the order of time.
    package let score: Double?
    /// The title, where it has been found in it.
    package let titleMarks: [SearchFragment]
    /// The part of the text that says most of what was looked for; where nothing of it is in the text, its beginning.
    package let textMarks: [SearchFragment]
}

/// A piece of a text as it is written.
package struct SearchFragment: Hashable, Sendable {
    package var text: String
    /// It is what was looked for.
    package var isMarked: Bool
}

/// How much was searched.
package struct SearchTally: Hashable, Sendable {
    package var searches = 0
    /// Waiting for a thread not counted.
    package var time = Duration.zero
    /// Searches that took longer than `slowMin`.
    package var slow = 0

    package static let slowMin = Duration.milliseconds(50)
}
