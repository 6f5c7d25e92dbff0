import Dispatch
import GRDB
import SijillFormat
import Synchronization

/// One table, index or view as `sqlite_master` describes it.
struct SchemaObject: Hashable, Sendable {
    let type: String
    let name: String
    let sql: String
}

extension StoreSchema {
    /// Bytes of a page in a new store; measured, see `Documentation/Store.md`.
    static let pageBytes = 16_384

    /// Makes the tables of an empty database, for changes from 1 on.
    static func make(in database: Database, log: LogID) throws {
        try database.execute(sql: sql)
        try database.execute(sql: SearchIndex.sql)
        try SearchIndex.fill(database)
        try database.execute(
            sql: "insert into meta (id, schema_version, log, applied) values (1, ?, ?, 0)",
            arguments: [version, log.description])
    }

    /// Everything that `sql` made in a database and whatever others added, in a fixed order. What SQLite
    /// keeps for itself (`sqlite_…`, made by ANALYZE) does not count, nor do the tables inside the search index:
    /// their columns are a matter of SQLite's version.
    static func objects(of database: Database) throws -> [SchemaObject] {
        try Row.fetchAll(
            database,
            sql: """
                select type, name, coalesce(sql, '') from sqlite_master
                where name not like 'sqlite!_%' escape '!' and name not like 'search!_index!_%' escape '!'
                order by type, name
                """
        ).map { SchemaObject(type: try $0.checked(0), name: try $0.checked(1), sql: try $0.checked(2)) }
    }

    /// What `objects` says of a store that was just made.
    static func expectedObjects() throws -> [SchemaObject] {
        try DatabaseQueue().write { database in
            try SearchIndex.prepare(database)
            try database.execute(sql: sql)
            try database.execute(sql: SearchIndex.sql)
            return try objects(of: database)
        }
    }

    /// Why this is no store of `log` and this version; nil when it is one.
    static func mismatch(_ database: Database, log: LogID) throws -> String? {
        let present = try objects(of: database)
        guard present.contains(where: { $0.name == "meta" && $0.type == "table" }) else {
            return "it is a database of something else"
        }
        let columns = Set(try database.columns(in: "meta").map(\.name))
        guard columns == ["id", "schema_version", "log", "applied"],
            let row = try Row.fetchOne(database, sql: "select schema_version, log, applied, id from meta")
        else { return "its table meta is not ours" }
        guard Int64.fromDatabaseValue(row[0]) == version else {
            let theirs = row[0] as DatabaseValue
            let isOlder = Int64.fromDatabaseValue(theirs).map { 1..<version ~= $0 } ?? false
            return "it has schema version \(theirs), this is \(version)"
                + (isOlder ? "; the next start of the daemon makes it again from the log" : "")
        }
        guard String.fromDatabaseValue(row[1]) == log.description else {
            return "it is a view of the log \(row[1] as DatabaseValue), not of \(log.description)"
        }
        guard let applied = Int64.fromDatabaseValue(row[2]), applied >= 0,
            Int64.fromDatabaseValue(row[3]) == 1
        else {
            return "its table meta is not ours"
        }
        guard try present == expectedObjects() else { return "its tables are not those of this version" }
        return nil
    }

    /// Sequence of the last change applied, in a store that has no `mismatch`.
    static func applied(_ database: Database) throws -> SequenceNumber {
        SequenceNumber(try database.number("select applied from meta"))
    }
}

extension LookUps {
    /// The look-ups of what stands in the store at `path`.
    ///
    /// - Parameter isOurs: Nobody else writes it, so its parts may be read side by side.
    /// - Throws: `StoreError` with code `unusable`, or `DatabaseError`.
    init(reading pool: DatabasePool, path: String, log: LogID, isOurs: Bool) throws {
        guard isOurs else {
            self = try pool.read { database in
                try LookUps(database, path: path, log: log) { try TextLookUps.read(database, path: path) }
            }
            return
        }
        let texts = Mutex<Result<(texts: TextLookUps, count: Int), any Error>?>(nil)
        let reading = DispatchGroup()
        DispatchQueue.global().async(group: reading) {
            let read = Result { try pool.read { try TextLookUps.read($0, path: path) } }
            texts.withLock { $0 = read }
        }
        // Nothing reads any more when this ends, however it ends.
        defer { reading.wait() }
        self = try pool.read { database in
            try LookUps(database, path: path, log: log) {
                reading.wait()
                return try texts.withLock { $0.take()! }.get()  // set before the group was left
            }
        }
    }

