import AsyncHTTPClient
import NIOCore
import SijillFormat

/// The latest state of an article.
public struct Article: Sendable {
    /// The answer of the server as it came, in JSON.
    public let json: [UInt8]
    public let id: String
    public let revision: Int
    /// The change that first brought the article.
    public let first: LogCursor?
    /// The change that brought its latest revision.
    public let last: LogCursor?
    /// When it was first taken in, RFC 3339 in UTC.
    public let added: String?
    /// How often it was delivered.
    public let sightings: UInt64
    /// The input that the latest revision came from.
    public let file: InputFile
    public let words: UInt64?
    public let title: String?
    public let byline: String?
    public let publisher: String?
    /// The sentence between title and text, where the page has one. It stands in the text as well.
    public let standfirst: String?
    /// Where the report was written, as it stands at the head of the text.
    public let dateline: String?
    public let url: String?
    public let lang: String?
    public let published: String?
    public let text: String?

    init(json: [UInt8]) throws {
        guard let value = try? JSONParser.parse(json, options: .change), let id = value["article"]?.text
        else {
            throw SijillClientError(.brokenPromise, "the server's answer is no article; is the URL right?")
        }
        self.json = json
        self.id = id
        revision = Int(clamping: value["revision"]?.whole ?? 1)
        first = value["first"]?.text.flatMap { LogCursor($0) }
        last = value["last"]?.text.flatMap { LogCursor($0) }
        added = value["added"]?.text
        sightings = value["sightings"]?.whole ?? 0
        file = InputFile(value["file"] ?? .null)
        words = value["words"]?.whole
        title = value["title"]?.text
        byline = value["byline"]?.text
        publisher = value["publisher"]?.text
        standfirst = value["standfirst"]?.text
        dateline = value["dateline"]?.text
        url = value["url"]?.text
        lang = value["lang"]?.text
        published = value["published"]?.text
        text = value["text"]?.text
    }

    static func path(_ id: String) -> String { "/v1/articles/\(Transport.escaped(id))" }
}

/// The bytes of an original as they arrived in the inbox, in pieces. Can be iterated once.
///
/// The digest that the server names is checked: when the bytes are not those, or end early, the iteration throws
/// behind the last piece. So do not use a file made of the pieces before the iteration has ended.
public struct Original: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    private let body: HTTPClientResponse.Body
    private let transport: Transport
    /// Bytes in all, where the server says it.
    public let byteCount: UInt64?
    /// SHA-256 in lower-case hexadecimal digits, where the server says it.
    public let sha256: String?

    init(_ response: HTTPClientResponse, transport: Transport) {
        body = response.body
        self.transport = transport
        byteCount = response.headers.first(name: "Content-Length").flatMap { UInt64($0) }
        let digest = response.headers.first(name: "Repr-Digest").flatMap { field -> Digest? in
            guard field.hasPrefix("sha-256=:"), field.hasSuffix(":") else { return nil }
            return Base64.decode(String(field.dropFirst(9).dropLast())).flatMap { Digest(bytes: $0) }
        }
        sha256 = digest?.hex
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), transport: transport, sha256: sha256)
    }

    /// Reads the pieces; not to be shared between tasks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var body: HTTPClientResponse.Body.AsyncIterator
        private let transport: Transport
        private let sha256: String?
        private var digest: DigestBuilder? = DigestBuilder()

        init(body: HTTPClientResponse.Body.AsyncIterator, transport: Transport, sha256: String?) {
            self.body = body
            self.transport = transport
            self.sha256 = sha256
        }

        public mutating func next() async throws -> [UInt8]? {
            var body = body
            let piece = try await transport.reading { try await body.next() }
            self.body = body
            if let piece {
                let bytes = Array(buffer: piece)
                digest?.add(bytes)
                return bytes
            }
            let finished = digest.take()?.finish().hex
            if let sha256, let finished, sha256 != finished {
                throw SijillClientError(
                    .brokenPromise,
                    "the original has the digest \(finished) and not \(sha256); ask for it again")
            }
            return nil
        }
    }
}
