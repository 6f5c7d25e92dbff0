import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import SijillFormat
import SijillLog
import SijillMerkle

/// `/checkpoint`, `/tile/…` and `/v1/proofs/…` (contract: evidence §2; c2sp.org/tlog-tiles).
struct EvidenceRoute: Sendable {
    let reader: LogReader

    /// The newest signed checkpoint, byte for byte as it is on disk.
    func checkpoint(_ request: Request) throws(Problem) -> Response {
        let note = try published().note
        let etag = "\"\(Digest.of(note))\""
        let headers: HTTPFields = [
            .contentType: "text/plain; charset=utf-8", .cacheControl: "no-cache", .eTag: etag,
        ]
        if request.headers.names(etag) { return Response(status: .notModified, headers: headers) }
        return Self.response(note, headers, request)
    }

    /// A tile or bundle of the published tree; anything else is 404. All of it is immutable.
    func tile(_ path: String, _ request: Request) async throws -> Response {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let place = TilePlace(parts: parts) else {
            throw Problem.notFound("\(request.uri.path) is no path of a tile; see c2sp.org/tlog-tiles")
        }
        let tree = try tree()
        guard let bytes = try await offLoop({ try tree.bytes(place) }) else {
            throw Problem.notFound(
                "the tree of \(tree.published.checkpoint.size) changes has no \(request.uri.path)")
        }
        let headers: HTTPFields = [
            .contentType: "application/octet-stream",
            .cacheControl: "public, max-age=31536000, immutable",
            .eTag: "\"\(Digest.of(bytes))\"",
        ]
        if request.headers.names(headers[.eTag]!) { return Response(status: .notModified, headers: headers) }
        return Self.response(bytes, headers, request)
    }

    /// `?sequence=&size=`: that a change is in the tree of a size; without `size` the published one.
    func inclusion(_ asked: RoutedRequest) async throws -> Response {
        let parameters = try parameters(asked)
        let tree = try tree()
        let published = tree.published
        guard let sequence = parameters["sequence"] else {
            throw Problem.badRequest("'sequence' is missing; name a change")
        }
        let size = parameters["size"] ?? published.checkpoint.size
        let proof = try await offLoop { try tree.inclusion(of: SequenceNumber(sequence), size: size) }
        guard let proof else { throw Self.beyond(published, "a change from 1 to size") }
        return try await answer(
            [
                JSONMember("sequence", sequence), JSONMember("index", sequence - 1), JSONMember("size", size),
            ], size: size, proof, asked.request)
    }

    /// `?from=&to=`: that the tree of one size is the beginning of that of another; without `to` the published one.
    func consistency(_ asked: RoutedRequest) async throws -> Response {
        let parameters = try parameters(asked)
        let tree = try tree()
        let published = tree.published
        guard let from = parameters["from"] else {
            throw Problem.badRequest("'from' is missing; name the size of an older tree")
        }
        let to = parameters["to"] ?? published.checkpoint.size
        let proof = try await offLoop { try tree.consistency(from: from, to: to) }
        guard let proof else { throw Self.beyond(published, "'from' that is not larger than 'to'") }
        return try await answer(
            [JSONMember("from", from), JSONMember("to", to)], size: to, proof, asked.request)
    }

    /// What `/v1/log` says of the checkpoint.
    static func summary(_ tree: ServedTree?) -> JSONValue {
        guard let tree else { return .null }
        let published = tree.published
        return .object([
            JSONMember("origin", published.checkpoint.origin), JSONMember("size", published.checkpoint.size),
            JSONMember("root", Base64.encode(published.checkpoint.root.data)),
            JSONMember("time", published.time.rfc3339), JSONMember("key", tree.verifiers.first?.description),
        ])
    }

    private func answer(
        _ members: [JSONMember], size: UInt64, _ proof: [Digest], _ request: Request
    ) async throws -> Response {
        let tree = try tree()
        let root = try await offLoop { try tree.root(size: size) }
        let hashes = proof.map { JSONValue.string(Array(Base64.encode($0.data).utf8)) }
        return .json(
            .object(
                members + [
                    JSONMember("root", Base64.encode(root.data)),
                    JSONMember(name: "proof", value: .array(hashes)),
                ]), for: request)
    }

    private func parameters(_ asked: RoutedRequest) throws -> [String: UInt64] {
        var found: [String: UInt64] = [:]
        for pair in asked.query.pairs {
            guard let value = Decimal.value(Array(pair.value.utf8)), String(value) == pair.value,
                value <= SequenceNumber.max.value
            else {
                throw Problem.badRequest("'\(pair.name)' has to be a number without sign or leading zero")
            }
            found[pair.name] = value
        }
        return found
    }

    private func tree() throws(Problem) -> ServedTree {
        guard let tree = reader.tree else { throw .notFound("this log has no tree") }
        return tree
    }

    private func published() throws(Problem) -> PublishedTree { try tree().published }

    private static func beyond(_ published: PublishedTree, _ wanted: String) -> Problem {
        let size = published.checkpoint.size
        var problem = Problem.notFound("the published tree has \(size) changes; ask for \(wanted) within it")
        problem.members = [JSONMember("size", size)]
        return problem
    }

    private static func response(_ bytes: [UInt8], _ headers: HTTPFields, _ request: Request) -> Response {
        var headers = headers
        headers[.contentLength] = String(bytes.count)
        return Response(
            status: .ok, headers: headers,
            body: request.method == .head ? .init() : .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension FeedRoutes {
    static func evidence(_ services: FeedServices) -> [Route] {
        let evidence = EvidenceRoute(reader: services.reader)
        return [
            Route("/checkpoint") { try evidence.checkpoint($0.request) },
            Route("/tile/{path...}") { try await evidence.tile($0["path"], $0.request) },
            Route("/v1/proofs/inclusion", parameters: ["sequence", "size"]) {
                try await evidence.inclusion($0)
            },
            Route("/v1/proofs/consistency", parameters: ["from", "to"]) {
                try await evidence.consistency($0)
            },
        ]
    }
}
