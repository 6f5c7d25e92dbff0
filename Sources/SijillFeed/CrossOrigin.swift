import HTTPTypes
import Hummingbird

/// What pages of other origins may do, where that is configured (WHATWG Fetch §3.2); nothing by default.
struct CrossOrigin: Sendable {
    private let origins: Set<String>

    init(_ origins: [String]) { self.origins = Set(origins) }

    func isAllowed(_ origin: String?) -> Bool {
        guard let origin else { return false }
        return origins.contains(origin) || origins.contains("*")
    }

    /// Lets a page of an allowed origin read the answer, with the headers that it needs to go on.
    func allow(_ origin: String?, in headers: inout HTTPFields) {
        guard !origins.isEmpty else { return }
        headers[.vary] = headers[.vary].map { $0 + ", Origin" } ?? "Origin"
        guard let origin, isAllowed(origin) else { return }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlExposeHeaders] =
            "ETag, Link, Retry-After, Sijill-Oldest, Sijill-Tip, Sijill-Next, Sijill-Generation, Repr-Digest"
    }

    /// The answer to a question before the request itself.
    var preflight: Response {
        Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, HEAD, PUT, POST, DELETE",
                .accessControlAllowHeaders:
                    "Accept, Authorization, Content-Type, If-None-Match, If-Range, Last-Event-ID, Range",
                .accessControlMaxAge: "600",
            ])
    }
}
