import HTTPTypes
import Hummingbird
import NIOPosix
import SijillFormat
import SijillStore
import Synchronization

/// `/v1/search`: full text (contract: feed §2, text §4; `Documentation/Search.md`).
struct SearchRoute: Sendable {
    private let store: Store
    private let desk = SearchDesk()

    static let parameters = [
        "q", "source", "publisher", "lang", "since", "until", "sort", "limit", "next",
    ]

    init(store: Store) { self.store = store }

    func respond(to asked: RoutedRequest) async throws -> Response {
        .json(try await page(try SearchRequest(asked.query)).json, for: asked.request)
    }

    /// Waits for a thread of the desk, and searches.
    ///
    /// - Throws: `Problem` with status 503 when too many searches wait already; `StoreError`.
    func page(_ request: SearchRequest) async throws -> SearchPage {
        let store = store
        return try await desk.run { try store.search(request) }
    }
}

/// A few threads of their own for searches, so that a heavy one keeps nobody from reading the log.
private final class SearchDesk: Sendable {
    private static let threads = 2
    /// Searches that run or wait.
    private static let searchesMax = 64

    private let pool: NIOThreadPool
    private let count = Atomic<Int>(0)

    init() {
        pool = NIOThreadPool(numberOfThreads: Self.threads)
        pool.start()
    }

    deinit { pool.shutdownGracefully { _ in } }

    /// - Throws: `Problem` with status 503 when too many searches wait already.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        let now = count.add(1, ordering: .relaxed).newValue
        defer { count.subtract(1, ordering: .relaxed) }
        guard now <= Self.searchesMax else {
            throw Problem.notReady("\(Self.searchesMax) searches wait already; try again in a moment")
        }
        return try await pool.runIfActive(body)
    }
}

extension SearchRequest {
    /// Reads the parameters of a URL.
    ///
    /// - Throws: `Problem` with status 400.
    init(_ parameters: Query) throws(Problem) {
        // A form in a browser writes a space as '+', which is part of no word.
        guard let text = parameters["q"]?.replacing("+", with: " ") else {
            throw .badRequest("'q' is missing: what to look for, such as q=%D8%AD%D9%84%D8%A8")
        }
        do {
            self.init(try SearchQuery(text))
        } catch {
            throw .badRequest("'q': \(error.message)")
        }
        source = try Self.filter("source", parameters)
        publisher = try Self.filter("publisher", parameters)
        lang = try Self.filter("lang", parameters)
        since = try parameters.time("since")
        until = try parameters.time("until")
        if let sort = parameters["sort"] {
            guard let order = Order(rawValue: sort) else {
                throw .badRequest("'sort' can be 'newest' or 'best', not '\(sort)'")
            }
            self.order = order
        }
        limit = try parameters.number("limit", in: 1...SearchLimits.hitsMax) ?? SearchLimits.hitsDefault
        if let next = parameters["next"] {
            guard let position = SearchPosition(next), position.order == order else {
                throw .badRequest(
                    "'\(next)' in 'next' is no page of this search; use the 'next' of the page before, and the same 'sort'"
                )
            }
            page = position
        }
    }

    private static func filter(_ name: String, _ parameters: Query) throws(Problem) -> String? {
        guard let value = parameters[name] else { return nil }
        guard !value.isEmpty else { throw .badRequest("'\(name)' is empty; leave it out to search all") }
        guard value.utf8.count <= 4_096 else { throw .badRequest("'\(name)' has more than 4,096 bytes") }
        return value
    }
}

extension SearchPage {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("total", UInt64(total)),
            JSONMember(name: "total_is_exact", value: .bool(isTotalExact)),
            JSONMember(name: "hits", value: .array(hits.map(\.json))),
            JSONMember("next", next?.description),
            JSONMember("searchable", searchable.value),
        ])
    }
}

extension SearchHit {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("article", article.description), JSONMember("revision", UInt64(revision)),
            JSONMember("title", title), JSONMember("publisher", publisher), JSONMember("url", url),
            JSONMember("lang", lang), JSONMember("published", published), JSONMember("source", source),
            JSONMember("time", time.rfc3339), JSONMember("cursor", cursor),
            JSONMember("snippet", snippet.html),
            JSONMember(
                name: "highlight",
                value: .object([
                    JSONMember(name: "title", value: titleMarks.json),
                    JSONMember(name: "text", value: textMarks.json),
                ])),
            JSONMember(name: "score", value: score.map { .number("\($0)") } ?? .null),
        ])
    }

    /// From the text, unless only the title holds what was looked for.
    private var snippet: [SearchFragment] {
        textMarks.contains(where: \.isMarked) || titleMarks.isEmpty ? textMarks : titleMarks
    }
}

extension [SearchFragment] {
    fileprivate var json: JSONValue {
        .array(
            map { fragment in
                var members = [JSONMember("text", fragment.text)]
                if fragment.isMarked { members.append(JSONMember(name: "mark", value: .bool(true))) }
                return .object(members)
            })
    }

    /// HTML: `<mark>` around what was looked for, and everything else escaped, so that the text can bring no element.
    var html: String {
        map { $0.isMarked ? "<mark>\($0.text.escapedForHTML)</mark>" : $0.text.escapedForHTML }.joined()
    }
}

extension String {
    fileprivate var escapedForHTML: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
