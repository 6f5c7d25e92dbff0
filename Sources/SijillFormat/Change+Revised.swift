/// A new text, or a new title, of an article that is known by its identity.
package struct Revised: Hashable, Sendable {
    package var article: ArticleID
    /// 2 or more.
    package var revision: Int
    package var file: FileRecord
    package var digests: ArticleDigests
    /// Canonical words of the text.
    package var words: Int
    package var relations: [Relation]
    /// The article's cluster, which a revision does not change.
    package var cluster: ArticleID
    /// Less than half of the text is left.
    package var isMajor: Bool
    /// It is the text of an earlier revision again.
    package var isReverted: Bool
    package var changed: RevisionCounts

    package init(
        article: ArticleID, revision: Int, file: FileRecord, digests: ArticleDigests, words: Int,
        relations: [Relation], cluster: ArticleID, isMajor: Bool, isReverted: Bool, changed: RevisionCounts
    ) {
        self.article = article
        self.revision = revision
        self.file = file
        self.digests = digests
        self.words = words
        self.relations = relations
        self.cluster = cluster
        self.isMajor = isMajor
        self.isReverted = isReverted
        self.changed = changed
    }
}

/// How much a revision changed.
package struct RevisionCounts: Hashable, Sendable {
    package var paragraphsAdded = 0
    package var paragraphsRemoved = 0
    package var numbersAdded = 0
    package var numbersRemoved = 0
    /// The title has other words.
    package var isRetitled = false

    package init() {}

    package init(
        paragraphsAdded: Int, paragraphsRemoved: Int, numbersAdded: Int, numbersRemoved: Int, isRetitled: Bool
    ) {
        self.paragraphsAdded = paragraphsAdded
        self.paragraphsRemoved = paragraphsRemoved
        self.numbersAdded = numbersAdded
        self.numbersRemoved = numbersRemoved
        self.isRetitled = isRetitled
    }

    /// As in a change. No member may be called `title`: the leaf ends before the first one.
    package var json: JSONValue {
        .object([
            JSONMember(name: "paragraphs_added", value: .number(String(paragraphsAdded))),
            JSONMember(name: "paragraphs_removed", value: .number(String(paragraphsRemoved))),
            JSONMember(name: "numbers_added", value: .number(String(numbersAdded))),
            JSONMember(name: "numbers_removed", value: .number(String(numbersRemoved))),
            JSONMember(name: "retitled", value: .bool(isRetitled)),
        ])
    }
}

/// Which paragraphs and numbers a revision brought and took: `changes` of the content part.
///
/// A paragraph is a line of the text that is not blank, counted from 1.
package struct TextChanges: Hashable, Sendable {
    /// Paragraphs that went, those that came in their place, or both.
    package struct Passage: Hashable, Sendable {
        /// Of the text before.
        package var removed: ClosedRange<Int>?
        /// Of this text.
        package var added: ClosedRange<Int>?

        package init(removed: ClosedRange<Int>?, added: ClosedRange<Int>?) {
            self.removed = removed
            self.added = added
        }
    }

    package var passages: [Passage]
    package var numbersRemoved: [String]
    package var numbersAdded: [String]

    package init(passages: [Passage], numbersRemoved: [String], numbersAdded: [String]) {
        self.passages = passages
        self.numbersRemoved = numbersRemoved
        self.numbersAdded = numbersAdded
    }

    package var json: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string(Array($0.utf8)) }) }
        let paragraphs = passages.map { passage in
            JSONValue.object(
                [("removed", passage.removed), ("added", passage.added)].compactMap { name, range in
                    range.map {
                        let ends = [$0.lowerBound, $0.upperBound]
                        return JSONMember(name: name, value: .array(ends.map { .number(String($0)) }))
                    }
                })
        }
        let numbers = [
            JSONMember(name: "removed", value: list(numbersRemoved)),
            JSONMember(name: "added", value: list(numbersAdded)),
        ]
        return .object([
            JSONMember(name: "paragraphs", value: .array(paragraphs)),
            JSONMember(name: "numbers", value: .object(numbers)),
        ])
    }

    /// Reads what `json` wrote; nil for anything else.
    package init?(_ json: JSONValue) {
        guard case .array(let paragraphs)? = json["paragraphs"], let numbers = json["numbers"],
            let removed = TextChanges.texts(numbers["removed"]),
            let added = TextChanges.texts(numbers["added"])
        else { return nil }
        var passages: [Passage] = []
        for paragraph in paragraphs {
            var passage = Passage(removed: nil, added: nil)
            for (name, place) in [("removed", \Passage.removed), ("added", \Passage.added)] {
                guard let value = paragraph[name] else { continue }
                guard let range = TextChanges.range(value) else { return nil }
                passage[keyPath: place] = range
            }
            guard passage.removed != nil || passage.added != nil else { return nil }
            passages.append(passage)
        }
        self.init(passages: passages, numbersRemoved: removed, numbersAdded: added)
    }

    private static func range(_ value: JSONValue) -> ClosedRange<Int>? {
        guard case .array(let ends) = value, ends.count == 2, case .number(let first) = ends[0],
            case .number(let last) = ends[1], let first = Int(first), let last = Int(last), first > 0,
            last >= first
        else { return nil }
        return first...last
    }

    private static func texts(_ value: JSONValue?) -> [String]? {
        guard case .array(let elements)? = value else { return nil }
        let texts = elements.compactMap(\.text)
        return texts.count == elements.count ? texts : nil
    }
}
