import Foundation
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore
import SijillTesting
import Testing

@testable import SijillDaemon

@Suite("Withdrawals, ended after each of their steps")
struct WithdrawalTests {
    fileprivate static let secret = "quarzwitness"

    private final class Fixture {
        let folder: TemporaryDirectory
        var directory: DataDirectory { DataDirectory(folder.path) }
        private(set) var log: ChangeLog
        private(set) var store: Store
        let article: ArticleID
        let sequences: [SequenceNumber]

        init() throws {
            folder = try TemporaryDirectory()
            log = try ChangeLog(DataDirectory(folder.path))
            store = try Store(path: DataDirectory(folder.path).store, log: log.id)
            var entries: [ChangeLog.Entry] = []
            for number in 0..<6 {
                var content = Content()
                content.title = number == 3 ? WithdrawalTests.secret : "خبر \(number)"
                content.text = Array(
                    (number == 3 ? "كلام \(WithdrawalTests.secret) آخر" : "كلام عادي \(number)").utf8)
                entries.append(Fixture.entry(content, number))
            }
            let changes = try log.commit(entries, now: WallClock.timestamp())
            try store.apply(changes)
            log.announce()
            _ = try store.indexTexts(for: .seconds(10))
            article = changes[3].record.article!
            sequences = [changes[3].sequence]
        }

        private static func entry(_ content: Content, _ number: Int) -> ChangeLog.Entry {
            let (bytes, encoded) = (content.text!, EncodedContent(content))
            let digest = Digest.of(bytes)
            let file = FileRecord(
                name: "\(number).txt", source: "default", bytes: UInt64(bytes.count), sha256: digest,
                encoding: "utf-8", format: "text", inode: UInt64(number))
            let digests = ArticleDigests(
                canonical: CanonicalDigest(version: .c1, digest: digest), text: digest,
                content: encoded.digest)
            let article = ArticleID(digest.high)
            let added = Added(article: article, file: file, digests: digests, words: 20, cluster: article)
            return ChangeLog.Entry(record: .added(added), content: content, encoded: encoded, original: bytes)
        }

        /// The daemon ends, by itself or not, and starts again.
        func restart() throws {
            try? store.close()
            log = try ChangeLog(directory)
            log.announce()
            store = try Store(path: directory.store, log: log.id)
            while store.applied < log.tip!.sequence {
                let line = try log.reader.line(of: store.applied.next)!
                try store.apply([try Change(line: line)])
            }
            try Withdrawal(log: log, store: store, directory: directory).start()
        }

        func holdsSecret() throws -> Bool {
            let files = FileManager.default.enumerator(atPath: folder.path)!
            for case let name as String in files {
                if let bytes = try? File.contents("\(folder.path)/\(name)"),
                    String(decoding: bytes, as: UTF8.self).contains(WithdrawalTests.secret)
                {
                    return true
                }
            }
            return false
        }

        func findings() throws -> [String] {
            var check = LogCheck(directory)
            try check.run()
            return check.findings
        }
    }

    @Test(
        "whatever step it ended after, the next start leaves no trace, and the check finds nothing",
        arguments: 0..<6)
    func steps(ended: Int) throws {
        let fixture = try Fixture()
        let (log, store) = (fixture.log, fixture.store)
        #expect(try fixture.holdsSecret())
        var content = Content()
        content.note = "x"
        let encoded = EncodedContent(content)
        let original = Digest.of(Array("كلام \(Self.secret) آخر".utf8))
        let withdrawn = Withdrawn(
            article: fixture.article, erases: true, sequences: fixture.sequences, originals: [original],
            content: encoded.digest)
        try Durable.replace(fixture.directory.erasing, [])
        if ended > 0 {
            let entry = ChangeLog.Entry(
                record: .withdrawn(withdrawn), content: content, encoded: encoded, original: nil)
            let changes = try log.commit([entry], now: WallClock.timestamp())
            if ended > 1 {
                try store.apply(changes)
                log.announce()
            }
            if ended == 3 {
                // The line alone, the original not.
                var half = withdrawn
                half.originals = []
                try LogEraser(fixture.directory).erase(half)
            }
            if ended > 3 { try LogEraser(fixture.directory).erase(withdrawn) }
            if ended > 4 { try store.purge() }
        }
        try fixture.restart()
        if ended == 0 {
            // The withdrawal was not durable: nothing has happened.
            #expect(try fixture.holdsSecret())
            #expect(try fixture.store.withdrawalState(of: fixture.article) == WithdrawalState())
        } else {
            #expect(try !fixture.holdsSecret())
            #expect(try fixture.store.withdrawalState(of: fixture.article)?.isErased == true)
        }
        #expect(!File.exists(fixture.directory.erasing))
        try fixture.log.close()
        #expect(try fixture.findings() == [])
        #expect(fixture.log.reader.contentVersion == (ended == 0 ? 0 : 7))
    }

    @Test("an article that is not there, withdrawn twice, or shown without having been withdrawn, is refused")
    func refused() throws {
        let fixture = try Fixture()
        let withdrawal = Withdrawal(log: fixture.log, store: fixture.store, directory: fixture.directory)
        func run(_ article: ArticleID, erases: Bool = false, isUndo: Bool = false) throws {
            _ = try withdrawal.run(.init(article: article, erases: erases, isUndo: isUndo, reason: "x"))
        }
        #expect(throws: SijillError.self) { try run(ArticleID(7)) }
        #expect(throws: SijillError.self) { try run(fixture.article, isUndo: true) }
        try run(fixture.article)
        #expect(throws: SijillError.self) { try run(fixture.article) }
        try run(fixture.article, erases: true)
        #expect(throws: SijillError.self) { try run(fixture.article, erases: true) }
        #expect(try !fixture.holdsSecret())
        try run(fixture.article, isUndo: true)
        #expect(try fixture.store.withdrawalState(of: fixture.article)?.isGone == true)
    }

    @Test("a request goes over the control socket and back")
    func request() throws {
        let request = Withdrawal.Request(
            article: ArticleID(9), erases: true, isUndo: false, reason: "سبب \"١\"\n")
        #expect(!request.json.contains("\n"))
        let read = try Withdrawal.Request(json: request.json)
        #expect(
            read.article == request.article && read.erases && !read.isUndo && read.reason == request.reason)
    }
}
