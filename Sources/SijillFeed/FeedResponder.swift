import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import SijillFormat
import SijillLog
import SijillStore

/// What a request is answered with: the one place where routes stand and errors become answers.
package struct FeedResponder: HTTPResponder {
    private let hosts: HostRule
    private let changes: ChangesRoute
    private let articles: ArticleRoute
    private let log: LogRoute
    private let health: @Sendable () -> Health
    private let logger: Logger

    init(
        reader: LogReader, store: Store, configuration: FeedConfiguration,
        health: @escaping @Sendable () -> Health, logger: Logger
    ) {
        hosts = HostRule(configuration)
        changes = ChangesRoute(reader: reader, heartbeat: configuration.heartbeat)
        articles = ArticleRoute(reader: reader, store: store)
        log = LogRoute(reader: reader, store: store)
        self.health = health
        self.logger = logger
    }

    package func respond(to request: Request, context: FeedContext) async throws -> Response {
        do {
            try hosts.check(request.head)
            return try await route(request, context)
        } catch let problem as Problem {
            return problem.response(head: request.method == .head)
        } catch is CancellationError {
            return Problem.notReady("the daemon is stopping; try again").response(
                head: request.method == .head)
        } catch {
            logger.error(
                "a request failed", metadata: ["feed.path": "\(request.uri.path)", "feed.error": "\(error)"])
            return Problem.failed.response(head: request.method == .head)
        }
    }

    private func route(_ request: Request, _ context: FeedContext) async throws -> Response {
        let path = request.uri.path
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        switch Array(parts) {
        case ["v1", "changes"]:
            try readOnly(request)
            return try await changes.respond(to: request, on: context.channel)
        case ["v1", "log"]:
            try readOnly(request)
            try noParameters(request)
            return try await log.respond(to: request)
        case let parts where parts.count == 3 && parts[..<2] == ["v1", "articles"]:
            try readOnly(request)
            try noParameters(request)
            return try await articles.article(String(parts[2]), request)
        case let parts where parts.count == 4 && parts[..<2] == ["v1", "articles"] && parts[3] == "original":
            try readOnly(request)
            try noParameters(request)
            return try await articles.original(String(parts[2]), request, on: context.channel)
        case ["healthz"]:
            try readOnly(request)
            return .json(.object([JSONMember("status", "ok")]), for: request)
        case ["readyz"]:
            try readOnly(request)
            if case .notReady(let reason) = health() { throw Problem.notReady(reason) }
            return .json(.object([JSONMember("status", "ready")]), for: request)
        default:
            throw Problem.notFound("nothing is served at \(path)")
        }
    }

    private func readOnly(_ request: Request) throws(Problem) {
        guard request.method == .get || request.method == .head else {
            throw .methodNotAllowed(request.method.rawValue, path: request.uri.path)
        }
    }

    private func noParameters(_ request: Request) throws(Problem) {
        if let first = try Query(request.uri.query).pairs.first {
            throw .badRequest("'\(first.name)' is no parameter of \(request.uri.path); it has none")
        }
    }
}

/// A request's context: the connection it came on.
package struct FeedContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

extension Response {
    /// A small JSON answer that describes this moment, so that no cache keeps it unless `headers` say otherwise.
    static func json(_ value: JSONValue, for request: Request, headers: HTTPFields = [:]) -> Response {
        var writer = ByteWriter()
        writer.json(value)
        writer.byte("\n")
        var fields: HTTPFields = [
            .contentType: "application/json", .cacheControl: "no-store", .contentLength: String(writer.count),
        ]
        for field in headers { fields[field.name] = field.value }
        return Response(
            status: .ok, headers: fields,
            body: request.method == .head ? .init() : .init(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }
}

/// Which hosts and origins a request may name, so that no web page can read the log by rebinding a name
/// (contract: feed §6).
struct HostRule: Sendable {
    private let allowed: Set<String>

    init(_ configuration: FeedConfiguration) {
        var allowed: Set = ["localhost", "127.0.0.1", "::1"]
        if case .host(let host, _) = configuration.address { allowed.insert(host.lowercased()) }
        for host in configuration.allowedHosts { allowed.insert(Self.name(of: host)) }
        self.allowed = allowed
    }

    /// - Throws: `Problem` with status 421 for a foreign host, 403 for a foreign origin.
    func check(_ head: HTTPRequest) throws(Problem) {
        guard let authority = head.authority, allowed.contains(Self.name(of: authority)) else {
            throw .misdirected(host: head.authority)
        }
        if let origin = head.headerFields[.origin] {
            guard let scheme = origin.firstRange(of: "://"),
                allowed.contains(Self.name(of: origin[scheme.upperBound...]))
            else { throw .foreignOrigin(origin) }
        }
    }

    /// The host in `host:port`, lower-case, brackets of IPv6 removed.
    private static func name(of authority: some StringProtocol) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        // More than one colon without brackets is an IPv6 address, which has no port then.
        guard text.count(where: { $0 == ":" }) == 1 else { return text }
        return String(text.prefix { $0 != ":" })
    }
}
