import SijillFormat
import SijillText

/// A table of the store that changes are written to, with its columns in the order of `StoreSchema`.
enum StoreTable: String, CaseIterable, Sendable {
    case articles, revisions, sketches, relations, sightings, mates, withdrawals, rejects, facets

    var columns: [String] {
        switch self {
        case .articles: ["sequence", "id", "cluster"]
        case .revisions:
            ["sequence", "article", "revision", "words", "major", "reverted", "changed"]
                + StoreTable.contentColumns
        case .sketches: ["sequence", "article", "identity", "keys"]
        case .relations:
            ["sequence", "place", "kind", "other", "jaccard", "containment", "figures_differ"]
        case .sightings:
            ["sequence", "time", "epoch", "article", "revision", "matched", "duplicate_of"]
                + StoreTable.fileColumns
                + ["canonical_version", "canonical_digest", "text_digest", "content_digest", "delivered"]
        case .mates: ["sequence", "place", "article", "kind", "file_name", "file_bytes", "file_sha256"]
        case .withdrawals: ["sequence", "time", "epoch", "article", "erase", "undo", "sequences", "note"]
        case .rejects: ["sequence", "time", "epoch"] + StoreTable.fileColumns + ["reason", "detail"]
        case .facets: ["sequence", "type", "source", "publisher", "lang", "article"]
        }
    }

    static let fileColumns = [
        "file_name", "file_name_bytes", "source", "file_bytes", "file_sha256", "file_encoding", "file_format",
        "file_inode", "file_line", "file_offset",
    ]

    static let contentColumns = [
        "title", "byline", "authors", "publisher", "site", "url", "producer_id", "lang", "published",
        "modified", "fetched", "description", "standfirst", "dateline", "tags", "section", "image", "license",
        "removed", "warnings", "cut", "changes", "extra", "text",
    ]

    /// Writes one row, its values in the order of `columns`.
    var insert: String { Self.inserts[self]! }  // each table has one

    /// Made once: a batch asks for all of them.
    private static let inserts = Dictionary(
        uniqueKeysWithValues: allCases.map { table in
            let places = table.columns.map { _ in "?" }.joined(separator: ", ")
            return (
                table,
                "insert into \(table.rawValue) (\(table.columns.joined(separator: ", "))) values (\(places))"
            )
        })

    var select: String { "select \(columns.joined(separator: ", ")) from \(rawValue)" }

    /// The order in which `StoreRow` makes rows.
    var order: String { self == .relations || self == .mates ? "sequence, place" : "sequence" }
}

/// A row as it stands in the store. What a change writes is decided here and nowhere else: `Store.apply` writes these
/// rows and `StoreComparison` looks for them.
struct StoreRow {
    let table: StoreTable
    let values: [StoreValue]

    /// The rows of a text that was not there before.
    ///
    /// - Parameters:
    ///   - sketch: That of its text.
    ///   - key: The key of an earlier article.
    static func rows(
        _ change: Change, added: Added, sketch: Sketch, key: (ArticleID) throws -> SequenceNumber
    ) rethrows -> [StoreRow] {
        let cluster = added.cluster == added.article ? change.sequence : try key(added.cluster)
        let article: [StoreValue] = [
            StoreValue(change.sequence), .text(Array(added.article.description.utf8)), StoreValue(cluster),
        ]
        let identity = Identity(change.content, source: added.file.source)
        let text = NewText(
            article: change.sequence, revision: 1, words: added.words, history: [.null, .null, .null],
            file: added.file, digests: added.digests, sketch: sketch, identity: identity)
        return [StoreRow(table: .articles, values: article)] + rows(change, text)
            + (try rows(change, added.relations, key: key))
    }

    /// The rows of a text that takes the place of an earlier one.
    ///
    /// - Parameter article: The key of its article.
    static func rows(
        _ change: Change, revised: Revised, article: SequenceNumber, sketch: Sketch,
        key: (ArticleID) throws -> SequenceNumber
    ) rethrows -> [StoreRow] {
        let history: [StoreValue] = [
            .integer(revised.isMajor ? 1 : 0), .integer(revised.isReverted ? 1 : 0),
            json(revised.changed.json),
        ]
        let text = NewText(
            article: article, revision: revised.revision, words: revised.words, history: history,
            file: revised.file, digests: revised.digests, sketch: sketch, identity: nil)
        return rows(change, text) + (try rows(change, revised.relations, key: key))
    }

    /// What `added` and `revised` say of a text.
    private struct NewText {
        let article: SequenceNumber
        let revision: Int
        let words: Int
        /// `major`, `reverted`, `changed`.
        let history: [StoreValue]
        let file: FileRecord
        let digests: ArticleDigests
        let sketch: Sketch
        let identity: Identity?
    }

    private static func rows(_ change: Change, _ text: NewText) -> [StoreRow] {
        let sequence = StoreValue(change.sequence)
        let article = StoreValue(text.article)
        let sighting =
            head(change) + [article, .integer(Int64(text.revision)), .null, .null] + file(text.file)
            + digests(text.digests) + [.null]
        let revision =
            [sequence, article, .integer(Int64(text.revision)), .integer(Int64(text.words))] + text.history
            + content(change.content)
        let sketch: [StoreValue] = [
            sequence, article, text.identity.map { .blob($0.data) } ?? .null, .blob(text.sketch.blob),
        ]
        return [
            StoreRow(table: .sightings, values: sighting), StoreRow(table: .revisions, values: revision),
            StoreRow(table: .sketches, values: sketch),
        ]
    }

