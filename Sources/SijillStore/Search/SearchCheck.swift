import GRDB
import SijillFormat

/// Holds the search index against the texts, for `sijilld check`.
package enum SearchCheck {
    /// Findings of one kind that are told one by one.
    private static let listedMax = 20

    /// What is wrong with the rows of the index, in the snapshot of `database`: cheap, and beside a running daemon too.
    static func rows(_ database: Database) throws -> [String] {
        var findings: [String] = []
        let missing = try Int64.fetchAll(
            database,
            sql: "select sequence from (\(SearchIndex.expectedRows)) "
                + "where sequence not in (select id from search_index_docsize) limit \(listedMax)")
        findings += missing.map { "search index: the text of change \($0) is missing" }
        let needless = try Int64.fetchAll(
            database,
            sql: "select id from search_index_docsize where id not in (\(SearchIndex.expectedRows)) "
                + "limit \(listedMax)")
        findings += needless.map { "search index: it holds change \($0), whose text is not to be found" }
        let (indexed, applied) = (try SearchIndex.indexed(database), try StoreSchema.applied(database))
        if indexed > applied {
            findings.append(
                "search index: it has reached change \(indexed), but the store only change \(applied)")
        }
        if try Int64.fetchAll(database, sql: "select id from search_progress") != [1] {
            findings.append("search index: its progress is not the one row that it wrote")
        }
        return findings
    }

    /// FTS5's own check of the store at `path`: every word of the index against every text. It changes nothing, but
    /// locks the store for as long as it lasts, so no daemon may run.
    ///
    /// Complexity: as indexing all texts.
    ///
    /// - Throws: `StoreError` when the store cannot be opened for writing, which SQLite demands for this.
    package static func words(path: String) throws -> [String] {
        var configuration = Configuration()
        configuration.label = "sijill.store.search-check"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try SearchIndex.prepare($0) }
        do {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? database.close() }
            return try database.writeWithoutTransaction { connection in
                do {
                    try connection.beginTransaction(.immediate)
                    defer { try? connection.rollback() }
                    try SearchIndex.command("integrity-check", 1, connection)
                    return []
                } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                    return ["search index: its words are not those of the texts; run sijilld rebuild"]
                }
            }
        } catch let error as DatabaseError {
            throw StoreError(error, "check the search index of", path)
        }
    }
}
