import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct FailureTests {
    let directory: TemporaryDirectory
    let path: String
    let history: History

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
        var history = History(seed: 51)
        history.grow(by: 200)
        self.history = history
    }

    @Test("Without space a batch fails as a whole, and the same batch goes through when there is space again")
    func outOfSpace() throws {
        let store = try Store(path: path, log: history.log)
        try store.apply(Array(history.changes[..<50]))
        let before = try dump(path)
        try store.pool.writeWithoutTransaction { database in
            let pages = try Int.fetchOne(database, sql: "pragma page_count")!
            try database.execute(sql: "pragma max_page_count = \(pages + 3)")
        }
        for _ in 0..<2 {
            let error = #expect(throws: StoreError.self) { try store.apply(Array(history.changes[50...])) }
            #expect(error?.code == .outOfSpace)
            #expect(error?.description.contains(path) == true)
        }
        #expect(store.applied == SequenceNumber(50))
        #expect(try dump(path) == before)
        let isKnown =
            try store.seen(raw: history.changes.last { $0.record.type == .added }!.record.file.sha256!) != nil
        #expect(!isKnown)
        try store.pool.writeWithoutTransaction { try $0.execute(sql: "pragma max_page_count = 1073741823") }
        try store.apply(Array(history.changes[50...]))
        try store.close()
        let comparison = StoreComparison(path: path, log: history.log)
        comparison.add(history.changes)
        #expect(comparison.finish() == [])
    }

    @Test(
        "A failed write is an input or output error with the system's reason, and nothing of its batch stands"
    )
    func inputOutput() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/s"
            var history = History(seed: 52)
            history.grow(by: 600)
            let store = try Store(path: path, log: history.log)
            try store.apply(Array(history.changes[..<50]))
            // A file size limit makes every write behind it fail with EFBIG.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 400_000, rlim_max: 400_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            do {
                for start in stride(from: 50, to: 600, by: 50) {
                    try store.apply(Array(history.changes[start..<start + 50]))
                }
            } catch let error as StoreError {
                let applied = store.applied
                let stands = try store.read { try StoreSchema.applied($0) }
                let isRight =
                    error.code == .inputOutput && error.description.contains("File too large")
                    && applied == stands && applied < SequenceNumber(600)
                    && error.sijillError.code == .inputOutput
                for file in Store.files(path: path) { try? FileManager.default.removeItem(atPath: file) }
                exit(isRight ? 42 : 1)
            }
        }
    }

    @Test("A directory that is not there is an error that names the path")
    func noDirectory() {
        let path = directory.path + "/none/sijill.sqlite"
        let error = #expect(throws: StoreError.self) { try Store(path: path, log: history.log) }
        #expect(error?.code == .failed)
        #expect(error?.description.contains(path) == true)
    }

    @Test("SQLite's codes and the system's mean what the ledger acts on")
    func codes() {
        func code(_ result: ResultCode, _ number: Int32 = 0) -> StoreError.Code {
            StoreError(DatabaseError(resultCode: result), "write", path, systemErrorNumber: number).code
        }
        #expect(code(.SQLITE_FULL) == .outOfSpace)
        #expect(code(.SQLITE_IOERR_WRITE, EDQUOT) == .outOfSpace)
        #expect(code(.SQLITE_IOERR_SHMSIZE, ENOSPC) == .outOfSpace)
        #expect(code(.SQLITE_IOERR_FSYNC, EIO) == .inputOutput)
        #expect(code(.SQLITE_IOERR_READ) == .inputOutput)
        #expect(code(.SQLITE_CORRUPT) == .unusable)
        #expect(code(.SQLITE_NOTADB) == .unusable)
        #expect(code(.SQLITE_CANTOPEN) == .failed)
        #expect(code(.SQLITE_BUSY) == .failed)
    }

    @Test("After close every use throws; a checkpoint with a reader at work does not")
    func closed() throws {
        let store = try Store(path: path, log: history.log)
        try store.apply(Array(history.changes[..<20]))
        try store.read { _ in
            try store.apply(Array(history.changes[20..<40]))
            try store.checkpoint()
        }
        try store.close()
        #expect(throws: StoreError.self) { try store.sighting(SequenceNumber(1)) }
        #expect(throws: StoreError.self) { try store.apply([history.changes[40]]) }
    }
}
