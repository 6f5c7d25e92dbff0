import GRDB
import Glibc
import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

/// Whether an article is shown.
package struct WithdrawalState: Hashable, Sendable {
    /// It is not shown: 410.
    package var isWithdrawn = false
    /// Its texts are gone.
    package var isErased = false

    package init() {}

    /// Nothing of it can be served.
    package var isGone: Bool { isWithdrawn || isErased }
}

extension Store {
    /// How the article stands; nil when there is none of that id. Should there be several of one id, because one was
    /// erased and its text came again, the last.
    package func withdrawalState(of id: ArticleID) throws -> WithdrawalState? {
        guard try key(of: id) != nil else { return nil }
        return lookUps.withLock { $0.withdrawals[id] ?? WithdrawalState() }
    }

    /// How an article stands that was just read. From memory.
    package func withdrawal(of state: ArticleState) -> WithdrawalState {
        lookUps.withLock { $0.withdrawals[state.id] ?? WithdrawalState() }
    }

    /// How many articles are not shown, and how many are erased. From memory.
    package func withdrawalCounts() -> (withdrawn: Int, erased: Int) {
        lookUps.withLock { lookUps in
            let states = lookUps.withdrawals.values
            return (states.count { $0.isGone }, states.count { $0.isErased })
        }
    }

    private func key(of id: ArticleID) throws -> SequenceNumber? { try read { try key(of: id, in: $0) } }

    /// Whether nothing of an article may be shown to those who ask about another one.
    func isGone(_ id: ArticleID) -> Bool { lookUps.withLock { $0.withdrawals[id]?.isGone ?? false } }

    /// What a decision may make of a text that was found: nothing, where it was erased and may come again; that it must
    /// not be kept, where it was erased and is withdrawn.
    ///
    /// - Parameter sequence: The delivery that was found.
    func allowed(_ seen: SeenText, at sequence: SequenceNumber) -> SeenText? {
        lookUps.withLock { lookUps in
            let state = lookUps.withdrawals[seen.article]
            guard lookUps.erased.contains(sequence) || state?.isErased == true else { return seen }
            guard let state, state.isErased, state.isWithdrawn else { return nil }
            return SeenText(
                cursor: seen.cursor, article: seen.article, revision: seen.revision, isKept: false)
        }
    }

    /// Every change that delivered a text of the article, in order.
    package func deliveries(of id: ArticleID) throws -> [SequenceNumber] {
        guard let key = try key(of: id) else { return [] }
        return try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    select ?1 as sequence union all
                    select sequence from sightings where article = ?1 and article <> sequence order by 1
                    """,
                arguments: [Int64(key.value)])
        }.map { SequenceNumber(UInt64($0)) }
    }

    /// The changes that withdrew an article and erased it, in order.
    package func erasures() throws -> [SequenceNumber] {
        try read { database in
            try Int64.fetchAll(
                database, sql: "select sequence from withdrawals where erase = 1 order by sequence")
        }.map { SequenceNumber(UInt64($0)) }
    }

    /// Takes the traces of what was deleted out of the file: merges the search index, folds the write-ahead log in and
    /// empties it. Deleted rows themselves are overwritten when they are deleted (`secure_delete`). Call it on the
    /// ledger's queue.
    ///
    /// - Throws: `StoreError` with code `blocked` when another connection still reads an older state.
    package func purge() throws {
        try pool.writeWithoutTransaction { database in
            do {
                try Store.mergeSearch(database)
            } catch let error as DatabaseError {
                throw StoreError(error, "purge", path, systemErrorNumber: errno)
            }
        }
        // Readers of ours end in a moment; one of another program is named.
        for attempt in 0..<2 {
            pool.releaseMemory()
            if try truncateWAL() { return }
            if attempt == 1 { throw StoreError.blocked(path, by: StoreReaders.names(of: path)) }
        }
    }

    private static func mergeSearch(_ database: Database) throws {
        guard try database.tableExists("search_index") else { return }
        try database.execute(sql: "insert into search_index (search_index) values ('optimize')")
    }
}

extension LookUps {
    /// Takes in the withdrawals of a store that is being opened.
    mutating func openWithdrawals(_ database: Database) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                select a.id, w.erase, w.undo, w.sequences, w.article,
                  exists (select 1 from articles n where n.id = a.id and n.sequence > w.sequence)
                from withdrawals w join articles a on a.sequence = w.article order by w.sequence
                """)
        open(withdrawals: Int(try database.number("select count(*) from withdrawals")))
        for row in rows {
            guard let id = ArticleID(try row.checked(0, as: String.self)) else { continue }
            var sequences: [SequenceNumber] = []
            let listed = try row.checked(3, as: String.self)
            if case .array(let elements)? = try? JSONParser.parse(Array(listed.utf8)) {
                sequences = elements.compactMap { value in
                    guard case .number(let literal) = value else { return nil }
                    return Decimal.value(literal.utf8).map { SequenceNumber($0) }
                }
            }
            let isUndo = try row.number(2) == 1
            withdraw(id, erases: try row.number(1) == 1, isUndo: isUndo, sequences)
            hide(SequenceNumber(try row.number(4)), erases: false, isUndo: isUndo)
            // Its text has come again since.
            if try row.number(5) == 1 { withdrawals[id] = nil }
        }
    }
}

