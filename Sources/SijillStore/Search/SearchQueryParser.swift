import SijillText

/// A piece of a query.
struct SearchLexeme {
    enum Kind {
        case phrase(SearchQuery.Phrase)
        case and, or, not, open, close
    }

    let kind: Kind
    /// Where it begins: the number of its first character, from 1.
    let place: Int
    /// As it was typed.
    let text: String
}

/// Cuts what was typed into words, quoted phrases, operators and brackets.
struct SearchLexer {
    private let characters: [Unicode.Scalar]
    private var position = 0
    private var lexemes: [SearchLexeme] = []

    /// - Throws: `SearchQueryError` for an open quotation mark, a star where none can stand, a query without a word.
    static func words(of text: String) throws(SearchQueryError) -> [SearchLexeme] {
        var lexer = SearchLexer(characters: Array(text.unicodeScalars))
        while lexer.position < lexer.characters.count { try lexer.next() }
        guard !lexer.lexemes.isEmpty else {
            throw SearchQueryError("the query holds no word; give at least one, made of letters or digits")
        }
        return lexer.lexemes
    }

    private init(characters: [Unicode.Scalar]) { self.characters = characters }

    private mutating func next() throws(SearchQueryError) {
        let character = characters[position]
        if Self.isSpace(character) {
            position += 1
        } else if character == "(" || character == ")" {
            add(character == "(" ? .open : .close, from: position, String(character))
            position += 1
        } else if Self.isQuote(character) {
            try quoted()
        } else {
            try run()
        }
    }

    private mutating func quoted() throws(SearchQueryError) {
        let start = position
        guard let end = characters[(start + 1)...].firstIndex(where: Self.isQuote) else {
            throw SearchQueryError(
                "the quotation mark at character \(start + 1) is not closed; write \"…\" around a phrase")
        }
        let written = Self.text(characters[(start + 1)..<end])
        position = end + 1
        let isPrefix = position < characters.count && characters[position] == "*"
        if isPrefix { position += 1 }
        guard let phrase = SearchQuery.Phrase(written, isPrefix: isPrefix) else {
            throw SearchQueryError(
                "the phrase at character \(start + 1) holds no word; put letters or digits between the quotation marks"
            )
        }
        if isPrefix { try checkPrefix(phrase, at: start) }
        add(.phrase(phrase), from: start, "\"\(written)\"")
    }

    private mutating func run() throws(SearchQueryError) {
        let start = position
        while position < characters.count, !Self.ends(characters[position]) { position += 1 }
        var run = characters[start..<position]
        switch String(String.UnicodeScalarView(run)) {
        case "AND": return add(.and, from: start, "AND")
        case "OR": return add(.or, from: start, "OR")
        case "NOT": return add(.not, from: start, "NOT")
        default: break
        }
        let isPrefix = run.last == "*"
        if isPrefix { run.removeLast() }
        if let star = run.firstIndex(of: "*") {
            throw SearchQueryError(
                "the '*' at character \(star + 1) is not at the end of a word; it stands for what may follow a beginning"
            )
        }
        let written = Self.text(run)
        guard let phrase = SearchQuery.Phrase(written, isPrefix: isPrefix) else {
            guard isPrefix else { return }  // A dash or a comma between words means nothing.
            throw SearchQueryError(
                "the '*' at character \(position) follows no word; write the beginning of a word before it")
        }
        if isPrefix { try checkPrefix(phrase, at: start) }
        add(.phrase(phrase), from: start, written)
    }

    private func checkPrefix(_ phrase: SearchQuery.Phrase, at start: Int) throws(SearchQueryError) {
        let last = phrase.tokens.last ?? []
        let letters = last.count { $0 & 0xC0 != 0x80 }
        // A letter of a script without spaces is a whole token.
        guard letters < SearchQuery.prefixLettersMin, last.first.map({ $0 < 0xE0 }) ?? true else { return }
        throw SearchQueryError(
            "the beginning of a word at character \(start + 1) has fewer than \(SearchQuery.prefixLettersMin) letters;"
                + " write more of it before the '*'")
    }

