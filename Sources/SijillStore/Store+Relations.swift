import GRDB
import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

/// One text of an article, as the list of its revisions shows it.
package struct RevisionState: Hashable, Sendable {
    package let revision: Int
    /// The change that brought it.
    package let change: Cursor
    package let time: Timestamp
    package let file: FileRecord
    package let digests: ArticleDigests
    package let words: Int
    /// Nil in the first revision, as are the two below.
    package let isMajor: Bool?
    package let isReverted: Bool?
    /// A JSON object: what counts of paragraphs and numbers changed.
    package let changed: JSONValue?
    package let content: Content
    package let relations: [Relation]
}

/// Texts that an article has had.
package struct RevisionList: Hashable, Sendable {
    package let article: ArticleID
    /// How many there are in all; the last one stands.
    package let revisionsCount: Int
    package var revisions: [RevisionState] = []
    /// The revision behind which the next page begins; nil on the last.
    package var next: Int?

    init(article: ArticleID, revisionsCount: Int) {
        self.article = article
        self.revisionsCount = revisionsCount
    }
}

/// An article has no text of that number.
package struct NoSuchRevision: Error, Hashable, Sendable {
    package let revision: Int
    package let revisionsCount: Int
}

/// A relation of an article to another one, seen from either side.
package struct RelationState: Hashable, Sendable {
    /// The other article is the earlier one, as in the change; else it came later and has this relation to the
    /// article that was asked for.
    package let isEarlier: Bool
    package let relation: Relation
    /// The change that brought the relation, and the revision that was compared.
    package let change: Cursor
    package let revision: Int
    /// The other article's title as it stands.
    package let title: String?
}

/// How an article stands among others.
package struct Relationship: Hashable, Sendable {
    package let article: ArticleID
    package let revision: Int
    /// The head of its cluster.
    package let cluster: ArticleID
    /// The articles of its cluster, head first: `membersMax` at most, and how many there are in all.
    package let members: [ArticleID]
    package let membersCount: Int
    package let relations: [RelationState]
    /// There are more articles with a relation to this one than are listed.
    package let isCut: Bool
    /// The last change that was applied: the answer holds as of it.
    package let applied: SequenceNumber

    package static let membersMax = 1_000
    package static let relationsMax = 1_000
}

extension Store {
    /// The texts that the article has had, the first one first; nil when there is none of that id.
    ///
    /// - Parameters:
    ///   - after: Only revisions behind this one.
    ///   - limit: At most so many.
    ///   - withText: Whether the texts themselves are wanted. Then the page ends when they have `bytesMax` bytes
    ///     together, but it has one revision at least.
    /// - Throws: `StoreError`.
    package func revisions(
        of id: ArticleID, after: Int = 0, limit: Int = Int.max, withText: Bool = true,
        bytesMax: Int = Int.max
    ) throws -> RevisionList? {
        try read { database in
            guard let key = try key(of: id, in: database) else { return nil }
            let texts = try textSequences(key, database)
            var list = RevisionList(article: id, revisionsCount: texts.count)
            var bytes = 0
            for (place, sequence) in texts.enumerated().dropFirst(after) {
                if list.revisions.count >= limit || (bytes >= bytesMax && place > after) {
                    list.next = place
                    break
                }
                let found = try revision(sequence, in: database, withText: withText)
                bytes += found.content.text?.count ?? 0
                list.revisions.append(found)
            }
            return list
        }
    }

    /// The changes that brought the texts of an article, in order.
    private func textSequences(_ key: SequenceNumber, _ database: Database) throws -> [SequenceNumber] {
        let statement = try database.cachedStatement(sql: Store.selectTexts)
        try statement.start([StoreValue(key)])
        var sequences = [key]
        while try statement.step() {
            sequences += statement.number(at: 0).map { [SequenceNumber($0)] } ?? []
        }
        return sequences
    }

    /// What came and went from one text of an article to another; nil when there is no such article.
    ///
    /// - Parameters:
    ///   - from: The revision before `to`, or the first when that is `to`, when left out.
    ///   - to: The one that stands when left out.
    /// - Throws: `StoreError`; `NoSuchRevision`.
    package func difference(of id: ArticleID, from: Int?, to: Int?) throws -> RevisionComparison? {
        try read { database in
            guard let key = try key(of: id, in: database) else { return nil }
            let texts = try textSequences(key, database)
            let to = to ?? texts.count
            let from = from ?? max(to - 1, 1)
            let pair = try [from, to].map { number in
                guard texts.indices.contains(number - 1) else {
                    throw NoSuchRevision(revision: number, revisionsCount: texts.count)
                }
                return try revision(texts[number - 1], in: database, withText: true)
            }
            return RevisionComparison(article: id, from: pair[0], to: pair[1])
        }
    }

