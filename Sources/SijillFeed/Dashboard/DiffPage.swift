import SijillFormat
import SijillStore
import SijillText

/// `/articles/<id>/diff`: two revisions of an article, or two articles, beside each other.
extension Dashboard {
    static let diffParameters = ["from", "to", "with"]

    /// Bytes of both texts together that are compared for a page.
    private static let diffBytesMax = 1 << 20
    private static let revisionMax = 1_000_000_000

    /// One of the two.
    private struct Side: Sendable {
        let article: ArticleID
        let content: Content
        let time: Timestamp
        let revision: Int
        /// Whether the text that is compared is the one that stands.
        let isAlone: Bool
    }

    private struct Pair: Sendable {
        let earlier: Side
        let later: Side
        let rows: SideBySide
    }

    func difference(_ taste: Taste, _ asked: RoutedRequest) async throws -> Shell {
        let say = taste.language
        let id = try ArticleID(inPath: asked["article"])
        let pair = try await compared(id, asked.query)
        return Shell(say(.diff), nil) {
            tag(.p, Attribute(.class, "back")) {
                tag(.a, .href(Pieces.article(id))) { say(.backToArticle) }
            }
            tag(.h1) { say(.diff) }
            figures(pair.rows, say)
            if pair.rows.isSame { tag(.p, class: "hint", say(.noDifference)) }
            tag(.div, Attribute(.class, "diff panel")) {
                tag(.div, Attribute(.class, "sides")) {
                    head(pair.earlier, say(.earlierText), say)
                    head(pair.later, say(.laterText), say)
                }
                for row in pair.rows.rows { line(row, pair, say) }
            }
        }
    }

    private func compared(_ id: ArticleID, _ query: Query) async throws -> Pair {
        let store = services.store
        if let text = query["with"] {
            guard query["from"] == nil, query["to"] == nil else {
                throw Problem.badRequest(
                    "'with' names another article; 'from' and 'to' name revisions of this one")
            }
            let other = try ArticleID(inPath: text)
            return try await offLoop {
                let sides = try [id, other].map { try Self.side($0, store) }
                let ordered = sides[0].time <= sides[1].time ? sides : sides.reversed()
                return try Self.pair(ordered[0], ordered[1])
            }
        }
        let from = try query.number("from", in: 1...Self.revisionMax)
        let to = try query.number("to", in: 1...Self.revisionMax)
        return try await offLoop {
            _ = try Self.side(id, store)
            do {
                guard let found = try store.difference(of: id, from: from, to: to) else {
                    throw Problem.noArticle(id)
                }
                return try Self.pair(Self.side(id, found.from), Self.side(id, found.to))
            } catch let error as NoSuchRevision {
                throw Problem.notFound(
                    "article \(id) has no revision \(error.revision); the last is \(error.revisionsCount)")
            }
        }
    }

    private static func pair(_ earlier: Side, _ later: Side) throws -> Pair {
        let (old, new) = (earlier.content.text ?? [], later.content.text ?? [])
        guard old.count + new.count <= diffBytesMax else {
            throw Problem(
                "too-large", "The texts are too large to be compared here", status: 413,
                detail: "together they have \(old.count + new.count) bytes, a page compares \(diffBytesMax)")
        }
        return Pair(earlier: earlier, later: later, rows: SideBySide(earlier: old, later: new))
    }

    private static func side(_ id: ArticleID, _ store: Store) throws -> Side {
        guard let state = try store.current(id) else { throw Problem.noArticle(id) }
        let withdrawal = store.withdrawal(of: state)
        if withdrawal.isGone { throw Problem.withdrawn(id, isErased: withdrawal.isErased) }
        return Side(
            article: id, content: state.content, time: state.firstTime, revision: state.revision,
            isAlone: true)
    }

    private static func side(_ id: ArticleID, _ state: RevisionState) -> Side {
        Side(
            article: id, content: state.content, time: state.time, revision: state.revision, isAlone: false)
    }

