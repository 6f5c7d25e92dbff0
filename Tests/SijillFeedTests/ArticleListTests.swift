import Hummingbird
import HummingbirdTesting
import SijillFormat
import SijillLog
import SijillStore
import SijillTesting
import Testing

@testable import SijillFeed

@Suite struct ArticleListTests {
    private func content(_ number: Int, publisher: String? = nil, lang: String? = nil) -> Content {
        var content = Content()
        content.title = "عنوان \(number)"
        content.publisher = publisher
        content.lang = lang
        content.url = "https://example.org/\(number)"
        content.text = Array("نص المقال رقم \(number)\nسطر ثان".utf8)
        return content
    }

    /// A new text for an article, as the ledger would write it.
    private func revision(_ of: Change, _ number: Int, _ content: Content, source: String = "default")
        throws -> ChangeLog.Entry
    {
        guard case .added(let added) = of.record else { fatalError("only an added change is revised") }
        let original = content.text ?? []
        let digest = Digest.of(original)
        let encoded = EncodedContent(content)
        var file = added.file
        file.source = source
        file.sha256 = digest
        file.bytes = UInt64(original.count)
        var changed = RevisionCounts()
        changed.paragraphsAdded = 1
        let revised = Revised(
            article: added.article, revision: number, file: file,
            digests: ArticleDigests(canonical: nil, text: digest, content: encoded.digest), words: 9,
            relations: [], cluster: added.cluster, isMajor: false, isReverted: false, changed: changed)
        return ChangeLog.Entry(
            record: .revised(revised), content: content, encoded: encoded, original: original)
    }

    private func list(_ client: any TestClientProtocol, _ query: String) async throws -> [String] {
        var titles: [String] = []
        var next = ""
        repeat {
            let answer = try await client.get("/v1/articles?\(query)\(next)")
            guard answer.status == .ok, case .array(let articles)? = answer.json["articles"] else {
                Issue.record("status \(answer.status): \(String(decoding: answer.bytes, as: UTF8.self))")
                return titles
            }
            titles += articles.compactMap { $0["title"]?.text }
            next = answer.json["next"]?.text.map { "&next=\($0)" } ?? ""
        } while !next.isEmpty
        return titles
    }

    /// The titles on all pages of the list.
    private func expect(
        _ client: any TestClientProtocol, _ query: String, _ titles: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await list(client, query)
        #expect(found == titles, sourceLocation: sourceLocation)
    }

