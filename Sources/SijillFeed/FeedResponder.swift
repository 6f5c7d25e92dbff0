import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import SijillFormat

/// What a request is answered with: finds its route and turns errors into answers.
package struct FeedResponder: HTTPResponder {
    private let hosts: HostRule
    private let table: RouteTable
    private let access: AccessControl
    private let cors: CrossOrigin
    private let logger: Logger

    init(_ services: FeedServices, additional: [Route]) {
        hosts = HostRule(services.configuration)
        let routes = FeedRoutes.all(services) + additional
        table = RouteTable(routes: routes + [OpenAPIRoute(routes).route])
        access = services.configuration.access
        cors = CrossOrigin(services.configuration.allowedOrigins)
        logger = services.logger
    }

    package func respond(to request: Request, context: FeedContext) async throws -> Response {
        // On a task of its own: a task keeps the deepest stack that it ever had, and a follower's lives for days.
        let answering = Task { await answer(request, context) }
        var response = await withTaskCancellationHandler {
            await answering.value
        } onCancel: {
            answering.cancel()
        }
        cors.allow(request.headers[.origin], in: &response.headers)
        return response
    }

    private func answer(_ request: Request, _ context: FeedContext) async -> Response {
        do {
            try hosts.check(request.head)
            if request.method == .options, cors.isAllowed(request.headers[.origin]) { return cors.preflight }
            var (route, routed) = try table.find(request, on: context.channel)
            routed.token = try access.check(request.head, scope: route.scope)
            return try await route.answer(routed)
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
    package static func json(_ value: JSONValue, for request: Request, headers: HTTPFields = [:]) -> Response
    {
        var writer = ByteWriter()
        writer.json(value)
        return json(writer, for: request, headers: headers)
    }

    /// JSON whose ETag is the digest of its bytes, so a client that has it is told so.
    static func tagged(_ value: JSONValue, for asked: RoutedRequest, headers: HTTPFields = [:]) -> Response {
        var writer = ByteWriter()
        writer.json(value)
        var fields = headers
        let etag = writer.etag
        fields[.eTag] = etag
        fields[.cacheControl] = "no-cache"
        if asked.headers.names(etag) { return Response(status: .notModified, headers: fields) }
        return json(writer, for: asked.request, headers: fields)
    }

    private static func json(_ written: consuming ByteWriter, for request: Request, headers: HTTPFields)
        -> Response
    {
        written.byte("\n")
        var fields: HTTPFields = [
            .contentType: "application/json", .cacheControl: "no-store",
            .contentLength: String(written.count),
        ]
        for field in headers { fields[field.name] = field.value }
        return Response(
            status: .ok, headers: fields,
            body: request.method == .head ? .init() : .init(byteBuffer: ByteBuffer(bytes: written.bytes)))
    }
}

extension ByteWriter {
    /// The entity tag of an answer that consists of these bytes (RFC 9110 §8.8.3).
    var etag: String { "\"\(Digest.of(bytes).hex.prefix(32))\"" }
}

/// Which hosts and origins a request may name, so that no web page can read the log by rebinding a name
/// (contract: feed §6).
struct HostRule: Sendable {
    private let allowed: Set<String>
    private let cors: CrossOrigin

    init(_ configuration: FeedConfiguration) {
        var allowed: Set = ["localhost", "127.0.0.1", "::1"]
        if case .host(let host, _) = configuration.address { allowed.insert(host.lowercased()) }
        for host in configuration.allowedHosts { allowed.insert(Self.name(of: host)) }
        // "Any address" is no name that anyone has; a page could use it to reach this machine.
        for any in ["0.0.0.0", "::"] { allowed.remove(any) }
        self.allowed = allowed
        cors = CrossOrigin(configuration.allowedOrigins)
    }

    /// - Throws: `Problem` with status 421 for a foreign host, 403 for a foreign origin.
    func check(_ head: HTTPRequest) throws(Problem) {
        guard let authority = head.authority, allowed.contains(Self.name(of: authority)) else {
            throw .misdirected(host: head.authority)
        }
        if let origin = head.headerFields[.origin], !cors.isAllowed(origin), !Self.isEvidence(head) {
            guard let scheme = origin.firstRange(of: "://"),
                allowed.contains(Self.name(of: origin[scheme.upperBound...]))
            else { throw .foreignOrigin(origin) }
        }
    }

    /// Checkpoint and tiles are for everyone, wherever the page that asks is from.
    private static func isEvidence(_ head: HTTPRequest) -> Bool {
        guard head.method == .get || head.method == .head, let path = head.path else { return false }
        return path == "/checkpoint" || path.hasPrefix("/tile/")
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
