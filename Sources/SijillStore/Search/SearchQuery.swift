import SijillText

/// What someone looks for, read from what they typed (`Documentation/Search.md` has the language).
///
/// It is our own language, of which every FTS5 expression is made anew: nothing that was typed reaches FTS5 outside of
/// a quoted string.
package struct SearchQuery: Sendable {
    /// A word, the beginning of one, or several in a row.
    struct Phrase: Equatable, Sendable {
        /// As it was typed, without quotation marks.
        let written: String
        /// What the index is asked for, token by token.
        let tokens: [[UInt8]]
        /// The last token is the beginning of a word.
        let isPrefix: Bool
    }

    indirect enum Node: Equatable, Sendable {
        case phrase(Phrase)
        case all([Node])
        case any([Node])
        /// What the first finds and the second does not.
        case without(Node, Node)
    }

    let root: Node

    /// Bytes of a query.
    package static let bytesMax = 2_048
    /// Tokens of a query, all together.
    package static let tokensMax = 64
    /// Brackets inside one another.
    package static let depthMax = 16
    /// Letters that the beginning of a word has at least: shorter ones stand for a large part of all words.
    package static let prefixLettersMin = 3

    /// Reads a query.
    ///
    /// - Throws: `SearchQueryError`.
    package init(_ text: String) throws(SearchQueryError) {
        guard text.utf8.count <= SearchQuery.bytesMax else {
            throw SearchQueryError(
                "the query has more than \(SearchQuery.bytesMax) bytes; ask for fewer words")
        }
        var parser = SearchQueryParser(try SearchLexer.words(of: text))
        root = try parser.parse()
        let count = root.phrases.reduce(0) { $0 + $1.tokens.count }
        guard count <= SearchQuery.tokensMax else {
            throw SearchQueryError(
                "the query has \(count) words, more than \(SearchQuery.tokensMax); ask for fewer")
        }
    }

    /// The query as an FTS5 expression (https://www.sqlite.org/fts5.html#full_text_query_syntax).
    var expression: String { root.expression }

    /// Every phrase in the order of the expression, and whether it is looked for: those behind NOT are not.
    var weighed: [(phrase: Phrase, isWanted: Bool)] { root.weighed }

    /// What a text that is found can be marked with: every phrase but those that must not be there.
    var wanted: [Phrase] { root.wanted }
}

/// A query that cannot be understood.
package struct SearchQueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and where, in one sentence for whoever typed it.
    package let message: String

    package var description: String { message }

    init(_ message: String) { self.message = message }
}

extension SearchQuery.Node {
    fileprivate var expression: String {
        switch self {
        case .phrase(let phrase): phrase.expression
        case .all(let nodes): "(\(nodes.map(\.expression).joined(separator: " AND ")))"
        case .any(let nodes): "(\(nodes.map(\.expression).joined(separator: " OR ")))"
        case .without(let found, let excluded): "(\(found.expression) NOT \(excluded.expression))"
        }
    }

    fileprivate var phrases: [SearchQuery.Phrase] {
        switch self {
        case .phrase(let phrase): [phrase]
        case .all(let nodes), .any(let nodes): nodes.flatMap(\.phrases)
        case .without(let found, let excluded): found.phrases + excluded.phrases
        }
    }

    fileprivate var weighed: [(phrase: SearchQuery.Phrase, isWanted: Bool)] {
        switch self {
        case .phrase(let phrase): [(phrase, true)]
        case .all(let nodes), .any(let nodes): nodes.flatMap(\.weighed)
        case .without(let found, let excluded): found.weighed + excluded.phrases.map { ($0, false) }
        }
    }

    fileprivate var wanted: [SearchQuery.Phrase] {
        switch self {
        case .phrase(let phrase): [phrase]
        case .all(let nodes), .any(let nodes): nodes.flatMap(\.wanted)
        case .without(let found, _): found.wanted
        }
    }
}

extension SearchQuery.Phrase {
    /// Nil when there is no word in `written`.
    init?(_ written: String, isPrefix: Bool) {
        var tokenizer = SearchTokenizer()
        var tokens: [[UInt8]] = []
        tokenizer.tokenize(Array(written.utf8).span, for: isPrefix ? .prefix : .query) { token, _, _ in
            tokens.append(token.withUnsafeBytes { Array($0) })
            return true
        }
        guard !tokens.isEmpty else { return nil }
        self.init(written: written, tokens: tokens, isPrefix: isPrefix)
    }

    /// A string of FTS5, in which a quotation mark is written twice; the tokenizer finds the same tokens in it again.
    var expression: String {
        "\"\(written.replacing("\"", with: "\"\""))\"" + (isPrefix ? " *" : "")
    }
}
