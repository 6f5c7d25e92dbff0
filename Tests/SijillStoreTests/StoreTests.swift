import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct StoreTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
    }

    @Test("A new store has applied nothing, and group members may read its files")
    func newStore() throws {
        let history = History(seed: 1)
        let store = try Store(path: path, log: history.log)
        #expect(store.applied == .none)
        #expect(store.counts() == StoreCounts())
        for file in Store.files(path: path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o640, "\(file)")
        }
        try store.close()
    }

    @Test("An article comes back with everything that its change said")
    func article() throws {
        var history = History(seed: 2)
        var content = Content()
        content.title = "عنوان"
        content.byline = ""
        content.authors = ["ليلى", "a\u{0}b"]
        content.publisher = "ناشر"
        content.site = "site"
        content.url = "https://example.org/"
        content.id = "7"
        content.lang = "ar"
        content.published = "2026-11"
        content.modified = "2026-11-20T10:00:00+02:00"
        content.fetched = "2026-11-20T11:00:00Z"
        content.description = "وصف"
        content.tags = ["\"", "\\"]
        content.section = "محليات"
        content.image = "https://example.org/i.jpg"
        content.license = "CC0"
        content.warnings = ["w"]
        content.cut = ["title"]
        content.extra = [
            JSONMember(name: "n", value: .number("1e400")), JSONMember(name: "", value: .bool(true)),
        ]
        content.text = Array("سطر\n\u{0}بعد الصفر".utf8)
        let change = history.add(content, canonical: true)
        history.repeatRaw()
        history.repeatCanonical()
        history.reject()
        let store = try Store(path: path, log: history.log)
        try store.apply(history.changes)

        guard case .added(let added) = change.record else { return }
        let state = try #require(try store.current(added.article))
        #expect(state.content == content)
        #expect(state.id == added.article && state.cluster == added.cluster && state.revision == 1)
        #expect(state.words == added.words && state.digests == added.digests && state.file == added.file)
        #expect(state.first == change.cursor && state.firstTime == change.time)
        #expect(state.current == change.cursor && state.currentTime == change.time)
        #expect(state.last == history.changes[2].cursor && state.lastTime == history.changes[2].time)
        #expect(state.sightings == 3)
        #expect(store.counts() == StoreCounts(articles: 1, sightings: 3, rejects: 1))
        #expect(try store.current(ArticleID(added.article.value ^ 1)) == nil)
    }

    @Test("Absent and empty are different things and stay so")
    func absent() throws {
        var history = History(seed: 3)
        var empty = Content()
        empty.title = ""
        empty.text = []
        let changes = [history.add(empty), history.add(Content())]
        let store = try Store(path: path, log: history.log)
        try store.apply(changes)
        for (change, content) in zip(changes, [empty, Content()]) {
            #expect(try store.current(change.record.article!)?.content == content)
        }
    }

    @Test("A delivery says which article and which earlier change it belongs to")
    func sightings() throws {
        var history = History(seed: 4)
        history.grow(by: 200)
        let store = try Store(path: path, log: history.log)
        try store.apply(history.changes)
        for change in history.changes {
            let sighting = try store.sighting(change.sequence)
            switch change.record {
            case .withdrawn, .rejected: #expect(sighting == nil)
            case .added(let added):
                #expect(sighting?.match == nil && sighting?.duplicateOf == nil)
                #expect(sighting?.article == added.article && sighting?.cursor == change.cursor)
                #expect(sighting?.file == added.file.withoutMates && sighting?.digests == added.digests)
            case .revised(let revised):
                #expect(sighting?.match == nil && sighting?.duplicateOf == nil)
                #expect(sighting?.article == revised.article && sighting?.revision == revised.revision)
                #expect(sighting?.file == revised.file.withoutMates && sighting?.digests == revised.digests)
            case .duplicated(let duplicated):
                #expect(sighting?.match == duplicated.match)
                #expect(sighting?.duplicateOf == duplicated.of.sequence)
                #expect(sighting?.article == duplicated.article && sighting?.time == change.time)
                #expect(
                    sighting?.file == duplicated.file.withoutMates && sighting?.digests == duplicated.digests)
            }
        }
        #expect(try store.sighting(SequenceNumber(201)) == nil)
    }

    @Test("A change with another sequence than the next, or of another log, traps")
    func wrongChange() async {
        await #expect(processExitsWith: .failure) {
            let directory = try TemporaryDirectory()
            var history = History(seed: 5)
            history.grow(by: 2)
            let store = try Store(path: directory.path + "/s", log: history.log)
            try store.apply([history.changes[1]])
        }
        await #expect(processExitsWith: .failure) {
            let directory = try TemporaryDirectory()
            var history = History(seed: 5)
            history.grow(by: 1)
            let store = try Store(path: directory.path + "/s", log: LogID.random())
            try store.apply(history.changes)
        }
    }

    @Test("A duplicate of a change that brought no such text is refused, and nothing of its batch stands")
    func contradiction() throws {
        var history = History(seed: 6)
        history.add(canonical: true)
        history.reject()
        let store = try Store(path: path, log: history.log)
        try store.apply(history.changes)
        let before = try dump(path)
        let good = history.changes[0]
        let wrong: [(inout Duplicated) -> Void] = [
            { $0.of = Cursor(sequence: SequenceNumber(2), epoch: $0.of.epoch) },
            { $0.of = Cursor(sequence: $0.of.sequence, epoch: Epoch("zzzzzzzz")!) },
            { $0.article = ArticleID(1) },
            { $0.revision = 2 },
        ]
        for spoil in wrong {
            var branch = history
            branch.add()
            var duplicated = Duplicated(
                article: good.record.article!, of: good.cursor, match: .raw, revision: 1,
                file: good.record.file, digests: good.record.digests!)
            spoil(&duplicated)
            branch.append(.duplicated(duplicated), Content())
            let error = #expect(throws: StoreError.self) { try store.apply(Array(branch.changes[2...])) }
            #expect(error?.code == .contradiction)
            #expect(error?.description.contains(branch.changes[3].cursor.description) == true)
            #expect(store.applied == SequenceNumber(2))
            #expect(try dump(path) == before)
            #expect(try store.seen(raw: branch.changes[2].record.file.sha256!) == nil)
        }
    }

    @Test("Readers see whole batches, and a batch as soon as apply has returned")
    func readersWhileWriting() async throws {
        var history = History(seed: 7)
        history.grow(by: 2_000)
        let store = try Store(path: path, log: history.log)
        let changes = history.changes
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for start in stride(from: 0, to: changes.count, by: 50) {
                    let batch = Array(changes[start..<start + 50])
                    try store.apply(batch)
                    #expect(
                        try store.sighting(batch.last!.sequence) != nil || batch.last!.record.article == nil)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    while store.applied < changes.last!.sequence {
                        let total = try store.read { connection in
                            try Int.fetchOne(
                                connection,
                                sql:
                                    "select (select count(*) from sightings) + (select count(*) from rejects)"
                            )!
                        }
                        #expect(total % 50 == 0)
                        if let change = changes[..<Int(store.applied.value)].last,
                            let raw = change.record.file.sha256,
                            change.record.article != nil
                        {
                            #expect(try store.seen(raw: raw) != nil)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension FileRecord {
    /// As a sighting tells it: what came beside the input stands in a table of its own.
    fileprivate var withoutMates: FileRecord {
        var file = self
        file.mates = []
        return file
    }
}
