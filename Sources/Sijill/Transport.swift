import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SijillFormat

/// HTTP requests to one log, with its errors as ours.
struct Transport: Sendable {
    /// For all clients of the process and as long as it runs, so that no one has to shut it down.
    ///
    /// A stream sends a blank line every 15 seconds, so a connection that says nothing for 45 has been lost.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(45)))
        // Streams hold their connections: the pool must not make the ninth of them wait for the first.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1_024
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// Bytes of a small answer: a problem, an article with its text.
    private static let answerBytesMax = 64 << 20

    private let url: String
    private let base: String
    private let host: String?
    private let token: String?
    private let trust: TLSConfiguration?

    init(url: String, token: String?, authorityFile: String? = nil) throws {
        self.url = url
        self.token = token
        trust = try authorityFile.map(Self.trust)
        if url.hasPrefix("unix:") {
            let path = url.dropFirst("unix:".count)
            guard path.hasPrefix("/") else { throw Self.invalid(url) }
            base = "http+unix://\(Self.escaped(String(path)))"
            host = "localhost"
        } else {
            var trimmed = Substring(url)
            while trimmed.hasSuffix("/") { trimmed.removeLast() }
            let rest =
                if trimmed.hasPrefix("http://") { trimmed.dropFirst(7) } else if trimmed.hasPrefix("https://")
                {
                    trimmed.dropFirst(8)
                } else { Substring() }
            let isPlain = rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#@\\".utf8.contains($0) }
            guard !rest.isEmpty, isPlain else { throw Self.invalid(url) }
            base = String(trimmed)
            host = nil
        }
    }

    private static func invalid(_ url: String) -> SijillClientError {
        SijillClientError(
            .invalidURL, "'\(url)' is no URL of a log; use http://HOST:PORT, https://HOST:PORT or unix:/PATH")
    }

    /// Trust in these certificates and no others.
    private static func trust(_ path: String) throws -> TLSConfiguration {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw SijillClientError(
                .invalidCertificate,
                "\(path) cannot be read as certificates: \(error); name a PEM file of the authority")
        }
        guard !certificates.isEmpty else {
            throw SijillClientError(.invalidCertificate, "\(path) holds no certificate")
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(certificates)
        return configuration
    }

    /// Sends a GET and returns its answer when it is a success.
    ///
    /// - Throws: `SijillClientError`; `CancellationError` when the task is cancelled.
    func get(_ path: String, accept: String) async throws -> HTTPClientResponse {
        try await send(.GET, path, accept: accept)
    }

    /// Sends a request, with a body in JSON where there is one, and returns its answer when it is a success.
    ///
    /// - Throws: `SijillClientError`; `CancellationError` when the task is cancelled.
    func send(_ method: HTTPMethod, _ path: String, accept: String, body: [UInt8]? = nil) async throws
        -> HTTPClientResponse
    {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.tlsConfiguration = trust
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        request.headers.add(name: "Accept", value: accept)
        if let host { request.headers.add(name: "Host", value: host) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let response = try await reading { [request] in
            try await Self.http.execute(request, deadline: .distantFuture)
        }
        guard (200..<300).contains(response.status.code) else {
            let body = try await collected(response)
            throw SijillClientError(
                status: Int(response.status.code), body: body, url: url,
                retryAfter: response.headers.first(name: "Retry-After"))
        }
        return response
    }

    /// The body of a small answer.
    func small(_ path: String, accept: String = "application/json") async throws -> [UInt8] {
        try await collected(await get(path, accept: accept))
    }

    func collected(_ response: HTTPClientResponse) async throws -> [UInt8] {
        try await reading { Array(buffer: try await response.body.collect(upTo: Self.answerBytesMax)) }
    }

    /// Turns every error of the connection in `body` into ours.
    func reading<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as SijillClientError {
            throw error
        } catch {
            if Task.isCancelled || error is CancellationError { throw CancellationError() }
            if let error = error as? HTTPClientError, error == .cancelled { throw CancellationError() }
            throw SijillClientError(
                .unreachable, "\(url) cannot be reached: \(Self.reason(error)); is sijilld running?")
        }
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? HTTPClientError { return error.shortDescription }
        if let error = error as? NIOConnectionError {
            if let first = error.connectionErrors.first { return reason(first.error) }
            return "the name \(error.host) is not known"
        }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return String(describing: error)
    }

    /// The query of a URL with its question mark, without what is nil; empty where nothing is left.
    static func query(_ pairs: [(name: String, value: String?)]) -> String {
        let parts = pairs.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    /// For a part of a path or a query: everything but unreserved characters percent-encoded (RFC 3986 §2.3).
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Cuts bytes that come in pieces into lines.
struct LineSplitter {
    /// Bytes of one line: far over any change that is written.
    static let lineBytesMax = 64 << 20

    private var buffer = ByteBuffer()
    /// Readable bytes that are known to hold no newline.
    private var searched = 0

    mutating func append(_ piece: ByteBuffer) {
        var piece = piece
        if buffer.readableBytes == 0 {
            buffer = piece
            searched = 0
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&piece)
        }
    }

    /// The next whole line without its newline, blank ones passed over; nil when more bytes are needed.
    mutating func next() throws -> [UInt8]? {
        while true {
            guard let length = lineLength() else {
                searched = buffer.readableBytes
                if searched > Self.lineBytesMax {
                    throw SijillClientError(
                        .brokenPromise, "the server sent a line of over \(Self.lineBytesMax) bytes")
                }
                return nil
            }
            let line = buffer.readBytes(length: length)!
            buffer.moveReaderIndex(forwardBy: 1)
            searched = 0
            if !line.isEmpty { return line }
        }
    }

    /// Bytes before the next newline. By memchr: each byte of a log goes through here.
    private func lineLength() -> Int? {
        buffer.withUnsafeReadableBytes { raw in
            guard raw.count > searched, let start = raw.baseAddress,
                let newline = memchr(start + searched, Int32(UInt8(ascii: "\n")), raw.count - searched)
            else { return nil }
            return UnsafeRawPointer(newline) - start
        }
    }

    /// Bytes that belong to no whole line.
    var restCount: Int { buffer.readableBytes }
}
