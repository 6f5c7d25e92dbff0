/// Finds what stands above the article: title, byline, publisher, standfirst, dateline (rules 4 and 5).
struct PageHead {
    var isKept: [Bool]
    /// The line that the title is of.
    private(set) var titlePlace: Int?
    private(set) var title: Range<Int>?
    /// The name of the site that was cut off the title.
    private(set) var titleSuffix: Range<Int>?
    var byline: Range<Int>?
    var publisher: Range<Int>?
    var standfirst: Range<Int>?
    var dateline: Range<Int>?
    let text: [UInt8]
    let lines: [PageLine]

    /// Lines at the top that may be the title.
    static let titleLinesMax = 4
    /// Lines behind a title in which it is looked for again.
    static let repetitionLinesMax = 6
    /// Characters by which a title and its repetition may differ: the site's name or slogan.
    static let affixLengthMax = 40
    /// Characters of a part that is cut off a title as the name of a site, and that must remain.
    static let suffixLengthMax = 25
    static let titleLengthMin = 20
    /// Characters from which on a line that ends in a full stop is a paragraph and no heading.
    static let sentenceTitleMax = 100
    /// Lines below the title that may be byline, publisher or standfirst.
    static let headLinesMax = 4

    init(_ text: [UInt8], _ lines: [PageLine], _ isKept: [Bool]) {
        self.text = text
        self.lines = lines
        self.isKept = isKept
    }

    mutating func read() {
        let top = places(from: 0, count: PageHead.titleLinesMax + PageHead.repetitionLinesMax)
        if !readRepeatedTitle(top) { readFirstLine(top) }
        let below = titlePlace.map { isKept[$0] ? $0 : $0 + 1 } ?? 0
        readHead(places(from: below, count: PageHead.headLinesMax + 1))
    }

    /// The next kept lines with a word in them.
    private func places(from start: Int, count: Int) -> [Int] {
        var places: [Int] = []
        for place in lines.indices[start...] where isKept[place] {
            if lines[place].hasWords { places.append(place) }
            if places.count == count { break }
        }
        return places
    }

    /// Of the first lines, one that is repeated soon after, or repeated with the site's name: the shorter wins.
    ///
    /// Verses repeat lines too, so there must be prose; and below the first line nothing of it may come between.
    private mutating func readRepeatedTitle(_ top: [Int]) -> Bool {
        guard lines.contains(where: \.isProse) else { return false }
        for (rank, place) in top.prefix(PageHead.titleLinesMax).enumerated() {
            // A sentence below the first line may be repeated by an author.
            guard isLikeTitle(lines[place]), rank == 0 || !lines[place].isProse else { continue }
            var later = top[(rank + 1)...].prefix(PageHead.repetitionLinesMax)
            if rank > 0 { later = later.prefix { !lines[$0].isProse } }
            guard let other = later.first(where: { isRepeated(lines[place], lines[$0]) }) else { continue }
            let shorter = lines[other].folded.count < lines[place].folded.count ? other : place
            take(shorter, range: lines[shorter].range)
            for again in top where again != shorter && isRepeated(lines[shorter], lines[again]) {
                isKept[again] = false
            }
            // What stands above a title is the site's: its name, a rubric.
            for above in top where above < shorter && !lines[above].isProse { isKept[above] = false }
            return true
        }
        return false
    }

    /// A name or rubric may stand twice as well; it has not the words of a title.
    private func isLikeTitle(_ line: PageLine) -> Bool {
        line.isShort && (line.words.count >= 3 || line.length >= PageHead.titleLengthMin)
    }

    private func isRepeated(_ one: PageLine, _ other: PageLine) -> Bool {
        guard isLikeTitle(one), isLikeTitle(other) else { return false }
        let (short, long) = one.folded.count <= other.folded.count ? (one, other) : (other, one)
        if short.folded == long.folded { return true }
        let extra = long.length - short.length
        guard extra > 0, extra <= PageHead.affixLengthMax, short.words.count < long.words.count else {
            return false
        }
        let (first, last) = (short.words.count - 1, long.words.count - short.words.count)
        if long.folded(short.words) == short.folded[...] {
            return long.hasSeparator(behindWord: first, in: text)
        }
        return long.folded(last..<long.words.count) == short.folded[...]
            && long.hasSeparator(behindWord: last - 1, in: text)
    }

    private mutating func readFirstLine(_ top: [Int]) {
        guard let place = top.first else { return }
        let line = lines[place]
        // A page that begins with its first paragraph has no heading: the line is shown and stays.
        if line.isParagraph || line.endsSentence && line.length >= PageHead.sentenceTitleMax {
            title = line.range
            return
        }
        // A sentence may have a dash in it, and names no site behind it.
        let raw: (title: Range<Int>, suffix: Range<Int>?) =
            line.endsSentence ? (line.range, nil) : SiteSuffix.cut(text, line.range)
        take(place, range: raw.title)
        titleSuffix = raw.suffix
    }

    private mutating func take(_ place: Int, range: Range<Int>) {
        titlePlace = place
        title = range
        isKept[place] = false
    }

    /// Goes through the lines above the first paragraph.
    private mutating func readHead(_ below: [Int]) {
        guard let first = below.first(where: { lines[$0].isProse && !isStandfirst($0, in: below) }) else {
            return
        }
        for place in below.prefix(while: { $0 < first }) {
            let line = lines[place]
            if isStandfirst(place, in: below) {
                standfirst = standfirst ?? line.range
            } else if byline == nil, let names = NameLine(text, line) {
                publisher = publisher ?? names.publisher
                byline = names.byline
                isKept[place] = false
            }
        }
        dateline = Dateline.find(text, lines[first])
    }

    /// One sentence of 40 to 140 characters right above a paragraph.
    private func isStandfirst(_ place: Int, in below: [Int]) -> Bool {
        let line = lines[place]
        guard line.isProse, !line.isParagraph, let next = below.first(where: { $0 > place }) else {
            return false
        }
        return lines[next].isParagraph
    }
}

/// The name of a site behind a title: `Title - The Daily News`.
enum SiteSuffix {
    private static let separators = [" - ", " | ", " – ", " — "].map { Array($0.utf8) }

    /// The title without its last part, if that is short and enough remains.
    static func cut(_ text: [UInt8], _ range: Range<Int>) -> (title: Range<Int>, suffix: Range<Int>?) {
        for start in range.reversed() where text[start] == 0x20 {
            guard let separator = separators.first(where: { text[start..<range.upperBound].starts(with: $0) })
            else { continue }
            let title = PageLine.trimmed(text, range.lowerBound..<start)
            let suffix = PageLine.trimmed(text, start + separator.count..<range.upperBound)
            guard !suffix.isEmpty, PageLine.length(text, suffix) <= PageHead.suffixLengthMax,
                PageLine.length(text, title) >= PageHead.titleLengthMin
            else { break }
            return isOneThing(text, title, suffix) ? (range, nil) : (title, suffix)
        }
        return (range, nil)
    }

    /// The dash is inside brackets, `(4 - 8)`, or that of a score, `2 - none`.
    private static func isOneThing(_ text: [UInt8], _ title: Range<Int>, _ suffix: Range<Int>) -> Bool {
        if text[suffix].contains(UInt8(ascii: ")")), !text[suffix].contains(UInt8(ascii: "(")) { return true }
        let words = CanonicalWords(Array(text[title]))
        guard words.count > 0 else { return false }
        let last = words.bytes[words.range(ofWord: words.count - 1)]
        return last.count <= 2 && last.allSatisfy { 0x30...0x39 ~= $0 }
    }
}