    // MARK: What is shown

    /// The figures that only one of the texts has: two texts may be alike but for the number of the dead.
    @HTMLBuilder private func figures(_ rows: SideBySide, _ say: Language) -> HTML {
        if !rows.figuresRemoved.isEmpty || !rows.figuresAdded.isEmpty {
            tag(.dl, Attribute(.class, "figures-differ panel")) {
                figures(rows.figuresRemoved, say(.figuresOnlyEarlier), isRemoved: true)
                figures(rows.figuresAdded, say(.figuresOnlyLater), isRemoved: false)
            }
        }
    }

    @HTMLBuilder private func figures(_ list: [String], _ name: String, isRemoved: Bool) -> HTML {
        if !list.isEmpty {
            tag(.div) {
                tag(.dt) { name }
                tag(.dd) {
                    for figure in list.prefix(60) {
                        let words = tag(.b, Attribute(.class, "figure"), Attribute(.dir, "ltr")) { figure }
                        if isRemoved { tag(.del) { words } } else { tag(.ins) { words } }
                        " "
                    }
                    if list.count > 60 { "… +\(Pieces.number(list.count - 60))" }
                }
            }
        }
    }

    private func head(_ side: Side, _ name: String, _ say: Language) -> HTML {
        tag(.header, Attribute(.class, "side")) {
            tag(.p, Attribute(.class, "side-name")) {
                side.isAlone ? name : "\(name): \(say(.revision)) \(side.revision)"
            }
            tag(.h2, side.content.lang.map { Attribute(.lang, $0) }, Attribute(.dir, "auto")) {
                tag(.a, .href(Pieces.article(side.article))) { side.content.title ?? say(.untitled) }
            }
            tag(.p, Attribute(.class, "about")) {
                if let publisher = side.content.publisher {
                    tag(.span, Attribute(.class, "publisher")) { Pieces.foreign(publisher) }
                }
                tag(.span) { Pieces.time(side.time) }
            }
        }
    }

    private func line(_ row: SideBySide.Row, _ pair: Pair, _ say: Language) -> HTML {
        switch row {
        case .same(let earlier, let later):
            return tag(.div, Attribute(.class, "row same")) {
                side(.text(earlier), pair.earlier)
                side(.text(later), pair.later)
            }
        case .changed(let earlier, let later):
            return tag(.div, Attribute(.class, "row changed")) {
                earlier.map { side(marked($0), pair.earlier) } ?? tag(.p, class: "none", "—")
                later.map { side(marked($0), pair.later) } ?? tag(.p, class: "none", "—")
            }
        }
    }

    private func side(_ text: HTML, _ side: Side) -> HTML {
        tag(.p, Attribute(.dir, "auto"), side.content.lang.map { Attribute(.lang, $0) }) { text }
    }

    @HTMLBuilder private func marked(_ pieces: [WordDiff.Piece]) -> HTML {
        for piece in pieces {
            let text = String(decoding: piece.text, as: UTF8.self)
            switch piece.kind {
            case .same: HTML.text(text)
            case .removed, .added:
                // The space before the words is not what changed.
                let words = text.drop(while: \.isWhitespace)
                HTML.text(String(text[..<words.startIndex]))
                tag(piece.kind == .removed ? .del : .ins) { Self.withFigures(String(words)) }
            }
        }
    }

    /// The words with a number in them are marked again.
    static func withFigures(_ text: String) -> HTML {
        var parts: [HTML] = []
        var plain = ""
        var word = ""
        func endWord() {
            if word.contains(where: \.isNumber) {
                parts.append(.text(plain))
                parts.append(tag(.b, class: "figure", word))
                plain = ""
            } else {
                plain += word
            }
            word = ""
        }
        for character in text {
            if character.isWhitespace {
                endWord()
                plain.append(character)
            } else {
                word.append(character)
            }
        }
        endWord()
        parts.append(.text(plain))
        return .joined(parts)
    }
}
