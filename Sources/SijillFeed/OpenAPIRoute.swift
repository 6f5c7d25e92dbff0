import Hummingbird
import SijillFormat

/// `/openapi.json`: the routes of this server in the words of OpenAPI 3.1, made from the same list that requests are
/// answered by, so that it cannot say anything else.
struct OpenAPIRoute: Sendable {
    private let body: JSONValue
    private let etag: String

    init(_ routes: [Route]) {
        var paths: [JSONMember] = []
        for route in routes {
            let path = route.pattern.replacing("...}", with: "}")
            let operations = route.methods.map { method in
                JSONMember(
                    name: method.rawValue.lowercased(), value: Self.operation(route, method.rawValue))
            }
            if let position = paths.firstIndex(where: { $0.name == path }),
                case .object(let members) = paths[position].value
            {
                paths[position] = JSONMember(name: path, value: .object(members + operations))
            } else {
                paths.append(JSONMember(name: path, value: .object(operations)))
            }
        }
        body = .object([
            JSONMember("openapi", "3.1.0"),
            JSONMember(
                name: "info",
                value: .object([
                    JSONMember("title", "Sijill"), JSONMember("version", "1"),
                    JSONMember("description", "An append-only log of news articles, replayed over HTTP."),
                ])),
            JSONMember(name: "paths", value: .object(paths)),
            JSONMember(name: "components", value: Self.components),
        ])
        var writer = ByteWriter()
        writer.json(body)
        etag = writer.etag
    }

    var route: Route {
        Route("/openapi.json", scope: .open) { [self] routed in
            if routed.headers.names(etag) {
                return Response(status: .notModified, headers: [.eTag: etag, .cacheControl: "no-cache"])
            }
            return .json(body, for: routed.request, headers: [.eTag: etag, .cacheControl: "no-cache"])
        }
    }

