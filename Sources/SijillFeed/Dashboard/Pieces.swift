import SijillFormat

/// Small parts that several pages are made of.
enum Pieces {
    /// A moment; `page.js` shows it in the clock of whoever looks.
    static func time(_ time: Timestamp) -> HTML {
        let text = time.rfc3339
        return tag(.time, Attribute(.datetime, text), Attribute(.dir, "ltr")) {
            "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
        }
    }

    /// What others wrote, in its own direction.
    static func foreign(_ text: String, lang: String? = nil) -> HTML {
        tag(.bdi, lang.map { Attribute(.lang, $0) }) { text }
    }

    /// With a comma at each thousand.
    static func number(_ value: some BinaryInteger) -> String {
        var digits = Array("\(value)")
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return String(digits)
    }

    static func share(_ share: Share) -> String { "\(share.tenThousandths / 100)%" }

    /// A figure with its name under it.
    static func figure(_ id: String, _ name: String, _ value: String, note: HTML = .nothing) -> HTML {
        tag(.div, Attribute(.class, "figure")) {
            tag(.dt) { name }
            tag(.dd) {
                tag(.span, Attribute(.class, "value"), Attribute(.id, id)) { value }
                note
            }
        }
    }

    static func badge(_ type: ChangeType, _ say: Language) -> HTML {
        tag(.span, class: "badge \(type.shortName)", say(type.word))
    }

    static func kind(_ kind: Relation.Kind, _ say: Language) -> HTML {
        tag(.span, class: "badge kind \(kind.rawValue)", say(kind.word))
    }

    /// Nothing there, and what to do about it.
    static func empty(_ title: String, _ hint: HTML = .nothing) -> HTML {
        tag(.div, Attribute(.class, "empty")) {
            tag(.p) { tag(.strong) { title } }
            hint
        }
    }

    static func article(_ id: ArticleID) -> Address { Address("articles", id.description) }
}

extension ChangeType {
    var word: Word {
        switch self {
        case .added: .added
        case .revised: .revised
        case .duplicated: .duplicated
        case .withdrawn: .withdrawn
        case .rejected: .rejected
        }
    }
}

extension Relation.Kind {
    var word: Word {
        switch self {
        case .near: .near
        case .likely: .likely
        case .contains: .contains
        case .within: .within
        case .related: .related
        case .replacedURL: .replacedURL
        }
    }
}

/// One change as a line of a list. `live.js` makes the same from a change that it is sent.
struct ChangeLine {
    let change: Change
    /// The article is withdrawn now, or the content of the change was erased.
    let isGone: Bool
    let say: Language

    var html: HTML {
        tag(
            .li, Attribute(.class, "change \(change.record.type.shortName)"),
            .data("sequence", change.sequence.description), .data("type", change.record.type.shortName),
            change.record.article.map { .data("article", $0.description) }
        ) {
            Pieces.badge(change.record.type, say)
            tag(.div, Attribute(.class, "what")) {
                title
                tag(.p, Attribute(.class, "about")) {
                    if let publisher = change.content.publisher, !isGone {
                        tag(.span, Attribute(.class, "publisher")) { Pieces.foreign(publisher) }
                    }
                    if !change.record.file.source.isEmpty {
                        tag(.span, Attribute(.class, "source")) { Pieces.foreign(change.record.file.source) }
                    }
                    remark
                }
            }
            tag(.span, Attribute(.class, "when")) {
                Pieces.time(change.time)
                tag(.span, Attribute(.class, "sequence"), Attribute(.dir, "ltr")) { "#\(change.sequence)" }
            }
        }
    }

    private var title: HTML {
        let text = isGone ? nil : change.content.title
        guard let article = change.record.article else {
            return tag(.p, Attribute(.class, "title")) { Pieces.foreign(change.record.file.name) }
        }
        return tag(.p, Attribute(.class, "title")) {
            tag(.a, .href(Pieces.article(article))) {
                if let text, !text.isEmpty {
                    Pieces.foreign(text, lang: change.content.lang)
                } else {
                    tag(.em) { isGone ? say(.erased) : say(.untitled) }
                    if !isGone { Pieces.foreign(" " + change.record.file.name) }
                }
            }
        }
    }

    @HTMLBuilder private var remark: HTML {
        switch change.record {
        case .added(let added): relation(added.relations.first)
        case .revised(let revised):
            tag(.span) { "\(say(.revision)) \(revised.revision)" }
            if revised.isMajor { tag(.span, class: "mark", say(.major)) }
            if revised.isReverted { tag(.span, class: "mark", say(.reverted)) }
        case .duplicated(let duplicated):
            tag(.span) { say(duplicated.match == .raw ? .sameBytes : .sameWords) }
        case .withdrawn(let withdrawn):
            tag(.span) { say(withdrawn.isUndo ? .restored : withdrawn.erases ? .erased : .withdrawn) }
        case .rejected(let rejected):
            tag(.code, Attribute(.dir, "ltr")) { rejected.reason.rawValue }
            Pieces.foreign(rejected.detail, lang: "en")
        }
    }

    @HTMLBuilder private func relation(_ relation: Relation?) -> HTML {
        if let relation {
            tag(.span) { "\(say(relation.kind.word)) \(Pieces.share(relation.jaccard))" }
            if relation.figuresDiffer { tag(.span, class: "mark", say(.figuresDiffer)) }
        }
    }
}
