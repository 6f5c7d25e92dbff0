import SijillFormat
import SijillLog
import SijillStore

/// `/articles/<id>`: an article as it stands, what it was, what it is to others, and the proof of it.
extension Dashboard {
    private static let revisionsShown = 200
    /// Bytes of a text that a page shows.
    private static let textBytesMax = 1 << 20

    /// What the page is made of.
    private struct Found: Sendable {
        let state: ArticleState
        /// The last `revisionsShown`, the newest last.
        let revisions: [RevisionState]
        let relationship: Relationship?
    }

    func article(_ taste: Taste, _ asked: RoutedRequest) async throws -> Shell {
        let say = taste.language
        let found = try await find(asked["article"])
        let state = found.state
        let title = state.content.title ?? say(.untitled)
        return Shell(title, nil, scripts: HTML.script("proof.js")) {
            tag(.div, Attribute(.class, "article-page")) {
                text(state, say)
                tag(.div, Attribute(.class, "beside")) {
                    details(state, say)
                    proof(state, say)
                }
                tag(.div, Attribute(.class, "below")) {
                    revisions(found, say)
                    relations(found, say)
                }
            }
        }
    }

    private func find(_ text: String) async throws -> Found {
        let id = try ArticleID(inPath: text)
        let store = services.store
        return try await offLoop {
            guard let state = try store.current(id) else { throw Problem.noArticle(id) }
            let withdrawal = store.withdrawal(of: state)
            if withdrawal.isGone { throw Problem.withdrawn(id, isErased: withdrawal.isErased) }
            let before = max(0, state.revision - Self.revisionsShown)
            let revisions = try store.revisions(of: id, after: before, withText: false)?.revisions
            return Found(
                state: state, revisions: revisions ?? [], relationship: try store.relations(of: id))
        }
    }

    // MARK: The text

    private func text(_ state: ArticleState, _ say: Language) -> HTML {
        let content = state.content
        let lang = content.lang.map { Attribute(.lang, $0) }
        return tag(.article, Attribute(.class, "text")) {
            tag(.header) {
                tag(.h1, Attribute(.dir, "auto"), lang) { content.title ?? say(.untitled) }
                tag(.p, Attribute(.class, "about")) {
                    if let byline = content.byline { tag(.span) { Pieces.foreign(byline) } }
                    if let publisher = content.publisher {
                        tag(.span, Attribute(.class, "publisher")) { Pieces.foreign(publisher) }
                    }
                    if let published = content.published { tag(.span) { Pieces.foreign(published) } }
                }
            }
            tag(.div, Attribute(.class, "body"), lang, Attribute(.dir, "auto")) {
                let bytes = content.text ?? []
                let lines = Self.lines(bytes.prefix(Self.textBytesMax))
                if lines.isEmpty { tag(.p, class: "hint", say(.noText)) }
                for line in lines { tag(.p, Attribute(.dir, "auto")) { line } }
                if bytes.count > Self.textBytesMax { tag(.p, class: "hint", say(.textCut)) }
            }
        }
    }