    private static func operation(_ route: Route, _ method: String) -> JSONValue {
        let places = route.pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            parameter(String(part.dropFirst().dropLast().replacing("...", with: "")), in: "path")
        }
        let queries = route.parameters.map { parameter($0, in: "query") }
        var members = [JSONMember("summary", summaries[route.pattern] ?? "\(method) \(route.pattern)")]
        if !places.isEmpty || !queries.isEmpty {
            members.append(JSONMember(name: "parameters", value: .array(places + queries)))
        }
        let types = (contentTypes[route.pattern] ?? ["application/json"]).map {
            JSONMember(name: $0, value: .object([]))
        }
        let success: JSONValue = .object([
            JSONMember("description", "What was asked for"),
            JSONMember(name: "content", value: .object(types)),
        ])
        // A page says what is wrong in a page as well.
        let isPage = contentTypes[route.pattern] == pageTypes
        let problem: JSONValue =
            isPage ? success : .object([JSONMember("$ref", "#/components/responses/Problem")])
        var responses = [
            JSONMember(name: "2XX", value: success), JSONMember(name: "default", value: problem),
        ]
        if route.pattern == "/session" {
            let elsewhere: JSONValue = .object([JSONMember("description", "Back to the dashboard")])
            responses[0] = JSONMember(name: "303", value: elsewhere)
        }
        members.append(JSONMember(name: "responses", value: .object(responses)))
        if route.scope > .open {
            let bearer: JSONValue = .object([JSONMember(name: "bearer", value: .array([]))])
            members.append(JSONMember(name: "security", value: .array([.object([]), bearer])))
        }
        return .object(members)
    }

    private static func parameter(_ name: String, in place: String) -> JSONValue {
        let isNumber = ["limit", "max_bytes", "timeout", "generation", "from", "to"].contains(name)
        var members = [
            JSONMember("name", name), JSONMember("in", place),
            JSONMember(name: "required", value: .bool(place == "path")),
            JSONMember(
                name: "schema", value: .object([JSONMember("type", isNumber ? "integer" : "string")])),
        ]
        if let words = descriptions[name] { members.append(JSONMember("description", words)) }
        return .object(members)
    }

    private static let components: JSONValue = .object([
        JSONMember(
            name: "securitySchemes",
            value: .object([
                JSONMember(
                    name: "bearer",
                    value: .object([JSONMember("type", "http"), JSONMember("scheme", "bearer")]))
            ])),
        JSONMember(
            name: "responses",
            value: .object([
                JSONMember(
                    name: "Problem",
                    value: .object([
                        JSONMember("description", "What was wrong and what to do (RFC 9457)"),
                        JSONMember(
                            name: "content",
                            value: .object([
                                JSONMember(name: "application/problem+json", value: .object([]))
                            ])),
                    ]))
            ])),
    ])

    private static let summaries = [
        "/v1/changes": "Changes of the log: pages, long polls, streams and events",
        "/v1/log": "Where the log begins and ends",
        "/v1/segments": "The sealed files of the log",
        "/v1/segments/{file}": "A sealed file of the log, also in ranges",
        "/v1/articles": "The articles as they stand now, without their texts",
        "/v1/articles/{article}": "An article as it stands now",
        "/v1/articles/{article}/revisions": "Every text that an article has had",
        "/v1/articles/{article}/relations": "What an article is to others, and the cluster it belongs to",
        "/v1/articles/{article}/diff":
            "Paragraphs, words and numbers that came and went between two revisions",
        "/v1/articles/{article}/original": "The bytes that an article came from",
        "/v1/search": "Full text search",
        "/v1/consumers": "All named consumers",
        "/v1/consumers/{name}": "A named consumer",
        "/v1/consumers/{name}/changes": "Changes behind what the consumer has acknowledged",
        "/v1/consumers/{name}/ack": "Everything up to a cursor is done with",
        "/feed.atom": "The newest articles as an Atom feed, older ones in its archive pages",
        "/openapi.json": "This description",
    ]

    /// Of the answers that are not JSON alone.
    private static let contentTypes = [
        "/v1/changes": changeTypes, "/v1/consumers/{name}/changes": changeTypes,
        "/v1/segments/{file}": ["application/x-ndjson"],
        "/v1/articles/{article}/original": ["application/octet-stream"],
        "/checkpoint": ["text/plain"], "/tile/{path...}": ["application/octet-stream"],
        "/feed.atom": ["application/atom+xml"], "/metrics": ["text/plain"],
        "/": pageTypes, "/search": pageTypes, "/articles/{article}": pageTypes,
        "/articles/{article}/diff": pageTypes, "/sources": pageTypes, "/timeline": pageTypes,
        "/session": pageTypes, "/assets/{file}": ["text/css", "text/javascript", "image/svg+xml"],
    ]

    private static let pageTypes = ["text/html"]

    private static let changeTypes = [
        "application/json", "application/x-ndjson", "application/cloudevents-batch+json", "text/event-stream",
    ]

    private static let descriptions = [
        "since": "Go on after this: a cursor, a sequence, earliest, now, or an RFC 3339 time",
        "lastEventId": "As since, and wins over it", "last-event-id": "As since, and wins over it",
        "until": "The last change wanted: as since, a time being the first moment that is not",
        "limit": "Entries on a page: changes to 10000, articles and revisions to 1000, hits to 100",
        "max_bytes": "Bytes of changes on a page, to 67108864; at least one change is given",
        "text": "omit: each change without its text", "content": "omit: each change without its content",
        "live": "stream: for ever; poll: wait for one change",
        "timeout": "Milliseconds that live=poll waits, to 300000; 30000 if left out",
        "type": "Types of changes with commas between, in full or short",
        "source": "Who delivered", "publisher": "Who published", "lang": "A language: ar is also ar-EG",
        "article": "An article's id", "latest": "1: only the newest change of each article",
        "q": "What to look for: words, \"a phrase\", a prefix*, AND, OR, NOT, brackets",
        "sort": "newest, or oldest (articles) or best (search) first",
        "next": "As next of the page before has it",
        "url": "The article that stands at this address",
        "from": "A revision; the one before 'to' if left out", "to": "A revision; the last if left out",
        "archive": "An archive page of the Atom feed, from 0",
        "generation": "The reader that Sijill-Generation named; a new one begins if left out",
    ]
}
