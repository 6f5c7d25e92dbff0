import SijillFormat

/// One change of a log: what happened to one input, and what was in it.
///
/// The line is kept exactly as it stands in the log. The members that most clients want are read from it on demand;
/// everything else is in `line`, which is one CloudEvent in JSON.
public struct LogChange: Hashable, Sendable {
    /// The change as it stands in the log, without its newline: strict JSON in UTF-8.
    public let line: [UInt8]
    /// Names the change. Keep it with what you made of the change; `changes(since: .after(cursor))` goes on from it.
    public let cursor: LogCursor

    /// A change from its line without the newline: one that was kept.
    ///
    /// - Throws: `SijillClientError` `.brokenPromise` when `line` does not begin as a change does.
    public init(line: [UInt8]) throws {
        // Every line begins with the same members, so the id is found without parsing.
        let start = Self.prefix.count
        guard line.starts(with: Self.prefix), line.count > start + Cursor.bytes,
            let cursor = LogCursor(String(decoding: line[start..<start + Cursor.bytes], as: UTF8.self))
        else { throw SijillClientError(.brokenPromise, "a line that is no change stands where one belongs") }
        self.line = line
        self.cursor = cursor
    }

    private static let prefix = Array("{\"specversion\":\"1.0\",\"id\":\"".utf8)

    /// The 1-based number of the change in its log.
    public var sequence: UInt64 { cursor.sequence }

    /// The members of the change, read now: linear in the length of the line, so keep the result.
    ///
    /// - Throws: `SijillClientError` `.brokenPromise` when the line is not strict JSON.
    public func decoded() throws -> DecodedChange {
        do {
            return DecodedChange(try JSONParser.parse(line, options: .change))
        } catch {
            throw SijillClientError(
                .brokenPromise,
                "change \(cursor) is not strict JSON at byte \(error.offset): \(error.message)")
        }
    }
}

/// The members of a change. What a change does not have, or what was left out of it, is nil.
public struct DecodedChange: Sendable {
    private let envelope: JSONValue
    private let data: JSONValue

    init(_ envelope: JSONValue) {
        self.envelope = envelope
        data = envelope["data"] ?? .null
    }

    /// The kind of the change. Types that this version does not know have only their name.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// The full type, `org.sijill.article.added`.
        public let description: String

        public static let added = Kind(description: "org.sijill.article.added")
        public static let revised = Kind(description: "org.sijill.article.revised")
        public static let duplicated = Kind(description: "org.sijill.article.duplicated")
        public static let rejected = Kind(description: "org.sijill.file.rejected")
        public static let withdrawn = Kind(description: "org.sijill.article.withdrawn")

        /// `added`, `revised`, `duplicated`, `rejected`.
        public var shortName: String {
            description.split(separator: ".").last.map(String.init) ?? description
        }
    }

    public var kind: Kind { Kind(description: envelope["type"]?.text ?? "") }
    /// When the change was committed, RFC 3339 in UTC.
    public var time: String? { envelope["time"]?.text }
    /// The article's id; a rejected file has none.
    public var article: String? { data["article"]?.text }
    public var revision: Int? { data["revision"]?.whole.map { Int(clamping: $0) } }
    /// With a duplicate: the change that first brought the text.
    public var of: LogCursor? { data["of"]?.text.flatMap { LogCursor($0) } }
    /// With a rejected file: why, one word of a closed list.
    public var reason: String? { data["reason"]?.text }
    /// With a rejected file: why, for people.
    public var detail: String? { data["detail"]?.text }
    /// The input that the change came from.
    public var file: InputFile { InputFile(data["file"] ?? .null) }
    public var title: String? { data["title"]?.text }
    public var publisher: String? { data["publisher"]?.text }
    public var url: String? { data["url"]?.text }
    public var lang: String? { data["lang"]?.text }
    public var published: String? { data["published"]?.text }
    public var text: String? { data["text"]?.text }
}

/// A file, or one record of a file of many, as it was taken in.
public struct InputFile: Hashable, Sendable {
    public let name: String
    /// The folder of the inbox that it came by: who delivers.
    public let source: String
    public let bytes: UInt64
    /// Lower-case hexadecimal digits; nil when it was rejected unread.
    public let sha256: String?
    /// In a file of many records: the 1-based number of the record.
    public let line: UInt64?

    init(_ json: JSONValue) {
        name = json["name"]?.text ?? ""
        source = json["source"]?.text ?? ""
        bytes = json["bytes"]?.whole ?? 0
        sha256 = json["sha256"]?.text
        line = json["line"]?.whole
    }
}

extension JSONParser.Options {
    /// For a change, or an article as the server writes it.
    static var change: JSONParser.Options {
        var options = JSONParser.Options()
        options.depthMax = Limits.changeDepthMax
        return options
    }
}

extension JSONValue {
    /// A whole number that is not negative.
    var whole: UInt64? {
        guard case .number(let literal) = self else { return nil }
        return Decimal.value(Array(literal.utf8))
    }
}
