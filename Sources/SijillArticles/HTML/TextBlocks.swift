/// Cuts the text of a page into blocks, in its order. Linear in elements and text.
struct TextBlocks {
    private let tree: HTMLTree
    private(set) var blocks: [TextBlock] = []
    /// Open elements.
    private var open: [Int] = []
    private var linkDepth = 0
    private var preDepth = 0
    private let isLayoutCell: [Bool]
    private let kinds: [TextBlock.Kind]

    // The block that is being gathered.
    private var node = 0
    private var text: [UInt8] = []
    private var measure = TextMeasure()
    private var linkMeasure = TextMeasure()
    /// White space that is written when more text comes: 0 for none, else a blank or the end of a line.
    private var gap: UInt8 = 0
    private var breaks = 0

    static func of(_ tree: HTMLTree) -> [TextBlock] {
        var cutter = TextBlocks(tree)
        cutter.run()
        return cutter.blocks
    }

    private init(_ tree: HTMLTree) {
        self.tree = tree
        isLayoutCell = TextBlocks.layoutCells(tree)
        kinds = TextBlocks.kinds(tree)
    }

    private mutating func run() {
        var position = 0
        for place in tree.nodes.indices {
            while let last = open.last, Int(tree.nodes[last].end) <= place {
                add(position..<Int(tree.nodes[last].textEnd))
                position = Int(tree.nodes[last].textEnd)
                leave(last)
            }
            add(position..<Int(tree.nodes[place].textStart))
            position = Int(tree.nodes[place].textStart)
            enter(place)
        }
        while let last = open.last {
            add(position..<Int(tree.nodes[last].textEnd))
            position = Int(tree.nodes[last].textEnd)
            leave(last)
        }
        flush()
    }

    private mutating func enter(_ place: Int) {
        let tag = tree.nodes[place].tag
        open.append(place)
        if tag == .a { linkDepth += 1 }
        if tag == .pre { preDepth += 1 }
        if tag == .br { lineBreak() }
        if isBoundary(place) {
            flush()
            node = place
        } else if tag == .td || tag == .th, !text.isEmpty {
            gap = 0x09
        }
    }

    private mutating func leave(_ place: Int) {
        open.removeLast()
        let tag = tree.nodes[place].tag
        if tag == .a { linkDepth -= 1 }
        if tag == .pre { preDepth -= 1 }
        if isBoundary(place) {
            flush()
            node = max(0, Int(tree.nodes[place].parent))
        }
    }

    private func isBoundary(_ place: Int) -> Bool {
        let tag = tree.nodes[place].tag
        if tag == .td || tag == .th { return isLayoutCell[place] }
        return tag.isBlock || !tree.nodes[place].hints.isDisjoint(with: [.junk, .comments, .hidden])
    }

    /// One break ends a line, two a paragraph.
    private mutating func lineBreak() {
        breaks += 1
        if breaks > 1 {
            let container = node
            flush()
            node = container
        } else if !text.isEmpty {
            gap = 0x0A
        }
    }

    private mutating func add(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let start = text.count
        var place = range.lowerBound
        while place < range.upperBound {
            let byte = tree.text[place]
            if byte <= 0x20 {
                if gap == 0 { gap = 0x20 }
                if preDepth > 0, byte == 0x0A { gap = 0x0A }
                place += 1
            } else if byte == 0xC2, place + 1 < range.upperBound, tree.text[place + 1] == 0xA0 {
                if gap == 0 { gap = 0x20 }
                place += 2
            } else {
                if gap != 0, !text.isEmpty { text.append(gap) }
                gap = 0
                breaks = 0
                text.append(byte)
                place += 1
            }
        }
        measure.add(text[start...])
        if linkDepth > 0 { linkMeasure.add(text[start...]) }
    }

    private mutating func flush() {
        defer {
            text.removeAll(keepingCapacity: true)
            measure = TextMeasure()
            linkMeasure = TextMeasure()
            gap = 0
            breaks = 0
        }
        guard measure.weight > 0 else { return }
        blocks.append(
            TextBlock(
                kind: kinds.isEmpty ? .paragraph : kinds[node], node: node, text: text,
                weight: measure.weight, linkWeight: linkMeasure.weight, endsSentence: measure.endsSentence,
                punctuation: measure.punctuation))
    }

    /// Cells that hold more than a figure or a few words: those of tables that only place things.
    private static func layoutCells(_ tree: HTMLTree) -> [Bool] {
        var isLayout = [Bool](repeating: false, count: tree.nodes.count)
        var cell = [Int](repeating: -1, count: tree.nodes.count)
        for (place, node) in tree.nodes.enumerated() {
            let outer = node.parent >= 0 ? cell[Int(node.parent)] : -1
            let isCell = node.tag == .td || node.tag == .th
            cell[place] = isCell ? place : outer
            if isCell, tree.textBytes(place) > 300 { isLayout[place] = true }
            if outer >= 0, node.tag.isBlock, node.tag != .p || tree.textBytes(place) > 120 {
                isLayout[outer] = true
            }
        }
        return isLayout
    }

    /// What a block in each element is.
    private static func kinds(_ tree: HTMLTree) -> [TextBlock.Kind] {
        var kinds: [TextBlock.Kind] = []
        kinds.reserveCapacity(tree.nodes.count)
        for node in tree.nodes {
            let outer = node.parent >= 0 ? kinds[Int(node.parent)] : .paragraph
            switch node.tag {
            case .h1, .h2, .h3, .h4, .h5, .h6: kinds.append(.heading)
            case .li, .dt, .dd: kinds.append(.item)
            case .tr: kinds.append(.row)
            case .p, .section, .article, .td, .th, .blockquote, .table, .ul, .ol, .main, .pre:
                kinds.append(outer == .heading ? .heading : .paragraph)
            default: kinds.append(outer)
            }
        }
        return kinds
    }
}
