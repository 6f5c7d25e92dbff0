import SijillFormat
import SijillText

/// Reads the values of one row in the order in which `StoreRow` wrote them.
///
/// Each function takes the next value, and throws `StoreError` with code `unusable` when it is not what
/// `StoreRow` writes there: the file was changed by a foreign hand or a failing disk.
struct RowFields {
    private let values: [StoreValue]
    private let columns: [String]
    private let table: StoreTable
    private let path: String
    private var position = 0

    /// - Parameter columns: The names of `values`, for the error.
    init(_ values: [StoreValue], _ columns: [String], of table: StoreTable, path: String) {
        self.values = values
        self.columns = columns
        self.table = table
        self.path = path
    }

    mutating func number() throws -> UInt64 { try required(optionalNumber()) }

    mutating func optionalNumber() throws -> UInt64? {
        switch take() {
        case .null: nil
        case .integer(let number): UInt64(bitPattern: number)
        default: throw notOurs()
        }
    }

    mutating func sequence() throws -> SequenceNumber { SequenceNumber(try number()) }

    mutating func utf8() throws -> [UInt8]? {
        switch take() {
        case .null: nil
        case .text(let bytes): bytes
        default: throw notOurs()
        }
    }

    mutating func optionalText() throws -> String? { try utf8().map { String(decoding: $0, as: UTF8.self) } }

    mutating func text() throws -> String { try required(optionalText()) }

    mutating func blob() throws -> [UInt8]? {
        switch take() {
        case .null: nil
        case .blob(let bytes): bytes
        default: throw notOurs()
        }
    }

    mutating func optionalDigest() throws -> Digest? {
        guard let bytes = try blob() else { return nil }
        guard bytes.count == Digest.bytes, let digest = Digest(bytes: bytes) else { throw notOurs() }
        return digest
    }

    mutating func digest() throws -> Digest { try required(optionalDigest()) }

    /// `canonical_version` and `canonical_digest`.
    mutating func canonicalDigest() throws -> CanonicalDigest? {
        let name = try optionalText()
        let digest = try optionalDigest()
        if name == nil, digest == nil { return nil }
        guard let version = name.flatMap(CanonicalDigest.Version.init(rawValue:)), let digest else {
            throw notOurs()
        }
        return CanonicalDigest(version: version, digest: digest)
    }

    mutating func relationKind() throws -> Relation.Kind { try required(Relation.Kind(rawValue: text())) }

    mutating func identity() throws -> Identity? {
        try blob().map { try required(Identity(data: $0)) }
    }

    mutating func sketch() throws -> Sketch { try required(blob().flatMap { Sketch(blob: $0) }) }

    /// A share from 0 to 1.
    mutating func share() throws -> Share {
        guard case .real(let value) = take() else { throw notOurs() }
        let scaled = (value * Double(Share.whole)).rounded()
        guard (0...Double(Share.whole)).contains(scaled) else { throw notOurs() }
        return try required(Share(tenThousandths: Int(scaled)))
    }

    /// 0 or 1.
    mutating func flag() throws -> Bool { try required(optionalFlag()) }

    mutating func optionalFlag() throws -> Bool? {
        switch try optionalNumber() {
        case nil: nil
        case 0: false
        case 1: true
        default: throw notOurs()
        }
    }

    mutating func match() throws -> Duplicated.Match? {
        guard let name = try optionalText() else { return nil }
        return try required(Duplicated.Match(rawValue: name))
    }

    mutating func article() throws -> ArticleID { try required(ArticleID(text())) }

    mutating func cursor(_ sequence: SequenceNumber) throws -> Cursor {
        Cursor(sequence: sequence, epoch: try required(Epoch(text())))
    }

    mutating func json() throws -> JSONValue? {
        guard let bytes = try utf8() else { return nil }
        return try required(try? JSONParser.parse(bytes))
    }

    mutating func list() throws -> [String] {
        guard let value = try json() else { return [] }
        guard case .array(let elements) = value else { throw notOurs() }
        return try elements.map { try required($0.text) }
    }

    mutating func file() throws -> FileRecord {
        FileRecord(
            name: try text(), nameBytes: try blob(), source: try text(), bytes: try number(),
            sha256: try optionalDigest(), encoding: try optionalText(), format: try optionalText(),
            inode: try number(), line: try optionalNumber(), offset: try optionalNumber())
    }

    mutating func digests() throws -> ArticleDigests {
        ArticleDigests(canonical: try canonicalDigest(), text: try digest(), content: try digest())
    }

    mutating func content() throws -> Content {
        var content = Content()
        content.title = try optionalText()
        content.byline = try optionalText()
        content.authors = try list()
        content.publisher = try optionalText()
        content.site = try optionalText()
        content.url = try optionalText()
        content.id = try optionalText()
        content.lang = try optionalText()
        content.published = try optionalText()
        content.modified = try optionalText()
        content.fetched = try optionalText()
        content.description = try optionalText()
        content.standfirst = try optionalText()
        content.dateline = try optionalText()
        content.tags = try list()
        content.section = try optionalText()
        content.image = try optionalText()
        content.license = try optionalText()
        content.removed = try list()
        content.warnings = try list()
        content.cut = try list()
        if let value = try json() { content.changes = try required(TextChanges(value)) }
        if let extra = try json() {
            guard case .object(let members) = extra else { throw notOurs() }
            content.extra = members
        }
        content.text = try utf8()
        return content
    }

    private mutating func take() -> StoreValue {
        defer { position += 1 }
        return values[position]
    }

    private func required<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw notOurs() }
        return value
    }

    /// The value that was taken last is not what stands there in a sound store.
    private func notOurs() -> StoreError {
        let row = if case .integer(let sequence) = values[0] { " of change \(sequence)" } else { "" }
        return .unusable(
            path, "table \(table.rawValue), the row\(row): \(columns[position - 1]) is not as it was written")
    }
}
