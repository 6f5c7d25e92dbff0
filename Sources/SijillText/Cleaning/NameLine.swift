/// A short line above an article that says who wrote or published it.
struct NameLine {
    private(set) var byline: Range<Int>?
    private(set) var publisher: Range<Int>?

    /// Words of such a line.
    static let wordsMax = 8

    /// Nil when the line is none.
    init?(_ text: [UInt8], _ line: PageLine) {
        let words = line.words
        guard !words.isEmpty, words.count <= NameLine.wordsMax, !line.endsSentence, !line.endsQuestion,
            !words.contains(where: { line.isNumber($0) })
        else { return nil }
        if let name = NameLine.introduced(PhraseTable.shared.publishers, text, line) {
            publisher = name
        } else if let name = NameLine.introduced(PhraseTable.shared.bylines, text, line) {
            byline = name
        } else if !readPair(text, line) {
            return nil
        }
    }

    /// What follows an introduction, `By` or `Special report for`.
    private static func introduced(
        _ introductions: [PhraseTable.Introduction], _ text: [UInt8], _ line: PageLine
    ) -> Range<Int>? {
        for introduction in introductions where introduction.words < line.words.count {
            guard line.folded(0..<introduction.words) == introduction.folded[...] else { continue }
            let last = introduction.words - 1
            let isApart = line.hasSeparator(behindWord: last, in: text)
            if introduction.needsSeparator, !isApart { continue }
            let start = line.source(introduction.words..<introduction.words + 1).lowerBound
            // `By the river` is no byline: where letters have case, a name begins with a capital.
            if !isApart, 0x61...0x7A ~= text[start] { continue }
            return start..<line.range.upperBound
        }
        return nil
    }

    /// `source - (name)`, `source ـ name`, `name - source`: exactly one dash with blanks around it.
    private mutating func readPair(_ text: [UInt8], _ line: PageLine) -> Bool {
        let dashes = Dash.places(text, line.range)
        guard dashes.count == 1, let dash = dashes.first else { return false }
        let left = PageLine.trimmed(text, line.range.lowerBound..<dash.lowerBound)
        var right = PageLine.trimmed(text, dash.upperBound..<line.range.upperBound)
        guard !left.isEmpty, !right.isEmpty, !Marks.contains(Marks.insideSentences, in: text[line.range])
        else {
            return false
        }
        if text[right.lowerBound] == UInt8(ascii: "("), text[right.upperBound - 1] == UInt8(ascii: ")") {
            right = PageLine.trimmed(text, right.lowerBound + 1..<right.upperBound - 1)
            guard !right.isEmpty else { return false }
            (publisher, byline) = (left, right)
        } else if NameLine.namesPublisher(text, left) {
            (publisher, byline) = (left, right)
        } else if NameLine.namesPublisher(text, right) {
            (publisher, byline) = (right, left)
        } else {
            // Who is the source and who the author cannot be told.
            byline = line.range
        }
        return true
    }

    private static func namesPublisher(_ text: [UInt8], _ range: Range<Int>) -> Bool {
        let words = CanonicalWords(Array(text[range]))
        return (0..<words.count).contains {
            JunkPhrases.publisherWords.contains(
                String(decoding: words.bytes[words.range(ofWord: $0)], as: UTF8.self))
        }
    }
}

/// `place (country) –` at the head of an article.
enum Dateline {
    /// Characters up to the dash.
    static let lengthMax = 45
    static let wordsMax = 6

    /// The dateline without its dash; nil when the line has none.
    ///
    /// A place without brackets or capitals cannot be told from an author or the beginning of a sentence: of
    /// 35 that a trial on three days of newspapers found, 4 were places.
    static func find(_ text: [UInt8], _ line: PageLine) -> Range<Int>? {
        // A character has at most four bytes.
        let end = min(line.range.upperBound, line.range.lowerBound + 4 * lengthMax)
        guard let dash = Dash.places(text, line.range.lowerBound..<end).first else { return nil }
        let range = PageLine.trimmed(text, line.range.lowerBound..<dash.lowerBound)
        guard !range.isEmpty, PageLine.length(text, range) <= lengthMax,
            !Marks.contains(Marks.insideSentences, in: text[range])
        else { return nil }
        let words = CanonicalWords(Array(text[range])).count
        guard words > 0, words <= wordsMax else { return nil }
        let isBracketed =
            text[range].contains(UInt8(ascii: "(")) && text[range.upperBound - 1] == UInt8(ascii: ")")
        guard isBracketed || beginsInCapitals(text, range) else { return nil }
        return range
    }

    /// The first word is all capitals, as agencies write places: `LONDON`, `МОСКВА`.
    private static func beginsInCapitals(_ text: [UInt8], _ range: Range<Int>) -> Bool {
        let word = text[range].prefix { $0 != 0x20 && $0 != UInt8(ascii: ",") }
        let scalars = String(decoding: word, as: UTF8.self).unicodeScalars
        return scalars.count >= 3
            && scalars.allSatisfy {
                0x41...0x5A ~= $0.value || 0xC0...0xDE ~= $0.value || 0x0400...0x042F ~= $0.value
            }
    }
}

/// Dashes with blanks around them, which part what stands on their sides.
enum Dash {
    /// Hyphen, en dash, em dash, and the tatweel that is often typed for one.
    private static let scalars: Set<UInt32> = [0x2D, 0x2013, 0x2014, 0x2015, 0x0640]

    /// Where they are, each with its blanks. `--` is one.
    static func places(_ text: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard isDash(text, offset, range) else {
                offset += 1
                continue
            }
            let start = offset
            while offset < range.upperBound, isDash(text, offset, range) {
                offset += UTF8Bytes.scalar(in: text.span, at: offset).count
            }
            let isApart = start > range.lowerBound && [0x20, 0x29, 0xA0].contains(text[start - 1])
            if isApart, offset < range.upperBound, isBlank(text, offset) { places.append(start..<offset) }
        }
        return places
    }

    private static func isDash(_ text: [UInt8], _ offset: Int, _ range: Range<Int>) -> Bool {
        guard text[offset] == 0x2D || text[offset] == 0xD9 || text[offset] == 0xE2 else { return false }
        return scalars.contains(UTF8Bytes.scalar(in: text.span, at: offset).scalar)
    }

    /// A space, or the no-break space C2 A0.
    private static func isBlank(_ text: [UInt8], _ offset: Int) -> Bool {
        text[offset] == 0x20 || text[offset] == 0xC2 && offset + 1 < text.count && text[offset + 1] == 0xA0
    }
}
