/// What an article is to an earlier one, as a change says it.
package struct Relation: Hashable, Sendable {
    /// The kinds of `contract: text` §2, and what became of an address.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The same article, with small differences.
        case near
        /// Probably the same, edited.
        case likely
        /// It holds the earlier text, and much besides.
        case contains
        /// It is part of the earlier text.
        case within
        /// It has passages of the earlier text.
        case related
        /// It stands where the earlier one stood, at the same address, and has little in common with it.
        case replacedURL = "replaced_url"
    }

    package var kind: Kind
    /// The earlier article.
    package var article: ArticleID
    /// J: shingles that both have, in all that either has.
    package var jaccard: Share
    /// C: shingles that both have, in those of the smaller text.
    package var containment: Share
    /// The texts do not have the same figures, each as often.
    package var figuresDiffer: Bool

    package init(
        kind: Kind, article: ArticleID, jaccard: Share, containment: Share, figuresDiffer: Bool
    ) {
        self.kind = kind
        self.article = article
        self.jaccard = jaccard
        self.containment = containment
        self.figuresDiffer = figuresDiffer
    }
}

/// A part of a whole in ten-thousandths, rounded down: `.6` is never written of what is less.
package struct Share: Hashable, Comparable, Sendable {
    package static let whole = 10_000
    package let tenThousandths: Int

    /// 0 where there is no whole.
    package init(_ part: Int, of all: Int) {
        precondition(part >= 0 && part <= all, "a part of a whole")
        tenThousandths = all == 0 ? 0 : part * Share.whole / all
    }

    package init?(tenThousandths: Int) {
        guard (0...Share.whole).contains(tenThousandths) else { return nil }
        self.tenThousandths = tenThousandths
    }

    package var value: Double { Double(tenThousandths) / Double(Share.whole) }

    package static func < (a: Share, b: Share) -> Bool { a.tenThousandths < b.tenThousandths }

    /// As a JSON number: one to four decimals, `0.0`, `0.83`, `1.0`.
    package var literal: String {
        if tenThousandths == Share.whole { return "1.0" }
        var digits = Decimal.padded(UInt64(tenThousandths), width: 4)
        while digits.utf8.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return "0." + digits
    }

    /// Reads what `literal` wrote; nil for anything else.
    package init?(literal: String) {
        let bytes = Array(literal.utf8)
        if literal == "1.0" {
            tenThousandths = Share.whole
            return
        }
        let digits = bytes.dropFirst(2)
        guard bytes.starts(with: "0.".utf8), (1...4).contains(digits.count),
            let value = Decimal.value(Array(digits))
        else { return nil }
        var scaled = Int(value)
        for _ in digits.count..<4 { scaled *= 10 }
        tenThousandths = scaled
        guard self.literal == literal else { return nil }
    }
}

extension ByteWriter {
    /// `,"relations":[…]`
    mutating func relations(_ relations: [Relation]) {
        memberName("relations")
        byte("[")
        for (position, relation) in relations.enumerated() {
            if position > 0 { byte(",") }
            append("{\"kind\":\"\(relation.kind.rawValue)\",\"article\":\"\(relation.article)\",\"jaccard\":")
            append(relation.jaccard.literal)
            memberName("containment")
            append(relation.containment.literal)
            memberName("figures_differ")
            append(relation.figuresDiffer ? "true" : "false")
            byte("}")
        }
        byte("]")
    }
}

extension Relation {
    /// The relation as in a change.
    package var json: JSONValue {
        .object([
            JSONMember(name: "kind", value: .string(Array(kind.rawValue.utf8))),
            JSONMember(name: "article", value: .string(Array(article.description.utf8))),
            JSONMember(name: "jaccard", value: .number(jaccard.literal)),
            JSONMember(name: "containment", value: .number(containment.literal)),
            JSONMember(name: "figures_differ", value: .bool(figuresDiffer)),
        ])
    }
}
