import SijillFormat
import SijillText

/// A page of the web: its fields from JSON-LD, OpenGraph and meta, its text by extraction.
///
/// The text is looked for in steps, each for pages that the one before could not read: what the elements'
/// names and worth tell; the same with names left aside; every paragraph of running text; the text that
/// JSON-LD gives; all that is no link.
struct HTMLPage {
    let content: Content
    /// The article's paragraphs, a blank line between two; empty when the page has no text.
    let text: [UInt8]

    /// - Parameter utf8: valid UTF-8 without a byte order mark.
    /// - Throws: `too-deep`, `too-large`.
    init(_ utf8: ArraySlice<UInt8>, limits: InputLimits) throws(Rejection) {
        let tree = try HTMLParser.parse(utf8, limits: limits)
        let blocks = TextBlocks.of(tree)
        let fields = PageFields(tree, blocks, limits)
        text = HTMLPage.body(tree, blocks, title: fields.title, given: fields.givenText)
        guard text.count <= limits.textBytesMax else {
            throw .tooLarge("the text", bytes: UInt64(text.count), max: UInt64(limits.textBytesMax))
        }
        var content = try fields.content()
        content.text = text
        self.content = content
    }

    /// A text of less weight makes the next step be tried; it wins when it finds twice as much.
    private static let enoughWeight = 250

    private static func body(
        _ tree: HTMLTree, _ blocks: [TextBlock], title: String?, given: [UInt8]?
    ) -> [UInt8] {
        guard !blocks.isEmpty else { return given ?? [] }
        let words = CanonicalWords(Array((title ?? "").utf8)).bytes
        let isTitle = { PageMap.isTitleLike($0, words) }
        var best: [UInt8] = []
        func better(_ text: [UInt8], by factor: Int) {
            if weight(text) > weight(best) * factor { best = text }
        }
        for isLenient in [false, true] {
            let map = PageMap(tree, blocks, isLenient: isLenient, isTitle: isTitle)
            let places = BodyFinder(map).places(matching: given.flatMap(GivenText.init))
            better(BodyCleaner(places.map { blocks[$0] }, title: words).text, by: isLenient ? 2 : 1)
            if weight(best) >= enoughWeight { return best }
            let prose = blocks.filter { $0.isProse && !map.isJunk[$0.node] }
            better(BodyCleaner(prose, title: words).text, by: 2)
            if weight(best) >= enoughWeight { return best }
        }
        if let given { better(given, by: 2) }
        if best.isEmpty {
            better(BodyCleaner(blocks.filter { $0.linkShare < 0.5 }, title: words).text, by: 1)
        }
        return best
    }

    private static func weight(_ text: [UInt8]) -> Int {
        var measure = TextMeasure()
        measure.add(text)
        return measure.weight
    }
}
