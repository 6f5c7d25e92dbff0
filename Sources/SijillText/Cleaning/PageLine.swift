/// One line of a page, trimmed, with what must be known of it to judge it.
///
/// Only short lines are folded: what is longer is judged by its length alone.
struct PageLine {
    /// Where the line stands in the text, without blanks at its ends. Never empty.
    let range: Range<Int>
    /// Characters; those of East Asia, which say a word each or half of one, count twice.
    let length: Int
    /// How many letters are Arabic, and how many plain Latin.
    let letters: (arabic: Int, latin: Int)
    /// A blank line is in front.
    let followsBlank: Bool
    /// Ends as a sentence does, a quotation mark or bracket behind it aside.
    let endsSentence: Bool
    /// Ends as a question or an exclamation does. Headlines do so too.
    let endsQuestion: Bool
    /// Empty for a line that is not short.
    private let fold: FoldedText?

    /// Characters of a line that is folded and may be junk.
    static let shortMax = 200
    /// Characters of a line that is longer than a standfirst and a headline: a paragraph.
    static let paragraphMin = 141
    /// Characters of the shortest sentence that counts as prose.
    static let sentenceMin = 40

    init(_ text: [UInt8], _ range: Range<Int>, followsBlank: Bool) {
        self.range = range
        (length, letters) = PageLine.count(text, range)
        self.followsBlank = followsBlank
        let end = PageLine.lastMark(text, range)
        endsSentence = end == .sentence
        endsQuestion = end == .question
        fold = length <= PageLine.shortMax ? FoldedText(text.span.extracting(range)) : nil
    }

    var isShort: Bool { fold != nil }
    /// Not only marks and signs. (A line that is not short is taken to have some.)
    var hasWords: Bool { fold.map { $0.words.count > 0 } ?? true }
    var isParagraph: Bool { length >= PageLine.paragraphMin }
    /// What an article is made of. Headlines, names and buttons are not.
    var isProse: Bool { isParagraph || endsSentence && length >= PageLine.sentenceMin }

    /// The folded words; empty for a line that is not short.
    var folded: [UInt8] { fold?.words.bytes ?? [] }

    /// The places of the folded words. Empty for a line that is not short.
    var words: Range<Int> { 0..<(fold?.words.count ?? 0) }

    /// The folded words at these places.
    func folded(_ places: Range<Int>) -> ArraySlice<UInt8> {
        guard let words = fold?.words, !places.isEmpty else { return [] }
        let start = words.range(ofWord: places.lowerBound).lowerBound
        return words.bytes[start..<words.range(ofWord: places.upperBound - 1).upperBound]
    }

    /// Where in the text the words at these places stand.
    func source(_ places: Range<Int>) -> Range<Int> {
        guard let sources = fold?.sources, !places.isEmpty else { return range.lowerBound..<range.lowerBound }
        let start = sources[places.lowerBound].lowerBound
        return range.lowerBound + start..<range.lowerBound + sources[places.upperBound - 1].upperBound
    }

    func isNumber(_ place: Int) -> Bool { folded(place..<place + 1).allSatisfy { 0x30...0x39 ~= $0 } }

    var wordsWithoutOuterNumbers: Range<Int> {
        var places = words
        while let last = places.last, isNumber(last) { places = places.dropLast() }
        while let first = places.first, isNumber(first) { places = places.dropFirst() }
        return places
    }

    /// A colon, bar, arrow or dash stands between this word and the next, or the end.
    func hasSeparator(behindWord place: Int, in text: [UInt8]) -> Bool {
        let end = place + 1 < words.count ? source(place + 1..<place + 2).lowerBound : range.upperBound
        let gap = text[min(source(place..<place + 1).upperBound, end)..<end]
        return Marks.contains(Marks.separators, in: gap)
    }

    private enum End { case sentence, question, none }

    private static func lastMark(_ text: [UInt8], _ range: Range<Int>) -> End {
        var end = range.upperBound
        while end > range.lowerBound {
            var start = end - 1
            while start > range.lowerBound, text[start] & 0xC0 == 0x80 { start -= 1 }
            let scalar = UTF8Bytes.scalar(in: text.span, at: start).scalar
            end = start
            if Marks.closing.contains(scalar) { continue }
            if scalar == 0x2E {
                // Three are an ellipsis: of an excerpt, not of a sentence.
                return start > range.lowerBound && text[start - 1] == 0x2E ? .none : .sentence
            }
            if Marks.sentenceEnds.contains(scalar) { return .sentence }
            return Marks.questionEnds.contains(scalar) ? .question : .none
        }
        return .none
    }
}

/// Punctuation that tells what a line is.
enum Marks {
    /// Full stops of Urdu, Devanagari, Armenian, Chinese and Japanese; the Latin one is looked at apart.
    static let sentenceEnds: Set<UInt32> = [0x06D4, 0x0964, 0x0965, 0x0589, 0x3002, 0xFF0E]
    static let questionEnds: Set<UInt32> = [0x21, 0x3F, 0x061F, 0xFF01, 0xFF1F]
    /// May stand behind the mark that ends a sentence: blanks, quotation marks, brackets.
    static let closing: Set<UInt32> = [
        0x20, 0x22, 0x27, 0x29, 0x5D, 0xA0, 0xBB, 0x200E, 0x200F, 0x2019, 0x201C, 0x201D, 0x203A, 0x300D,
        0x300F,
    ]
    /// `:`, `/`, `|`, `»`, `›`, `>`, dashes, arrows and tatweel: what sets an introduction apart.
    static let separators: Set<UInt32> = [
        0x2D, 0x2F, 0x3A, 0x3E, 0x7C, 0xBB, 0x0640, 0x2013, 0x2014, 0x2190, 0x2192, 0x203A, 0xFF1A,
    ]

    /// Marks that a name or a place does not have.
    static let insideSentences: Set<UInt32> = [
        0x21, 0x22, 0x3A, 0x3B, 0x3F, 0xAB, 0xBB, 0x060C, 0x061B, 0x061F, 0x201C, 0x201D, 0x2026,
    ]

    static func contains(_ marks: Set<UInt32>, in text: ArraySlice<UInt8>) -> Bool {
        String(decoding: text, as: UTF8.self).unicodeScalars.contains { marks.contains($0.value) }
    }
}