    /// The lines as they are written, empty ones left out.
    private static func lines(_ text: ArraySlice<UInt8>) -> [String] {
        text.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }.filter { line in
            line.contains { !$0.isWhitespace }
        }
    }

    // MARK: Details

    private func details(_ state: ArticleState, _ say: Language) -> HTML {
        let content = state.content
        let file = state.file
        return tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "details")) {
            tag(.h2, Attribute(.id, "details")) { say(.details) }
            tag(.p, Attribute(.class, "buttons")) {
                tag(
                    .a, Attribute(.class, "button"), Attribute(.download, ""),
                    .href(Address("v1", "articles", state.id.description, "original"))
                ) { say(.original) }
                tag(
                    .a, Attribute(.class, "button plain"),
                    .href(Address("v1", "articles", state.id.description))
                ) { say(.json) }
            }
            tag(.dl, Attribute(.class, "pairs")) {
                pair(say(.address), content.url.map(Self.link))
                pair(say(.site), content.site)
                pair(say(.section), content.section)
                pair(say(.authors), content.authors.joined(separator: ", "))
                pair(say(.dateline), content.dateline)
                pair(say(.modified), content.modified)
                pair(say(.languageOf), content.lang)
                pair(say(.tags), content.tags.joined(separator: ", "))
                pair(say(.description), content.description)
                pair(say(.license), content.license)
                pair(
                    say(.source),
                    tag(.a, .href(Address("search", query: [("source", file.source)]))) {
                        Pieces.foreign(file.source)
                    })
                pair(say(.file), Pieces.foreign(file.name))
                pair(say(.bytes), Pieces.number(file.bytes))
                pair(say(.encoding), [file.format, file.encoding].compactMap { $0 }.joined(separator: ", "))
                pair(say(.words), Pieces.number(state.words))
                pair(say(.firstSeen), Pieces.time(state.firstTime))
                pair(say(.deliveries), Pieces.number(state.sightings))
                pair(say(.id), Self.code(state.id.description))
                pair(say(.digest), file.sha256.map { Self.code($0.hex) })
                pair(say(.canonical), state.digests.canonical.map { Self.code($0.description) })
                pair(say(.warnings), content.warnings.joined(separator: ", "))
                pair(say(.cut), content.cut.joined(separator: ", "))
            }
            if !content.removed.isEmpty {
                tag(.details) {
                    tag(.summary) { "\(say(.removed)): \(content.removed.count)" }
                    tag(.ul, Attribute(.class, "removed")) {
                        for line in content.removed { tag(.li, Attribute(.dir, "auto")) { line } }
                    }
                }
            }
        }
    }

    private func pair(_ name: String, _ text: String?) -> HTML {
        guard let text, !text.isEmpty else { return .nothing }
        return pair(name, Pieces.foreign(text))
    }

    private func pair(_ name: String, _ value: HTML?) -> HTML {
        guard let value else { return .nothing }
        return tag(.div) {
            tag(.dt) { name }
            tag(.dd) { value }
        }
    }

    /// What leads to the web is a link; anything else is only text.
    private static func link(_ text: String) -> HTML {
        guard let address = Address(web: text) else { return Pieces.foreign(text) }
        return tag(
            .a, .href(address), Attribute(.rel, "noreferrer noopener external"), Attribute(.dir, "ltr")
        ) { text }
    }

    private static func code(_ text: String) -> HTML {
        tag(.code, Attribute(.dir, "ltr"), Attribute(.class, "long")) { text }
    }

    // MARK: The proof

    private func proof(_ state: ArticleState, _ say: Language) -> HTML {
        let published = services.reader.tree?.published
        let steps: [(String, Word)] = [
            ("line", .stepLine), ("content", .stepContent), ("leaf", .stepLeaf),
            ("checkpoint", .stepCheckpoint), ("signature", .stepSignature), ("inclusion", .stepInclusion),
            ("history", .stepHistory), ("verifying", .verifying), ("verified", .verified),
            ("failed", .notVerified), ("noCrypto", .noCrypto), ("notCovered", .notCovered),
            ("keyNote", .keyNote), ("erased", .erasedText), ("signatureUnknown", .signatureUnknown),
        ]
        return tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "proof-title")) {
            tag(.h2, Attribute(.id, "proof-title")) { say(.proof) }
            tag(.p, Attribute(.class, "hint")) { say(.proofNote) }
            tag(.dl, Attribute(.class, "pairs")) {
                pair(say(.sequence), Self.code(state.current.description))
                if let published {
                    pair(say(.treeSize), Pieces.number(published.checkpoint.size))
                    pair(say(.root), Self.code(Base64.encode(published.checkpoint.root.data)))
                }
                pair(say(.key), services.reader.tree.map { Self.code($0.verifiers[0].description) })
            }
            tag(
                .div, Attribute(.id, "proof"), .data("sequence", state.current.sequence.description),
                .data("words", JSONText.object(steps.map { ($0.0, say($0.1)) }))
            ) {
                tag(.button, Attribute(.id, "verify"), Attribute(.type, "button")) { say(.verify) }
                tag(.p, Attribute(.id, "verdict"), Attribute(.class, "verdict"), Attribute(.role, "status"))
                tag(.ol, Attribute(.id, "steps"), Attribute(.class, "steps"))
            }
        }
    }

    // MARK: Revisions and relations

    @HTMLBuilder private func revisions(_ found: Found, _ say: Language) -> HTML {
        if found.revisions.count > 1 {
            tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "revisions")) {
                tag(.h2, Attribute(.id, "revisions")) { say(.revisions) }
                tag(.p, Attribute(.class, "hint")) { say(.revisionsNote) }
                tag(.ol, Attribute(.class, "revisions")) {
                    for revision in found.revisions.reversed() { line(revision, found, say) }
                }
            }
        }
    }

    private func line(_ revision: RevisionState, _ found: Found, _ say: Language) -> HTML {
        tag(.li) {
            tag(.span, Attribute(.class, "number")) { "\(revision.revision)" }
            tag(.div, Attribute(.class, "what")) {
                tag(.p, Attribute(.class, "title")) {
                    Pieces.foreign(revision.content.title ?? say(.untitled), lang: revision.content.lang)
                }
                tag(.p, Attribute(.class, "about")) {
                    tag(.span) { Pieces.time(revision.time) }
                    tag(.span) { "\(say(.words)): \(Pieces.number(revision.words))" }
                    if let changed = revision.changed { Self.counts(changed, say) }
                    if revision.isMajor == true { tag(.span, class: "mark", say(.major)) }
                    if revision.isReverted == true { tag(.span, class: "mark", say(.reverted)) }
                    if revision.revision == found.state.revision {
                        tag(.span, class: "mark good", say(.current))
                    }
                }
            }
            if revision.revision > 1 {
                tag(
                    .a, Attribute(.class, "button plain"),
                    .href(
                        Address(
                            "articles", found.state.id.description, "diff",
                            query: [("from", "\(revision.revision - 1)"), ("to", "\(revision.revision)")]))
                ) { say(.compare) }
            }
        }
    }

    @HTMLBuilder private static func counts(_ changed: JSONValue, _ say: Language) -> HTML {
        let counted: [(String, String, Word)] = [
            ("paragraphs_added", "paragraphs_removed", .paragraphs),
            ("numbers_added", "numbers_removed", .numbers),
        ]
        for (added, removed, word) in counted {
            if case .number(let came)? = changed[added], case .number(let went)? = changed[removed],
                came != "0" || went != "0"
            {
                tag(.span) {
                    say(word) + " "
                    tag(.bdi, Attribute(.dir, "ltr")) { "+\(came) −\(went)" }
                }
            }
        }
        if changed["retitled"] == .bool(true) { tag(.span) { say(.retitled) } }
    }

    private func relations(_ found: Found, _ say: Language) -> HTML {
        let relations = Self.closest(found.relationship?.relations ?? [])
        return tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "relations")) {
            tag(.h2, Attribute(.id, "relations")) { say(.relations) }
            if let relationship = found.relationship, relationship.membersCount > 1 {
                tag(.p, Attribute(.class, "hint")) {
                    "\(say(.cluster)): \(Pieces.number(relationship.membersCount)) \(say(.clusterNote)) · "
                    tag(.a, .href(Pieces.article(relationship.cluster))) {
                        Self.code(relationship.cluster.description)
                    }
                }
            }
            if relations.isEmpty { tag(.p, class: "hint", say(.noRelations)) }
            tag(.ul, Attribute(.class, "relations")) {
                for relation in relations.prefix(100) { line(relation, found.state.id, say) }
            }
        }
    }

    /// Each article once: after a revision, one can be like the other in both directions.
    private static func closest(_ relations: [RelationState]) -> [RelationState] {
        var seen: Set<ArticleID> = []
        return relations.filter { seen.insert($0.relation.article).inserted }
    }

    private func line(_ state: RelationState, _ id: ArticleID, _ say: Language) -> HTML {
        let relation = state.relation
        return tag(.li) {
            Pieces.kind(relation.kind, say)
            tag(.div, Attribute(.class, "what")) {
                tag(.p, Attribute(.class, "title")) {
                    tag(.a, .href(Pieces.article(relation.article))) {
                        Pieces.foreign(state.title ?? say(.untitled))
                    }
                }
                tag(.p, Attribute(.class, "about")) {
                    tag(.span) { say(state.isEarlier ? .earlier : .later) }
                    tag(.span) {
                        Self.score(relation.jaccard, say(.similarity))
                    }
                    tag(.span) { "\(Pieces.share(relation.containment)) \(say(.containment))" }
                    if relation.figuresDiffer { tag(.span, class: "mark", say(.figuresDiffer)) }
                }
            }
            tag(
                .a, Attribute(.class, "button plain"),
                .href(
                    Address(
                        "articles", id.description, "diff", query: [("with", relation.article.description)]))
            ) { say(.compare) }
        }
    }

    @HTMLBuilder private static func score(_ share: Share, _ name: String) -> HTML {
        tag(
            .meter, Attribute(.min, 0), Attribute(.max, Share.whole), Attribute(.value, share.tenThousandths),
            Attribute(.ariaLabel, name))
        " \(Pieces.share(share)) \(name)"
    }
}
