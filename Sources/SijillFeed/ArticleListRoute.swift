import HTTPTypes
import Hummingbird
import SijillFormat
import SijillStore

/// `/v1/articles`: the articles as they stand, without their texts (contract: feed §2).
struct ArticleListRoute: Sendable {
    let store: Store

    static let parameters = [
        "source", "publisher", "lang", "url", "since", "until", "sort", "limit", "next",
    ]

    func respond(to asked: RoutedRequest) async throws -> Response {
        let request = try ArticleListRequest(asked.query)
        let store = store
        guard let list = try await offLoop({ try store.articles(request) }) else {
            throw Problem.badRequest(
                "'\(asked.query["next"] ?? "")' in 'next' is no article of this log; begin without it")
        }
        var headers: HTTPFields = [:]
        if let next = list.next {
            let kept = asked.query.pairs.filter { $0.name != "next" } + [("next", next.description)]
            let query = kept.map { "\($0.name)=\(PercentEncoding.encoded($0.value))" }.joined(separator: "&")
            headers[.link] = "</v1/articles?\(query)>; rel=\"next\""
        }
        let articles: [JSONValue] = list.articles.map { .object($0.members(withText: false)) }
        return .tagged(
            .object([
                JSONMember(name: "articles", value: .array(articles)), JSONMember("next", list.next),
            ]), for: asked, headers: headers)
    }
}

extension ArticleListRequest {
    /// Reads the parameters of a URL.
    ///
    /// - Throws: `Problem` with status 400.
    init(_ parameters: Query) throws(Problem) {
        self.init()
        source = try Self.text("source", parameters)
        publisher = try Self.text("publisher", parameters)
        lang = try Self.text("lang", parameters)
        url = try Self.text("url", parameters)
        if let url, Identity(url: url) == nil {
            throw .badRequest("'\(url)' in 'url' is no URL; write it with its host, percent-encoded")
        }
        since = try Self.time("since", parameters)
        until = try Self.time("until", parameters)
        if let sort = parameters["sort"] {
            guard let order = Order(rawValue: sort) else {
                throw .badRequest("'sort' can be 'newest' or 'oldest', not '\(sort)'")
            }
            self.order = order
        }
        limit = try parameters.number("limit", in: 1...Self.articlesMax) ?? Self.articlesDefault
        if let next = parameters["next"] {
            guard let cursor = Cursor(next) else {
                throw .badRequest("'\(next)' in 'next' is no cursor; use the 'next' of the page before")
            }
            after = cursor
        }
    }

    private static func text(_ name: String, _ parameters: Query) throws(Problem) -> String? {
        guard let value = parameters[name] else { return nil }
        if value.isEmpty { throw .badRequest("'\(name)' is empty; leave it out to have all") }
        return value
    }

    private static func time(_ name: String, _ parameters: Query) throws(Problem) -> Timestamp? {
        guard let value = parameters[name] else { return nil }
        guard let time = Timestamp(rfc3339: value) else {
            throw .badRequest(
                "'\(value)' in '\(name)' is no RFC 3339 time; write 2026-11-20T00:00:00Z or with an offset")
        }
        return time
    }
}

extension Query {
    /// The whole number that a parameter is; nil when it is left out.
    ///
    /// - Throws: `Problem` with status 400 for anything else, and beyond `range`.
    func number(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Decimal.value(text.utf8), value <= UInt64(range.upperBound),
            value >= UInt64(range.lowerBound)
        else {
            throw .badRequest(
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return Int(value)
    }
}

extension Response {
    /// JSON whose ETag is the digest of its bytes, so a client that has it is told so.
    static func tagged(_ value: JSONValue, for asked: RoutedRequest, headers: HTTPFields = [:]) -> Response {
        var writer = ByteWriter()
        writer.json(value)
        var fields = headers
        let etag = "\"\(Digest.of(writer.bytes).hex.prefix(32))\""
        fields[.eTag] = etag
        fields[.cacheControl] = "no-cache"
        if asked.headers.names(etag) { return Response(status: .notModified, headers: fields) }
        return .json(value, for: asked.request, headers: fields)
    }
}