    private mutating func add(_ kind: SearchLexeme.Kind, from start: Int, _ text: String) {
        lexemes.append(SearchLexeme(kind: kind, place: start + 1, text: text))
    }

    /// SQLite's strings end at a NUL, which is no part of a word either.
    private static func text(_ characters: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(characters.map { $0 == "\0" ? " " : $0 }))
    }

    private static func ends(_ character: Unicode.Scalar) -> Bool {
        isSpace(character) || isQuote(character) || character == "(" || character == ")"
    }

    private static func isSpace(_ character: Unicode.Scalar) -> Bool {
        character.properties.isWhitespace || character == "\0"
    }

    /// Telephones and word processors write the curved ones.
    private static func isQuote(_ character: Unicode.Scalar) -> Bool {
        character == "\"" || character == "\u{201C}" || character == "\u{201D}" || character == "\u{201E}"
    }
}

/// Makes a tree of the pieces. NOT binds closest, then AND, which need not be written, then OR.
struct SearchQueryParser {
    private let lexemes: [SearchLexeme]
    private var position = 0
    private var depth = 0

    init(_ lexemes: [SearchLexeme]) { self.lexemes = lexemes }

    mutating func parse() throws(SearchQueryError) -> SearchQuery.Node {
        let root = try any()
        if let left = current {
            throw SearchQueryError("the ')' at character \(left.place) closes no bracket")
        }
        return root
    }

    private var current: SearchLexeme? { position < lexemes.count ? lexemes[position] : nil }

    private mutating func any() throws(SearchQueryError) -> SearchQuery.Node {
        var nodes = [try all()]
        while let lexeme = current, case .or = lexeme.kind {
            position += 1
            nodes.append(try all())
        }
        return nodes.count == 1 ? nodes[0] : .any(nodes)
    }

    private mutating func all() throws(SearchQueryError) -> SearchQuery.Node {
        var nodes = [try operand()]
        var excluded: [SearchQuery.Node] = []
        while let lexeme = current {
            switch lexeme.kind {
            case .and:
                position += 1
                if let next = current, case .not = next.kind { continue }
                nodes.append(try operand())
            case .not:
                position += 1
                excluded.append(try operand())
            case .phrase, .open:
                nodes.append(try operand())
            case .or, .close:
                return joined(nodes, excluded)
            }
        }
        return joined(nodes, excluded)
    }

    private func joined(_ nodes: [SearchQuery.Node], _ excluded: [SearchQuery.Node]) -> SearchQuery.Node {
        let found = nodes.count == 1 ? nodes[0] : .all(nodes)
        guard !excluded.isEmpty else { return found }
        return .without(found, excluded.count == 1 ? excluded[0] : .any(excluded))
    }

    private mutating func operand() throws(SearchQueryError) -> SearchQuery.Node {
        guard let lexeme = current else { throw missing() }
        position += 1
        switch lexeme.kind {
        case .phrase(let phrase):
            return .phrase(phrase)
        case .open:
            depth += 1
            guard depth <= SearchQuery.depthMax else {
                throw SearchQueryError(
                    "more than \(SearchQuery.depthMax) brackets are open at character \(lexeme.place)")
            }
            let inside = try any()
            guard let close = current, case .close = close.kind else {
                throw SearchQueryError("the '(' at character \(lexeme.place) is not closed")
            }
            position += 1
            depth -= 1
            return inside
        case .and, .or:
            throw SearchQueryError(
                "the \(lexeme.text) at character \(lexeme.place) needs a word before it;"
                    + " to look for the word itself write it small or in quotation marks")
        case .not:
            throw SearchQueryError(
                "the NOT at character \(lexeme.place) needs a word before it: what is looked for without the one behind it"
            )
        case .close:
            throw SearchQueryError("there is no word before the ')' at character \(lexeme.place)")
        }
    }

    /// The query ends where a word should be.
    private func missing() -> SearchQueryError {
        guard let last = lexemes.last else { return SearchQueryError("the query holds no word") }
        return SearchQueryError(
            "the \(last.text) at character \(last.place) needs a word behind it;"
                + " to look for the word itself write it small or in quotation marks")
    }
}
