import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct UnusableTests {
    let directory: TemporaryDirectory
    let path: String
    let log: LogID

    /// A closed, sound store of 60 changes at `path`.
    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
        var history = History(seed: 31)
        history.grow(by: 60)
        log = history.log
        let store = try Store(path: path, log: log)
        try store.apply(history.changes)
        try store.close()
    }

    @Test(
        "A store that something else wrote into is said to be unusable, and what is wrong",
        arguments: [
            ("update meta set schema_version = 0", "schema version 0"),
            ("update meta set log = 'aaaaaaaaaa'", "aaaaaaaaaa"),
            ("update meta set applied = 61", "as many rows"),
            ("update meta set applied = -1", "meta"),
            ("delete from meta", "meta"),
            (
                "alter table meta rename to m; create table meta (id, schema_version, log, applied); "
                    + "insert into meta values (1, null, null, null); drop table m", "schema version"
            ),
            ("drop table meta", "something else"),
            ("alter table meta add column more", "meta"),
            ("delete from sightings where sequence = (select max(sequence) from sightings)", "as many rows"),
            ("delete from articles where sequence = (select max(sequence) from articles)", "as many rows"),
            ("update sightings set file_sha256 = x'00' where sequence = 1", "file_sha256"),
            ("update sightings set matched = 'near' where sequence = 1", "matched"),
            (
                "update sightings set canonical_version = 'c9' where canonical_digest is not null",
                "canonical_digest"
            ),
            ("create table more (a)", "tables"),
            ("drop index repeats", "tables"),
            ("create trigger t after insert on articles begin delete from revisions; end", "tables"),
        ])
    func tampered(sql: String, why: String) throws {
        try tamper(path, sql)
        for readOnly in [false, true] {
            let error = #expect(throws: StoreError.self) {
                try Store(path: path, log: log, readOnly: readOnly)
            }
            #expect(error?.code == .unusable)
            #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
            #expect(error?.description.contains("rebuild") == true)
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("A file that is no database is said to be unusable")
    func noDatabase() throws {
        try Data(repeating: 0x61, count: 9_000).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StoreError.self) { try Store(path: path, log: log) }
        #expect(error?.code == .unusable)
    }

    @Test("A store whose file was cut is said to be unusable, at open or when it is read")
    func cut() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StoreError.self) {
            let store = try Store(path: path, log: log)
            for sequence in UInt64(1)...60 {
                guard let article = try store.sighting(SequenceNumber(sequence))?.article else { continue }
                _ = try store.current(article)
            }
        }
        #expect(error?.code == .unusable)
    }

    @Test("ANALYZE does not make a store unusable")
    func analyzed() throws {
        try tamper(path, "analyze")
        let store = try Store(path: path, log: log)
        #expect(store.applied == SequenceNumber(60))
    }

    @Test("Opened read-only, a store is not written; a missing one is not made")
    func readOnly() throws {
        let before = try dump(path)
        let store = try Store(path: path, log: log, readOnly: true)
        #expect(store.applied == SequenceNumber(60))
        var history = History(seed: 31)
        history.grow(by: 61)
        #expect(throws: StoreError.self) { try store.apply([history.changes[60]]) }
        try store.close()
        #expect(try dump(path) == before)
        let missing = directory.path + "/missing"
        #expect(throws: StoreError.self) { try Store(path: missing, log: log, readOnly: true) }
        #expect(!FileManager.default.fileExists(atPath: missing))
    }
}
