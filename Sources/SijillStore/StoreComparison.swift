import GRDB
import SijillFormat
import SijillText

/// Compares a store with the log that it is a view of, for `sijilld check`: every row of every table against
/// what `apply` would write, no row more or less, the schema, SQLite's own integrity check.
///
/// It reads one snapshot, taken at `init`, so the daemon may go on writing; the WAL cannot be cut while it
/// lasts. Give it the changes of the log in order, from the first to `applied`, then call `finish`. One row
/// of each table is in memory at a time. What is wrong is a finding, never an error: a sentence that names
/// the table and the sequence.
///
/// Not found are bits that SQLite does not use: free space inside a page, which holds no row.
package final class StoreComparison {
    private let database: DatabaseQueue?
    private var walks: [StoreTable: TableWalk] = [:]
    private var findings = Findings()
    private var next = SequenceNumber.none.next

    /// The last change that the store says it has applied; none when it is no store of `log` at all.
    package private(set) var applied: SequenceNumber = .none

    package init(path: String, log: LogID) {
        do {
            database = try StoreComparison.open(path)
        } catch {
            database = nil
            findings.add("the store \(path): \(Findings.describe(error))")
        }
        do {
            try database?.unsafeReentrantRead { try begin($0, log: log) }
        } catch {
            findings.add("the store \(path): \(Findings.describe(error))")
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "sijill.store.comparison"
        configuration.readonly = true
        // The snapshot lasts from one call to the next.
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try SearchIndex.prepare($0) }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Compares what these changes wrote. They follow the ones given before; those behind `applied` are
    /// passed over.
    package func add(_ changes: [Change]) {
        for change in changes {
            precondition(change.sequence == next, "change \(change.sequence) compared where \(next) was due")
            next = next.next
        }
        guard let database, !walks.isEmpty else { return }
        do {
            try database.unsafeReentrantRead { connection in
                let finder = try ArticleFinder(connection)
                let keys = try NamedKeys(connection)
                for change in changes where change.sequence <= applied {
                    try compare(change, finder, keys)
                }
            }
        } catch {
            findings.add(Findings.describe(error))
        }
    }

    /// Looks for what no change wrote, and ends the snapshot. Everything found, in the order in which it was
    /// found; empty when the store is sound.
    package func finish() -> [String] {
        if next <= applied {
            let last = next.value - 1
            findings.add("table meta: change \(applied) is applied, but the log ends at change \(last)")
        }
        guard let database else { return findings.all }
        do {
            try database.unsafeReentrantRead { connection in
                let isStore = !walks.isEmpty
                for table in StoreTable.allCases { walks[table]?.expectEnd(&findings) }
                walks = [:]
                let sound = try String.fetchAll(connection, sql: "pragma integrity_check(20)")
                for line in sound where line != "ok" { findings.add("SQLite's integrity check: \(line)") }
                if isStore, findings.all.isEmpty {
                    for finding in try SearchCheck.rows(connection) { findings.add(finding) }
                }
                try connection.rollback()
            }
            try database.close()
        } catch {
            findings.add(Findings.describe(error))
        }
        return findings.all
    }

    private func begin(_ connection: Database, log: LogID) throws {
        try connection.beginTransaction(.deferred)
        if let why = try StoreSchema.mismatch(connection, log: log) {
            findings.add("it is no store of this log: \(why)")
            return
        }
        applied = try StoreSchema.applied(connection)
        for table in StoreTable.allCases { walks[table] = try TableWalk(table, connection, &findings) }
    }

    private func compare(_ change: Change, _ finder: ArticleFinder, _ keys: NamedKeys) throws {
        for row in try rows(of: change, finder, keys) { walks[row.table]?.expect(row, &findings) }
    }

    private func rows(
        of change: Change, _ finder: ArticleFinder, _ keys: NamedKeys
    ) throws -> [StoreRow] {
        switch change.record {
        case .added(let added):
            return try StoreRow.rows(change, added: added, sketch: Sketch(of: change)) {
                try keys.key(of: $0, by: change)
            } + common(change, article: change.sequence)
        case .revised(let revised):
            let article = try keys.key(of: revised.article, by: change)
            return try StoreRow.rows(change, revised: revised, article: article, sketch: Sketch(of: change)) {
                try keys.key(of: $0, by: change)
            } + common(change, article: article)
        case .rejected(let rejected):
            return [StoreRow.row(change, rejected: rejected), StoreRow.facets(change, article: nil)]
        case .withdrawn(let withdrawn):
            if let article = try finder.keyBefore(change.sequence, of: withdrawn.article) {
                return [
                    StoreRow.row(change, withdrawn: withdrawn, article: article),
                    StoreRow.facets(change, article: article),
                ]
            }
            findings.add(
                "table articles: change \(change.sequence) withdraws article \(withdrawn.article), which is not there"
            )
            walks[.withdrawals]?.skip(change.sequence, &findings)
            walks[.facets]?.skip(change.sequence, &findings)
            return []
        case .duplicated(let duplicated):
            // The row that the duplicate names came before it, so it was compared already.
            if let article = try finder.article(of: duplicated) {
                return [StoreRow.row(change, duplicated: duplicated, article: article)]
                    + common(change, article: article)
            }
            findings.add(
                "table sightings: change \(change.sequence) repeats article \(duplicated.article) by change "
                    + "\(duplicated.of), which is not there as the log has it")
            for table in [StoreTable.sightings, .mates, .facets] {
                walks[table]?.skip(change.sequence, &findings)
            }
            return []
        }
    }

    /// What every delivery of a text has.
    private func common(_ change: Change, article: SequenceNumber) -> [StoreRow] {
        StoreRow.mates(change, article: article) + [StoreRow.facets(change, article: article)]
    }
}

/// Finds the keys of articles that a change names, as the store's own rows of that change have them. There is no
/// index over ids, so each of these keys is asked whether it is that article's: the rows of `articles` before it
/// were compared already.
private struct NamedKeys {
    private let articles: ArticleKeys
    private let named: Statement

    init(_ database: Database) throws {
        articles = try ArticleKeys(database) { _ in [] }
        named = try database.cachedStatement(
            sql: """
                select cluster from articles where sequence = ?1
                union all select article from revisions where sequence = ?1
                union all select other from relations where sequence = ?1
                """)
    }

    /// None, which no row has, when the store does not have that article there.
    func key(of article: ArticleID, by change: Change) throws -> SequenceNumber {
        try named.start([StoreValue(change.sequence)])
        while try named.step() {
            guard let number = named.number(at: 0) else { continue }
            if try articles.isKey(SequenceNumber(number), of: article) { return SequenceNumber(number) }
        }
        return .none
    }
}

/// Goes through one table by sequence, next to the rows that are expected.
private struct TableWalk {
    private let table: StoreTable
    private let statement: Statement
    private var row: [StoreValue]?

    init(_ table: StoreTable, _ connection: Database, _ findings: inout Findings) throws {
        self.table = table
        statement = try connection.makeStatement(sql: table.select + " order by \(table.order)")
        try statement.start([])
        advance(&findings)
    }

    private var sequence: Int64? {
        guard let row, case .integer(let sequence) = row[0] else { return nil }
        return sequence
    }

    mutating func expect(_ expected: StoreRow, _ findings: inout Findings) {
        guard case .integer(let wanted) = expected.values[0] else {
            preconditionFailure("a row without sequence")
        }
        passOver(before: wanted, &findings)
        guard let row, sequence == wanted else {
            findings.add("table \(table.rawValue): the row of change \(wanted) is missing")
            return
        }
        if row != expected.values {
            let columns = zip(table.columns, zip(row, expected.values)).filter { $1.0 != $1.1 }.map(\.0)
            findings.add(
                "table \(table.rawValue): the row of change \(wanted) is not what the log says in "
                    + columns.joined(separator: ", "))
        }
        advance(&findings)
    }

    /// Passes over the rows of a change for which no row can be expected.
    mutating func skip(_ wanted: SequenceNumber, _ findings: inout Findings) {
        let wanted = Int64(wanted.value)
        passOver(before: wanted, &findings)
        while sequence == wanted { advance(&findings) }
    }

    mutating func expectEnd(_ findings: inout Findings) { passOver(before: .max, &findings) }

    private mutating func passOver(before wanted: Int64, _ findings: inout Findings) {
        while let present = sequence, present < wanted {
            findings.add(
                "table \(table.rawValue): the row \(present) is of no change that the log puts there")
            advance(&findings)
        }
    }

    private mutating func advance(_ findings: inout Findings) {
        do {
            row = try statement.step() ? statement.row : nil
        } catch {
            row = nil
            findings.add("table \(table.rawValue): \(Findings.describe(error))")
        }
    }
}

/// What was found, up to a number: a store that is wrong throughout says so once.
private struct Findings {
    private static let countMax = 100
    private var listed: [String] = []
    private var more = 0

    mutating func add(_ finding: String) {
        if listed.count < Findings.countMax { listed.append(finding) } else { more += 1 }
    }

    var all: [String] { more == 0 ? listed : listed + ["and \(more) findings more in the store"] }

    static func describe(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return
            "SQLite cannot read it: \(error.message ?? "no message") (\(error.extendedResultCode.rawValue))"
    }
}
