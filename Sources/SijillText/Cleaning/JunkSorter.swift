/// Decides which lines of a page are not of its article.
struct JunkSorter {
    private(set) var isKept: [Bool]
    private let text: [UInt8]
    private let lines: [PageLine]
    private let meanings: [PhraseTable.Meaning?]
    private let isArabic: Bool
    /// Numbers of parts of the article.
    private let numbering: Set<Int>
    private var searches = 0

    /// Percent of the prose that may be lost with a tail, not counting this number itself.
    static let tailPercentMax = 20
    /// Characters of a line that may head a tail.
    static let headLengthMax = 60
    /// Words of a Latin line that is no part of an Arabic article.
    static let latinWordsMax = 3
    /// Words of a line that is more than a name or a button.
    static let wordyMin = 4
    /// How often a line is looked for in the whole text before it is thought to be junk.
    static let searchesMax = 32

    /// Bullets and opening quotation marks.
    private static let listMarks: Set<UInt32> = [
        0x22, 0x2A, 0x2D, 0xAB, 0xB7, 0x2013, 0x2014, 0x201C, 0x2022,
    ]

    init(_ text: [UInt8], _ lines: [PageLine]) {
        self.text = text
        self.lines = lines
        isKept = Array(repeating: true, count: lines.count)
        meanings = lines.map { $0.isShort ? PhraseTable.shared.meaning(of: $0, in: text) : nil }
        // More Arabic letters than Latin ones.
        isArabic = lines.reduce(0) { $0 + $1.letters.arabic - $1.letters.latin } > 0
        numbering = JunkSorter.numbering(text, lines)
    }

    /// Rule 2. A head that does not cut takes only itself away, and the next one is asked.
    mutating func cutTail() {
        let all = lines.reduce(0) { $0 + $1.length }
        let prose = lines.reduce(0) { $0 + ($1.isProse ? $1.length : 0) }
        var (allBefore, proseBefore) = (0, 0)
        for (place, line) in lines.enumerated() {
            if isHead(place) {
                isKept[place] = false
                // Where there is no prose (verses, lists), and for share bars, all that follows counts.
                let isProsy = prose > 0 && meanings[place] == .tailHead
                let rest = isProsy ? prose - proseBefore : all - allBefore - line.length
                if proseBefore + allBefore > 0,
                    rest * 100 < JunkSorter.tailPercentMax * (isProsy ? prose : all)
                {
                    for later in place..<lines.count { isKept[later] = false }
                    return
                }
            }
            allBefore += line.length
            if line.isProse { proseBefore += line.length }
        }
    }

    /// Rule 3.
    mutating func cutJunk() {
        for (place, line) in lines.enumerated() where isKept[place] && line.isShort {
            if isJunk(place, line) { isKept[place] = false }
        }
    }

    private func isHead(_ place: Int) -> Bool {
        guard lines[place].length <= JunkSorter.headLengthMax || meanings[place] == .tailHead else {
            return false
        }
        return meanings[place] == .tailHead || meanings[place] == .shareHead
    }

    private mutating func isJunk(_ place: Int, _ line: PageLine) -> Bool {
        if meanings[place] != nil { return true }
        if line.words.isEmpty { return false }
        return isTagToken(line) || isBareNumber(place) || isCopyright(line) || isLatinInArabic(place, line)
    }

    /// `austin_tice`, `[ad_1]`: one ASCII token with a low line in it.
    private func isTagToken(_ line: PageLine) -> Bool {
        var token = text[line.range]
        if token.first == UInt8(ascii: "["), token.last == UInt8(ascii: "]") {
            token = token.dropFirst().dropLast()
        }
        let parts = token.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        return parts.count > 1
            && parts.allSatisfy { part in !part.isEmpty && part.allSatisfy(ASCII.isLetterOrDigit) }
            && token.contains(where: ASCII.isLetter)
    }

