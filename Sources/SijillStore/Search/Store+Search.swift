import Foundation
import GRDB
import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

extension Store {
    /// Searches the texts up to `searchable`. Anyone may call it; it takes a reader for as long as it lasts.
    ///
    /// Complexity: the newest first costs what reading the newest hits of the rarest word costs; the best first reads
    /// the places of what is looked for in the newest hits, for `SearchLimits.rankingMax` once there are enough.
    ///
    /// - Throws: `StoreError`.
    package func search(_ request: SearchRequest) throws -> SearchPage {
        let started = ContinuousClock.now
        defer {
            let took = .now - started
            searchTally.withLock { tally in
                tally.searches += 1
                tally.time += took
                if took > SearchTally.slowMin { tally.slow += 1 }
            }
        }
        return try read { database in
            var page = SearchPage()
            page.searchable = try SearchIndex.indexed(database)
            let expression = request.expression
            guard var bounds = try bounds(request, database) else { return page }
            bounds.upper = min(bounds.upper, page.searchable)
            let found = try hits(request, expression, bounds, &page, database)
            var marker = SearchMarker(request.query)
            page.hits = try found.map { try hit($0.sequence, score: $0.score, &marker, database) }
            return page
        }
    }

    /// Searches since the store was opened.
    package func searches() -> SearchTally { searchTally.withLock { $0 } }

    /// Changes from the first to the last of which texts are looked at.
    private struct Bounds {
        var lower = SequenceNumber(1)
        var upper = SequenceNumber.max
    }

    private typealias Found = (sequence: SequenceNumber, score: Double?)

    /// The hits of the page. What is counted, and where the next page begins, is noted in `page`.
    private func hits(
        _ request: SearchRequest, _ expression: String, _ bounds: Bounds, _ page: inout SearchPage,
        _ database: Database
    ) throws -> [Found] {
        switch request.order {
        case .newest: try newest(request, expression, bounds, &page, database)
        case .best: try best(request, expression, bounds, &page, database)
        }
    }

    private func newest(
        _ request: SearchRequest, _ expression: String, _ bounds: Bounds, _ page: inout SearchPage,
        _ database: Database
    ) throws -> [Found] {
        let counted = try sequences(
            expression, bounds, limit: SearchLimits.countedMax + 1, enough: request.limit + 1, database)
        page.total = min(counted.found.count, SearchLimits.countedMax)
        page.isTotalExact = counted.isAll
        var all = counted.found[...]
        if case .after(let sequence) = request.page {
            var rest = bounds
            rest.upper = min(bounds.upper, SequenceNumber(max(sequence.value, 1) - 1))
            all = try sequences(
                expression, rest, limit: request.limit + 1, enough: request.limit + 1, database
            ).found[...]
        }
        let hits = all.prefix(request.limit)
        page.next = all.count > request.limit ? hits.last.map(SearchPosition.after) : nil
        return hits.map { ($0, nil) }
    }

    /// The first page ranks as many hits as it has time for; those behind it rank exactly the same ones again.
    private func best(
        _ request: SearchRequest, _ expression: String, _ bounds: Bounds, _ page: inout SearchPage,
        _ database: Database
    ) throws -> [Found] {
        var (bounds, offset, isFirst) = (bounds, 0, true)
        if case .ranked(let newest, let oldest, let before) = request.page {
            (bounds.upper, bounds.lower) = (min(bounds.upper, newest), max(bounds.lower, oldest))
            (offset, isFirst) = (before, false)
        }
        let weights = try weights(request.query, bounds, database)
        let ranked = try ranked(expression, weights, bounds, isBounded: isFirst, database)
        page.total = ranked.hits.count
        page.isTotalExact = ranked.isAll
        let hits = ranked.hits.dropFirst(offset).prefix(request.limit)
        let end = offset + hits.count
        if end < ranked.hits.count {
            page.next = .ranked(newest: ranked.newest, oldest: ranked.oldest, offset: end)
        }
        return hits.map { ($0.sequence, $0.score) }
    }

