import Hummingbird
import HummingbirdTesting
import SijillFormat
import SijillTesting
import Synchronization
import Testing

@testable import SijillFeed

@Suite struct RouteTests {
    @Test("/v1/log says where the log begins and ends and what it holds")
    func log() async throws {
        let fixture = try FeedFixture()
        let log = fixture.log.id.description
        try await fixture.test { client in
            let empty = try await client.get("/v1/log")
            #expect(empty.json["oldest"] == .null)
            #expect(empty.json["tip"] == .null)
        }
        try fixture.add(3)
        let cursors = fixture.changes.map(\.cursor.description)
        try await fixture.test { client in
            let answer = try await client.get("/v1/log")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.json["log"]?.text == log)
            #expect(answer.json["oldest"]?.text == cursors[0])
            #expect(answer.json["tip"]?.text == cursors[2])
            #expect(answer.json["sealed_through"] == .number("0"))
            #expect(answer.json["schema"]?.text == "urn:sijill:schema:change:1")
            #expect(answer.json["counts"]?["articles"] == .number("3"))
            #expect(try await client.get("/v1/log?since=0").status == .badRequest)
        }
    }

    @Test("An article is its latest state, with an ETag")
    func article() async throws {
        let fixture = try FeedFixture()
        let change = try fixture.add(1)[0]
        let id = try #require(change.record.article).description
        let content = change.content
        try await fixture.test { client in
            let answer = try await client.get("/v1/articles/\(id)")
            #expect(answer.json["article"]?.text == id)
            #expect(answer.json["title"]?.text == content.title)
            #expect(answer.json["text"] == .string(content.text ?? []))
            #expect(answer.json["tags"] == .array(content.tags.map { .string(Array($0.utf8)) }))
            #expect(answer.json["last"]?.text == change.cursor.description)
            #expect(answer.json["file"]?["name"]?.text == "خبر.txt")
            let etag = try #require(answer.headers[.eTag])
            #expect(try await client.get("/v1/articles/\(id)", [.ifNoneMatch: etag]).status == .notModified)
            for unknown in ["a00000000000000000000000000", "x", "", "%61"] {
                let missing = try await client.get("/v1/articles/\(unknown)")
                #expect(missing.status == .notFound, "\(unknown)")
                #expect(missing.problem == "not-found")
            }
        }
    }

    @Test("An original comes back byte for byte, as a download that no browser sniffs")
    func original() async throws {
        let fixture = try FeedFixture()
        var maker = ArticleMaker(seed: 3)
        var content = maker.content()
        content.text = Array(maker.text(words: 120_000).utf8)
        let bytes = content.text!
        #expect(bytes.count > 4 * FeedLimits.pieceBytes)
        let change = try fixture.commit([fixture.entry(content, name: "أ\"b\\c\n.txt")])[0]
        let id = try #require(change.record.article).description
        try await fixture.server().application.test(.live) { client in
            let answer = try await client.get("/v1/articles/\(id)/original")
            #expect(answer.bytes == bytes)
            #expect(answer.headers[.contentLength] == String(bytes.count))
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            #expect(
                answer.headers[.contentDisposition]
                    == "attachment; filename=\"__b_c_.txt\"; filename*=UTF-8''%D8%A3%22b%5Cc%0A.txt")
            let etag = try #require(answer.headers[.eTag])
            #expect(etag == "\"\(Digest.of(bytes).hex)\"")
            let again = try await client.get("/v1/articles/\(id)/original", [.ifNoneMatch: etag])
            #expect(again.status == .notModified)
            let head = try await client.execute(uri: "/v1/articles/\(id)/original", method: .head) { $0 }
            #expect(head.headers[.contentLength] == String(bytes.count))
            #expect(head.bytes.isEmpty)
        }
    }

    @Test("Health is always there; readiness says why not")
    func health() async throws {
        let fixture = try FeedFixture()
        let health = Health.notReady("the disk is full; make room")
        try await fixture.server(health: { health }).application.test(.live) { client in
            #expect(try await client.get("/healthz").status == .ok)
            let answer = try await client.get("/readyz")
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.problem == "not-ready")
            #expect(answer.json["detail"]?.text == "the disk is full; make room")
        }
        try await fixture.test { client in
            let ready = try await client.get("/readyz")
            #expect(ready.status == .ok)
        }
    }

    @Test("Unknown routes are 404 and other methods 405, as problems")
    func unknown() async throws {
        let fixture = try FeedFixture()
        try await fixture.test { client in
            for path in ["/nothing", "/v1", "/v1/changes/", "/v2/log", "/v1/articles/a/b", "/%00"] {
                let answer = try await client.get(path)
                #expect(answer.status == .notFound, "\(path)")
                #expect(answer.headers[.contentType] == "application/problem+json")
            }
            for method in [HTTPRequest.Method.post, .put, .delete, .patch] {
                let answer = try await client.execute(uri: "/v1/changes", method: method) { $0 }
                #expect(answer.status == .methodNotAllowed)
                #expect(answer.headers[.allow] == "GET, HEAD")
                #expect(answer.problem == "method-not-allowed")
            }
        }
    }

    @Test("Only hosts of this machine, or those allowed, are answered; foreign origins never")
    func hosts() throws {
        var configuration = FeedConfiguration(address: .host("127.0.0.1", port: 8750))
        configuration.allowedHosts = ["Log.Example.org"]
        let rule = HostRule(configuration)
        func status(_ host: String?, origin: String? = nil) -> Int? {
            var head = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/")
            head.headerFields[.origin] = origin
            do throws(Problem) { try rule.check(head) } catch { return error.status }
            return nil
        }
        for host in [
            "localhost", "LOCALHOST:8750", "127.0.0.1:8750", "[::1]:8750", "::1", "log.example.org:443",
        ] {
            #expect(status(host) == nil, "\(host)")
        }
        for host in ["example.org", "127.0.0.1.example.org", "localhost.", "", "[::2]", nil] {
            #expect(status(host) == 421, "\(host ?? "none")")
        }
        #expect(status("localhost", origin: "http://localhost:3000") == nil)
        for origin in ["https://example.org", "null", "http://localhost.example.org"] {
            #expect(status("localhost", origin: origin) == 403, "\(origin)")
        }
    }
}