    /// A number that says nothing by itself: a count, a page. Longer ones are data (accounts, telephones), and
    /// a year may be the heading of a part.
    private func isBareNumber(_ place: Int) -> Bool {
        guard let number = JunkSorter.bareNumber(text, lines[place]) else { return false }
        return !(1300...1499 ~= number || 1800...2100 ~= number) && !numbering.contains(place)
            && !endsParagraph(place)
    }

    /// The last word of a sentence whose lines were broken to a width.
    private func endsParagraph(_ place: Int) -> Bool {
        guard place > 0, lines[place].endsSentence, !lines[place].followsBlank else { return false }
        let before = lines[place - 1]
        return before.length >= PageLine.sentenceMin && !before.endsSentence && !before.endsQuestion
    }

    private static func bareNumber(_ text: [UInt8], _ line: PageLine) -> Int? {
        guard line.isShort, line.words.count == 1, line.isNumber(0), line.folded.count <= 4 else {
            return nil
        }
        let isBare = String(decoding: text[line.range], as: UTF8.self).unicodeScalars.allSatisfy {
            switch $0.value {
            case 0x30...0x39, 0x0660...0x0669, 0x06F0...0x06F9, 0x20, 0x23, 0x28, 0x29, 0x2E, 0x5B, 0x5D: true
            default: false
            }
        }
        return isBare ? Int(String(decoding: line.folded, as: UTF8.self)) : nil
    }

    /// The lines that are numbers of parts: two that follow each other, with more than names between them.
    private static func numbering(_ text: [UInt8], _ lines: [PageLine]) -> Set<Int> {
        var found: Set<Int> = []
        var last: [Int: (place: Int, lines: Int)] = [:]
        var between = 0
        for (place, line) in lines.enumerated() {
            if !line.isShort || line.words.count >= wordyMin { between += 1 }
            guard let number = bareNumber(text, line), number > 0 else { continue }
            if let previous = last[number - 1], previous.lines < between {
                found.formUnion([previous.place, place])
            }
            last[number] = (place, between)
        }
        return found
    }

    private func isCopyright(_ line: PageLine) -> Bool {
        let bytes = text[line.range]
        // © is C2 A9.
        if bytes.indices.dropLast().contains(where: { bytes[$0] == 0xC2 && bytes[$0 + 1] == 0xA9 }) {
            return true
        }
        return PhraseTable.shared.holdsCopyright(line)
    }

    /// A Latin name that the article speaks of elsewhere may head a part of it.
    private mutating func isLatinInArabic(_ place: Int, _ line: PageLine) -> Bool {
        guard isArabic, line.words.count <= JunkSorter.latinWordsMax else { return false }
        let bytes = text[line.range]
        guard bytes.contains(where: ASCII.isLetter), !bytes.contains(UInt8(ascii: "@")) else { return false }
        // What is listed or quoted is the article's: the title of a film, of an app.
        if JunkSorter.listMarks.contains(UTF8Bytes.scalar(in: text.span, at: line.range.lowerBound).scalar) {
            return false
        }
        // C2 to CA lead Latin letters and signs, E2 punctuation, F0 emoji.
        guard bytes.allSatisfy({ $0 < 0xCB || $0 == 0xE2 || $0 == 0xF0 }) else { return false }
        searches += 1
        guard searches <= JunkSorter.searchesMax else { return true }
        let places = line.words
        let name = text[line.source(places)]
        return !lines.indices.contains { other in
            other != place && lines[other].isProse
                && ByteRuns.contains(Array(name), in: text[lines[other].range])
        }
    }
}

enum ASCII {
    static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }
    static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || 0x30...0x39 ~= byte }
}

enum ByteRuns {
    /// Whether `run`, which is not empty, stands in `bytes`.
    static func contains(_ run: [UInt8], in bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= run.count else { return false }
        let (text, wanted) = (bytes.span, run.span)
        var start = 0
        let last = text.count - wanted.count
        while start <= last {
            var length = 0
            while length < wanted.count, text[start + length] == wanted[length] { length += 1 }
            if length == wanted.count { return true }
            start += 1
        }
        return false
    }
}
