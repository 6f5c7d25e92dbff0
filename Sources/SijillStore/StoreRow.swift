import SijillFormat

/// A table of the store that changes are written to, with its columns in the order of `StoreSchema`.
enum StoreTable: String, CaseIterable, Sendable {
    case articles, revisions, sightings, withdrawals, rejects, facets

    var columns: [String] {
        switch self {
        case .articles: ["sequence", "id", "cluster"]
        case .revisions: ["sequence", "article", "revision", "words"] + StoreTable.contentColumns
        case .sightings:
            ["sequence", "time", "epoch", "article", "revision", "matched", "duplicate_of"]
                + StoreTable.fileColumns
                + ["canonical_version", "canonical_digest", "text_digest", "content_digest", "delivered"]
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
        "removed", "warnings", "cut", "extra", "text",
    ]

    /// Writes one row, its values in the order of `columns`.
    var insert: String {
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        return "insert into \(rawValue) (\(columns.joined(separator: ", "))) values (\(places))"
    }

    var select: String { "select \(columns.joined(separator: ", ")) from \(rawValue)" }
}

/// A row as it stands in the store. What a change writes is decided here and nowhere else: `Store.apply` writes these
/// rows and `StoreComparison` looks for them.
struct StoreRow {
    let table: StoreTable
    let values: [StoreValue]

    /// The rows of a text that was not there before.
    static func rows(_ change: Change, added: Added) -> [StoreRow] {
        let sequence = StoreValue(change.sequence)
        let article: [StoreValue] = [
            sequence, .text(Array(added.article.description.utf8)),
            .text(Array(added.cluster.description.utf8)),
        ]
        let sighting =
            head(change) + [sequence, .integer(1), .null, .null] + file(added.file) + digests(added.digests)
            + [.null]
        let revision =
            [sequence, sequence, .integer(1), .integer(Int64(added.words))] + content(change.content)
        return [
            StoreRow(table: .articles, values: article), StoreRow(table: .sightings, values: sighting),
            StoreRow(table: .revisions, values: revision),
        ]
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
