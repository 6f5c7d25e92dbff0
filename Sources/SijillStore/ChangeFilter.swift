import GRDB
import SijillFormat

/// Which changes someone wants: those for which everything that is set holds (contract: feed §2).
package struct ChangeFilter: Hashable, Sendable {
    /// One of these; empty for any.
    package var types: Set<ChangeType> = []
    /// Who delivered.
    package var source: String?
    /// As the change's own content names it.
    package var publisher: String?
    /// A language range (RFC 4647 §3.3.1): `ar` is also `ar-EG`. Case does not matter.
    package var lang: String?
    package var article: ArticleID?
    /// Only the newest change of each article among those that all of the above lets through. Changes that are about
    /// no article are left out.
    package var isLatestOnly = false

    package init() {}

    /// Whether every change passes.
    package var isEmpty: Bool { self == ChangeFilter() }
}

extension Store {
    /// Sequences after `after` up to `through`, in order, of the changes that pass `filter`; at most `limit`.
    ///
    /// Answered by the table `facets` and its indexes: no change is read. O(matches) for one source, publisher,
    /// article or rare type; O(changes) in the range for several types or regional variants of a language.
    ///
    /// - Parameter through: Applied already. With `isLatestOnly` what comes after it does not count.
    /// - Throws: `StoreError`.
    package func sequences(
        matching filter: ChangeFilter, after: SequenceNumber, through: SequenceNumber, limit: Int
    ) throws -> [SequenceNumber] {
        guard after < through, limit > 0 else { return [] }
        precondition(through <= applied, "change \(through) is asked for, \(applied) is the last one applied")
        let articles = filter.article.map { id in lookUps.withLock { $0.sequences(article: id.value) } }
        return try read { database in
            var query = FacetQuery()
            guard try query.add(filter, articles: articles, in: database) else { return [] }
            let statement = try database.cachedStatement(sql: query.sql(isLatestOnly: filter.isLatestOnly))
            try statement.start(query.values(after: after, through: through, limit: limit))
            defer { statement.end() }
            var found: [SequenceNumber] = []
            while try statement.step() {
                if let number = statement.number(at: 0) { found.append(SequenceNumber(number)) }
            }
            return found
        }
    }
}

/// The text of one question to `facets`, with the index that is best for it.
private struct FacetQuery {
    /// Conditions on a row of the alias `f`, with their values in order.
    private var conditions: [String] = []
    private var operands: [StoreValue] = []
    private var index: String?

    /// Takes in what `filter` asks for; false when nothing can match.
    mutating func add(
        _ filter: ChangeFilter, articles: [SequenceNumber]?, in database: Database
    ) throws -> Bool {
        if let types = filter.types.sorted(by: { $0.rawValue < $1.rawValue }) as [ChangeType]?,
            !types.isEmpty
        {
            add("f.type", in: types.map { .text(Array($0.shortName.utf8)) })
            if types.count == 1, types != [.added] {
                conditions.append("f.type <> 'added'")
                index = "facets_by_type"
            }
        }
        if let lang = filter.lang {
            let names = try Store.languages(matching: lang, in: database)
            guard !names.isEmpty else { return false }
            add("f.lang", in: names.map { .text(Array($0.utf8)) })
            if names.count == 1 { index = "facets_by_lang" }
        }
        if let source = filter.source {
            add("f.source", in: [.text(Array(source.utf8))])
            index = "facets_by_source"
        }
        if let publisher = filter.publisher {
            add("f.publisher", in: [.text(Array(publisher.utf8))])
            index = "facets_by_publisher"
        }
        if let articles, let id = filter.article {
            keys = try Self.keys(of: id, among: articles, in: database)
            guard !keys.isEmpty else { return false }
            // Its first change, and the others by their index.
            add("f.article", in: keys)
            conditions.append("(f.sequence = f.article or f.article <> f.sequence)")
            index = nil
        }
        if filter.isLatestOnly { conditions.append("f.article is not null") }
        return true
    }

    /// The changes that added the article that is asked for: several when it was erased and its text came again.
    private var keys: [StoreValue] = []

    private mutating func add(_ column: String, in values: [StoreValue]) {
        let places = values.map { _ in "?" }.joined(separator: ", ")
        conditions.append(values.count == 1 ? "\(column) = ?" : "\(column) in (\(places))")
        operands += values
    }

    func sql(isLatestOnly: Bool) -> String {
        let range = "f.sequence > ? and f.sequence <= ?"
        var parts = conditions + [range]
        if isLatestOnly {
            let later =
                conditions.map { $0.replacing("f.", with: "n.") } + [
                    "n.article = f.article", "n.article <> n.sequence", "n.sequence > f.sequence",
                    "n.sequence <= ?",
                ]
            parts.append(
                "not exists (select 1 from facets n indexed by facets_by_article where "
                    + later.joined(separator: " and ") + ")")
        }
        let condition = parts.joined(separator: " and ")
        guard !keys.isEmpty else {
            let way = index.map { "indexed by \($0)" } ?? "not indexed"
            return "select f.sequence from facets f \(way) where \(condition) order by f.sequence limit ?"
        }
        // Two ways to one article: by its key, and by the index of its later changes.
        let places = keys.map { _ in "?" }.joined(separator: ", ")
        return """
            select sequence from (
              select f.sequence from facets f not indexed where f.sequence in (\(places)) and \(condition)
              union all
              select f.sequence from facets f indexed by facets_by_article
              where f.article <> f.sequence and \(condition)
            ) order by sequence limit ?
            """
    }

    func values(after: SequenceNumber, through: SequenceNumber, limit: Int) -> [StoreValue] {
        let isLatestOnly = conditions.contains("f.article is not null")
        var one = operands + [StoreValue(after), StoreValue(through)]
        if isLatestOnly { one += operands + [StoreValue(through)] }
        let all = keys.isEmpty ? one : keys + one + one
        return all + [.integer(Int64(limit))]
    }

    private static func keys(
        of id: ArticleID, among candidates: [SequenceNumber], in database: Database
    ) throws -> [StoreValue] {
        let statement = try database.cachedStatement(
            sql: "select a.sequence from sightings s join articles a on a.sequence = s.article "
                + "where s.sequence = ? and a.id = ?")
        var found: [StoreValue] = []
        for candidate in candidates {
            let row = try statement.first([StoreValue(candidate), .text(Array(id.description.utf8))])
            if let key = row?.first, !found.contains(key) { found.append(key) }
        }
        return found
    }
}

extension Store {
    /// The languages in the store that a range names. One index look-up for each language there is.
    static func languages(matching range: String, in database: Database) throws -> [String] {
        let sql = """
            with recursive l(lang) as (
              select min(lang) from facets where lang is not null
              union all
              select (select min(lang) from facets where lang > l.lang) from l where l.lang is not null
            ) select lang from l where lang is not null
            """
        let wanted = range.lowercased()
        return try String.fetchAll(database, sql: sql).filter { name in
            let name = name.lowercased()
            return wanted == "*" || name == wanted || name.hasPrefix(wanted + "-")
        }
    }
}
