import Hummingbird
import SijillFormat
import SijillStore

/// `/search`: the same search as `/v1/search`, for people. `search.js` makes it follow what is typed.
extension Dashboard {
    private static let choicesMax = 200

    /// What one can choose among.
    private struct Choices: Sendable {
        var sources: [String] = []
        var publishers: [String] = []
        var languages: [String] = []
    }

    func search(_ taste: Taste, _ asked: RoutedRequest) async throws -> Shell {
        let say = taste.language
        let query = asked.query.withoutEmpty
        var found: Result<SearchPage, Problem>?
        if let text = query["q"], text.contains(where: { !$0.isWhitespace && $0 != "+" }) {
            do {
                found = .success(try await searches.page(try SearchRequest(try query.withWholeDays())))
            } catch let problem as Problem where problem.status == 400 {
                found = .failure(problem)
            }
        }
        let choices = try await choices()
        return Shell(say(.search), .search, scripts: HTML.script("search.js")) {
            tag(.h1, Attribute(.class, "quiet")) { say(.searchLabel) }
            form(query, choices, say)
            tag(.section, Attribute(.id, "results"), Attribute(.ariaLabel, say(.hits)), words(say)) {
                results(found, query, say)
            }
        }
    }

    private func choices() async throws -> Choices {
        let tally = tally
        return try await offLoop {
            let counts = try tally.counts()
            func most(_ names: [(String, Int)]) -> [String] {
                Array(names.sorted { ($0.1, $1.0) > ($1.1, $0.0) }.prefix(Self.choicesMax).map(\.0))
            }
            var choices = Choices()
            choices.sources = most(counts.sources.map { ($0, $1.total) })
            choices.publishers = most(counts.publishers.map { ($0, $1.values.reduce(0, +)) })
            choices.languages = most(counts.languages.map { ($0, $1) })
            return choices
        }
    }

    private func words(_ say: Language) -> Attribute {
        let words: [(String, Word)] = [
            ("hits", .hits), ("atLeast", .hitsAtLeast), ("none", .noHits), ("noneHint", .noHitsHint),
            ("next", .next), ("untitled", .untitled), ("searching", .searching), ("start", .searchStart),
        ]
        return .data("words", JSONText.object(words.map { ($0.0, say($0.1)) }))
    }

    // MARK: The form

    private func form(_ query: Query, _ choices: Choices, _ say: Language) -> HTML {
        tag(
            .form, Attribute(.id, "search"), Attribute(.role, "search"), Attribute(.method, "get"),
            .action(Address("search"))
        ) {
            tag(.div, Attribute(.class, "search-line")) {
                tag(.label, Attribute(.class, "quiet"), Attribute(.for, "q")) { say(.searchLabel) }
                tag(
                    .input, Attribute(.id, "q"), Attribute(.name, "q"), Attribute(.type, "search"),
                    Attribute(.value, query["q"]?.replacing("+", with: " ") ?? ""), Attribute(.dir, "auto"),
                    Attribute(.autofocus), Attribute(.autocomplete, "off"), Attribute(.spellcheck, "false"),
                    Attribute(.enterkeyhint, "search"), Attribute(.ariaDescribedby, "syntax"))
                tag(.button) { say(.find) }
            }
            tag(.p, Attribute(.id, "syntax"), Attribute(.class, "hint")) { say(.searchHint) }
            tag(
                .div, Attribute(.class, "filters"), Attribute(.role, "group"),
                Attribute(.ariaLabel, say(.filters))
            ) {
                named("source", say(.source), query, choices.sources, say)
                named("publisher", say(.publisher), query, choices.publishers, say)
                named("lang", say(.languageOf), query, choices.languages, say)
                field("since", say(.since)) { day("since", query) }
                field("until", say(.until)) { day("until", query) }
                field("sort", say(.sort)) {
                    tag(.select, Attribute(.id, "sort"), Attribute(.name, "sort")) {
                        order(.newest, say(.newest), query)
                        order(.best, say(.best), query)
                    }
                }
            }
        }
    }

    private func field(_ id: String, _ label: String, @HTMLBuilder _ input: () -> HTML) -> HTML {
        tag(.div, Attribute(.class, "field")) {
            tag(.label, Attribute(.for, id)) { label }
            input()
        }
    }

    private func named(
        _ name: String, _ label: String, _ query: Query, _ choices: [String], _ say: Language
    ) -> HTML {
        field(name, label) {
            tag(
                .input, Attribute(.id, name), Attribute(.name, name), Attribute(.list, "\(name)-choices"),
                Attribute(.value, query[name] ?? ""), Attribute(.placeholder, say(.any)),
                Attribute(.dir, "auto"), Attribute(.autocomplete, "off"))
            tag(.datalist, Attribute(.id, "\(name)-choices")) {
                for choice in choices { tag(.option, Attribute(.value, choice)) }
            }
        }
    }

