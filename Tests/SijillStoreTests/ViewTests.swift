import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct ViewTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
    }

    /// A connection as any other SQLite tool makes it, without anything of ours.
    private func plain() throws -> DatabaseQueue {
        try DatabaseQueue(path: "file:\(path)?mode=ro")
    }

    @Test("The views say the same as the changes, in words, while the store is open for writing")
    func views() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var history = History(seed: seed)
        history.grow(by: 300)
        let store = try Store(path: path, log: history.log)
        try store.apply(history.changes)
        try plain().read { connection in
            for change in history.changes {
                switch change.record {
                case .added(let added): try check(change, added, connection)
                case .duplicated(let duplicated): try check(change, duplicated, connection)
                case .rejected(let rejected): try check(change, rejected, connection)
                case .withdrawn: break
                }
            }
            let totals = store.counts()
            #expect(try Int.fetchOne(connection, sql: "select count(*) from articles") == totals.articles)
            #expect(
                try Int.fetchOne(connection, sql: "select count(*) from latest_articles") == totals.articles)
            #expect(try Int.fetchOne(connection, sql: "select count(*) from deliveries") == totals.sightings)
            #expect(
                try Int.fetchOne(connection, sql: "select count(*) from rejected_files") == totals.rejects)
            let deliveries = try Int.fetchOne(connection, sql: "select sum(deliveries) from latest_articles")
            #expect(deliveries == totals.sightings)
        }
    }

    private func row(_ change: Change, _ view: String, _ connection: Database) throws -> Row {
        try #require(
            try Row.fetchOne(
                connection, sql: "select * from \(view) where sequence = ?",
                arguments: [change.sequence.description]))
    }

    private func check(_ change: Change, _ added: Added, _ connection: Database) throws {
        let article = try row(change, "latest_articles", connection)
        #expect(article["id"] == added.article.description)
        #expect(article["title"] == change.content.title)
        #expect(article["publisher"] == change.content.publisher)
        #expect(article["url"] == change.content.url)
        #expect(article["published"] == change.content.published)
        #expect(article["added_at"] == change.time.rfc3339)
        #expect(article["sha256"] == added.file.sha256?.hex)
        #expect(article["text"] == change.content.text.map { String(decoding: $0, as: UTF8.self) })
        let delivery = try row(change, "deliveries", connection)
        #expect(delivery["outcome"] == "added")
        #expect(delivery["cursor"] == change.cursor.description)
        #expect(delivery["canonical_digest"] == added.digests.canonical?.description)
        #expect(delivery["text_digest"] == added.digests.text.hex)
        #expect(delivery["delivered"] == String?.none)
    }

    private func check(_ change: Change, _ duplicated: Duplicated, _ connection: Database) throws {
        let delivery = try row(change, "deliveries", connection)
        #expect(delivery["outcome"] == "duplicated")
        #expect(delivery["match"] == duplicated.match.rawValue)
        #expect(delivery["duplicate_of"] == Int64(duplicated.of.sequence.value))
        #expect(delivery["article"] == duplicated.article.description)
        #expect(delivery["time"] == change.time.rfc3339)
        #expect(delivery["content_digest"] == duplicated.digests.content.hex)
        let delivered: String = delivery["delivered"]
        let fields = try JSONParser.parse(Array(delivered.utf8))
        #expect(fields["title"] == (change.content.title.map { .string(Array($0.utf8)) } ?? .null))
        #expect(fields["text"] == .null)
        let tags = try String.fetchOne(
            connection, sql: "select json_extract(?, '$.tags[0]')", arguments: [delivered])
        #expect(tags == change.content.tags.first)
    }

    private func check(_ change: Change, _ rejected: Rejected, _ connection: Database) throws {
        let rejection = try row(change, "rejected_files", connection)
        #expect(rejection["reason"] == rejected.reason.rawValue)
        #expect(rejection["detail"] == rejected.detail)
        #expect(rejection["file_name"] == rejected.file.name)
        #expect(rejection["sha256"] == rejected.file.sha256?.hex)
        #expect(rejection["time"] == change.time.rfc3339)
        #expect(rejection["cursor"] == change.cursor.description)
    }

    @Test("Nothing that apply or a look-up runs goes through a whole table")
    func plans() throws {
        _ = try Store(path: path, log: LogID.random())
        try plain().read { connection in
            let queries = [
                Store.selectSighting, Store.selectRepeats,
                StoreTable.revisions.select + " where sequence = ?",
                ArticleFinder.sql,
            ]
            for query in queries {
                let steps = try Row.fetchAll(connection, sql: "explain query plan " + query, arguments: [1])
                for step in steps {
                    let detail: String = step["detail"]
                    #expect(detail.hasPrefix("SEARCH"), "\(detail) in \(query)")
                }
            }
        }
    }
}
