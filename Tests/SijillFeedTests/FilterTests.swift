import Hummingbird
import HummingbirdTesting
import SijillFormat
import SijillLog
import SijillTesting
import Testing

@testable import SijillFeed

@Suite struct FilterTests {
    /// Six changes: articles 1 to 4, change 5 repeats article 1 from another source, change 6 is rejected.
    private func fixture() throws -> FeedFixture {
        let fixture = try FeedFixture()
        let articles = [
            ("ar", "الصحيفة", "default"), ("ar-EG", "وكالة", "agency"), ("en", "وكالة", "agency"),
            (nil, nil, "default"),
        ]
        var entries: [ChangeLog.Entry] = []
        for (number, (lang, publisher, source)) in articles.enumerated() {
            var content = Content()
            (content.title, content.text) = ("title \(number)", Array("text \(number)".utf8))
            (content.lang, content.publisher) = (lang, publisher)
            entries.append(fixture.entry(content, source: source))
        }
        try fixture.commit(entries)
        guard case .added(let first) = fixture.changes[0].record else { return fixture }
        var again = first.file
        again.source = "agency"
        var content = Content()
        content.title = "again"
        content.lang = "ar"
        let encoded = EncodedContent(content)
        var digests = first.digests
        digests.content = encoded.digest
        let duplicated = Duplicated(
            article: first.article, of: fixture.changes[0].cursor, match: .raw, revision: 1, file: again,
            digests: digests)
        let file = FileRecord(name: "x.txt", source: "default", bytes: 0, sha256: nil, inode: 1)
        let rejected = Rejected(file: file, reason: .empty, detail: "no byte")
        try fixture.commit([
            ChangeLog.Entry(
                record: .duplicated(duplicated), content: content, encoded: encoded, original: nil),
            ChangeLog.Entry(
                record: .rejected(rejected), content: Content(), encoded: EncodedContent(Content()),
                original: nil),
        ])
        return fixture
    }

    @Test("A filter gives the log's own lines, in order, and the cursor goes on past what it left out")
    func filters() async throws {
        let fixture = try fixture()
        let article = try #require(fixture.changes[0].record.article).description
        let tip = try #require(fixture.reader.tip).description
        let lines = fixture.lines
        try await fixture.test { client in
            let questions: [(String, [Int])] = [
                ("type=added", [1, 2, 3, 4]), ("type=org.sijill.file.rejected", [6]),
                ("type=duplicated,rejected", [5, 6]),
                ("source=agency", [2, 3, 5]), ("source=nobody", []), ("lang=ar", [1, 2, 5]),
                ("lang=AR-eg", [2]),
                ("lang=e", []), ("publisher=%D9%88%D9%83%D8%A7%D9%84%D8%A9", [2, 3]),
                ("article=\(article)", [1, 5]),
                ("article=\(article)&source=agency", [5]), ("source=agency&lang=ar", [2, 5]),
                ("latest=1", [2, 3, 4, 5]), ("latest=1&type=added", [1, 2, 3, 4]),
                ("latest=1&source=default", [1, 4]),
                ("article=\(article)&latest=1", [5]), ("since=2&source=agency", [3, 5]),
                ("source=agency&until=3", [2, 3]), ("until=3", [1, 2, 3]), ("until=earliest", []),
                ("since=1&until=1000", [2, 3, 4, 5, 6]),
            ]
            for (query, expected) in questions {
                let page = try await client.lines("/v1/changes?\(query)")
                #expect(page.status == .ok)
                #expect(page.bytes == expected.flatMap { lines[$0 - 1] }, "\(query)")
                if !query.contains("until") { #expect(page.headers[.sijillNext] == tip, "\(query)") }
            }
        }
    }

    @Test("Pages of a filter follow each other by their links, and each asks again as the first did")
    func pages() async throws {
        let fixture = try fixture()
        let lines = fixture.lines
        try await fixture.test { client in
            var next = "/v1/changes?source=agency&limit=1&until=5"
            var received: [[UInt8]] = []
            for _ in 0..<3 {
                let page = try await client.lines(next)
                received.append(page.bytes)
                let link = try #require(page.headers[.link])
                next = String(link.dropFirst().prefix { $0 != ">" })
            }
            #expect(received == [2, 3, 5].map { lines[$0 - 1] })
            #expect(try await client.lines(next).bytes.isEmpty)
        }
    }
}
