import SijillFormat

/// Which changes are wanted. A change must fit every member that is set; an empty filter takes all.
///
/// The server answers filters from an index, so what does not fit costs nothing on the way. Under a filter sequences
/// have gaps: what is promised is that each change that fits comes once and in order.
public struct ChangeFilter: Hashable, Sendable {
    /// The kind of change: `added`, or in full `org.sijill.article.added`.
    public var type: String?
    /// The folder of the inbox that the file came by: who delivers.
    public var source: String?
    /// Who published.
    public var publisher: String?
    /// The language as the article gives it: `ar`.
    public var lang: String?
    /// The id of one article.
    public var article: String?

    /// Takes every change.
    public static let none = ChangeFilter()

    public init(
        type: String? = nil, source: String? = nil, publisher: String? = nil, lang: String? = nil,
        article: String? = nil
    ) {
        self.type = type
        self.source = source
        self.publisher = publisher
        self.lang = lang
        self.article = article
    }

    /// Names and values of the members that are set, in a fixed order.
    var members: [(name: String, value: String)] {
        [("type", type), ("source", source), ("publisher", publisher), ("lang", lang), ("article", article)]
            .compactMap { name, value in value.map { (name, $0) } }
    }

    var isEmpty: Bool { members.isEmpty }

    /// For a query that already has a parameter.
    var parameter: String {
        members.map { "&\($0.name)=\(Transport.escaped($0.value))" }.joined()
    }

    var json: JSONValue {
        .object(members.map { JSONMember(name: $0.name, value: .string(Array($0.value.utf8))) })
    }

    init(_ json: JSONValue?) {
        self.init(
            type: json?["type"]?.text, source: json?["source"]?.text, publisher: json?["publisher"]?.text,
            lang: json?["lang"]?.text, article: json?["article"]?.text)
    }
}
