import SijillText

/// Makes the text out of the blocks that were found: takes away what is no part of it, and joins the rest.
struct BodyCleaner {
    private let blocks: [TextBlock]
    private let title: [UInt8]

    /// - Parameters:
    ///   - blocks: those of the article, in their order.
    ///   - title: canonical words of the page's title.
    init(_ blocks: [TextBlock], title: [UInt8]) {
        self.blocks = blocks
        self.title = title
    }

    /// Paragraphs with a blank line between; items of a list and rows of a table on lines of their own.
    var text: [UInt8] {
        let repeated = repeatedLines
        let kept = blocks.filter { !isJunk($0) && !($0.weight < 80 && repeated.contains($0.text)) }
        return BodyCleaner.joined(withoutEnds(withoutTail(kept)))
    }

    /// Lines that stand there five times or more and are no sentences: of a gallery, or of cards.
    private var repeatedLines: Set<[UInt8]> {
        var counts: [[UInt8]: Int] = [:]
        for block in blocks where block.weight < 80 && !block.endsSentence && block.kind == .paragraph {
            counts[block.text, default: 0] += 1
        }
        return Set(counts.lazy.filter { $0.value >= 5 }.map(\.key))
    }

    private func isJunk(_ block: TextBlock) -> Bool {
        if block.linkShare > 0.65, block.weight < 250 { return true }
        if block.linkShare > 0.5, block.kind == .item || block.kind == .heading { return true }
        guard block.weight < 120 else { return false }
        let words = CanonicalWords(block.text).bytes
        if words == title { return true }
        return JunkPhrases.removes(words, weight: block.weight)
    }

    /// Cuts at the first line that heads what follows an article, when little of the text is behind it.
    private func withoutTail(_ blocks: [TextBlock]) -> [TextBlock] {
        let all = blocks.reduce(0) { $0 + ($1.isProse ? $1.weight : 0) }
        var seen = 0
        var kept: [TextBlock] = []
        for block in blocks {
            if block.weight < 60, seen > 0, JunkPhrases.headsTail(CanonicalWords(block.text).bytes) {
                if (all - seen) * 5 < all { break }
                continue
            }
            if block.isProse { seen += block.weight }
            kept.append(block)
        }
        return kept
    }

    /// Without the scraps before the first and behind the last paragraph, and without headings of nothing.
    private func withoutEnds(_ blocks: [TextBlock]) -> [TextBlock] {
        guard let first = blocks.firstIndex(where: \.isProse), let last = blocks.lastIndex(where: \.isProse)
        else { return blocks.filter { $0.kind != .heading } }
        var start = first
        while start > 0, opens(blocks[start - 1]) { start -= 1 }
        var end = last + 1
        while end < blocks.count, follows(blocks[end], blocks[end - 1]) { end += 1 }
        var kept: [TextBlock] = []
        for block in blocks[start..<end].reversed() {
            if block.kind == .heading, kept.isEmpty { continue }
            kept.append(block)
        }
        return kept.reversed()
    }

    /// A short paragraph just before the first long one may be text, a byline or a date is not.
    private func opens(_ block: TextBlock) -> Bool {
        block.linkShare < 0.3 && (block.endsSentence && block.weight >= 20 || block.weight >= 60)
            || block.kind == .heading && block.weight >= 12 && !PageMap.isTitleLike(block, title)
    }

    private func follows(_ block: TextBlock, _ before: TextBlock) -> Bool {
        if block.linkShare >= 0.3 || block.kind == .heading { return false }
        if block.kind == .item || block.kind == .row { return before.kind == block.kind || before.isProse }
        return block.endsSentence && block.weight >= 8
    }

    private static func joined(_ blocks: [TextBlock]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(blocks.reduce(0) { $0 + $1.text.count + 2 })
        for (place, block) in blocks.enumerated() {
            if place > 0 {
                let isList = block.kind == .item || block.kind == .row
                text.append(0x0A)
                if !(isList && blocks[place - 1].kind == block.kind) { text.append(0x0A) }
            }
            text += block.text
        }
        return text
    }
}

extension PageMap {
    /// The block says the title, or begins it, or it begins the block.
    static func isTitleLike(_ block: TextBlock, _ title: [UInt8]) -> Bool {
        guard !title.isEmpty, block.weight < 400 else { return false }
        let words = CanonicalWords(block.text).bytes
        return words == title
            || words.count * 10 >= title.count * 6 && title.starts(with: words)
            || title.count * 10 >= words.count * 6 && words.starts(with: title)
    }
}