    private func day(_ name: String, _ query: Query) -> HTML {
        tag(
            .input, Attribute(.id, name), Attribute(.name, name), Attribute(.type, "date"),
            Attribute(.value, String((query[name] ?? "").prefix(10))))
    }

    private func order(_ order: SearchRequest.Order, _ label: String, _ query: Query) -> HTML {
        tag(
            .option, Attribute(.value, order.rawValue),
            query["sort"] == order.rawValue ? Attribute(.selected) : nil
        ) { label }
    }

    // MARK: What was found

    @HTMLBuilder private func results(
        _ found: Result<SearchPage, Problem>?, _ query: Query, _ say: Language
    ) -> HTML {
        switch found {
        case nil:
            tag(.p, Attribute(.id, "count"), Attribute(.class, "hint"), Attribute(.role, "status")) {
                say(.searchStart)
            }
            tag(.ol, Attribute(.id, "hits"), Attribute(.class, "hits"))
        case .failure(let problem):
            tag(
                .p, Attribute(.id, "count"), Attribute(.class, "bad"), Attribute(.role, "status"),
                Attribute(.dir, "auto")
            ) { problem.detail }
            tag(.ol, Attribute(.id, "hits"), Attribute(.class, "hits"))
        case .success(let page):
            tag(.p, Attribute(.id, "count"), Attribute(.role, "status")) { count(page, say) }
            tag(.ol, Attribute(.id, "hits"), Attribute(.class, "hits")) {
                for hit in page.hits { line(hit, say) }
            }
            if let next = page.next {
                let rest = query.pairs.filter { $0.name != "next" }.map { ($0.name, $0.value) }
                tag(.p, Attribute(.class, "more")) {
                    tag(
                        .a, Attribute(.id, "next"), Attribute(.class, "button"), Attribute(.rel, "next"),
                        .href(Address("search", query: rest + [("next", next.description)]))
                    ) { say(.next) }
                }
            }
        }
    }

    private func count(_ page: SearchPage, _ say: Language) -> HTML {
        if page.total == 0 { return .text(say(.noHits) + ". " + say(.noHitsHint)) }
        let least = page.isTotalExact ? "" : say(.hitsAtLeast) + " "
        return .text("\(least)\(Pieces.number(page.total)) \(say(.hits))")
    }

    private func line(_ hit: SearchHit, _ say: Language) -> HTML {
        tag(.li, Attribute(.class, "hit")) {
            tag(.h2) {
                tag(
                    .a, .href(Pieces.article(hit.article)), hit.lang.map { Attribute(.lang, $0) },
                    Attribute(.dir, "auto")
                ) {
                    if hit.titleMarks.isEmpty {
                        hit.title.map(HTML.text) ?? tag(.em) { say(.untitled) }
                    } else {
                        marked(hit.titleMarks)
                    }
                }
            }
            tag(
                .p, Attribute(.class, "snippet"), Attribute(.dir, "auto"),
                hit.lang.map { Attribute(.lang, $0) }
            ) {
                marked(hit.textMarks)
            }
            tag(.p, Attribute(.class, "about")) {
                if let publisher = hit.publisher {
                    tag(.span, Attribute(.class, "publisher")) { Pieces.foreign(publisher) }
                }
                if let published = hit.published { tag(.span) { Pieces.foreign(published) } }
                tag(.span, Attribute(.class, "source")) { Pieces.foreign(hit.source) }
                tag(.span) { Pieces.time(hit.time) }
            }
        }
    }

    @HTMLBuilder private func marked(_ fragments: [SearchFragment]) -> HTML {
        for fragment in fragments {
            if fragment.isMarked { tag(.mark) { fragment.text } } else { HTML.text(fragment.text) }
        }
    }
}

extension Query {
    /// Without what a form sends for a field that was left empty.
    fileprivate var withoutEmpty: Query { replacing { $0.value.isEmpty ? nil : $0 } }

    /// Days as a person gives them are whole days of UTC, the last one included.
    fileprivate func withWholeDays() throws(Problem) -> Query {
        replacing { pair in
            guard ["since", "until"].contains(pair.name), pair.value.utf8.count == 10 else { return pair }
            return (pair.name, pair.value + (pair.name == "since" ? "T00:00:00Z" : "T23:59:59.999Z"))
        }
    }
}

extension ChangeTally.SourceCount {
    /// All changes of the source.
    var total: Int { byType.values.reduce(0, +) }
}
