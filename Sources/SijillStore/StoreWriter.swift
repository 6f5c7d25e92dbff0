import GRDB
import SijillFormat
import SijillText

/// Writes the rows of changes inside one transaction.
struct StoreWriter {
    private let path: String
    private let database: Database
    private let inserts: [StoreTable: Statement]
    private let applied: Statement
    private let articles: ArticleFinder
    private var keys: ArticleKeys
    /// What the look-ups are to know, once the transaction stands.
    private(set) var written = Written()

    struct Written: Sendable {
        /// Of the new texts, in their order.
        var sketches: [KeptSketch] = []
        /// The keys of the articles that withdrawals are about, by the change.
        var withdrawnKeys: [SequenceNumber: SequenceNumber] = [:]
    }

    /// Statements are compiled once a connection.
    ///
    /// - Parameter candidates: The changes that may have added an article, as the look-ups have it.
    init(
        _ database: Database, path: String, candidates: @escaping (ArticleID) -> [SequenceNumber]
    ) throws {
        self.path = path
        self.database = database
        inserts = try Dictionary(
            uniqueKeysWithValues: StoreTable.allCases.map {
                ($0, try database.cachedStatement(sql: $0.insert))
            })
        applied = try database.cachedStatement(sql: "update meta set applied = ?")
        articles = try ArticleFinder(database)
        keys = try ArticleKeys(database, candidates)
    }

    /// - Parameter sketch: That of the change's text, where it is known already.
    mutating func write(_ change: Change, sketch: Sketch?) throws {
        switch change.record {
        case .added(let added):
            let sketch = sketch ?? Sketch(of: change)
            for row in try StoreRow.rows(change, added: added, sketch: sketch, key: { try key($0, change) }) {
                try insert(row)
            }
            try insertCommon(change, article: change.sequence)
            keys.added[added.article] = change.sequence
            let identity = Identity(change.content, source: added.file.source)
            note(change, article: change.sequence, identity, sketch)
        case .revised(let revised):
            let sketch = sketch ?? Sketch(of: change)
            let article = try key(revised.article, change)
            let rows = try StoreRow.rows(
                change, revised: revised, article: article, sketch: sketch, key: { try key($0, change) })
            for row in rows { try insert(row) }
            try insertCommon(change, article: article)
            note(change, article: article, nil, sketch)
        case .duplicated(let duplicated):
            guard let article = try articles.article(of: duplicated) else {
                throw StoreError(
                    .contradiction,
                    "change \(change.cursor) says that it repeats article \(duplicated.article) revision "
                        + "\(duplicated.revision) by change \(duplicated.of), which brought no such text",
                    remedy: "run sijilld check")
            }
            try insert(StoreRow.row(change, duplicated: duplicated, article: article))
            try insertCommon(change, article: article)
        case .withdrawn(let withdrawn):
            let article = try key(withdrawn.article, change)
            try insert(StoreRow.row(change, withdrawn: withdrawn, article: article))
            try WithdrawalWriter(database).write(withdrawn, article: article)
            try insert(StoreRow.facets(change, article: article))
            written.withdrawnKeys[change.sequence] = article
        case .rejected(let rejected):
            try insert(StoreRow.row(change, rejected: rejected))
            try insert(StoreRow.facets(change, article: nil))
        }
    }

    func finish(applied sequence: SequenceNumber) throws { try applied.run([StoreValue(sequence)]) }

    private func insert(_ row: StoreRow) throws { try inserts[row.table]!.run(row.values) }

    /// What every delivery of a text has.
    private func insertCommon(_ change: Change, article: SequenceNumber) throws {
        for row in StoreRow.mates(change, article: article) { try insert(row) }
        try insert(StoreRow.facets(change, article: article))
    }

    private mutating func note(
        _ change: Change, article: SequenceNumber, _ identity: Identity?, _ sketch: Sketch
    ) {
        written.sketches.append(
            KeptSketch(sequence: change.sequence, article: article, identity: identity, sketch: sketch))
    }

    private func key(_ article: ArticleID, _ change: Change) throws -> SequenceNumber {
        if let key = try keys.key(of: article) { return key }
        throw StoreError(
            .contradiction,
            "change \(change.cursor) names article \(article), which no change before it added",
            remedy: "run sijilld check")
    }
}

extension Sketch {
    /// That of the text that a change brings: empty where it was erased.
    init(of change: Change) { self.init(Shingles(CanonicalWords(change.content.text ?? []))) }
}

/// Finds the key of an article by its id: there is no index over ids (`StoreSchema`).
struct ArticleKeys {
    private let statement: Statement
    private let candidates: (ArticleID) -> [SequenceNumber]
    /// Articles of this transaction, which the look-ups do not have yet.
    var added: [ArticleID: SequenceNumber] = [:]

    init(_ database: Database, _ candidates: @escaping (ArticleID) -> [SequenceNumber]) throws {
        statement = try database.cachedStatement(sql: "select id from articles where sequence = ?")
        self.candidates = candidates
    }

    /// Nil when there is no such article. Of several that share an id, because one was erased and its text came
    /// again, the one that was not erased.
    func key(of article: ArticleID) throws -> SequenceNumber? {
        if let key = added[article] { return key }
        for candidate in candidates(article) where try isKey(candidate, of: article) { return candidate }
        return nil
    }

    func isKey(_ sequence: SequenceNumber, of article: ArticleID) throws -> Bool {
        try statement.first([StoreValue(sequence)])?.first == .text(Array(article.description.utf8))
    }
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