    /// What the article is to others, and they to it; nil when there is none of that id.
    ///
    /// Listed are the relations of its current text, the closest first, then later articles whose current text
    /// has one to it, the earliest first. Articles that are withdrawn are left out, here and among the members of
    /// the cluster.
    ///
    /// - Throws: `StoreError`.
    package func relations(of id: ArticleID) throws -> Relationship? {
        try read { database in
            guard let key = try key(of: id, in: database) else { return nil }
            let state = try state(of: key, in: database)
            guard let head = try self.key(of: state.cluster, in: database) else {
                throw StoreError.unusable(path, "article \(key) is of a cluster whose head is missing")
            }
            let members = try members(of: head, in: database).filter { $0 == id || !isGone($0) }
            var relations = try relations(Store.selectRelations, state.current.sequence, true, in: database)
            relations += try self.relations(Store.selectRelatedTo, key, false, in: database)
            let applied = try StoreSchema.applied(database)
            return Relationship(
                article: id, revision: state.revision, cluster: state.cluster,
                members: Array(members.prefix(Relationship.membersMax)), membersCount: members.count,
                relations: Array(relations.prefix(Relationship.relationsMax)),
                isCut: relations.count > Relationship.relationsMax, applied: applied)
        }
    }

    private func revision(
        _ sequence: SequenceNumber, in database: Database, withText: Bool
    ) throws -> RevisionState {
        let texts = try database.cachedStatement(sql: Store.selectRevision(withText: withText))
        guard let found = try sighting(sequence, in: database)?.sighting,
            let row = try texts.first([StoreValue(sequence)])
        else { throw StoreError.unusable(path, "change \(sequence) lacks its delivery or its text") }
        var fields = RowFields(row, StoreTable.revisions.columns, of: .revisions, path: path)
        _ = try fields.sequence()
        _ = try fields.sequence()
        _ = try fields.number()
        return RevisionState(
            revision: found.revision, change: found.cursor, time: found.time, file: found.file,
            digests: found.digests, words: Int(clamping: try fields.number()),
            isMajor: try fields.optionalFlag(), isReverted: try fields.optionalFlag(),
            changed: try fields.json(), content: try fields.content(),
            relations: try relations(Store.selectRelations, sequence, true, in: database).map(\.relation))
    }

    private func relations(
        _ sql: String, _ key: SequenceNumber, _ isEarlier: Bool, in database: Database
    ) throws -> [RelationState] {
        let statement = try database.cachedStatement(sql: sql)
        try statement.start([StoreValue(key)])
        let columns = [
            "sequence", "epoch", "revision", "kind", "id", "jaccard", "containment", "figures_differ",
            "title",
        ]
        var found: [RelationState] = []
        while found.count <= Relationship.relationsMax, try statement.step() {
            var fields = RowFields(statement.row, columns, of: .relations, path: path)
            let change = try fields.cursor(try fields.sequence())
            let revision = Int(clamping: try fields.number())
            let relation = Relation(
                kind: try fields.relationKind(), article: try fields.article(), jaccard: try fields.share(),
                containment: try fields.share(), figuresDiffer: try fields.flag())
            guard !isGone(relation.article) else { continue }
            found.append(
                RelationState(
                    isEarlier: isEarlier, relation: relation, change: change, revision: revision,
                    title: try fields.optionalText()))
        }
        return found
    }

    private func members(of head: SequenceNumber, in database: Database) throws -> [ArticleID] {
        let statement = try database.cachedStatement(sql: Store.selectMembers)
        try statement.start([StoreValue(head)])
        var members: [ArticleID] = []
        while try statement.step() {
            var fields = RowFields(statement.row, ["id"], of: .articles, path: path)
            members.append(try fields.article())
        }
        return members
    }

    /// The texts of an article behind its first, oldest first, by the index `later_revisions`.
    static let selectTexts =
        "select sequence from revisions where article = ?1 and article <> sequence order by sequence"

    /// The articles of a cluster, its head first, by the index `members`.
    static let selectMembers = """
        select id from articles where sequence = ?1
        union all
        select id from articles where cluster = ?1 and cluster <> sequence
        """

    private static let relationColumns =
        "t.sequence, s.epoch, s.revision, t.kind, o.id, t.jaccard, t.containment, t.figures_differ, n.title"

    /// The text with which article `o` stands.
    private static let standing = """
        n.sequence = coalesce(
          (select max(l.sequence) from revisions l where l.article = o.sequence and l.article <> l.sequence),
          o.sequence)
        """

    /// The relations of one text, the closest first.
    static let selectRelations = """
        select \(relationColumns) from relations t
        join sightings s on s.sequence = t.sequence
        join articles o on o.sequence = t.other
        join revisions n on \(standing)
        where t.sequence = ?1 order by t.place
        """

    /// The later articles whose current text has a relation to an article, by the index `related_to`.
    static let selectRelatedTo = """
        select \(relationColumns) from relations t
        join sightings s on s.sequence = t.sequence
        join articles o on o.sequence = s.article
        join revisions n on n.sequence = t.sequence
        where t.other = ?1 and \(standing) order by t.sequence
        """
}
