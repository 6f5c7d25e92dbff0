import GRDB
import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

extension Store {
    /// The latest state of an article; nil when there is none of that id. O(log n + deliveries of the
    /// article).
    ///
    /// Should two texts ever share an id (128 bits of SHA-256), both stand in the tables and the earlier is
    /// given.
    ///
    /// - Throws: `StoreError`.
    package func current(_ id: ArticleID) throws -> ArticleState? {
        try read { database in
            guard let key = try key(of: id, in: database) else { return nil }
            return try state(of: key, in: database)
        }
    }

    /// The delivery that this change is; nil when there is no such change, or it is about no article.
    ///
    /// - Throws: `StoreError`.
    package func sighting(_ sequence: SequenceNumber) throws -> Sighting? {
        try read { try sighting(sequence, in: $0)?.sighting }
    }

    /// The epoch of the last change that was applied; nil when there is none. With `applied` it is its cursor.
    ///
    /// - Throws: `StoreError`.
    package func appliedEpoch() throws -> Epoch? {
        let key = Int64(applied.value)
        let text = try read { database in
            let sql = """
                select epoch from sightings where sequence = ?1
                union all select epoch from rejects where sequence = ?1
                union all select epoch from withdrawals where sequence = ?1
                """
            return try String.fetchOne(database, sql: sql, arguments: [key])
        }
        return text.flatMap { Epoch($0) }
    }

    /// A delivery with the key of its article.
    struct FoundSighting {
        let sighting: Sighting
        let key: SequenceNumber
        let cluster: ArticleID

        var article: ArticleID { sighting.article }
    }

    func sighting(_ sequence: SequenceNumber, in database: Database) throws -> FoundSighting? {
        let columns = StoreTable.sightings.columns.dropLast() + ["id", "cluster"]
        let statement = try database.cachedStatement(sql: Store.selectSighting)
        guard let row = try statement.first([StoreValue(sequence)]) else { return nil }
        var fields = RowFields(row, Array(columns), of: .sightings, path: path)
        let number = try fields.sequence()
        let time = Timestamp(milliseconds: try fields.number())
        let cursor = try fields.cursor(number)
        let key = try fields.sequence()
        let revision = Int(clamping: try fields.number())
        let match = try fields.match()
        let duplicateOf = try fields.optionalNumber().map { SequenceNumber($0) }
        let file = try fields.file()
        let digests = try fields.digests()
        let article = try fields.article()
        let cluster = try fields.article()
        return FoundSighting(
            sighting: Sighting(
                cursor: cursor, time: time, article: article, revision: revision, match: match,
                duplicateOf: duplicateOf, file: file, digests: digests),
            key: key, cluster: cluster)
    }

    /// How the article with that key stands now.
    func state(
        of key: SequenceNumber, in database: Database, withText: Bool = true
    ) throws -> ArticleState {
        let revisions = try database.cachedStatement(sql: Store.selectRevision(withText: withText))
        let repeats = try database.cachedStatement(sql: Store.selectRepeats)
        let later = try database.cachedStatement(sql: Store.selectLater)
        // From the tables and not from memory: the look-ups may be a batch behind or ahead of this snapshot.
        let current = try later.first([StoreValue(key)])?.first
        let standing = if case .integer(let number)? = current { SequenceNumber(UInt64(number)) } else { key }
        guard let first = try sighting(key, in: database), let brought = try sighting(standing, in: database),
            let row = try revisions.first([StoreValue(standing)]),
            let counted = try repeats.first([StoreValue(key)])
        else { throw StoreError.unusable(path, "article \(key) lacks its first delivery or its text") }
        var fields = RowFields(row, StoreTable.revisions.columns, of: .revisions, path: path)
        _ = try fields.sequence()
        _ = try fields.sequence()
        let revision = Int(clamping: try fields.number())
        let words = Int(clamping: try fields.number())
        for _ in 0..<2 { _ = try fields.optionalFlag() }
        _ = try fields.json()
        var totals = RowFields(counted, ["count", "last"], of: .sightings, path: path)
        let sightings = 1 + Int(clamping: try totals.number())
        var last = first
        if let number = try totals.optionalNumber(),
            let found = try sighting(SequenceNumber(number), in: database)
        {
            last = found
        }
        return ArticleState(
            id: first.article, revision: revision, cluster: first.cluster, words: words,
            first: first.sighting.cursor, firstTime: first.sighting.time,
            current: brought.sighting.cursor, currentTime: brought.sighting.time,
            last: last.sighting.cursor, lastTime: last.sighting.time, sightings: sightings,
            file: brought.sighting.file, digests: brought.sighting.digests, content: try fields.content())
    }

    /// The columns of `sightings` without `delivered`, then the article's own.
    static let selectSighting =
        "select \(StoreTable.sightings.columns.dropLast().map { "s.\($0)" }.joined(separator: ", ")), a.id, h.id "
        + "from sightings s join articles a on a.sequence = s.article join articles h on h.sequence = a.cluster "
        + "where s.sequence = ?"

    /// A row of `revisions`, its text left where it is when it is not wanted.
    static func selectRevision(withText: Bool) -> String {
        let columns = StoreTable.revisions.columns.map { $0 == "text" && !withText ? "null" : $0 }
        return "select \(columns.joined(separator: ", ")) from revisions where sequence = ?"
    }

    /// The last text of one article after its first, by the index `later_revisions`.
    static let selectLater = "select max(sequence) from revisions where article = ? and article <> sequence"

    /// Repeated deliveries of one article, by the index `repeats`.
    static let selectRepeats =
        "select count(*), max(sequence) from sightings where article = ? and article <> sequence"
}
