import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct SearchIndexTests {
    /// FTS5's own check, which compares every word of the index with the texts.
    private func check(_ store: Store) throws {
        try store.pool.write { try SearchIndex.command("integrity-check", 1, $0) }
    }

    @Test(
        "What was indexed is moved into the file while the writer is in a transaction; an erasure's cut is not refused"
    )
    func movesBesideTheWriter() throws {
        let fixture = try SearchFixture()
        for number in 0..<50 { try fixture.add("كلمة رقم \(number)") }
        try fixture.index()
        let store = fixture.store
        let before = try Data(contentsOf: URL(fileURLWithPath: fixture.path)).count
        try store.write(verb: "test") { database in
            try database.beginTransaction(.immediate)
            try store.checkpointAfterIndexing()
            try database.commit()
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path)).count > before)
        #expect(try store.truncateWAL())
        #expect(try Data(contentsOf: URL(fileURLWithPath: fixture.path + "-wal")).isEmpty)
        #expect(try fixture.found("49") == [50])
    }

    @Test("Texts are found up to the change that the index has reached, and the index says which that is")
    func progress() throws {
        let fixture = try SearchFixture()
        for number in 0..<10 { try fixture.add("برتقال \(number)") }
        #expect(fixture.store.searchable == .none)
        #expect(try fixture.found("برتقال") == [])
        let step = try fixture.store.indexTexts(for: .zero)
        #expect(step.texts == 1 && step.isBehind && step.indexed == SequenceNumber(1))
        #expect(try fixture.found("برتقال") == [1])
        try fixture.index()
        #expect(fixture.store.searchable == fixture.store.applied)
        #expect(try fixture.search("برتقال").total == 10)
        try check(fixture.store)
    }

    @Test("Changes that bring no text are passed over")
    func passesOver() throws {
        let seed = UInt64.random(in: 0 ... .max)
        let directory = try TemporaryDirectory()
        var history = History(seed: seed)
        history.grow(by: 150)
        history.reject()
        let store = try Store(path: directory.path + "/s", log: history.log)
        try store.apply(history.changes)
        var texts = 0
        var isBehind = true
        while isBehind {
            let step = try store.indexTexts(for: .zero)
            texts += step.texts
            isBehind = step.isBehind
        }
        #expect(texts == store.counts().articles + store.counts().revisions, "seed \(seed)")
        #expect(store.searchable == store.applied)
        try check(store)
    }

    @Test("Many small transactions, merged in small steps, are the same index as one large one")
    func merges() throws {
        let seed = UInt64.random(in: 0 ... .max)
        let directory = try TemporaryDirectory()
        var history = History(seed: seed)
        history.grow(by: 300)
        let small = try Store(path: directory.path + "/small", log: history.log)
        let large = try Store(path: directory.path + "/large", log: history.log)
        try small.apply(history.changes)
        try large.apply(history.changes)
        var merged = 0
        while try small.indexTexts(for: .zero).isBehind {
            if try small.mergeSearchIndex(pages: 4).more { merged += 1 }
        }
        #expect(merged > 0)
        try large.indexAll()
        for query in [
            "الميناء", "طقس OR أشجار*", "\"الطريق الساحلي\"", "boats", "港", "شجرة NOT marché", "3*",
        ] {
            guard let query = try? SearchQuery(query) else { continue }
            for order in SearchRequest.Order.allCases {
                var request = SearchRequest(query)
                request.order = order
                let (first, second) = (try small.search(request), try large.search(request))
                #expect(first.total == second.total && first.hits.map(\.cursor) == second.hits.map(\.cursor))
                #expect(first.hits.map(\.score) == second.hits.map(\.score), "seed \(seed)")
            }
        }
        try check(small)
        try check(large)
    }

    @Test("A store that is opened again goes on with its index where it was")
    func reopened() throws {
        let fixture = try SearchFixture()
        for number in 0..<6 { try fixture.add("تفاح \(number)") }
        _ = try fixture.store.indexTexts(for: .zero)
        try fixture.reopen()
        #expect(fixture.store.searchable == SequenceNumber(1))
        try fixture.index()
        #expect(try fixture.search("تفاح").total == 6)
        try check(fixture.store)
    }

    @Test("A row that is taken out is not found any more; taking out what is not there changes nothing")
    func removes() throws {
        let fixture = try SearchFixture()
        let first = try fixture.add("رمان حلو", title: "فاكهة")
        let second = try fixture.add("رمان حامض")
        try fixture.index()
        try fixture.store.pool.write { database in
            try SearchIndex.remove(SequenceNumber(first), from: database)
            try SearchIndex.remove(SequenceNumber(first), from: database)
            try SearchIndex.remove(SequenceNumber(99), from: database)
            // Now the text may go.
            try database.execute(
                sql: "update revisions set text = null, title = null where sequence = ?", arguments: [first])
        }
        #expect(try fixture.found("رمان") == [second])
        #expect(try fixture.found("فاكهة") == [])
        try check(fixture.store)
    }

    @Test("What does not fit the texts is found by the check")
    func damage() throws {
        let fixture = try SearchFixture()
        for number in 0..<5 { try fixture.add("تمر \(number)") }
        try fixture.index()
        #expect(try fixture.store.read { try SearchCheck.rows($0) } == [])
        #expect(try SearchCheck.words(path: fixture.path) == [])
        try fixture.store.pool.write { database in
            try SearchIndex.remove(SequenceNumber(2), from: database)
            try database.execute(sql: "update search_progress set indexed = 4")
        }
        let rows = try fixture.store.read { try SearchCheck.rows($0) }
        #expect(rows.count == 2)
        #expect(rows[0].contains("change 2 is missing") && rows[1].contains("change 5"))
        #expect(try SearchCheck.words(path: fixture.path) == [])
        try tamper(fixture.path, "update revisions set text = 'تمر آخر' where sequence = 3")
        #expect(try SearchCheck.words(path: fixture.path).count == 1)
    }

    @Test(
        "Withdrawn articles are found no more, and again when that is undone, whenever the index learns of it"
    )
    func withdrawn() throws {
        let seed = UInt64.random(in: 0 ... .max)
        let directory = try TemporaryDirectory()
        var history = History(seed: seed)
        var content = Content()
        var articles: [ArticleID] = []
        for number in 0..<12 {
            content.text = Array("كرز \(number)".utf8)
            articles.append(history.add(content).record.article!)
        }
        let store = try Store(path: directory.path + "/s", log: history.log)
        try store.apply(history.changes)
        for _ in 0..<6 { _ = try store.indexTexts(for: .zero) }
        let before = history.changes.count
        history.withdraw(erases: false, articles[1])
        history.withdraw(erases: true, articles[2])
        history.withdraw(erases: false, articles[9])
        history.withdraw(erases: false, articles[4])
        history.withdraw(erases: false, isUndo: true, articles[4])
        try store.apply(Array(history.changes[before...]))
        func found() throws -> Int { try store.search(SearchRequest(try SearchQuery("كرز"))).total }
        #expect(try found() == 4, "articles 0, 3, 4 and 5 of the six that are indexed")
        while try store.indexTexts(for: .zero).isBehind {}
        #expect(try found() == 9)
        #expect(try store.read { try SearchCheck.rows($0) } == [])
        try check(store)
    }

    @Test("Only the last revision that the index knows is found")
    func revisions() throws {
        let fixture = try SearchFixture()
        let first = try fixture.add("قديم أول")
        let other = try fixture.add("شيء آخر")
        let second = try fixture.add("جديد أول")
        // A later revision, as apply writes it.
        try tamper(
            fixture.path, "update revisions set article = \(first), revision = 2 where sequence = \(second)")
        _ = try fixture.store.indexTexts(for: .zero)
        #expect(try fixture.found("أول") == [first])
        try fixture.index()
        #expect(try fixture.found("أول") == [second])
        #expect(try fixture.found("قديم") == [] && fixture.found("شيء") == [other])
        #expect(try fixture.store.read { try SearchCheck.rows($0) } == [])
        try check(fixture.store)
    }

    @Test("A process killed while it indexes leaves an index that goes on")
    func killed() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            var history = History(seed: 73)
            history.grow(by: 200)
            let path = FileManager.default.temporaryDirectory.path + "/sijill-indexing-\(getppid())"
            for file in Store.files(path: path) { try? FileManager.default.removeItem(atPath: file) }
            let store = try Store(path: path, log: history.log)
            try store.apply(history.changes)
            for _ in 0..<20 { _ = try store.indexTexts(for: .zero) }
            try store.pool.writeWithoutTransaction { database in
                try database.beginTransaction()
                try SearchIndex.add(SequenceNumber(150), to: database)
                try database.execute(sql: "update search_progress set indexed = 150")
                kill(getpid(), SIGKILL)
            }
        }
        let path = FileManager.default.temporaryDirectory.path + "/sijill-indexing-\(getpid())"
        defer { for file in Store.files(path: path) { try? FileManager.default.removeItem(atPath: file) } }
        var history = History(seed: 73)
        history.grow(by: 200)
        let store = try Store(path: path, log: history.log)
        #expect(store.searchable > .none && store.searchable < SequenceNumber(150))
        try store.indexAll()
        try check(store)
        #expect(try store.search(SearchRequest(try SearchQuery("الميناء"))).total > 0)
    }

    @Test("Other programs read every table and view but the index itself")
    func otherPrograms() throws {
        let fixture = try SearchFixture()
        try fixture.add("قهوة", title: "عنوان")
        try fixture.index()
        var configuration = Configuration()
        configuration.readonly = true
        let plain = try DatabaseQueue(path: fixture.path, configuration: configuration)
        let message = try plain.read { (database: Database) throws -> String? in
            for view in ["latest_articles", "deliveries", "rejected_files", "search_texts", "search_content"]
            {
                #expect(throws: Never.self) { try Row.fetchAll(database, sql: "select * from \(view)") }
            }
            let sound = try String.fetchOne(database, sql: "pragma integrity_check")
            #expect(sound == "ok")
            let error = #expect(throws: DatabaseError.self) {
                try Row.fetchAll(database, sql: "select rowid from search_index where search_index match 'x'")
            }
            return error?.message
        }
        #expect(message == "no such tokenizer: sijill")
    }

    @Test("Nothing that a search reads about a hit goes through a whole table")
    func plans() throws {
        let fixture = try SearchFixture()
        try fixture.store.read { database in
            for query in [
                Store.selectHit, Store.nextText, SearchIndex.selectTexts, SearchIndex.selectContent,
            ] {
                let arguments: StatementArguments = query == Store.nextText ? [1, 2] : [1]
                for step in try Row.fetchAll(
                    database, sql: "explain query plan " + query, arguments: arguments)
                {
                    let detail: String = step["detail"]
                    #expect(detail.hasPrefix("SEARCH"), "\(detail) in \(query)")
                }
            }
        }
    }
}