    private static func rows(
        _ change: Change, _ relations: [Relation], key: (ArticleID) throws -> SequenceNumber
    ) rethrows -> [StoreRow] {
        try relations.enumerated().map { place, relation in
            StoreRow(
                table: .relations,
                values: [
                    StoreValue(change.sequence), .integer(Int64(place)),
                    .text(Array(relation.kind.rawValue.utf8)), StoreValue(try key(relation.article)),
                    .real(relation.jaccard.value), .real(relation.containment.value),
                    .integer(relation.figuresDiffer ? 1 : 0),
                ])
        }
    }

    /// The row of a delivery of a known text.
    ///
    /// - Parameter article: The key of `duplicated.article` in the store.
    static func row(_ change: Change, duplicated: Duplicated, article: SequenceNumber) -> StoreRow {
        let match: [StoreValue] = [
            StoreValue(article), .integer(Int64(duplicated.revision)),
            .text(Array(duplicated.match.rawValue.utf8)), StoreValue(duplicated.of.sequence),
        ]
        // The content part is `,"title":…,"text":null`: an object but for its first comma and its braces.
        let delivered =
            [UInt8(ascii: "{")] + EncodedContent(change.content).bytes.dropFirst() + [UInt8(ascii: "}")]
        let values =
            head(change) + match + file(duplicated.file) + digests(duplicated.digests) + [.text(delivered)]
        return StoreRow(table: .sightings, values: values)
    }

    /// The rows of what came beside an input and was kept with it.
    ///
    /// - Parameter article: The key of the article in the store.
    static func mates(_ change: Change, article: SequenceNumber) -> [StoreRow] {
        change.record.keptMates.enumerated().map { place, mate in
            StoreRow(
                table: .mates,
                values: [
                    StoreValue(change.sequence), .integer(Int64(place)), StoreValue(article),
                    .text(Array(mate.kind.rawValue.utf8)), .text(Array(mate.name.utf8)),
                    StoreValue(mate.bytes), StoreValue(mate.sha256),
                ])
        }
    }

    /// The row of a withdrawal.
    ///
    /// - Parameter article: The key of the article in the store.
    static func row(_ change: Change, withdrawn: Withdrawn, article: SequenceNumber) -> StoreRow {
        let values: [StoreValue] = [
            StoreValue(article), .integer(withdrawn.erases ? 1 : 0), .integer(withdrawn.isUndo ? 1 : 0),
            json(.array(withdrawn.sequences.map { .number(String($0.value)) })),
            StoreValue(change.content.note),
        ]
        return StoreRow(table: .withdrawals, values: head(change) + values)
    }

    /// The row of an input that could not become an article.
    static func row(_ change: Change, rejected: Rejected) -> StoreRow {
        let why: [StoreValue] = [
            .text(Array(rejected.reason.rawValue.utf8)), .text(Array(rejected.detail.utf8)),
        ]
        return StoreRow(table: .rejects, values: head(change) + file(rejected.file) + why)
    }

    /// The row that every change has, whatever it is.
    ///
    /// - Parameter article: The key of the article that it is about.
    static func facets(_ change: Change, article: SequenceNumber?) -> StoreRow {
        StoreRow(
            table: .facets,
            values: [
                StoreValue(change.sequence), .text(Array(change.record.type.shortName.utf8)),
                change.record.type == .withdrawn ? .null : .text(Array(change.record.file.source.utf8)),
                StoreValue(change.content.publisher),
                StoreValue(change.content.lang), article.map { StoreValue($0) } ?? .null,
            ])
    }

    private static func head(_ change: Change) -> [StoreValue] {
        [
            StoreValue(change.sequence), StoreValue(change.time.milliseconds),
            .text(Array(change.cursor.epoch.description.utf8)),
        ]
    }

    private static func file(_ file: FileRecord) -> [StoreValue] {
        [
            .text(Array(file.name.utf8)), file.nameBytes.map { .blob($0) } ?? .null,
            .text(Array(file.source.utf8)), StoreValue(file.bytes), StoreValue(file.sha256),
            StoreValue(file.encoding), StoreValue(file.format), StoreValue(file.inode), StoreValue(file.line),
            StoreValue(file.offset),
        ]
    }

    private static func digests(_ digests: ArticleDigests) -> [StoreValue] {
        [
            StoreValue(digests.canonical?.version.rawValue), StoreValue(digests.canonical?.digest),
            StoreValue(digests.text), StoreValue(digests.content),
        ]
    }

    private static func content(_ content: Content) -> [StoreValue] {
        [
            StoreValue(content.title), StoreValue(content.byline), list(content.authors),
            StoreValue(content.publisher), StoreValue(content.site), StoreValue(content.url),
            StoreValue(content.id), StoreValue(content.lang), StoreValue(content.published),
            StoreValue(content.modified), StoreValue(content.fetched), StoreValue(content.description),
            StoreValue(content.standfirst), StoreValue(content.dateline), list(content.tags),
            StoreValue(content.section), StoreValue(content.image), StoreValue(content.license),
            list(content.removed), list(content.warnings), list(content.cut),
            content.changes.map { json($0.json) } ?? .null,
            content.extra.isEmpty ? .null : json(.object(content.extra)),
            content.text.map { .text($0) } ?? .null,
        ]
    }

    /// An absent list is null, as an absent field is.
    private static func list(_ texts: [String]) -> StoreValue {
        texts.isEmpty ? .null : json(.array(texts.map { .string(Array($0.utf8)) }))
    }

    private static func json(_ value: JSONValue) -> StoreValue {
        var writer = ByteWriter()
        writer.json(value)
        return .text(writer.bytes)
    }
}
