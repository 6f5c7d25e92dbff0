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
        let candidates = lookUps.withLock { $0.sequences(article: id.value) }
        guard !candidates.isEmpty else { return nil }
        return try read { database in
            for candidate in candidates {
                if let found = try sighting(candidate, in: database), found.article == id {
                    return try state(of: found.key, in: database)
                }
            }
            return nil
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

    /// The text that came with exactly these bytes. Rejected bytes do not count, so they may be tried again.
    ///
    /// A miss costs no access to the file. A hit is compared with the whole digest; bytes whose digest only
    /// shares its first half with known ones are not seen, so they are added as what they are: nothing is
    /// merged.
    ///
    /// - Throws: `StoreError`.
    package func seen(raw digest: Digest) throws -> SeenText? {
        guard let sequence = lookUps.withLock({ $0.sequence(raw: digest.high) }),
            let sighting = try sighting(sequence), sighting.file.sha256 == digest
        else { return nil }
        return allowed(
            SeenText(cursor: sighting.cursor, article: sighting.article, revision: sighting.revision),
            at: sequence)
    }

    /// The text with exactly these canonical words, by the same version of the rules. As `seen(raw:)`.
    ///
    /// - Throws: `StoreError`.
    package func seen(canonical digest: CanonicalDigest) throws -> SeenText? {
        guard
            let sequence = lookUps.withLock({ $0.sequence(canonical: digest.digest.high, digest.version) }),
            let sighting = try sighting(sequence), sighting.digests.canonical == digest
        else { return nil }
        return allowed(
            SeenText(cursor: sighting.cursor, article: sighting.article, revision: sighting.revision),
            at: sequence)
    }

    /// A delivery with the key of its article.
    private struct Found {
        let sighting: Sighting
        let key: SequenceNumber
        let cluster: ArticleID

        var article: ArticleID { sighting.article }
    }

    private func sighting(_ sequence: SequenceNumber, in database: Database) throws -> Found? {
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
        return Found(
            sighting: Sighting(
                cursor: cursor, time: time, article: article, revision: revision, match: match,
                duplicateOf: duplicateOf, file: file, digests: digests),
            key: key, cluster: cluster)
    }

    private func state(of key: SequenceNumber, in database: Database) throws -> ArticleState? {
        let revisions = try database.cachedStatement(sql: StoreTable.revisions.select + " where sequence = ?")
        let repeats = try database.cachedStatement(sql: Store.selectRepeats)
        guard let first = try sighting(key, in: database), let row = try revisions.first([StoreValue(key)]),
            let counted = try repeats.first([StoreValue(key)])
        else { throw StoreError.unusable(path, "article \(key) lacks its first delivery or its text") }
        var fields = RowFields(row, StoreTable.revisions.columns, of: .revisions, path: path)
        _ = try fields.sequence()
        _ = try fields.sequence()
        let revision = Int(clamping: try fields.number())
        let words = Int(clamping: try fields.number())
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
            last: last.sighting.cursor, lastTime: last.sighting.time, sightings: sightings,
            file: first.sighting.file, digests: first.sighting.digests, content: try fields.content())
    }

    /// The columns of `sightings` without `delivered`, then the article's own.
    static let selectSighting =
        "select \(StoreTable.sightings.columns.dropLast().map { "s.\($0)" }.joined(separator: ", ")), a.id, a.cluster "
        + "from sightings s join articles a on a.sequence = s.article where s.sequence = ?"

    /// Repeated deliveries of one article, by the index `repeats`.
    static let selectRepeats =
        "select count(*), max(sequence) from sightings where article = ? and article <> sequence"
}
