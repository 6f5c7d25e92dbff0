import Hummingbird
import HummingbirdTesting
import SijillFormat
import SijillStore
import SijillTesting
import Testing

@testable import SijillFeed

@Suite struct SearchRouteTests {
    private func fixture(_ texts: [(title: String?, text: String)]) throws -> FeedFixture {
        let fixture = try FeedFixture()
        for (title, text) in texts {
            var content = Content()
            content.title = title
            content.publisher = "صحيفة الميناء"
            content.url = "https://example.org/\(text.count)"
            content.lang = "ar"
            content.published = "2026-11-20"
            content.text = Array(text.utf8)
            try fixture.commit([fixture.entry(content)])
        }
        try fixture.store.indexAll()
        return fixture
    }

    private func escaped(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("A hit says which article it is and shows what was found as it is written")
    func hit() async throws {
        let fixture = try fixture([(nil, "لا شيء"), ("عنوان <b>", "قال مُحَمَّد & \"صديقه\" <i>")])
        let change = fixture.changes[1]
        let tip = change.cursor.description
        let article = try #require(change.record.article).description
        try await fixture.test { [self] client in
            let answer = try await client.get("/v1/search?q=\(escaped("محمد"))")
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
            #expect(answer.json["total"] == .number("1") && answer.json["total_is_exact"] == .bool(true))
            #expect(answer.json["next"] == .null && answer.json["searchable"] == .number("2"))
            guard case .array(let hits)? = answer.json["hits"], let hit = hits.first else {
                return #expect(Bool(false), "there is a hit")
            }
            #expect(hit["article"]?.text == article && hit["cursor"]?.text == tip)
            #expect(hit["revision"] == .number("1") && hit["title"]?.text == "عنوان <b>")
            #expect(hit["publisher"]?.text == "صحيفة الميناء" && hit["published"]?.text == "2026-11-20")
            #expect(hit["time"]?.text == change.time.rfc3339 && hit["score"] == .null)
            #expect(
                hit["snippet"]?.text
                    == "قال <mark>مُحَمَّد</mark> &amp; &quot;صديقه&quot; &lt;i&gt;")
            guard case .array(let pieces)? = hit["highlight"]?["text"] else {
                return #expect(Bool(false), "there are pieces")
            }
            #expect(pieces.map { $0["text"]?.text ?? "" }.joined() == "قال مُحَمَّد & \"صديقه\" <i>")
            #expect(pieces.filter { $0["mark"] == .bool(true) }.map { $0["text"]?.text } == ["مُحَمَّد"])
            let best = try await client.get("/v1/search?q=\(escaped("محمد"))&sort=best")
            guard case .array(let ranked)? = best.json["hits"], case .number? = ranked.first?["score"] else {
                return #expect(Bool(false), "it has a score")
            }
        }
    }

    @Test("What is in the title only is shown from there")
    func title() async throws {
        let fixture = try fixture([("موسم الزيتون", "نص آخر")])
        try await fixture.test { [self] client in
            let answer = try await client.get("/v1/search?q=\(escaped("زيتون"))")
            guard case .array(let hits)? = answer.json["hits"] else { return #expect(Bool(false)) }
            #expect(hits.first?["snippet"]?.text == "موسم <mark>الزيتون</mark>")
        }
    }

    @Test("Pages are followed by next; what next is not of this search is refused")
    func pages() async throws {
        let fixture = try fixture((1...7).map { (nil, "مطر \($0)") })
        try await fixture.test { [self] client in
            for sort in ["newest", "best"] {
                var seen: [String] = []
                var next = ""
                for _ in 0..<4 {
                    let answer = try await client.get(
                        "/v1/search?q=\(escaped("مطر"))&limit=2&sort=\(sort)\(next)")
                    guard case .array(let hits)? = answer.json["hits"] else { return #expect(Bool(false)) }
                    seen += hits.compactMap { $0["cursor"]?.text }
                    guard let text = answer.json["next"]?.text else { break }
                    next = "&next=\(text)"
                }
                #expect(seen.count == 7 && Set(seen).count == 7)
            }
            #expect(try await client.get("/v1/search?q=ab&sort=best&next=n-3").status == .badRequest)
        }
    }

    @Test(
        "What is not understood is a problem with status 400 that says what is wrong",
        arguments: [
            ("", "'q' is missing"), ("?q=", "no word"), ("?q=%22", "not closed"), ("?q=AND", "needs a word"),
            ("?q=x&sort=old", "'sort'"), ("?q=x&limit=0", "'limit'"), ("?q=x&limit=101", "'limit'"),
            ("?q=x&next=1", "'next'"), ("?q=x&since=yesterday", "RFC 3339"), ("?q=x&lang=", "'lang'"),
            ("?q=x&size=3", "'size'"), ("?q=x&q=y", "'q'"), ("?q=%FF", "UTF-8"),
            ("?q=x&next=n-99999999999999999999", "'next'"),
        ])
    func problems(query: String, part: String) async throws {
        let fixture = try FeedFixture()
        try await fixture.test { client in
            let answer = try await client.get("/v1/search\(query)")
            #expect(answer.status == .badRequest && answer.problem == "bad-request")
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(answer.json["detail"]?.text?.contains(part) == true, "\(answer.json)")
        }
    }

    @Test("/v1/log says which change search has reached")
    func searchable() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        let store = fixture.store
        try await fixture.test { client in
            #expect(try await client.get("/v1/log").json["searchable"] == .number("0"))
            try store.indexAll()
            #expect(try await client.get("/v1/log").json["searchable"] == .number("3"))
        }
    }
}
