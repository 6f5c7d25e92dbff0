import SijillFormat

/// Finds the article in a JSON document: an object of fields, or a node of a JSON-LD document (schema.org types,
/// https://schema.org/Article; `@graph` as in JSON-LD 1.1 §9.2).
struct LinkedData {
    /// The members of the article's object.
    let article: [JSONMember]
    /// What the document holds beside the article; nil when the article is the whole document.
    let document: JSONValue?
    /// The document holds more than one article.
    let hasSeveralArticles: Bool

    /// Nil when the value is neither an object nor an array with an article in it.
    init?(_ value: JSONValue) {
        switch value {
        case .object(let members):
            guard !value.isArticle, let graph = value["@graph"], let choice = Choice(graph) else {
                self.init(article: members, document: nil, hasSeveralArticles: false)
                return
            }
            let outer = members.compactMap { member in
                guard member.name == "@graph" else { return member }
                return choice.others.isEmpty ? nil : JSONMember(name: "@graph", value: .array(choice.others))
            }
            self.init(choice, document: outer.isEmpty ? nil : .object(outer))
        case .array:
            guard let choice = Choice(value) else { return nil }
            self.init(choice, document: choice.others.isEmpty ? nil : .array(choice.others))
        case .null, .bool, .number, .string:
            return nil
        }
    }

    private init(_ choice: Choice, document: JSONValue?) {
        self.init(article: choice.completed, document: document, hasSeveralArticles: choice.articleCount > 1)
    }

    private init(article: [JSONMember], document: JSONValue?, hasSeveralArticles: Bool) {
        self.article = article
        self.document = document
        self.hasSeveralArticles = hasSeveralArticles
    }

    /// Whether an array is one JSON-LD document, its nodes describing one article: every element has a type, and
    /// exactly one is an article. Otherwise an array is a list of records.
    static func isDocument(_ elements: some Collection<Node>) -> Bool {
        elements.count > 1 && elements.allSatisfy { $0 != .untyped } && elements.count { $0 == .article } == 1
    }

    /// What an element of an array is.
    enum Node: Hashable {
        case article, typed, untyped

        init(_ value: JSONValue) {
            self = value["@type"] == nil ? .untyped : value.isArticle ? .article : .typed
        }
    }
}

/// The node that is taken as the article, and all others.
private struct Choice {
    let node: JSONValue
    let others: [JSONValue]
    let articleCount: Int

    /// The first article that has a text, else the first article. Nil when there is none.
    init?(_ graph: JSONValue) {
        let nodes: [JSONValue] = if case .array(let elements) = graph { elements } else { [graph] }
        let places = nodes.indices.filter { nodes[$0].isArticle }
        let hasText = { (place: Int) in
            Field.text.aliases.contains { nodes[place][$0.name]?.holdsNothing == false }
        }
        guard let chosen = places.first(where: hasText) ?? places.first else { return nil }
        node = nodes[chosen]
        others = nodes.enumerated().filter { $0.offset != chosen }.map(\.element)
        articleCount = places.count
    }

    /// The node's members; where author, publisher or image only refer to another node (`{"@id": …}`), with the name
    /// or address from there.
    var completed: [JSONMember] {
        guard case .object(let members) = node else { return [] }
        return members.map { member in
            switch member.name {
            case "author", "publisher": JSONMember(name: member.name, value: completed(member.value, "name"))
            case "image": JSONMember(name: member.name, value: completed(member.value, "url"))
            default: member
            }
        }
    }

    private func completed(_ value: JSONValue, _ name: String) -> JSONValue {
        switch value {
        case .array(let elements) where elements.count <= Limits.listCountMax:
            return .array(elements.map { completed($0, name) })
        case .object(let members):
            guard let id = value["@id"], value[name] == nil,
                let target = others.first(where: { $0["@id"] == id }), let found = target[name]
            else { return value }
            return .object(members + [JSONMember(name: name, value: found)])
        default:
            return value
        }
    }
}

extension JSONValue {
    /// Has a type of schema.org that is an article, alone or among others.
    var isArticle: Bool {
        switch self["@type"] {
        case .string(let type)?: return JSONValue.isArticleType(type)
        case .array(let types)?:
            return types.contains {
                if case .string(let type) = $0 { JSONValue.isArticleType(type) } else { false }
            }
        default: return false
        }
    }

    /// `NewsArticle`, also as `schema:NewsArticle` or `https://schema.org/NewsArticle`.
    private static func isArticleType(_ type: [UInt8]) -> Bool {
        let name = type.split(omittingEmptySubsequences: false) { "/#:".utf8.contains($0) }.last
        return articleTypes.contains(String(decoding: name ?? [], as: UTF8.self))
    }

    private static let articleTypes: Set<String> = [
        "Article", "NewsArticle", "AnalysisNewsArticle", "AskPublicNewsArticle", "BackgroundNewsArticle",
        "OpinionNewsArticle", "ReportageNewsArticle", "ReviewNewsArticle", "AdvertiserContentArticle",
        "Report",
        "SatiricalArticle", "ScholarlyArticle", "MedicalScholarlyArticle", "TechArticle", "APIReference",
        "SocialMediaPosting", "BlogPosting", "LiveBlogPosting", "DiscussionForumPosting",
    ]
}
