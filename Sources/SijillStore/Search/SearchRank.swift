import GRDB
import GRDBSQLite

/// How well a text fits a query: Okapi BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework") as a
/// function of FTS5, `sijill_rank(search_index, weight, …)`, with a weight for each phrase in the order of the query.
///
/// FTS5's own `bm25` counts the hits of each phrase in the whole index before it ranks the first, and sorts every place
/// of every phrase of each text; for common words the one takes longer than the search, the other as long. Here whoever
/// asks says what a phrase weighs (`Store.weights`), and places are only counted.
///
/// https://www.sqlite.org/fts5.html#extending_fts5
enum SearchRank {
    /// How soon a word said often is said often enough, and how much the length of a text matters: the usual values.
    private static let (saturation, lengthPart) = (1.2, 0.75)
    /// A word in the title counts as so many in the text.
    private static let titleWeight = 4.0
    /// Places of a phrase that are counted in one text: more say no more.
    private static let placesMax = 64

    /// Makes the function known to a connection.
    static func prepare(_ database: Database) throws {
        let api = FTS5.api(database)
        let code = api.pointee.xCreateFunction(
            UnsafeMutablePointer(mutating: api), "sijill_rank", nil,
            { api, context, result, count, values in
                guard let api, let context, let result, let values else { return }
                sqlite3_result_double(result, SearchRank.rank(api.pointee, context, Int(count), values))
            }, nil)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }

    private static func rank(
        _ api: Fts5ExtensionApi, _ context: OpaquePointer, _ count: Int,
        _ weights: UnsafeMutablePointer<OpaquePointer?>
    ) -> Double {
        var length: CInt = 0
        _ = api.xColumnSize(context, 1, &length)
        let longer = Double(length) / averageLength(api, context)
        var score = 0.0
        for phrase in 0..<min(count, Int(api.xPhraseCount(context))) {
            let weight = sqlite3_value_double(weights[phrase])
            guard weight > 0 else { continue }
            let found = occurrences(of: CInt(phrase), api, context)
            score +=
                weight * found * (saturation + 1)
                / (found + saturation * (1 - lengthPart + lengthPart * longer))
        }
        return score
    }

    /// How often a phrase stands in the title and the text, weighed. Labels do not count.
    private static func occurrences(
        of phrase: CInt, _ api: Fts5ExtensionApi, _ context: OpaquePointer
    ) -> Double {
        var iterator = Fts5PhraseIter()
        var (column, place): (CInt, CInt) = (-1, -1)
        var (found, places) = (0.0, 0)
        guard api.xPhraseFirst(context, phrase, &iterator, &column, &place) == SQLITE_OK else { return 0 }
        while column >= 0, places < placesMax {
            if column == 0 { found += titleWeight } else if column == 1 { found += 1 }
            places += 1
            api.xPhraseNext(context, &iterator, &column, &place)
        }
        return found
    }

    /// Words of a text; looked up once a query.
    private static func averageLength(_ api: Fts5ExtensionApi, _ context: OpaquePointer) -> Double {
        if let known = api.xGetAuxdata(context, 0) { return known.load(as: Double.self) }
        var words: sqlite3_int64 = 0
        var rows: sqlite3_int64 = 0
        _ = api.xColumnTotalSize(context, 1, &words)
        _ = api.xRowCount(context, &rows)
        let average = max(1, Double(words) / Double(max(1, rows)))
        // SQLite frees it with the query.
        if let place = sqlite3_malloc(CInt(MemoryLayout<Double>.size)) {
            place.storeBytes(of: average, as: Double.self)
            _ = api.xSetAuxdata(context, place, sqlite3_free)
        }
        return average
    }
}
