import Foundation
import GRDB
import Logging
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore
import SijillTesting
import Testing

@testable import SijillDaemon

@Suite("Every byte of a data directory")
struct EveryByteTests {
    private let folder: TemporaryDirectory
    private var directory: DataDirectory { DataDirectory(folder.path) }

    /// A small directory with an erased article in it, stopped cleanly.
    init() throws {
        folder = try TemporaryDirectory()
        var maker = ArticleMaker(seed: 5)
        let log = try ChangeLog(directory)
        let store = try Store(path: directory.store, log: log.id)
        for batch in 0..<3 {
            let entries = (0..<2).map { number in Self.entry(maker.content(words: 20), batch * 2 + number) }
            try store.apply(try log.commit(entries, now: WallClock.timestamp()))
            log.announce()
        }
        guard let change = try log.reader.line(of: SequenceNumber(2)).map({ try Change(line: $0) }),
            let article = change.record.article
        else { fatalError("change 2 is an article") }
        _ = try Withdrawal(log: log, store: store, directory: directory).run(
            .init(article: article, erases: true, isUndo: false, reason: "x"))
        _ = try store.indexTexts(for: .seconds(10))
        try store.checkpoint()
        try store.close()
        try log.close()
    }

    private static func entry(_ content: Content, _ number: Int) -> ChangeLog.Entry {
        let (bytes, encoded) = (content.text!, EncodedContent(content))
        let digest = Digest.of(bytes)
        let file = FileRecord(
            name: "\(number).txt", source: "default", bytes: UInt64(bytes.count), sha256: digest,
            encoding: "utf-8",
            format: "text", inode: UInt64(number))
        let digests = ArticleDigests(
            canonical: CanonicalDigest(version: .c1, digest: digest), text: digest, content: encoded.digest)
        let article = ArticleID(digest.high)
        let added = Added(article: article, file: file, digests: digests, words: 20, cluster: article)
        return ChangeLog.Entry(record: .added(added), content: content, encoded: encoded, original: bytes)
    }

    /// Of the store alone, held against changes that were read before.
    private func storeFindings(_ changes: [Change], log: LogID) -> [String] {
        let comparison = StoreComparison(path: directory.store, log: log)
        comparison.add(changes)
        return comparison.finish()
    }

    private func findings() throws -> [String] {
        var check = LogCheck(directory)
        var comparison: StoreComparison?
        if let log = try? LogState.read(directory.state)?.log {
            comparison = StoreComparison(path: directory.store, log: log)
        }
        var next = SequenceNumber(1)
        try check.run(found: { changes in
            guard changes.first?.sequence == next else { return }
            next = changes.last!.sequence.next
            comparison?.add(changes)
        })
        return check.findings + (comparison?.finish() ?? [])
    }

    private static let isFull = ProcessInfo.processInfo.environment["SIJILL_FULL"] != nil

    @Test("flipped in log, index, state, checkpoint, key and originals, it is a finding")
    func truth() throws {
        #expect(try findings() == [])
        var paths = [directory.signingKey]
        for folder in [directory.log, directory.originals] {
            paths += try DirectoryListing.names(folder).map { "\(folder)/\($0)" }
        }
        for path in paths where path != directory.removals && path != directory.tiles {
            let bytes = try File.contents(path)!
            for position in bytes.indices
            where Self.isFull || position % 97 == 0 || position > bytes.count - 3 {
                try flip(path, bytes, position)
                #expect(try !findings().isEmpty, "\(path) byte \(position)")
            }
            try write(bytes, to: path)
        }
        #expect(try findings() == [])
    }

    @Test("flipped in the store, it is a finding, or no row reads otherwise")
    func store() throws {
        let bytes = try File.contents(directory.store)!
        let rows = try dump()
        var changes: [Change] = []
        var check = LogCheck(directory)
        try check.run(found: { changes += $0 })
        let log = try LogState.read(directory.state)!.log
        var unused = 0
        for position in bytes.indices where Self.isFull || position % 1_021 == 0 || position < 100 {
            try flip(directory.store, bytes, position)
            guard storeFindings(changes, log: log).isEmpty else { continue }
            unused += 1
            #expect((try? dump()) == rows, "byte \(position) of the store")
        }
        try write(bytes, to: directory.store)
        #expect(try findings() == [])
        #expect(unused > 0)  // SQLite's free space: else the flips would not reach it.
    }

    /// Every row of every table of ours.
    private func dump() throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: directory.store, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { database in
            let tables = try String.fetchAll(
                database,
                sql: """
                    select name from sqlite_master where type = 'table' and name not like 'sqlite_%'
                    and name not like 'search_index%' order by name
                    """)
            return try tables.flatMap { table in
                try Row.fetchAll(database, sql: "select * from \"\(table)\" order by 1, 2").map {
                    "\(table) \($0)"
                }
            }
        }
    }

    private func flip(_ path: String, _ bytes: [UInt8], _ position: Int) throws {
        var damaged = bytes
        damaged[position] ^= 1 << UInt8(position % 8)
        try write(damaged, to: path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try Durable.remove(path)
        for file in Store.files(path: path).dropFirst() { try Durable.remove(file) }
        try Data(bytes).write(to: URL(filePath: path))
    }
}