    @Test("All articles come once, in both orders, page by page, whatever is revised meanwhile")
    func pages() async throws {
        let fixture = try FeedFixture()
        for number in 0..<7 { try fixture.commit([fixture.entry(content(number))]) }
        try await fixture.test { client in
            let newest = (0..<7).reversed().map { "عنوان \($0)" }
            try await expect(client, "limit=3", newest)
            try await expect(client, "limit=7", newest)
            try await expect(client, "limit=2&sort=oldest", newest.reversed())
            let first = try await client.get("/v1/articles?limit=3")
            #expect(first.headers[.link]?.contains("rel=\"next\"") == true)
            #expect(
                first.json["articles"].map {
                    if case .array(let all) = $0 { all[0]["text"] == nil } else { false }
                } == true)
        }
        try fixture.commit([try revision(fixture.changes[1], 2, content(100))])
        try await fixture.test { client in
            let found = try await list(client, "limit=2")
            #expect(found.filter { $0 == "عنوان 100" }.count == 1)
            #expect(found.count == 7)
        }
    }

    @Test("A filter asks how an article stands now, and not how it once was")
    func filters() async throws {
        let fixture = try FeedFixture()
        for number in 0..<6 {
            let publisher = number < 3 ? "وكالة" : "صحيفة"
            let lang = number % 2 == 0 ? "ar-SY" : "fr"
            try fixture.commit([
                fixture.entry(
                    content(number, publisher: publisher, lang: lang),
                    source: number == 5 ? "other" : "default")
            ])
        }
        // Article 0 goes to the other publisher, article 4 to this one.
        try fixture.commit([try revision(fixture.changes[0], 2, content(0, publisher: "صحيفة", lang: "ar"))])
        try fixture.commit([
            try revision(fixture.changes[4], 2, content(4, publisher: "وكالة", lang: "fr"), source: "other")
        ])
        try await fixture.test { client in
            let agency = PercentEncoding.encoded("وكالة")
            try await expect(client, "limit=1&publisher=\(agency)", [4, 2, 1].map { "عنوان \($0)" })
            try await expect(client, "limit=2&lang=ar", [2, 0].map { "عنوان \($0)" })
            try await expect(client, "lang=ar-sy", ["عنوان 2"])
            try await expect(client, "source=other&sort=oldest", [4, 5].map { "عنوان \($0)" })
            try await expect(client, "source=other&publisher=\(agency)", ["عنوان 4"])
            try await expect(client, "lang=de", [])
            let url = PercentEncoding.encoded("http://www.example.org/3/?utm_source=x")
            try await expect(client, "url=\(url)", ["عنوان 3"])
            try await expect(client, "url=\(PercentEncoding.encoded("https://example.org/9"))", [])
        }
    }

    @Test("Revisions, their difference and their texts")
    func history() async throws {
        let fixture = try FeedFixture()
        var before = content(1)
        before.text = Array("الفقرة الأولى\nقتل 12 شخصا في المدينة\nالخاتمة".utf8)
        var after = content(2)
        after.text = Array("الفقرة الأولى\nقتل 15 شخصا في المدينة\nالخاتمة\nإضافة".utf8)
        try fixture.commit([fixture.entry(before)])
        try fixture.commit([try revision(fixture.changes[0], 2, after)])
        let texts: (before: [UInt8], after: [UInt8]) = (before.text!, after.text!)
        let id = fixture.changes[0].record.article!.description
        try await fixture.test { client in
            let all = try await client.get("/v1/articles/\(id)/revisions")
            guard case .array(let revisions)? = all.json["revisions"], revisions.count == 2 else {
                return #expect(Bool(false), "two revisions")
            }
            #expect(revisions.map { $0["revision"] } == [.number("1"), .number("2")])
            #expect(
                revisions[0]["text"] == .string(texts.before) && revisions[1]["text"] == .string(texts.after))
            #expect(revisions[0]["major"] == nil && revisions[1]["major"] == .bool(false))
            #expect(revisions[1]["changed"]?["paragraphs_added"] == .number("1"))
            let omitted = try await client.get("/v1/articles/\(id)/revisions?text=omit&limit=1")
            guard case .array(let one)? = omitted.json["revisions"] else { return #expect(Bool(false)) }
            #expect(one.count == 1 && one[0]["text"] == nil && omitted.json["next"] == .number("1"))
            let rest = try await client.get("/v1/articles/\(id)/revisions?text=omit&limit=1&next=1")
            #expect(rest.json["next"] == .null)

            let diff = try await client.get("/v1/articles/\(id)/diff?from=1&to=2")
            #expect(diff.json["numbers"]?["removed"] == .array([.string(Array("12".utf8))]))
            #expect(diff.json["numbers"]?["added"] == .array([.string(Array("15".utf8))]))
            #expect(diff.json["changed"]?["retitled"] == .bool(true))
            guard case .array(let passages)? = diff.json["paragraphs"], passages.count == 2 else {
                return #expect(Bool(false), "two passages")
            }
            #expect(passages[0]["removed"] == .array([.number("2"), .number("2")]))
            #expect(
                passages[1]["removed"] == nil && passages[1]["added"] == .array([.number("4"), .number("4")]))
            guard case .array(let words)? = passages[0]["words"] else { return #expect(Bool(false)) }
            #expect(words.map { $0["kind"]?.text } == ["same", "removed", "added", "same"])
            #expect(words.map { $0["text"]?.text } == ["قتل", " 12", " 15", " شخصا في المدينة"])
            let usual = try await client.get("/v1/articles/\(id)/diff")
            #expect(usual.bytes == diff.bytes)
            let none = try await client.get("/v1/articles/\(id)/diff?from=2&to=2")
            #expect(none.json["paragraphs"] == .array([]))

            for path in ["", "/revisions", "/relations", "/diff"] {
                let path = path.isEmpty ? "/v1/articles" : "/v1/articles/\(id)\(path)"
                let answer = try await client.get(path)
                let etag = try #require(answer.headers[.eTag])
                #expect(answer.headers[.cacheControl] == "no-cache")
                #expect(try await client.get(path, [.ifNoneMatch: etag]).status == .notModified)
                let head = try await client.execute(uri: path, method: .head) { $0 }
                #expect(head.status == .ok && head.headers[.eTag] == etag && head.body.readableBytes == 0)
                #expect(head.headers[.contentLength] == String(answer.bytes.count))
            }
        }
    }

    @Test("What is asked for and is not there, or makes no sense, is said")
    func errors() async throws {
        let fixture = try FeedFixture()
        try fixture.commit([fixture.entry(content(1))])
        let id = fixture.changes[0].record.article!.description
        try await fixture.test { client in
            for query in [
                "limit=0", "limit=1001", "sort=best", "since=x", "next=x", "publisher=", "colour=x", "url=",
                "next=0000000000000001-zzzzzzzz", "next=0000000000000009-zzzzzzzz",
            ] {
                let answer = try await client.get("/v1/articles?\(query)")
                #expect(answer.status == .badRequest && answer.problem == "bad-request", "\(query)")
            }
            for path in [
                "diff?from=0", "diff?to=x", "diff?x=1", "revisions?text=1", "revisions?next=1",
                "relations?x=1",
            ] {
                #expect(try await client.get("/v1/articles/\(id)/\(path)").status == .badRequest, "\(path)")
            }
            #expect(try await client.get("/v1/articles/\(id)/diff?to=2").status == .notFound)
            let unknown = "a" + String(repeating: "0", count: 26)
            for path in ["revisions", "relations", "diff"] {
                #expect(try await client.get("/v1/articles/\(unknown)/\(path)").status == .notFound)
                #expect(try await client.get("/v1/articles/x/\(path)").status == .notFound)
            }
        }
    }

    @Test("Withdrawn articles are not listed, and their history is gone")
    func withdrawn() async throws {
        let fixture = try FeedFixture()
        for number in 0..<3 { try fixture.commit([fixture.entry(content(number))]) }
        let id = fixture.changes[1].record.article!
        var note = Content()
        note.note = "سبب"
        let withdrawn = Withdrawn(
            article: id, erases: false, isUndo: false, sequences: [], originals: [],
            content: EncodedContent(note).digest)
        try fixture.commit([
            ChangeLog.Entry(
                record: .withdrawn(withdrawn), content: note, encoded: EncodedContent(note), original: nil)
        ])
        try await fixture.test { client in
            try await expect(client, "", ["عنوان 2", "عنوان 0"])
            for path in ["revisions", "relations", "diff"] {
                let answer = try await client.get("/v1/articles/\(id)/\(path)")
                #expect(answer.status == .gone && answer.problem == "withdrawn")
            }
        }
    }
}
