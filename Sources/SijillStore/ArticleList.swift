import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

/// Which articles someone wants to see listed, in which order, and which part of them.
///
/// An article is asked for by how it stands now: by the delivery that brought its current text.
package struct ArticleListRequest: Hashable, Sendable {
    package enum Order: String, CaseIterable, Sendable {
        /// The article that was added last comes first.
        case newest
        case oldest
    }

    /// Who delivered the current text.
    package var source: String?
    /// As the current text names it.
    package var publisher: String?
    /// A language range (RFC 4647 §3.3.1): `ar` is also `ar-EG`. Case does not matter.
    package var lang: String?
    /// The article that is known by this: that stands at an address.
    package var identity: Identity?
    /// Articles that were added at or after this.
    package var since: Timestamp?
    /// Articles that were added before this.
    package var until: Timestamp?
    package var order = Order.newest
    package var limit = ArticleListRequest.articlesDefault
    /// The change that added the last article of the page before. It never moves, so no page misses or repeats an
    /// article, whatever comes in or is revised meanwhile.
    package var after: Cursor?

    /// Articles of a page when the request names no limit.
    package static let articlesDefault = 100
    /// Articles of a page.
    package static let articlesMax = 1_000

    package init() {}

    /// Whether it asks for what is only known of the text that stands.
    var isFiltered: Bool { source != nil || publisher != nil || lang != nil }
}

/// A page of articles as they stand, without their texts.
package struct ArticleList: Sendable {
    package var articles: [ArticleState] = []
    /// What `ArticleListRequest.after` must be for the next page; nil on the last.
    package var next: Cursor?

    package init() {}
}
