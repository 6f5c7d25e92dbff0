import Foundation
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct RebuildTests {
    let directory: TemporaryDirectory
    let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
    }

    @Test("A store made again from the written log is row for row the same, however the changes were batched")
    func rebuild() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var history = History(seed: seed)
        history.grow(by: 700)
        var live = try Store(path: path, log: history.log)
        var rest = history.changes[...]
        var generator = history.generator
        while !rest.isEmpty {
            let batch = rest.prefix(Int.random(in: 1...90, using: &generator))
            try live.apply(Array(batch))
            rest = rest.dropFirst(batch.count)
            if Bool.random(using: &generator) {
                try live.close()
                live = try Store(path: path, log: history.log)
            }
        }
        let other = directory.path + "/rebuilt"
        let rebuilt = try Store(path: other, log: history.log)
        let lines = history.changes.map { $0.encoded().line }
        try rebuilt.apply(try lines.map { try Change(line: $0) })
        #expect(try dump(path) == dump(other), "seed \(seed)")
        #expect(live.counts() == rebuilt.counts() && live.applied == rebuilt.applied)

        // The caller puts the new one in the place of the old one.
        try live.close()
        try rebuilt.close()
        for file in Store.files(path: path) { try? FileManager.default.removeItem(atPath: file) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["rebuilt"])
        try FileManager.default.moveItem(atPath: other, toPath: path)
        let again = try Store(path: path, log: history.log)
        #expect(again.applied == history.changes.last?.sequence)
    }

    @Test("After a crash between the log and the store, apply goes on behind the last change applied")
    func goesOn() throws {
        var history = History(seed: 21)
        history.grow(by: 120)
        do {
            // Dropped without close, as a crash would: the WAL stays as it is.
            let store = try Store(path: path, log: history.log)
            try store.apply(Array(history.changes[..<70]))
        }
        let store = try Store(path: path, log: history.log)
        #expect(store.applied == SequenceNumber(70))
        try store.apply(Array(history.changes[70...]))
        let comparison = StoreComparison(path: path, log: history.log)
        comparison.add(history.changes)
        #expect(comparison.finish() == [])
    }

    @Test("A process killed while it writes leaves a store of whole batches")
    func killed() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            var history = History(seed: 22)
            history.grow(by: 400)
            let path = FileManager.default.temporaryDirectory.path + "/sijill-killed-\(getppid())"
            for file in Store.files(path: path) { try? FileManager.default.removeItem(atPath: file) }
            let store = try Store(path: path, log: history.log)
            for start in stride(from: 0, to: 300, by: 20) {
                try store.apply(Array(history.changes[start..<start + 20]))
            }
            try store.pool.writeWithoutTransaction { database in
                try database.beginTransaction()
                var writer = try StoreWriter(database, path: path) { id in
                    store.lookUps.withLock { $0.sequences(article: id.value) }
                }
                for change in history.changes[300...] { try writer.write(change, sketch: nil) }
                try database.execute(sql: "pragma cache_spill = 1")
                kill(getpid(), SIGKILL)
            }
        }
        let killed = FileManager.default.temporaryDirectory.path + "/sijill-killed-\(getpid())"
        defer { for file in Store.files(path: killed) { try? FileManager.default.removeItem(atPath: file) } }
        var history = History(seed: 22)
        history.grow(by: 400)
        let store = try Store(path: killed, log: history.log)
        #expect(store.applied == SequenceNumber(300))
        try store.apply(Array(history.changes[300...]))
        let comparison = StoreComparison(path: killed, log: history.log)
        comparison.add(history.changes)
        #expect(comparison.finish() == [])
    }
}
