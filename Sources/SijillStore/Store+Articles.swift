import GRDB
import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

extension Store {
    /// A page of the articles as they stand; those that are withdrawn are left out. Nil when `after` is a cursor that
    /// this log does not have.
    ///
    /// Complexity: the articles of the page, where a source, publisher or language is asked for by its index; articles
    /// that had it once are passed over, and so is what two filters do not have in common.
    ///
    /// - Throws: `StoreError`.
    package func articles(_ request: ArticleListRequest) throws -> ArticleList? {
        let known = request.identity.map { identity in
            (identity, candidates: lookUps.withLock { $0.sequences(identity) })
        }
        return try read { database -> ArticleList? in
            var list = ArticleList()
            if let after = request.after, try sighting(after.sequence, in: database)?.sighting.cursor != after
            {
                return nil
            }
            guard let bounds = try bounds(request, database),
                let matcher = try ArticleMatcher(request, database)
            else { return list }
            if let (identity, candidates) = known {
                guard let key = try standingKey(identity, candidates, database), bounds.contains(key),
                    let article = try listed(key, matcher, database)
                else { return list }
                list.articles = [article]
                return list
            }
            let statement = try database.cachedStatement(sql: matcher.sql(request.order))
            try statement.start(matcher.values(bounds))
            defer { statement.end() }
            while try statement.step() {
                guard let number = statement.number(at: 0),
                    let article = try listed(SequenceNumber(number), matcher, database)
                else { continue }
                if list.articles.count == request.limit {
                    list.next = list.articles.last?.first
                    break
                }
                list.articles.append(article)
            }
            return list
        }
    }

    /// The changes that may have added the articles of the page; nil when there are none.
    private func bounds(
        _ request: ArticleListRequest, _ database: Database
    ) throws -> ClosedRange<SequenceNumber>? {
        var (lower, upper) = (SequenceNumber(1), SequenceNumber.max)
        if let since = request.since {
            guard let first = try firstSequence(atOrAfter: since, database) else { return nil }
            lower = first
        }
        if let until = request.until, let first = try firstSequence(atOrAfter: until, database) {
            upper = SequenceNumber(first.value - 1)
        }
        if let after = request.after?.sequence {
            switch request.order {
            case .newest: upper = min(upper, SequenceNumber(after.value - 1))
            case .oldest: lower = max(lower, after.next)
            }
        }
        return lower <= upper ? lower...upper : nil
    }

    /// The article as it stands, without its text; nil when it is not shown or not what is wanted.
    private func listed(
        _ key: SequenceNumber, _ matcher: ArticleMatcher, _ database: Database
    ) throws -> ArticleState? {
        let article = try state(of: key, in: database, withText: false)
        guard !isGone(article.id), matcher.matches(article) else { return nil }
        // Of two that share an id one was erased.
        return try self.key(of: article.id, in: database) == key ? article : nil
    }
}

/// What a list asks of an article, and where the database has it.
private struct ArticleMatcher {
    private let request: ArticleListRequest
    /// The languages in the store that the request's range names.
    private let languages: [String]
    private var conditions: [String] = []
    private var operands: [StoreValue] = []
    private var index = "not indexed"

    /// Nil when nothing can match.
    init?(_ request: ArticleListRequest, _ database: Database) throws {
        self.request = request
        languages = try request.lang.map { try Store.languages(matching: $0, in: database) } ?? []
        if let lang = request.lang {
            guard !lang.isEmpty, !languages.isEmpty else { return nil }
            add("lang", languages)
            if languages.count == 1 { index = "indexed by facets_by_lang" }
        }
        if let source = request.source {
            add("source", [source])
            index = "indexed by facets_by_source"
        }
        if let publisher = request.publisher {
            add("publisher", [publisher])
            index = "indexed by facets_by_publisher"
        }
    }

    private mutating func add(_ column: String, _ values: [String]) {
        let places = values.map { _ in "?" }.joined(separator: ", ")
        conditions.append(values.count == 1 ? "f.\(column) = ?" : "f.\(column) in (\(places))")
        operands += values.map { .text(Array($0.utf8)) }
    }

    /// Keys of articles in order. Under a filter: of those that had what is asked for when they were added, or in a
    /// revision.
    func sql(_ order: ArticleListRequest.Order) -> String {
        let direction = order == .newest ? "desc" : "asc"
        guard request.isFiltered else {
            return """
                select sequence from articles where sequence >= ? and sequence <= ?
                order by sequence \(direction)
                """
        }
        let condition = conditions.joined(separator: " and ")
        return """
            select f.sequence as article from facets f \(index)
            where f.type = 'added' and \(condition) and f.sequence >= ? and f.sequence <= ?
            union
            select f.article from facets f \(index)
            where f.type = 'revised' and \(condition) and f.article >= ? and f.article <= ?
            order by article \(direction)
            """
    }

    func values(_ bounds: ClosedRange<SequenceNumber>) -> [StoreValue] {
        let range = [StoreValue(bounds.lowerBound), StoreValue(bounds.upperBound)]
        return request.isFiltered ? operands + range + operands + range : range
    }

    func matches(_ article: ArticleState) -> Bool {
        if let source = request.source, article.file.source != source { return false }
        if let publisher = request.publisher, article.content.publisher != publisher { return false }
        guard request.lang != nil else { return true }
        return article.content.lang.map(languages.contains) ?? false
    }
}
