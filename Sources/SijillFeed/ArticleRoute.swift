import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import SijillFormat
import SijillLog
import SijillStore

/// `/v1/articles/<id>` and its original (contract: feed §2).
struct ArticleRoute: Sendable {
    let reader: LogReader
    let store: Store

    /// The latest state of an article as one JSON object.
    func article(_ id: String, _ request: Request) async throws -> Response {
        let state = try await find(id)
        let etag = "\"\(state.last)-\(state.sightings)\""
        let headers: HTTPFields = [.eTag: etag, .cacheControl: "no-cache"]
        if request.headers.names(etag) { return Response(status: .notModified, headers: headers) }
        return .json(state.json, for: request, headers: headers)
    }

    /// The bytes that the latest revision came from, exactly as they arrived.
    func original(_ id: String, _ request: Request, on channel: any Channel) async throws -> Response {
        let state = try await find(id)
        let (reader, sequence) = (reader, state.current.sequence)
        let found = try await offLoop { try reader.original(of: sequence) }
        guard let original = found, original.digest == state.file.sha256 else {
            throw Problem.notFound("the original of article \(id) is not kept")
        }
        let digest = original.digest
        let etag = "\"\(digest)\""
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .eTag: etag, .cacheControl: "no-cache",
            .contentDisposition: ContentDisposition.attachment(state.file.name),
            .xContentTypeOptions: "nosniff",
            .reprDigest: "sha-256=:\(Base64.encode(digest.data)):",
        ]
        if request.headers.names(etag) { return Response(status: .notModified, headers: headers) }
        headers[.contentLength] = String(original.byteCount)
        if request.method == .head { return Response(status: .ok, headers: headers) }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: Int(original.byteCount)) { writer in
                try await withTaskExecutorPreference(LoopExecutor(channel.eventLoop)) {
                    if original.byteCount >= FeedLimits.fileBytesMin, FileSender.isPart(of: channel) {
                        try await FileSender.send(try original.bytes(), over: channel)
                    } else {
                        try await Self.write(original, to: &writer)
                    }
                }
                try await writer.finish(nil)
            })
    }

    private static func write(_ original: OriginalRange, to writer: inout any ResponseBodyWriter) async throws
    {
        var offset: UInt64 = 0
        while offset < original.byteCount {
            let count = Int(min(UInt64(FeedLimits.pieceBytes), original.byteCount - offset))
            let bytes = try await offLoop { [offset] in try original.read(offset: offset, count: count) }
            guard bytes.count == count else {
                throw SijillError(
                    .damaged, "an original ends before byte \(offset + UInt64(count))",
                    remedy: "run 'sijilld check'")
            }
            try await writer.write(ByteBuffer(bytes: bytes))
            offset += UInt64(count)
        }
    }

    private func find(_ text: String) async throws -> ArticleState {
        let id = try ArticleID(inPath: text)
        let store = store
        guard let state = try await offLoop({ try store.current(id) }) else {
            throw Problem.noArticle(id)
        }
        let withdrawal = store.withdrawal(of: state)
        if withdrawal.isGone { throw Problem.withdrawn(id, isErased: withdrawal.isErased) }
        return state
    }
}

extension ArticleID {
    /// - Throws: `Problem` with status 404 for what can be no article's id.
    init(inPath text: String) throws(Problem) {
        guard let id = ArticleID(text) else {
            throw .notFound("'\(text)' is no article id; an id is 'a' and 26 letters and digits")
        }
        self = id
    }
}

extension Problem {
    static func noArticle(_ id: ArticleID) -> Problem { .notFound("there is no article \(id)") }
}

extension ArticleState {
    /// Everything that is known of the article now; members without a value are left out, but for title and text.
    var json: JSONValue { .object(members(withText: true)) }

