/// A page of plain text, told apart: the article's body, its title and what else its head says, and junk.
///
/// A pure function of the text: nothing depends on what came before, so the same bytes give the same body on
/// every node. Everything is a range of the text; `removed` and the head together hold every line that is not
/// in the body. The rule, in this order (decision 5 says where it goes beyond the contract):
/// 1. Lines are trimmed and compared folded.
/// 2. The first line that heads a tail (`JunkPhrases.tailHeads`) cuts all from there, if less than 20 % of the
///    prose follows. If not, that line alone is junk.
/// 3. Junk anywhere: buttons, trackers, tag tokens, bare numbers, advertisements, copyright lines.
/// 4. The title: a line at the top that is repeated, else the first line without the name of the site.
/// 5. Byline and publisher above the first paragraph leave the body; standfirst and dateline are words of the
///    article and stay in it.
/// 6. A page whose body would be empty keeps its first line as body.
///
/// Linear in the bytes but for lines that are looked for in the whole text, which are at most 32.
package struct CleanedPage: Hashable, Sendable {
    /// One line of the body.
    package struct Line: Hashable, Sendable {
        package let range: Range<Int>
        /// A blank line is in front of it: a paragraph begins.
        package let followsBlank: Bool
    }

    package internal(set) var title: Range<Int>?
    package internal(set) var byline: Range<Int>?
    package internal(set) var publisher: Range<Int>?
    package internal(set) var standfirst: Range<Int>?
    package internal(set) var dateline: Range<Int>?
    package private(set) var body: [Line] = []
    /// In the order of the text.
    package private(set) var removed: [Range<Int>] = []

    /// Lines of the longest page that is cleaned. What is longer is a list and no page of a site; it keeps all
    /// its lines, and judging them would cost memory many times its size.
    package static let linesMax = 20_000

    /// Reads `text`, valid UTF-8 with LF at the ends of lines.
    package init(_ text: [UInt8]) {
        guard text.count(where: { $0 == 0x0A }) <= CleanedPage.linesMax else {
            keepAll(text)
            return
        }
        let lines = PageLine.lines(of: text)
        guard !lines.isEmpty else { return }
        var sorter = JunkSorter(text, lines)
        sorter.cutTail()
        sorter.cutJunk()
        var head = PageHead(text, lines, sorter.isKept)
        head.read()
        title = head.title
        byline = head.byline
        publisher = head.publisher
        standfirst = head.standfirst
        dateline = head.dateline
        collect(lines, head)
        let hasWords = head.isKept.indices.contains { head.isKept[$0] && lines[$0].hasWords }
        if !hasWords { keepFirstLine(lines) }
    }

    /// The body as text: its lines, an empty one where a paragraph begins.
    package func bodyText(of text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.reduce(0) { $0 + $1.range.count + 2 })
        for line in body {
            if !bytes.isEmpty { bytes.append(contentsOf: line.followsBlank ? [0x0A, 0x0A] : [0x0A]) }
            bytes.append(contentsOf: text[line.range])
        }
        return bytes
    }

    private mutating func collect(_ lines: [PageLine], _ head: PageHead) {
        var followsBlank = false
        for (place, line) in lines.enumerated() {
            followsBlank = followsBlank || line.followsBlank
            if head.isKept[place] {
                body.append(Line(range: line.range, followsBlank: followsBlank))
                followsBlank = false
            } else if place != head.titlePlace {
                removed.append(line.range)
            }
            if place == head.titlePlace, let suffix = head.titleSuffix { removed.append(suffix) }
        }
    }

    /// Rule 6. What is left of the page is its title; where not even that is, its first line is taken as it is.
    private mutating func keepFirstLine(_ lines: [PageLine]) {
        let named = title.flatMap { title in lines.first { $0.range.lowerBound == title.lowerBound } }
        guard let first = named ?? lines.first(where: \.hasWords) else { return }
        // Lines of signs only may stand above it.
        let place = body.firstIndex { $0.range.lowerBound > first.range.lowerBound } ?? body.count
        body.insert(Line(range: first.range, followsBlank: first.followsBlank), at: place)
        removed.removeAll { first.range.contains($0.lowerBound) }
        title = title ?? first.range
    }

    private mutating func keepAll(_ text: [UInt8]) {
        let all = PageLine.trimmed(text, 0..<text.count)
        let end = text[all].firstIndex(of: 0x0A) ?? all.upperBound
        title = PageLine.trimmed(text, all.lowerBound..<end)
        body = [Line(range: all, followsBlank: false)]
    }
}
