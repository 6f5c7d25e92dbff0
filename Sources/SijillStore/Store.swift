import Foundation
import GRDB
import Glibc
import SijillFormat
import SijillText
import Synchronization

/// The store: a view of the log in SQLite, for look-ups, for the feed and for people with any SQLite tool.
///
/// It holds nothing that the log does not hold, and `apply` is its only writer: delete it, apply the log
/// again, and the same rows are there again. So its transactions need not be durable one by one (WAL,
/// `synchronous=NORMAL`); after a crash the daemon applies the changes behind `applied`.
///
/// `apply`, `checkpoint` and `close` belong to the ledger, which calls one at a time. Everything else may be called from any
/// thread; a reader sees the state after some whole `apply` and never waits for the writer.
package final class Store: Sendable {
    package let path: String
    let log: LogID
    let pool: DatabasePool
    /// Moves the WAL into the file beside the writer, which goes on meanwhile; nil where nothing is written. One
    /// checkpoint runs at a time: SQLite refuses a second one at once, and one that an erasure needs must not be refused.
    let mover: Mutex<DatabaseQueue?>
    let lookUps: Mutex<LookUps>
    /// The last change that the search index knows of.
    let searchProgress: Mutex<SequenceNumber>
    /// Searches since the store was opened.
    let searchTally = Mutex(SearchTally())
    /// How many calls of `apply` wait for the writer or hold it. The indexer gives way to them.
    private let applying = Atomic<Int>(0)

    /// Opens the store at `path`, or makes an empty one. O(number of changes): about three seconds a million.
    ///
    /// The file is made with mode 0640; SQLite gives the same to the `-wal` and `-shm` beside it.
    ///
    /// - Parameter readOnly: Writes nothing and makes nothing; the look-ups stay as they are at open.
    /// - Throws: `StoreError` with code `unusable` when the file is not a sound store of this log and
    ///   version: remove it and apply the log to a new one. Nothing in it is repaired.
    package init(path: String, log: LogID, readOnly: Bool = false) throws {
        self.path = path
        self.log = log
        if !readOnly { try Store.makeFile(path) }
        do {
            let pool = try DatabasePool(path: path, configuration: Store.configuration(readOnly: readOnly))
            if !readOnly {
                try pool.write { database in
                    if try StoreSchema.objects(of: database).isEmpty {
                        try StoreSchema.make(in: database, log: log)
                    }
                }
            }
            self.pool = pool
            self.mover = Mutex(readOnly ? nil : try Store.mover(path))
            self.lookUps = Mutex(try LookUps(reading: pool, path: path, log: log, isOurs: !readOnly))
            self.searchProgress = Mutex(try pool.read { try SearchIndex.indexed($0) })
            if !readOnly { try pool.write { try SearchIndex.set($0) } }
        } catch let error as DatabaseError {
            throw StoreError(error, "open", path)
        }
    }

    /// Every file of the store at `path`. To replace a store: close it, remove all of these, rename the new
    /// one's first into place.
    package static func files(path: String) -> [String] { [path, path + "-wal", path + "-shm"] }

    /// Sequence of the last change applied.
    package var applied: SequenceNumber { lookUps.withLock { $0.applied } }

    package func counts() -> StoreCounts { lookUps.withLock { $0.counts } }

    /// Bytes of memory that look-ups take, and those of them that the index of sketches takes.
    package func lookUpBytes() -> (all: Int, sketches: Int) {
        lookUps.withLock { ($0.bytes, $0.sketchBytes) }
    }

    /// Writes what `changes` say, in one transaction; after its commit all readers see it.
    ///
    /// `changes` must be of this store's log and the ones that follow `applied`: anything else is an error of
    /// ours and traps.
    ///
    /// - Parameter sketches: Those of new texts, where they were made before; the others are made here.
    /// - Throws: `StoreError`; then nothing of `changes` stands, neither in SQLite nor in the look-ups.
    package func apply(_ changes: [Change], sketches: [SequenceNumber: Sketch] = [:]) throws {
        guard let last = changes.last else { return }
        var next = applied.next
        for change in changes {
            precondition(change.sequence == next, "change \(change.sequence) applied where \(next) was due")
            precondition(change.log == log, "a change of the log \(change.log) applied to a store of \(log)")
            next = next.next
        }
        applying.add(1, ordering: .relaxed)
        defer { applying.subtract(1, ordering: .relaxed) }
        let written = try write(verb: "write") { database in
            try database.beginTransaction(.immediate)
            var writer = try StoreWriter(database, path: path) { [self] id in
                lookUps.withLock { $0.sequences(article: id.value) }
            }
            for change in changes { try writer.write(change, sketch: sketches[change.sequence]) }
            try writer.finish(applied: last.sequence)
            try database.commit()
            return writer.written
        }
        lookUps.withLock { $0.add(changes, written) }
    }

    /// Whether the ledger waits to write, so that whoever writes now should end.
    var ledgerWaits: Bool { applying.load(ordering: .relaxed) > 0 }

    /// Runs `body`, which begins and commits a transaction of the writer; undoes what is left of it on an error.
    func write<Value>(verb: String, _ body: (Database) throws -> Value) throws -> Value {
        try pool.writeWithoutTransaction { database in
            do {
                return try body(database)
            } catch {
                // SQLite does not keep errno when a commit fails (`sqlite3_system_errno` says 0). It still
                // stands from the call that failed, as nothing failed after that one.
                let number = errno
                if database.isInsideTransaction { try? database.rollback() }
                guard let error = error as? DatabaseError else { throw error }
                throw StoreError(error, verb, path, systemErrorNumber: number)
            }
        }
    }

    /// Moves what the WAL holds into the file and cuts the WAL, both synced. Part of it stays where a reader
    /// is still at work; nothing is lost by that.
    package func checkpoint() throws {
        _ = try truncateWAL()
    }

    /// Whether the whole WAL was moved and cut; not while a reader is still at work.
    func truncateWAL() throws -> Bool {
        try mover.withLock { _ in
            try pool.writeWithoutTransaction { try moveWAL(.truncate, $0) }
        }
    }

    /// Whether SQLite could move the WAL; not while another connection is in its way. Call it with the lock on `mover`.
    func moveWAL(_ mode: Database.CheckpointMode, _ database: Database) throws -> Bool {
        do {
            try database.checkpoint(mode)
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            return false
        } catch let error as DatabaseError {
            throw StoreError(error, "checkpoint", path, systemErrorNumber: errno)
        }
    }

    private static func mover(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "sijill.store.mover"
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Ends all use of the store, with a checkpoint. Wait for readers first; later calls throw.
    package func close() throws {
        // The last connection to close removes the WAL, if it may write. GRDB closes the writer first.
        pool.releaseMemory()
        if !pool.configuration.readonly { try checkpoint() }
        try mover.withLock { mover in
            do { try mover?.close() } catch let error as DatabaseError {
                throw StoreError(error, "close", path)
            }
            mover = nil
        }
        do { try pool.close() } catch let error as DatabaseError { throw StoreError(error, "close", path) }
    }

    /// Reads in one snapshot.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try pool.read(body) } catch let error as DatabaseError {
            throw StoreError(error, "read", path)
        }
    }

    /// Reads without a snapshot of it all, which costs more than a small read itself: for decisions, which know themselves
    /// what is written beside them.
    func look<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try pool.unsafeRead(body) } catch let error as DatabaseError {
            throw StoreError(error, "read", path)
        }
    }

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.label = "sijill.store"
        configuration.readonly = readOnly
        // The rows keep their relations by what is written; checking each would cost a look-up a row.
        configuration.foreignKeysEnabled = false
        // Other programs may read; the worst they do is to hold a lock for a moment.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try SearchIndex.prepare(database)
            if !readOnly, !database.configuration.readonly {
                try database.execute(sql: "pragma page_size = \(StoreSchema.pageBytes)")
                // What is deleted is overwritten: an erasure has to leave no trace (Documentation/Store.md).
                try database.execute(sql: "pragma secure_delete = on")
                database.setCheckpointsAtCommit(true)
            }
        }
        return configuration
    }

    /// SQLite would make the file by the umask. An empty file is an empty database to it.
    private static func makeFile(_ path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let mode: [FileAttributeKey: Any] = [.posixPermissions: 0o640]
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: mode) else {
            throw StoreError(
                .failed, "cannot make the store \(path)",
                remedy: "look at the owner and mode of its directory")
        }
    }
}
