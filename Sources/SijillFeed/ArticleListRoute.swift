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
        source = try parameters.text("source")
        publisher = try parameters.text("publisher")
        lang = try parameters.text("lang")
        if let url = try parameters.text("url") {
            guard let identity = Identity(url: url) else {
                throw .badRequest("'\(url)' in 'url' is no URL; write it with its host, percent-encoded")
            }
            self.identity = identity
        }
        since = try parameters.time("since")
        until = try parameters.time("until")
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
}
