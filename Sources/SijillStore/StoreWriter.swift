import GRDB
import SijillFormat

/// Writes the rows of changes inside one transaction.
struct StoreWriter {
    private let path: String
    private let database: Database
    private let inserts: [StoreTable: Statement]
    private let applied: Statement
    private let articles: ArticleFinder

    /// Statements are compiled once a connection.
    init(_ database: Database, path: String) throws {
        self.path = path
        self.database = database
        inserts = try Dictionary(
            uniqueKeysWithValues: StoreTable.allCases.map {
                ($0, try database.cachedStatement(sql: $0.insert))
            })
        applied = try database.cachedStatement(sql: "update meta set applied = ?")
        articles = try ArticleFinder(database)
    }

    mutating func write(_ change: Change) throws {
        switch change.record {
        case .added(let added):
            for row in StoreRow.rows(change, added: added) { try insert(row) }
            try insert(StoreRow.facets(change, article: change.sequence))
        case .duplicated(let duplicated):
            guard let article = try articles.article(of: duplicated) else {
                throw StoreError(
                    .contradiction,
                    "change \(change.cursor) says that it repeats article \(duplicated.article) revision "
                        + "\(duplicated.revision) by change \(duplicated.of), which brought no such text",
                    remedy: "run sijilld check")
            }
            try insert(StoreRow.row(change, duplicated: duplicated, article: article))
            try insert(StoreRow.facets(change, article: article))
        case .withdrawn(let withdrawn):
            guard let article = try ArticleFinder.lastKey(of: withdrawn.article, in: database) else {
                throw StoreError(
                    .contradiction,
                    "change \(change.cursor) withdraws article \(withdrawn.article), which is not there",
                    remedy: "run sijilld check")
            }
            try insert(StoreRow.row(change, withdrawn: withdrawn, article: article))
            try WithdrawalWriter(database).write(withdrawn, article: article)
            try insert(StoreRow.facets(change, article: article))
        case .rejected(let rejected):
            try insert(StoreRow.row(change, rejected: rejected))
            try insert(StoreRow.facets(change, article: nil))
        }
    }

    func finish(applied sequence: SequenceNumber) throws { try applied.run([StoreValue(sequence)]) }

    private func insert(_ row: StoreRow) throws { try inserts[row.table]!.run(row.values) }
}

/// Finds the article that a duplicate repeats, by the change that the duplicate names.
struct ArticleFinder {
    private let database: Database
    private let statement: Statement

    static let sql = """
        select s.epoch, s.revision, s.article, a.id
        from sightings s join articles a on a.sequence = s.article where s.sequence = ?
        """

    init(_ database: Database) throws {
        self.database = database
        statement = try database.cachedStatement(sql: ArticleFinder.sql)
    }

    /// The key that an id had when change `sequence` was written.
    func keyBefore(_ sequence: SequenceNumber, of id: ArticleID) throws -> SequenceNumber? {
        let sql = "select max(sequence) from articles where id = ? and sequence < ?"
        let key = try Int64.fetchOne(database, sql: sql, arguments: [id.description, Int64(sequence.value)])
        return key.map { SequenceNumber(UInt64($0)) }
    }

    /// The key of the article of an id, the last of several: O(articles).
    static func lastKey(of id: ArticleID, in database: Database) throws -> SequenceNumber? {
        let sql = "select max(sequence) from articles where id = ?"
        let key = try Int64.fetchOne(database, sql: sql, arguments: [id.description])
        return key.map { SequenceNumber(UInt64($0)) }
    }

    /// The key of the article; nil when the change it names did not bring that revision of that article.
    func article(of duplicated: Duplicated) throws -> SequenceNumber? {
        guard let row = try statement.first([StoreValue(duplicated.of.sequence)]) else { return nil }
        let expected: [StoreValue] = [
            .text(Array(duplicated.of.epoch.description.utf8)), .integer(Int64(duplicated.revision)),
        ]
        guard row[..<2].elementsEqual(expected), case .integer(let article) = row[2],
            row[3] == .text(Array(duplicated.article.description.utf8))
        else { return nil }
        return SequenceNumber(UInt64(bitPattern: article))
    }
}
