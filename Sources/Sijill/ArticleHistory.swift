import SijillFormat

extension SijillClient {
    /// The texts that an article has had, the first one first, all pages of them.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is no such article.
    public func revisions(of id: String, omittingText: Bool = false) async throws -> [Revision] {
        var revisions: [Revision] = []
        var next: UInt64? = 0
        while let after = next {
            let query = Transport.query([
                ("text", omittingText ? "omit" : nil), ("next", after > 0 ? String(after) : nil),
            ])
            let answer = try await self.answer(about: id, "/revisions" + query)
            guard case .array(let elements)? = answer.value["revisions"] else { throw ArticleAnswer.wrong }
            revisions += elements.map(Revision.init)
            next = answer.value["next"]?.whole
        }
        return revisions
    }

    /// The pages of the revisions with their texts, one after the other, each as the server sends it.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is no such article.
    public func revisionPages(of id: String, _ body: ([UInt8]) throws -> Void) async throws {
        var next: UInt64? = 0
        while let after = next {
            let query = Transport.query([("next", after > 0 ? String(after) : nil)])
            let answer = try await self.answer(about: id, "/revisions" + query)
            try body(answer.json)
            next = answer.value["next"]?.whole
        }
    }

    /// What an article is to others, and they to it.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is no such article.
    public func relations(of id: String) async throws -> ArticleRelations {
        try ArticleRelations(await answer(about: id, "/relations"))
    }

    /// What came and went from one revision of an article to another.
    ///
    /// - Parameters:
    ///   - from: The revision before `to` when left out.
    ///   - to: The one that stands when left out.
    /// - Throws: `SijillClientError` with code `.notFound` when there is no such article or revision.
    public func difference(
        of id: String, from: Int? = nil, to: Int? = nil
    ) async throws -> RevisionDifference {
        let query = Transport.query([("from", from.map(String.init)), ("to", to.map(String.init))])
        return try RevisionDifference(await answer(about: id, "/diff" + query))
    }

    private func answer(about id: String, _ route: String) async throws -> ArticleAnswer {
        try ArticleAnswer(await transport.small(Article.path(id) + route))
    }
}

/// An answer that names an article.
struct ArticleAnswer {
    let json: [UInt8]
    let value: JSONValue
    let article: String

    static let wrong = SijillClientError(
        .brokenPromise, "the server's answer is not about an article; is the URL right?")

    init(_ json: [UInt8]) throws {
        guard let value = try? JSONParser.parse(json, options: .change), let id = value["article"]?.text
        else { throw ArticleAnswer.wrong }
        self.json = json
        self.value = value
        article = id
    }
}

/// One text of an article.
public struct Revision: Sendable {
    /// 1 or more.
    public let revision: Int
    /// The change that brought it.
    public let change: LogCursor?
    /// Of the commit, RFC 3339 in UTC.
    public let time: String
    public let title: String?
    public let words: UInt64?
    /// Less than half of the text before is left.
    public let isMajor: Bool
    /// It is the text of an earlier revision again.
    public let isReverted: Bool
    /// The input that it came from.
    public let file: InputFile
    /// Nil when it was not asked for.
    public let text: String?

    init(_ value: JSONValue) {
        revision = Int(clamping: value["revision"]?.whole ?? 1)
        change = value["change"]?.text.flatMap { LogCursor($0) }
        time = value["time"]?.text ?? ""
        title = value["title"]?.text
        words = value["words"]?.whole
        isMajor = value["major"] == .bool(true)
        isReverted = value["reverted"] == .bool(true)
        file = InputFile(value["file"] ?? .null)
        text = value["text"]?.text
    }
}

/// How an article stands among others.
public struct ArticleRelations: Sendable {
    /// The answer of the server as it came, in JSON.
    public let json: [UInt8]
    public let article: String
    /// The first article of the cluster that it belongs to; itself when it stands alone.
    public let cluster: String
    /// The articles of the cluster, the first 1,000 of them.
    public let members: [String]
    /// How many articles the cluster has.
    public let membersTotal: UInt64
    /// To earlier articles, the closest first; then those that later articles have to this one.
    public let relations: [ArticleRelation]

