import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct SeenTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
    }

    /// What a reader of the whole history would answer.
    private struct Model {
        var raw: [Digest: SeenText] = [:]
        var canonical: [CanonicalDigest: SeenText] = [:]

        init(_ changes: [Change]) {
            for change in changes {
                guard let article = change.record.article, let digest = change.record.file.sha256 else {
                    continue
                }
                let text = SeenText(cursor: change.cursor, article: article, revision: change.revision)
                if raw[digest] == nil { raw[digest] = text }
                if let words = change.record.digests?.canonical, canonical[words] == nil {
                    canonical[words] = text
                }
            }
        }
    }

    @Test(
        "Bytes and words are seen where they first came, before and after opening again; rejected bytes never"
    )
    func seen() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var history = History(seed: seed)
        history.grow(by: 600)
        let model = Model(history.changes)
        var store = try Store(path: path, log: history.log)
        for start in stride(from: 0, to: 600, by: 75) {
            try store.apply(Array(history.changes[start..<start + 75]))
        }
        for isReopened in [false, true] {
            if isReopened {
                try store.close()
                store = try Store(path: path, log: history.log)
            }
            for change in history.changes {
                if let raw = change.record.file.sha256 {
                    #expect(
                        try store.seen(raw: raw) == model.raw[raw], "seed \(seed), change \(change.sequence)")
                }
                if let words = change.record.digests?.canonical {
                    #expect(try store.seen(canonical: words) == model.canonical[words], "seed \(seed)")
                }
            }
            #expect(try store.seen(raw: Digest.of(Array("never".utf8))) == nil)
        }
    }

    @Test("A mate is known of the article that it was kept with, and of no other")
    func mates() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var history = History(seed: seed)
        history.grow(by: 200)
        let store = try Store(path: path, log: history.log)
        try store.apply(history.changes)
        let articles = Set(history.changes.compactMap(\.record.article))
        for change in history.changes {
            guard let article = change.record.article else { continue }
            for mate in change.record.file.mates {
                #expect(try store.keepsMate(mate.sha256, of: article) == mate.isKept, "seed \(seed)")
                let other = articles.first { $0 != article }!
                #expect(try !store.keepsMate(mate.sha256, of: other), "seed \(seed)")
            }
        }
    }

    @Test("Digests that share their first half are told apart, and each is seen")
    func sharedHalf() throws {
        var history = History(seed: 12)
        let first = history.add(canonical: true)
        guard case .added(let real) = first.record, let words = real.digests.canonical,
            let raw = real.file.sha256
        else { return }
        // The same id, another text: what the ledger writes when it asks and is told "not seen".
        var other = real
        other.digests.canonical = CanonicalDigest(
            version: .c0, digest: Digest(high: words.digest.high, low: words.digest.low ^ 1))
        other.file.sha256 = Digest(high: raw.high, low: raw.low ^ 1)
        var content = Content()
        content.text = Array("نص آخر".utf8)
        other.digests.content = EncodedContent(content).digest
        var store = try Store(path: path, log: history.log)
        try store.apply(history.changes)
        #expect(try store.seen(canonical: other.digests.canonical!) == nil)
        #expect(try store.seen(raw: other.file.sha256!) == nil)

        let second = history.append(.added(other), content)
        try store.apply([second])
        // A delivery of the second text still finds its own article by the change that it names.
        let repeated = Duplicated(
            article: other.article, of: second.cursor, match: .raw, revision: 1, file: other.file,
            digests: other.digests)
        try store.apply([history.append(.duplicated(repeated), content.withoutText)])
        for _ in 0..<2 {
            #expect(try store.seen(canonical: other.digests.canonical!)?.cursor == second.cursor)
            #expect(store.counts() == StoreCounts(articles: 2, sightings: 3, rejects: 0))
            #expect(try store.seen(canonical: words)?.cursor == first.cursor)
            #expect(try store.seen(raw: raw)?.cursor == first.cursor)
            #expect(try store.seen(raw: other.file.sha256!)?.cursor == second.cursor)
            let state = try #require(try store.current(real.article))
            #expect(state.content == first.content && state.sightings == 1)
            try store.close()
            store = try Store(path: path, log: history.log)
        }
        let comparison = StoreComparison(path: path, log: history.log)
        comparison.add(history.changes)
        #expect(comparison.finish() == [])
    }

    @Test("A text too short for a canonical digest is found by its bytes alone, and its article by its id")
    func shortText() throws {
        var history = History(seed: 13)
        let change = history.add(canonical: false)
        let store = try Store(path: path, log: history.log)
        try store.apply(history.changes)
        #expect(try store.seen(raw: change.record.file.sha256!)?.article == change.record.article)
        #expect(try store.current(change.record.article!)?.first == change.cursor)
    }
}