    func members(withText: Bool) -> [JSONMember] {
        let head = [
            JSONMember("article", id.description), JSONMember("revision", UInt64(revision)),
            JSONMember("first", first), JSONMember("current", current), JSONMember("last", last),
            JSONMember("added", firstTime.rfc3339), JSONMember("revised", currentTime.rfc3339),
            JSONMember("changed", lastTime.rfc3339), JSONMember("sightings", UInt64(sightings)),
            JSONMember(name: "file", value: file.json), JSONMember(name: "digests", value: digests.json),
            JSONMember("words", UInt64(words)), JSONMember("cluster", cluster.description),
        ]
        return head + content.members(withText: withText)
    }
}

extension FileRecord {
    /// As in a change.
    var json: JSONValue {
        var members = [JSONMember("name", name), JSONMember("source", source), JSONMember("bytes", bytes)]
        members.append("name_b64", nameBytes.map(Base64.encode))
        members.append("sha256", sha256?.hex)
        members.append("encoding", encoding)
        members.append("format", format)
        if let line { members.append(JSONMember("line", line)) }
        if let offset { members.append(JSONMember("offset", offset)) }
        return .object(members)
    }
}

extension ArticleDigests {
    /// As in a change.
    var json: JSONValue {
        var members: [JSONMember] = []
        members.append("canonical", canonical?.description)
        members.append("text", text.hex)
        members.append("content", content.hex)
        return .object(members)
    }
}

extension Content {
    /// As in the content part of a change, in its order; the text is the last.
    func members(withText: Bool) -> [JSONMember] {
        var members = [JSONMember("title", title)]
        members.append("byline", byline)
        members.append("authors", authors)
        members.append("publisher", publisher)
        members.append("site", site)
        members.append("url", url)
        members.append("id", id)
        members.append("lang", lang)
        members.append("published", published)
        members.append("modified", modified)
        members.append("fetched", fetched)
        members.append("description", description)
        members.append("standfirst", standfirst)
        members.append("dateline", dateline)
        members.append("tags", tags)
        members.append("section", section)
        members.append("image", image)
        members.append("license", license)
        members.append("removed", removed)
        members.append("warnings", warnings)
        members.append("cut", cut)
        if let changes { members.append(JSONMember(name: "changes", value: changes.json)) }
        if !extra.isEmpty { members.append(JSONMember(name: "extra", value: .object(extra))) }
        if withText { members.append(JSONMember(name: "text", value: text.map { .string($0) } ?? .null)) }
        return members
    }
}

extension [JSONMember] {
    mutating func append(_ name: String, _ text: String?) {
        if let text { append(JSONMember(name, text)) }
    }

    mutating func append(_ name: String, _ list: [String]) {
        guard !list.isEmpty else { return }
        append(JSONMember(name: name, value: .array(list.map { .string([UInt8]($0.utf8)) })))
    }
}

/// The header that makes a browser save and not show (RFC 6266, RFC 8187).
enum ContentDisposition {
    /// The name in ASCII for old clients and in UTF-8 for all others; nothing in it can end the header.
    static func attachment(_ name: String) -> String {
        let base = name.split(separator: "/").last.map(String.init) ?? "original"
        let plain = base.unicodeScalars.map { scalar in
            let isPlain = scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F
            return isPlain && scalar != "\"" && scalar != "\\" ? String(scalar) : "_"
        }
        return "attachment; filename=\"\(plain.joined())\"; filename*=UTF-8''\(PercentEncoding.encoded(base))"
    }
}

extension HTTPFields {
    /// Whether If-None-Match names `etag`, a strong one or `*` (RFC 9110 §13.1.2).
    func names(_ etag: String) -> Bool {
        self[values: .ifNoneMatch].joined(separator: ",").split(separator: ",").contains { candidate in
            let tag = candidate.filter { $0 != " " && $0 != "\t" }
            return tag == "*" || tag == etag || tag == "W/" + etag
        }
    }
}

extension HTTPField.Name {
    static let reprDigest = HTTPField.Name("Repr-Digest")!
}
