import GRDB
import SijillFormat

/// The full-text index of the store: its tables, and what stands in them (`Documentation/Search.md`).
///
/// It lies in the store's own file, because a row of it must go in the transaction in which the text goes. Only the
/// words are in it: the texts are those of `revisions`.
enum SearchIndex {
    static let sql = """
        -- Full text: the words of the articles as they stand now. Needs the tokenizer of sijilld; any other program
        -- says "no such tokenizer" here, and reads all other tables and views.
        create virtual table search_index using fts5(
          title, text, labels, content = 'search_content', content_rowid = 'sequence', tokenize = 'sijill');

        create table search_progress (
          id integer primary key check (id = 1),  -- there is one row
          indexed integer not null                -- the last change that search_index knows of
        );

        -- What search_index is given of a revision. Labels are for filters: s source, p publisher, l language.
        create view search_texts as
        select r.sequence, r.title, r.text,
          's' || hex(s.source) || coalesce(' p' || hex(r.publisher), '')
            || coalesce(' l' || hex(lower(replace(r.lang, '_', '-'))), '')
            || case when instr(replace(r.lang, '_', '-'), '-') > 1
              then ' l' || hex(lower(substr(r.lang, 1, instr(replace(r.lang, '_', '-'), '-') - 1))) else '' end
            as labels
        from revisions r join sightings s on s.sequence = r.sequence;

        -- The rows that search_index holds, for its integrity check.
        create view search_content as
        select t.sequence, t.title, t.text, t.labels
        from search_index_docsize d join search_texts t on t.sequence = d.id;
        """

    /// Settings that FTS5 keeps in the file.
    ///
    /// FTS5's own merging is off: it merges whole levels inside a commit, which takes seconds in a large index.
    /// `Store.mergeSearchIndex` does the same work in small steps.
    /// What is gathered before it is written is sorted first, so the more at once the less each text costs; but the
    /// ledger may have to wait for it: a few milliseconds for so many bytes.
    private static let settings: [(name: String, value: Int)] = [
        ("automerge", 0), ("crisismerge", 1_999), ("usermerge", 16), ("hashsize", 4 << 20),
    ]

    /// Teaches a connection the tokenizer and the ranking.
    static func prepare(_ database: Database) throws {
        database.add(tokenizer: ArticleTokenizer.self)
        try SearchRank.prepare(database)
    }

    /// Makes what `sql` does not, the one row of progress. Settings are made whenever a store is opened (`set`).
    static func fill(_ database: Database) throws {
        try database.execute(sql: "insert into search_progress (id, indexed) values (1, 0)")
    }

    /// Sees to it that the settings are those of this version.
    static func set(_ database: Database) throws {
        for (name, value) in settings {
            let kept = try Int.fetchOne(
                database, sql: "select v from search_index_config where k = ?", arguments: [name])
            if kept != value { try command(name, value, database) }
        }
    }

    /// Runs a command of FTS5 (https://www.sqlite.org/fts5.html#special_insert_commands).
    static func command(_ name: String, _ value: Int, _ database: Database) throws {
        try database.cachedStatement(sql: "insert into search_index (search_index, rank) values (?, ?)").run([
            .text(Array(name.utf8)), .integer(Int64(value)),
        ])
    }

    static func indexed(_ database: Database) throws -> SequenceNumber {
        SequenceNumber(try database.number("select indexed from search_progress"))
    }

    /// Adds the words of a revision.
    ///
    /// - Parameter sequence: Of the change that brought the revision.
    static func add(_ sequence: SequenceNumber, to database: Database) throws {
        let texts = try database.cachedStatement(sql: selectTexts)
        // A withdrawn article is not searched, and an erased one has no text.
        let withdrawal = try database.cachedStatement(sql: selectWithdrawal).first([StoreValue(sequence)])
        guard withdrawal?[0] != .integer(0), let row = try texts.first([StoreValue(sequence)]),
            row[2] != .null
        else { return }
        try database.cachedStatement(sql: addRow).run(row)
    }

    /// Takes the words of a revision out of the index, if they are there. Call it in the transaction that changes or
    /// removes the text, and before that: what to take out is read from the row of `revisions`.
    ///
    /// - Parameter sequence: Of the change that brought the revision.
    static func remove(_ sequence: SequenceNumber, from database: Database) throws {
        let content = try database.cachedStatement(sql: selectContent)
        guard let row = try content.first([StoreValue(sequence)]) else { return }
        try database.cachedStatement(sql: removeRow).run(row)
    }

    // Not `insert … select`: such a statement makes a savepoint, at which FTS5 writes what it has gathered.
    static let selectTexts = "select sequence, title, text, labels from search_texts where sequence = ?"
    /// The last withdrawal of a revision's article.
    static let selectWithdrawal = """
        select undo from withdrawals where article = (select article from revisions where sequence = ?)
        order by sequence desc limit 1
        """
    static let selectContent = "select sequence, title, text, labels from search_content where sequence = ?"
    static let addRow = "insert into search_index (rowid, title, text, labels) values (?, ?, ?, ?)"
    static let removeRow =
        "insert into search_index (search_index, rowid, title, text, labels) values ('delete', ?, ?, ?, ?)"
}