/// Writes a withdrawal: its row, and the rows that it takes.
struct WithdrawalWriter {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Call it after the row of the withdrawal was written, in its transaction.
    func write(_ withdrawn: Withdrawn, article key: SequenceNumber) throws {
        let revisions = try Int64.fetchAll(
            database,
            sql: """
                select ?1 as sequence union all
                select sequence from revisions where article = ?1 and article <> sequence order by 1
                """,
            arguments: [Int64(key.value)])
        if withdrawn.isUndo {
            for sequence in revisions.suffix(1) { try restoreSearch(sequence) }
            return
        }
        // The words before the text: what to take out of the index is read from the text.
        for sequence in revisions { try removeFromSearch(sequence) }
        guard withdrawn.erases else { return }
        let columns = StoreTable.contentColumns.map { "\($0) = null" }.joined(separator: ", ")
        for sequence in withdrawn.sequences {
            let arguments: StatementArguments = [Int64(sequence.value)]
            try database.execute(
                sql: "update revisions set \(columns) where sequence = ?", arguments: arguments)
            // By what it was known, and what it is compared by, says something of the text too.
            try database.execute(
                sql: "update sketches set identity = null, keys = x'' where sequence = ?",
                arguments: arguments)
            try database.execute(
                sql: """
                    update sightings set delivered = '{"title":null,"text":null}'
                    where sequence = ? and delivered is not null
                    """, arguments: arguments)
            try database.execute(
                sql: "update facets set publisher = null, lang = null where sequence = ?",
                arguments: arguments)
        }
    }

    private func removeFromSearch(_ sequence: Int64) throws {
        try SearchIndex.remove(SequenceNumber(UInt64(sequence)), from: database)
    }

    /// The indexer adds what stands behind its progress.
    private func restoreSearch(_ sequence: Int64) throws {
        let number = SequenceNumber(UInt64(sequence))
        if number <= (try SearchIndex.indexed(database)) { try SearchIndex.add(number, to: database) }
    }
}

/// Other processes that have a store open.
enum StoreReaders {
    /// `sqlite3 (1234)`, …; empty when none can be seen.
    static func names(of path: String) -> [String] {
        guard let real = realpath(path, nil) else { return [] }
        defer { free(real) }
        let target = String(cString: real)
        var names: [String] = []
        guard let processes = opendir("/proc") else { return [] }
        defer { closedir(processes) }
        while let entry = readdir(processes) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let process = Int32(name), process != getpid(), holds(process, target) else { continue }
            names.append("\(command(process)) (\(process))")
        }
        return names
    }

    private static func holds(_ process: Int32, _ target: String) -> Bool {
        guard let folder = opendir("/proc/\(process)/fd") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var buffer = [CChar](repeating: 0, count: 4_096)
            let count = readlink("/proc/\(process)/fd/\(name)", &buffer, buffer.count - 1)
            if count > 0,
                String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) == target
            {
                return true
            }
        }
        return false
    }

    private static func command(_ process: Int32) -> String {
        guard let file = fopen("/proc/\(process)/comm", "r") else { return "a process" }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, 64, file) != nil else { return "a process" }
        return String(
            decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
