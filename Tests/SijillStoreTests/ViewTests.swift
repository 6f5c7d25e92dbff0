import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

extension Change {
    fileprivate var relations: [Relation] {
        switch record {
        case .added(let added): added.relations
        case .revised(let revised): revised.relations
        case .duplicated, .rejected, .withdrawn: []
        }
    }
}

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
                case .revised(let revised): try check(change, revised, connection)
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
            #expect(
                try Int.fetchOne(connection, sql: "select count(*) from article_relations")
                    == history.changes.reduce(0) { $0 + $1.relations.count })
            let clustered = try Int.fetchOne(connection, sql: "select sum(articles - 1) from clusters")
            let joined = history.changes.count {
                if case .added(let added) = $0.record { added.cluster != added.article } else { false }
            }
            #expect(clustered == joined)
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
        #expect(article["cluster"] == added.cluster.description)
        #expect(article["added_at"] == change.time.rfc3339)
        if article["revision"] == 1 { try check(article, change) }
        try check(change, added.relations, connection)
        let delivery = try row(change, "deliveries", connection)
        #expect(delivery["outcome"] == "added")
        #expect(delivery["cursor"] == change.cursor.description)
        #expect(delivery["canonical_digest"] == added.digests.canonical?.description)
        #expect(delivery["text_digest"] == added.digests.text.hex)
        #expect(delivery["delivered"] == String?.none)
    }

    /// The fields of the text that the article stands with.
    private func check(_ article: Row, _ change: Change) throws {
        #expect(article["title"] == change.content.title)
        #expect(article["publisher"] == change.content.publisher)
        #expect(article["url"] == change.content.url)
        #expect(article["published"] == change.content.published)
        #expect(article["revised_at"] == change.time.rfc3339)
        #expect(article["sha256"] == change.record.file.sha256?.hex)
        #expect(article["text"] == change.content.text.map { String(decoding: $0, as: UTF8.self) })
    }

    private func check(_ change: Change, _ relations: [Relation], _ connection: Database) throws {
        let rows = try Row.fetchAll(
            connection,
            sql: """
                select t.* from relations r join article_relations t on t.other =
                  (select id from articles where sequence = r.other)
                where r.sequence = ? and t.article = ? and t.revision = ? and t.kind = r.kind
                  and t.jaccard = r.jaccard order by r.place
                """,
            arguments: [
                change.sequence.description, change.record.article!.description, change.revision,
            ])
        #expect(rows.map { $0["other"] } == relations.map(\.article.description))
        #expect(rows.map { $0["kind"] } == relations.map(\.kind.rawValue))
        #expect(rows.map { $0["containment"] } == relations.map(\.containment.value))
        #expect(rows.map { $0["figures_differ"] } == relations.map(\.figuresDiffer))
    }

    private func check(_ change: Change, _ revised: Revised, _ connection: Database) throws {
        let delivery = try row(change, "deliveries", connection)
        #expect(delivery["outcome"] == "revised")
        #expect(delivery["revision"] == revised.revision)
        #expect(delivery["canonical_digest"] == revised.digests.canonical?.description)
        try check(change, revised.relations, connection)
        let article = try #require(
            try Row.fetchOne(
                connection, sql: "select * from latest_articles where id = ?",
                arguments: [revised.article.description]))
        let revision: Int = article["revision"]
        #expect(revision >= revised.revision)
        if revision == revised.revision { try check(article, change) }
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
                Store.selectSighting, Store.selectRepeats, Store.selectLater, Store.selectText,
                Store.selectMembers, Store.selectRelations, Store.selectRelatedTo,
                StoreTable.revisions.select + " where sequence = ?",
                ArticleFinder.sql,
            ]
            for query in queries {
                let steps = try Row.fetchAll(connection, sql: "explain query plan " + query, arguments: [1])
                for step in steps {
                    let detail: String = step["detail"]
                    #expect(!detail.hasPrefix("SCAN"), "\(detail) in \(query)")
                }
            }
        }
    }
}