    /// The newest hits, newest first: up to `limit`, or as many as are found in `SearchLimits.countingMax` once there
    /// are `enough`.
    private func sequences(
        _ expression: String, _ bounds: Bounds, limit: Int, enough: Int, _ database: Database
    ) throws -> (found: [SequenceNumber], isAll: Bool) {
        let statement = try database.cachedStatement(sql: Store.selectHits)
        let started = ContinuousClock.now
        try statement.start([
            .text(Array(expression.utf8)), StoreValue(bounds.lower), StoreValue(bounds.upper),
            .integer(Int64(limit)),
        ])
        defer { statement.end() }
        var found: [SequenceNumber] = []
        while try statement.step() {
            if let sequence = statement.number(at: 0) { found.append(SequenceNumber(sequence)) }
            if found.count >= enough, found.count & 15 == 0,
                .now - started > SearchLimits.countingMax
            {
                return (found, false)
            }
        }
        return (found, found.count < limit)
    }

    private typealias Ranked = (
        hits: [(sequence: SequenceNumber, score: Double)], newest: SequenceNumber, oldest: SequenceNumber,
        isAll: Bool
    )

    /// The newest hits, best first; of those that fit equally well, the newest first.
    ///
    /// - Parameter isBounded: Whether to end after `SearchLimits.rankingMax`, when there are enough.
    private func ranked(
        _ expression: String, _ weights: [Double], _ bounds: Bounds, isBounded: Bool, _ database: Database
    ) throws -> Ranked {
        let statement = try database.cachedStatement(sql: Store.selectRanked(weights.count))
        let started = ContinuousClock.now
        try statement.start(
            [
                .text(Array(expression.utf8)), StoreValue(bounds.lower), StoreValue(bounds.upper),
                .integer(Int64(SearchLimits.rankedMax + 1)),
            ] + weights.map { .real($0) })
        defer { statement.end() }
        var found: [(sequence: SequenceNumber, score: Double)] = []
        var isAll = true
        while try statement.step() {
            if found.count == SearchLimits.rankedMax { isAll = false }
            if isBounded, found.count >= SearchLimits.rankedMin, found.count & 15 == 0,
                .now - started > SearchLimits.rankingMax
            {
                isAll = false
            }
            if !isAll { break }
            guard let sequence = statement.number(at: 0), case .real(let score) = statement.value(at: 1)
            else {
                continue
            }
            found.append((SequenceNumber(sequence), score))
        }
        let (newest, oldest) = (found.first?.sequence ?? .none, found.last?.sequence ?? .none)
        // Where all were ranked none can be missing; where not, the page behind stays with these.
        return (
            found.sorted { ($0.score, $0.sequence) > ($1.score, $1.sequence) }, newest,
            isAll ? bounds.lower : oldest, isAll
        )
    }

    /// What each phrase of a query weighs, in order: more, the fewer texts have it; nothing what must not be there.
    ///
    /// How many texts have a word is told from how far back the newest that have it reach. Of a single phrase the
    /// weight is the same in all hits, so it is not looked for; of a phrase of several words, and of a beginning, that
    /// would take as long as the search, so they are taken to be in one text of a hundred.
    private func weights(_ query: SearchQuery, _ bounds: Bounds, _ database: Database) throws -> [Double] {
        let phrases = query.weighed
        guard phrases.count(where: \.isWanted) > 1 else { return phrases.map { $0.isWanted ? 1 : 0 } }
        let all = Double(min(bounds.upper, try SearchIndex.indexed(database)).value)
        return try phrases.map { phrase, isWanted in
            guard isWanted else { return 0 }
            var texts = all / 100
            if phrase.tokens.count == 1, !phrase.isPrefix {
                let newest = try sequences(
                    phrase.expression, bounds, limit: SearchLimits.weighedMax, enough: 1, database
                ).found
                texts = Double(newest.count)
                if newest.count == SearchLimits.weighedMax, let last = newest.last {
                    texts *= all / max(1, Double(min(bounds.upper.value, UInt64(all)) - last.value + 1))
                }
            }
            // Never nothing, though all texts have it: then how often it is said tells texts apart.
            return max(0.01, Foundation.log((all - texts + 0.5) / (texts + 0.5)))
        }
    }

