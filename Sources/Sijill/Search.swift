import SijillFormat

/// What to look for among the articles of a log, and which of them.
///
/// ```swift
/// var search = Search("مجلس المدينة NOT انتخابات")
/// search.lang = "ar"
/// for hit in try await log.search(search).hits { print(hit.time, hit.title ?? "") }
/// ```
public struct Search: Hashable, Sendable {
    /// In which order hits come.
    public enum Order: String, CaseIterable, Hashable, Sendable {
        /// The newest first.
        case newest
        /// Those that fit best first, of the newest 10,000.
        case best
    }

    /// Words; `"a phrase"`; `beginn*`; AND, OR, NOT and brackets. Words are found however they are written.
    public var query: String
    /// Who delivered it: the inbox's first-level folder.
    public var source: String?
    /// Exactly as the articles have it.
    public var publisher: String?
    /// A language, with all its regions, or one with its region.
    public var lang: String?
    /// RFC 3339: taken in at or after this.
    public var since: String?
    /// RFC 3339: taken in before this.
    public var until: String?
    public var order = Order.newest
    /// Hits of one page, up to 100; the server's default when nil.
    public var limit: Int?
    /// `SearchResults.next` of the page before.
    public var next: String?

    public init(_ query: String) { self.query = query }

    /// The query of the URL.
    var parameters: String {
        Transport.query([
            ("q", query), ("source", source), ("publisher", publisher), ("lang", lang), ("since", since),
            ("until", until), ("limit", limit.map { String($0) }), ("next", next),
            ("sort", order != .newest ? order.rawValue : nil),
        ])
    }
}

extension SijillClient {
    /// One page of the articles in which something stands.
    ///
    /// - Throws: `SijillClientError` with code `.badRequest`, whose message says what is wrong with the query.
    public func search(_ search: Search) async throws -> SearchResults {
        try SearchResults(json: await transport.small("/v1/search\(search.parameters)"))
    }
}

/// A page of articles that were found.
public struct SearchResults: Sendable {
    /// The answer of the server as it came, in JSON.
    public let json: [UInt8]
    /// Articles found, all pages together; at least so many when `isTotalExact` is false.
    public let total: UInt64
    public let isTotalExact: Bool
    public let hits: [SearchHit]
    /// What to put into `Search.next` for the page behind this one; nil on the last.
    public let next: String?
    /// The articles up to this change were searched.
    public let searchable: UInt64

    init(json: [UInt8]) throws {
        guard let value = try? JSONParser.parse(json), let total = value["total"]?.whole,
            case .array(let hits)? = value["hits"]
        else {
            throw SijillClientError(
                .brokenPromise, "the server's answer is no result of a search; is the URL right?")
        }
        self.json = json
        self.total = total
        isTotalExact = value["total_is_exact"] != .bool(false)
        self.hits = hits.map(SearchHit.init)
        next = value["next"]?.text
        searchable = value["searchable"]?.whole ?? 0
    }
}

/// An article that was found.
public struct SearchHit: Sendable {
    public let article: String
    public let revision: Int
    /// The change that brought this revision.
    public let cursor: LogCursor?
    /// When it was taken in, RFC 3339 in UTC.
    public let time: String
    public let source: String?
    public let title: String?
    public let publisher: String?
    public let url: String?
    public let lang: String?
    public let published: String?
    /// How well it fits, larger is better; nil where hits come in the order of time.
    public let score: Double?
    /// The part of the text that says most of what was looked for, as it is written there.
    public let excerpt: [SearchFragment]
    /// The title, where it has what was looked for; else empty.
    public let titleExcerpt: [SearchFragment]

    init(_ value: JSONValue) {
        func text(_ name: String) -> String? { value[name]?.text }
        article = text("article") ?? ""
        revision = Int(clamping: value["revision"]?.whole ?? 1)
        cursor = text("cursor").flatMap { LogCursor($0) }
        time = text("time") ?? ""
        source = text("source")
        title = text("title")
        publisher = text("publisher")
        url = text("url")
        lang = text("lang")
        published = text("published")
        score = if case .number(let literal)? = value["score"] { Double(literal) } else { nil }
        excerpt = SearchFragment.list(value["highlight"]?["text"])
        titleExcerpt = SearchFragment.list(value["highlight"]?["title"])
    }
}

/// A piece of a text.
public struct SearchFragment: Hashable, Sendable {
    public let text: String
    /// It is what was looked for.
    public let isMarked: Bool

    public init(text: String, isMarked: Bool) {
        self.text = text
        self.isMarked = isMarked
    }

    static func list(_ value: JSONValue?) -> [SearchFragment] {
        guard case .array(let elements)? = value else { return [] }
        return elements.map {
            SearchFragment(text: $0["text"]?.text ?? "", isMarked: $0["mark"] == .bool(true))
        }
    }
}
