import HTTPTypes
import Hummingbird
import SijillFormat

/// An error answer: `application/problem+json` (RFC 9457), never stored by caches.
package struct Problem: Error, Hashable, Sendable {
    /// The last part of `type`, `urn:sijill:problem:<name>`.
    package let name: String
    package let title: String
    package let status: Int
    /// What was wrong with this request and what to do, for people.
    package let detail: String
    /// Further members, written after the four that every problem has.
    package var members: [JSONMember] = []
    /// Methods that the route takes, where another one was used.
    package var allow: String?

    package init(_ name: String, _ title: String, status: Int, detail: String, members: [JSONMember] = []) {
        self.name = name
        self.title = title
        self.status = status
        self.detail = detail
        self.members = members
    }

    /// A parameter, or its value, that is not understood. Nothing is ever silently ignored.
    package static func badRequest(_ detail: String) -> Problem {
        Problem("bad-request", "The request is not understood", status: 400, detail: detail)
    }

    package static func notFound(_ detail: String) -> Problem {
        Problem("not-found", "There is no such thing", status: 404, detail: detail)
    }

    /// 410: the article was there, and the log says who withdrew it and why.
    static func withdrawn(_ id: ArticleID, isErased: Bool) -> Problem {
        Problem(
            "withdrawn", "The article was withdrawn", status: 410,
            detail: "article \(id) was \(isErased ? "erased" : "withdrawn"); the log has the withdrawal",
            members: [
                JSONMember("article", id.description), JSONMember(name: "erased", value: .bool(isErased)),
            ])
    }

    static func methodNotAllowed(_ method: String, path: String, allowed: [String]) -> Problem {
        let allow = allowed.joined(separator: ", ")
        var problem = Problem(
            "method-not-allowed", "The method is not allowed", status: 405,
            detail: "\(method) is not allowed on \(path); use \(allow.replacing(", ", with: " or "))")
        problem.allow = allow
        return problem
    }

    static let notAcceptable = Problem(
        "not-acceptable", "No representation is acceptable", status: 406,
        detail: "changes are served as application/json, application/x-ndjson, application/jsonl,"
            + " application/cloudevents-batch+json and text/event-stream, streams as the lines and the last of"
            + " these; ask for one of them in Accept")

    static func misdirected(host: String?) -> Problem {
        Problem(
            "misdirected", "The host is not served here", status: 421,
            detail: "Host is \(host.map { "'\($0)'" } ?? "missing"); use localhost, 127.0.0.1 or [::1],"
                + " or add the name to the allowed hosts of the daemon")
    }

    static func foreignOrigin(_ origin: String) -> Problem {
        Problem(
            "foreign-origin", "The origin is not allowed", status: 403,
            detail: "a page of '\(origin)' may not read this log")
    }

    static func notReady(_ reason: String) -> Problem {
        Problem("not-ready", "The daemon is not ready", status: 503, detail: reason)
    }

    /// A mirror is asked for what it does not have yet.
    static func mirrorBehind(_ tip: Cursor?) -> Problem {
        Problem(
            "mirror-behind", "The mirror is behind", status: 503,
            detail: "this mirror has come to \(tip?.description ?? "0") only; try again, or ask with live=",
            members: [JSONMember("tip", tip)])
    }

    static let failed = Problem(
        "internal-error", "The daemon could not answer", status: 500,
        detail: "the daemon's logger says what went wrong; try again later")

    /// The problem as JSON.
    var body: [UInt8] {
        var writer = ByteWriter()
        writer.json(
            .object(
                [
                    JSONMember("type", "urn:sijill:problem:\(name)"), JSONMember("title", title),
                    JSONMember("status", UInt64(status)), JSONMember("detail", detail),
                ] + members))
        writer.byte("\n")
        return writer.bytes
    }

    /// The answer, without its body for a HEAD request.
    func response(head: Bool = false) -> Response {
        let body = body
        var headers: HTTPFields = [
            .contentType: "application/problem+json", .cacheControl: "no-store",
            .contentLength: String(body.count),
        ]
        if let allow { headers[.allow] = allow }
        if status == 503 || status == 429 { headers[.retryAfter] = "5" }
        if status == 401 { headers[.wwwAuthenticate] = "Bearer realm=\"sijill\"" }
        return Response(
            status: .init(code: status), headers: headers,
            body: head ? .init() : .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension JSONMember {
    init(_ name: String, _ cursor: Cursor?) { self.init(name, cursor?.description) }
}