    /// - Parameter texts: What `sketches` holds, and its rows.
    private init(
        _ database: Database, path: String, log: LogID,
        texts: () throws -> (texts: TextLookUps, count: Int)
    ) throws {
        if let why = try StoreSchema.mismatch(database, log: log) { throw StoreError.unusable(path, why) }
        let applied = try StoreSchema.applied(database)
        let sightings = Int(try database.number("select count(*) from sightings"))
        let articles = Int(try database.number("select count(*) from articles"))
        self.init(sightings: sightings, articles: articles)
        try openWithdrawals(database)
        try readDigests(database, path: path)
        let read = try texts()
        self.texts = read.texts
        open(rejects: Int(try database.number("select count(*) from rejects")), applied: applied)
        // Every change made exactly one row here or there, and every new text an article.
        guard UInt64(counts.sightings + counts.rejects + counts.withdrawals) == applied.value,
            counts.articles == articles, counts.articles + counts.revisions == read.count
        else {
            throw StoreError.unusable(
                path, "its tables do not hold as many rows as it says changes were applied")
        }
    }

    /// Takes in every row of `sightings`.
    private mutating func readDigests(_ database: Database, path: String) throws {
        let columns = [
            "sequence", "article", "matched", "file_sha256", "canonical_version", "canonical_digest",
        ]
        let statement = try database.makeStatement(
            sql: "select \(columns.joined(separator: ", ")) from sightings order by sequence")
        try statement.start([])
        let current = StoreValue(CanonicalDigest.Version.c1.rawValue)
        while try statement.step() {
            // Most rows are new texts that have a canonical digest. They are read without the detour over a
            // row of values, which would make up most of the time to open.
            if statement.isNull(at: 2), let sequence = statement.number(at: 0),
                let article = statement.number(at: 1), let raw = statement.digest(at: 3),
                statement.value(at: 4) == current, let words = statement.digest(at: 5)
            {
                add(
                    sighting: SequenceNumber(sequence), article: SequenceNumber(article), match: nil,
                    raw: raw,
                    canonical: CanonicalDigest(version: .c1, digest: words))
                continue
            }
            var fields = RowFields(statement.row, columns, of: .sightings, path: path)
            add(
                sighting: try fields.sequence(), article: try fields.sequence(), match: try fields.match(),
                raw: try fields.optionalDigest(), canonical: try fields.canonicalDigest())
        }
    }

    /// Takes in changes that were applied, and what the writer found out about them.
    mutating func add(_ changes: [Change], _ written: StoreWriter.Written) {
        let articles = Dictionary(uniqueKeysWithValues: written.sketches.map { ($0.sequence, $0.article) })
        for change in changes {
            let match: Duplicated.Match?
            switch change.record {
            case .rejected:
                add(reject: change.sequence)
                continue
            case .withdrawn(let withdrawn):
                add(withdrawn, change.sequence)
                continue
            case .duplicated(let duplicated): match = duplicated.match
            case .added(let added):
                // Where its text was erased and has come again this is a new beginning.
                withdrawals[added.article] = nil
                match = nil
            case .revised: match = nil
            }
            add(
                sighting: change.sequence, article: articles[change.sequence] ?? .none, match: match,
                raw: change.record.file.sha256, canonical: change.record.digests?.canonical)
        }
        for text in written.sketches { texts.add(text) }
        for change in changes {
            guard case .withdrawn(let withdrawn) = change.record,
                let key = written.withdrawnKeys[change.sequence]
            else { continue }
            hide(key, erases: withdrawn.erases, isUndo: withdrawn.isUndo)
        }
    }
}