    /// The changes that `since` and `until` leave; nil when there are none.
    private func bounds(_ request: SearchRequest, _ database: Database) throws -> Bounds? {
        var bounds = Bounds()
        if let since = request.since {
            guard let first = try firstSequence(atOrAfter: since, database) else { return nil }
            bounds.lower = first
        }
        if let until = request.until, let first = try firstSequence(atOrAfter: until, database) {
            bounds.upper = SequenceNumber(first.value - 1)
        }
        return bounds.lower <= bounds.upper ? bounds : nil
    }

    /// The first delivery that was committed at or after `time`. Times never go back from one change to the next, so
    /// it is found by halving.
    func firstSequence(atOrAfter time: Timestamp, _ database: Database) throws -> SequenceNumber? {
        let statement = try database.cachedStatement(
            sql: "select sequence, time from sightings where sequence >= ? order by sequence limit 1")
        var low: UInt64 = 1
        var high = try StoreSchema.applied(database).value + 1
        var found: SequenceNumber?
        while low < high {
            let middle = low + (high - low) / 2
            guard let row = try statement.first([StoreValue(middle)]), case .integer(let sequence) = row[0],
                case .integer(let committed) = row[1]
            else {
                high = middle
                continue
            }
            if UInt64(committed) >= time.milliseconds {
                found = SequenceNumber(UInt64(sequence))
                high = middle
            } else {
                low = UInt64(sequence) + 1
            }
        }
        return found
    }

    private func hit(
        _ sequence: SequenceNumber, score: Double?, _ marker: inout SearchMarker, _ database: Database
    ) throws -> SearchHit {
        guard let row = try database.cachedStatement(sql: Store.selectHit).first([StoreValue(sequence)])
        else {
            throw StoreError.unusable(
                path, "the search index knows change \(sequence), which brought no text")
        }
        var fields = RowFields(row, Store.hitColumns, of: .revisions, path: path)
        let number = try fields.sequence()
        let cursor = try fields.cursor(number)
        let time = Timestamp(milliseconds: try fields.number())
        let source = try fields.text()
        let article = try fields.article()
        let revision = Int(clamping: try fields.number())
        let title = try fields.optionalText()
        let publisher = try fields.optionalText()
        let url = try fields.optionalText()
        let lang = try fields.optionalText()
        let published = try fields.optionalText()
        let text = try fields.utf8() ?? []
        return SearchHit(
            article: article, revision: revision, cursor: cursor, time: time, source: source, title: title,
            publisher: publisher, url: url, lang: lang, published: published, score: score,
            titleMarks: marker.title(Array((title ?? "").utf8)), textMarks: marker.snippet(text))
    }

    static let hitColumns = [
        "s.sequence", "s.epoch", "s.time", "s.source", "a.id", "r.revision", "r.title", "r.publisher",
        "r.url",
        "r.lang", "r.published", "r.text",
    ]

    static let selectHit = """
        select \(hitColumns.joined(separator: ", "))
        from revisions r join sightings s on s.sequence = r.sequence join articles a on a.sequence = r.article
        where r.sequence = ?
        """

    static let selectHits = """
        select rowid from search_index where search_index match ?1 and rowid >= ?2 and rowid <= ?3
        order by rowid desc limit ?4
        """

    /// With so many weights behind the four other operands.
    static func selectRanked(_ weights: Int) -> String {
        let operands = (0..<weights).map { ", ?\($0 + 5)" }.joined()
        return """
            select rowid, sijill_rank(search_index\(operands)) from search_index
            where search_index match ?1 and rowid >= ?2 and rowid <= ?3 order by rowid desc limit ?4
            """
    }
}

extension SearchRequest {
    /// The query and the filters as one FTS5 expression.
    fileprivate var expression: String {
        let filters = [
            source.map { label("s", $0) }, publisher.map { label("p", $0) },
            lang.map { label("l", $0.lowercasedASCII.replacing("_", with: "-")) },
        ].compactMap { $0 }
        guard !filters.isEmpty else { return query.expression }
        return "(\(query.expression)) AND " + filters.joined(separator: " AND ")
    }

    /// As the view `search_texts` writes it: the kind and hexadecimal digits, which make one word.
    private func label(_ kind: String, _ value: String) -> String {
        let digits = value.utf8.map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }
        return "labels : \"\(kind)\(digits.joined())\""
    }
}

extension String {
    /// As SQLite's lower() has it: ASCII letters only.
    fileprivate var lowercasedASCII: String {
        String(decoding: utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
