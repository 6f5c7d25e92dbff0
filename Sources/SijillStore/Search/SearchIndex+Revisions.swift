import GRDB
import SijillFormat

extension SearchIndex {
    /// Takes the earlier revisions of an article out of the index: only the text that stands is found.
    ///
    /// - Parameters:
    ///   - article: The article's key, which is the sequence of its first revision.
    ///   - sequence: Of the revision that has taken their place.
    static func removeRevisions(of article: Int64, before sequence: Int64, from database: Database) throws {
        let statement = try database.cachedStatement(sql: selectEarlier)
        var earlier: [SequenceNumber] = []
        try statement.start([.integer(article), .integer(sequence)])
        while try statement.step() {
            if let number = statement.number(at: 0) { earlier.append(SequenceNumber(number)) }
        }
        for number in earlier { try remove(number, from: database) }
    }

    /// By the index of later revisions; the first one's sequence is the article's key.
    static let selectEarlier = """
        select ?1 as sequence union all
        select sequence from revisions where article = ?1 and article <> sequence and sequence < ?2
        """

    /// The rows that the index holds when it is sound: of each article that is not withdrawn the last revision up to
    /// `indexed`.
    static let expectedRows = """
        with later as materialized (
          select article, max(sequence) as last from revisions
          where article <> sequence and sequence <= (select indexed from search_progress) group by article),
        hidden as materialized (
          select article from withdrawals w
          where undo = 0 and sequence = (select max(sequence) from withdrawals where article = w.article))
        select r.sequence from revisions r left join later l on l.article = r.article
        where r.sequence <= (select indexed from search_progress) and r.sequence = coalesce(l.last, r.article)
          and r.text is not null and r.article not in (select article from hidden)
        """
}
