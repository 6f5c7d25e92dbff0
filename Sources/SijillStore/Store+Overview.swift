import GRDB
import SijillFormat

/// What a change is counted by: a row of `facets`.
package struct Facet: Sendable {
    package let sequence: SequenceNumber
    /// As `ChangeType.shortName`.
    package let type: String
    package let source: String?
    package let publisher: String?
    package let lang: String?
}

/// Articles that are near to one earliest article, and who published them.
package struct Spread: Hashable, Sendable {
    /// The head of the cluster, and its title as it stands.
    package let head: ArticleID
    package let title: String?
    package let lang: String?
    /// Members of the cluster, the head included.
    package let articles: Int
    /// Each once, the first to publish first.
    package let publishers: [String]
    /// The changes that added the first and the last member.
    package let first: SequenceNumber
    package let last: SequenceNumber
}

extension Store {
    /// Calls `body` with the facets after `after` up to `through`, in order. O(changes in the range).
    ///
    /// - Throws: `StoreError`.
    package func facets(
        after: SequenceNumber, through: SequenceNumber, _ body: (Facet) -> Void
    ) throws {
        try read { database in
            let statement = try database.cachedStatement(sql: Store.selectFacets)
            try statement.start([StoreValue(after), StoreValue(through)])
            defer { statement.end() }
            while try statement.step() {
                guard let sequence = statement.number(at: 0) else { continue }
                body(
                    Facet(
                        sequence: SequenceNumber(sequence), type: statement.string(at: 1) ?? "",
                        source: statement.string(at: 2), publisher: statement.string(at: 3),
                        lang: statement.string(at: 4)))
            }
        }
    }

    /// The clusters that spread over two publishers or more, those of most publishers first.
    ///
    /// Looked at are the newest `newest` articles and the heads of their clusters, so the time does not grow with the
    /// store. Withdrawn articles are left out.
    ///
    /// - Throws: `StoreError`.
    package func spreads(newest: Int, limit: Int) throws -> [Spread] {
        try read { database in
            var clusters: [SequenceNumber: ClusterCount] = [:]
            let statement = try database.cachedStatement(sql: Store.selectClustered)
            try statement.start([.integer(Int64(newest))])
            while try statement.step() {
                guard let head = statement.number(at: 0), let member = statement.number(at: 1) else {
                    continue
                }
                clusters[SequenceNumber(head), default: ClusterCount()].add(
                    SequenceNumber(member), statement.string(at: 2))
            }
            statement.end()
            // The heads are not among the members.
            let several = clusters.filter { !$0.value.publishers.isEmpty || $0.value.members > 1 }
            var found: [Spread] = []
            for (head, count) in several.sorted(by: ClusterCount.isBefore).prefix(limit * 4) {
                guard let spread = try spread(head, count, in: database), spread.publishers.count > 1
                else { continue }
                found.append(spread)
            }
            return Array(
                found.sorted { ($0.publishers.count, $0.last) > ($1.publishers.count, $1.last) }.prefix(limit)
            )
        }
    }

    /// What is known of a cluster besides its head.
    private struct ClusterCount {
        var members = 0
        var publishers: [String] = []
        var last = SequenceNumber.none

        /// Members come the newest first.
        mutating func add(_ member: SequenceNumber, _ publisher: String?) {
            members += 1
            last = max(last, member)
            if let publisher {
                publishers.removeAll { $0 == publisher }
                if publishers.count < 100 { publishers.insert(publisher, at: 0) }
            }
        }

        static func isBefore(
            _ a: (key: SequenceNumber, value: ClusterCount), _ b: (key: SequenceNumber, value: ClusterCount)
        ) -> Bool {
            (a.value.publishers.count, a.value.last) > (b.value.publishers.count, b.value.last)
        }
    }

    private func spread(
        _ head: SequenceNumber, _ count: ClusterCount, in database: Database
    ) throws -> Spread? {
        let statement = try database.cachedStatement(sql: Store.selectHead)
        try statement.start([StoreValue(head)])
        defer { statement.end() }
        guard try statement.step(), let text = statement.string(at: 0), let id = ArticleID(text), !isGone(id)
        else { return nil }
        var publishers = count.publishers
        if let own = statement.string(at: 3) {
            publishers.removeAll { $0 == own }
            publishers.insert(own, at: 0)
        }
        return Spread(
            head: id, title: statement.string(at: 1), lang: statement.string(at: 2),
            articles: count.members + 1, publishers: publishers, first: head, last: count.last)
    }

    /// By the key of `facets`.
    static let selectFacets = """
        select sequence, type, source, publisher, lang from facets
        where sequence > ?1 and sequence <= ?2 order by sequence
        """

    /// Members of clusters among the newest articles, by the keys of both tables.
    static let selectClustered = """
        select a.cluster, a.sequence, f.publisher
        from (select sequence, cluster from articles order by sequence desc limit ?1) a
        join facets f on f.sequence = a.sequence
        where a.cluster <> a.sequence
        """

    static let selectHead = """
        select a.id, r.title, r.lang, f.publisher from articles a
        join facets f on f.sequence = a.sequence
        join revisions r on r.sequence = coalesce(
          (select max(n.sequence) from revisions n where n.article = a.sequence and n.article <> n.sequence),
          a.sequence)
        where a.sequence = ?1
        """
}

extension Statement {
    /// The text there; nil when it is none.
    func string(at column: Int32) -> String? {
        guard case .text(let bytes) = value(at: column) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
