/// `JunkPhrases`, folded for looking up. Made once.
struct PhraseTable: Sendable {
    /// What a line is that is not of the article.
    enum Meaning: Sendable {
        case tailHead, shareHead, control, notice
    }

    private struct Opening: Sendable {
        let meaning: Meaning
        /// The line must go on behind a separator.
        let needsSeparator: Bool
    }

    /// What stands in front of a name.
    struct Introduction: Sendable {
        let folded: [UInt8]
        let words: Int
        let needsSeparator: Bool
    }

    static let shared = PhraseTable()

    /// The introductions of a byline, and those of a publisher, longest first.
    let bylines: [Introduction]
    let publishers: [Introduction]
    private let copyrights: [[UInt8]]
    /// The first two bytes of each of `copyrights`.
    private let copyrightStarts: [UInt16]
    private var lines: [[UInt8]: Meaning] = [:]
    private var openings: [[UInt8]: Opening] = [:]
    /// The first words of `openings`: few lines begin with one.
    private var openingWords: Set<[UInt8]> = []
    /// Words in the longest of `openings`.
    private var openingWordsMax = 0

    private init() {
        bylines = PhraseTable.introductions(JunkPhrases.bylines)
        publishers = PhraseTable.introductions(JunkPhrases.publishers)
        copyrights = JunkPhrases.copyrights.map { CanonicalWords(Array($0.utf8)).bytes }
        copyrightStarts = copyrights.map { PhraseTable.start($0[...]) }
        add(JunkPhrases.notices, .notice)
        add(JunkPhrases.controls, .control)
        add(JunkPhrases.shareHeads, .shareHead)
        add(JunkPhrases.tailHeads, .tailHead)
    }

    /// What the line is, by the words it is made of; nil for a line of an article, as far as words tell.
    func meaning(of line: PageLine, in text: [UInt8]) -> Meaning? {
        let words = line.words
        let named = line.wordsWithoutOuterNumbers
        guard !named.isEmpty else { return nil }
        if named.count <= 8, let found = lines[Array(line.folded(named))] { return found }
        // More than an introduction is more than a short line: these go before what stands inside.
        let isOpening = openingWords.contains(Array(line.folded(0..<1)))
        for count in 1...(isOpening ? min(openingWordsMax, words.count) : 1) {
            guard isOpening, let opening = openings[Array(line.folded(0..<count))] else { continue }
            if opening.needsSeparator {
                if count < words.count, line.hasSeparator(behindWord: count - 1, in: text) {
                    return opening.meaning
                }
            } else if !line.endsSentence || line.hasSeparator(behindWord: count - 1, in: text) {
                return opening.meaning
            }
        }
        let isControls =
            words.count > 1 && words.count <= 12
            && words.indices.allSatisfy { lines[Array(line.folded($0..<$0 + 1))] == .control }
        return isControls ? .control : nil
    }

    /// Whether a phrase of `JunkPhrases.copyrights` stands in the line, from the beginning of a word on.
    func holdsCopyright(_ line: PageLine) -> Bool {
        for place in line.words {
            let rest = line.folded(place..<line.words.upperBound)
            guard rest.count >= 2, copyrightStarts.contains(PhraseTable.start(rest)) else { continue }
            if copyrights.contains(where: { rest.starts(with: $0) }) { return true }
        }
        return false
    }

    private static func start(_ folded: ArraySlice<UInt8>) -> UInt16 {
        UInt16(folded[folded.startIndex]) << 8 | UInt16(folded[folded.startIndex + 1])
    }

    private mutating func add(_ phrases: [String], _ meaning: Meaning) {
        for phrase in phrases {
            let words = CanonicalWords(Array(phrase.utf8))
            guard phrase.hasSuffix("…") else {
                lines[words.bytes] = meaning
                continue
            }
            openings[words.bytes] = Opening(meaning: meaning, needsSeparator: phrase.hasSuffix(": …"))
            openingWords.insert(Array(words.bytes[words.range(ofWord: 0)]))
            openingWordsMax = max(openingWordsMax, words.count)
        }
    }

    private static func introductions(_ phrases: [String]) -> [Introduction] {
        let introductions = phrases.map { phrase in
            let words = CanonicalWords(Array(phrase.utf8))
            return Introduction(
                folded: words.bytes, words: words.count, needsSeparator: phrase.hasSuffix(": …"))
        }
        return introductions.sorted { $0.words > $1.words }
    }
}
