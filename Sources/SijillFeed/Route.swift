import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What a client must be allowed to do (contract: feed §6). A scope includes those before it.
package enum AccessScope: Int, Comparable, CaseIterable, Sendable {
    /// Nothing: health, the description of the API, the empty shell of the dashboard.
    case open
    /// Whatever the log and the store say.
    case read
    /// Named consumers.
    case consume
    case admin

    package static func < (a: AccessScope, b: AccessScope) -> Bool { a.rawValue < b.rawValue }
}

/// One route of the feed: where it stands, what it takes, who may ask, and what it answers.
///
/// `FeedRoutes` lists those of this module; a part of the daemon with one of its own gives it to `FeedServer`. A
/// parameter that is not named here is answered with 400, a method with 405; `/openapi.json` is compared with this list.
package struct Route: Sendable {
    package typealias Answer = @Sendable (RoutedRequest) async throws -> Response

    /// The path, with places in braces: `/v1/articles/{article}/original`. A last place `{path...}` takes one or more
    /// parts.
    package let pattern: String
    package let methods: [HTTPRequest.Method]
    /// Names of the query parameters it takes.
    package let parameters: [String]
    package let scope: AccessScope
    let answer: Answer
    private let parts: [Part]

    private enum Part: Equatable {
        case literal(String)
        case place(String)
        case rest(String)
    }

    /// - Parameter answer: Called on no particular thread. Throws a `Problem` for the client; anything else is logged
    ///   and answered with 500.
    package init(
        _ pattern: String, methods: [HTTPRequest.Method] = [.get, .head], parameters: [String] = [],
        scope: AccessScope = .read, answer: @escaping Answer
    ) {
        self.pattern = pattern
        self.methods = methods
        self.parameters = parameters
        self.scope = scope
        self.answer = answer
        parts = pattern.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .place(String(name))
        }
    }

    /// The values of the places when `path` is of this route; nil when it is not.
    func values(_ path: String) -> [String: String]? {
        var rest = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        var values: [String: String] = [:]
        for part in parts {
            guard let first = rest.first else { return nil }
            switch part {
            case .literal(let text):
                if text != first { return nil }
                rest = rest.dropFirst()
            case .place(let name):
                values[name] = PercentEncoding.decoded(first) ?? String(first)
                rest = rest.dropFirst()
            case .rest(let name):
                values[name] = rest.joined(separator: "/")
                rest = []
            }
        }
        return rest.isEmpty ? values : nil
    }
}

/// A request that found its route.
package struct RoutedRequest: Sendable {
    package let request: Request
    /// The connection it came on.
    package let channel: any Channel
    /// The parameters of the URL; all are of the route.
    package let query: Query
    /// The token that it came with; nil where none is needed.
    package internal(set) var token: AccessToken?
    private let values: [String: String]

    init(_ request: Request, channel: any Channel, query: Query, values: [String: String]) {
        self.request = request
        self.channel = channel
        self.query = query
        self.values = values
    }

    /// What stands in the path at `{name}` of the pattern.
    package subscript(name: String) -> String {
        guard let value = values[name] else { preconditionFailure("the pattern has no {\(name)}") }
        return value
    }

    package var isHead: Bool { request.method == .head }
    package var headers: HTTPFields { request.headers }

    /// The whole body.
    ///
    /// - Throws: `Problem` with status 413 when it is over 1 MiB.
    package func body() async throws -> [UInt8] {
        do {
            return Array(buffer: try await request.body.collect(upTo: FeedLimits.requestBodyBytesMax))
        } catch is NIOTooManyBytesError {
            throw Problem(
                "body-too-large", "The body is too large", status: 413,
                detail: "a body may have \(FeedLimits.requestBodyBytesMax) bytes")
        }
    }
}

/// All routes, by path and method.
struct RouteTable: Sendable {
    let routes: [Route]

    /// The route of a request with what it was asked.
    ///
    /// - Throws: `Problem` 404 for a path that no route has, 405 for a method, 400 for a parameter.
    func find(_ request: Request, on channel: any Channel) throws(Problem) -> (Route, RoutedRequest) {
        let path = request.uri.path
        var methods: [HTTPRequest.Method] = []
        for route in routes {
            guard let values = route.values(path) else { continue }
            guard route.methods.contains(request.method) else {
                methods += route.methods
                continue
            }
            let query = try Query(request.uri.query)
            if let unknown = query.pairs.first(where: { !route.parameters.contains($0.name) }) {
                throw Self.unknown(unknown.name, route, path: path)
            }
            return (route, RoutedRequest(request, channel: channel, query: query, values: values))
        }
        if methods.isEmpty { throw .notFound("nothing is served at \(path)") }
        throw .methodNotAllowed(request.method.rawValue, path: path, allowed: methods.map(\.rawValue))
    }

    private static func unknown(_ name: String, _ route: Route, path: String) -> Problem {
        let known = route.parameters
        return .badRequest(
            known.isEmpty
                ? "'\(name)' is no parameter of \(path); it has none"
                : "'\(name)' is no parameter of \(path); there are \(known.joined(separator: ", "))")
    }
}