    init(_ answer: ArticleAnswer) throws {
        guard case .array(let elements)? = answer.value["relations"] else { throw ArticleAnswer.wrong }
        json = answer.json
        article = answer.article
        cluster = answer.value["cluster"]?.text ?? answer.article
        members = if case .array(let ids)? = answer.value["members"] { ids.compactMap(\.text) } else { [] }
        membersTotal = answer.value["members_total"]?.whole ?? UInt64(members.count)
        relations = elements.map(ArticleRelation.init)
    }
}

/// What an article and another one are to each other.
public struct ArticleRelation: Sendable {
    /// `near`, `likely`, `contains`, `within`, `related` or `replaced_url`: what the later of both is to the earlier.
    public let kind: String
    /// The other article.
    public let article: String
    /// The other article is the earlier one.
    public let isEarlier: Bool
    /// Shingles that both have, in all that either has, from 0 to 1.
    public let jaccard: Double
    /// The same, in those of the smaller text.
    public let containment: Double
    /// The two do not have the same numbers.
    public let figuresDiffer: Bool
    /// The other article's title.
    public let title: String?

    init(_ value: JSONValue) {
        func share(_ name: String) -> Double {
            if case .number(let literal)? = value[name] { Double(literal) ?? 0 } else { 0 }
        }
        kind = value["kind"]?.text ?? ""
        article = value["article"]?.text ?? ""
        isEarlier = value["direction"]?.text != "later"
        jaccard = share("jaccard")
        containment = share("containment")
        figuresDiffer = value["figures_differ"] == .bool(true)
        title = value["title"]?.text
    }
}

/// What came and went between two texts of an article.
public struct RevisionDifference: Sendable {
    /// Words in a row.
    public struct Words: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable {
            /// Both texts have them.
            case same
            case removed
            case added
        }

        public let kind: Kind
        public let text: String
    }

    /// Paragraphs that went, those that came in their place, or both.
    public struct Passage: Sendable {
        /// Of the earlier text: the first and the last paragraph, counted from 1.
        public let removed: ClosedRange<Int>?
        /// Of the later text.
        public let added: ClosedRange<Int>?
        public let words: [Words]

        init(_ value: JSONValue) {
            func range(_ name: String) -> ClosedRange<Int>? {
                guard case .array(let ends)? = value[name], ends.count == 2, let first = ends[0].whole,
                    let last = ends[1].whole, first <= last, last < UInt64(Int.max)
                else { return nil }
                return Int(first)...Int(last)
            }
            removed = range("removed")
            added = range("added")
            guard case .array(let pieces)? = value["words"] else {
                words = []
                return
            }
            words = pieces.compactMap { piece in
                guard let kind = piece["kind"]?.text.flatMap(Words.Kind.init(rawValue:)) else { return nil }
                return Words(kind: kind, text: piece["text"]?.text ?? "")
            }
        }
    }

    /// The answer of the server as it came, in JSON.
    public let json: [UInt8]
    public let article: String
    public let from: Revision
    public let to: Revision
    /// The title has other words.
    public let isRetitled: Bool
    public let numbersRemoved: [String]
    public let numbersAdded: [String]
    public let passages: [Passage]

    init(_ answer: ArticleAnswer) throws {
        let value = answer.value
        guard case .array(let paragraphs)? = value["paragraphs"], let from = value["from"],
            let to = value["to"]
        else { throw ArticleAnswer.wrong }
        json = answer.json
        article = answer.article
        self.from = Revision(from)
        self.to = Revision(to)
        isRetitled = value["changed"]?["retitled"] == .bool(true)
        func numbers(_ name: String) -> [String] {
            if case .array(let list)? = value["numbers"]?[name] { list.compactMap(\.text) } else { [] }
        }
        numbersRemoved = numbers("removed")
        numbersAdded = numbers("added")
        passages = paragraphs.map(Passage.init)
    }
}
