/// What each element of a page holds, and which are no part of the article.
struct PageMap {
    let tree: HTMLTree
    let blocks: [TextBlock]
    /// Behind each element, how much its blocks are worth; those that went count nothing.
    private(set) var worth: [Double]
    /// How much of what each element holds may open an article: short sentences that no paragraph would be.
    let leadWeight: [Double]
    /// The element or one around it is no part of the article.
    private(set) var isJunk: [Bool]
    /// The block that is the page's heading; nil when none is known.
    let titleBlock: Int?

    /// - Parameters:
    ///   - isLenient: only what cannot be text goes, for pages whose names mislead.
    ///   - isTitle: whether a block's text is the title of the page.
    init(_ tree: HTMLTree, _ blocks: [TextBlock], isLenient: Bool, isTitle: (TextBlock) -> Bool) {
        self.tree = tree
        self.blocks = blocks
        titleBlock = PageMap.titleBlock(tree, blocks, isTitle)
        let prose = PageMap.sums(tree, blocks) { $1.isProse ? Double($1.weight - $1.linkWeight) : 0 }
        let headed = PageMap.headed(tree, blocks, titleBlock)
        isJunk = PageMap.junk(tree, prose: prose, headed: headed, isLenient: isLenient)
        let factors = PageMap.factors(tree)
        let junk = isJunk
        leadWeight = PageMap.sums(tree, blocks) { !junk[$1.node] && $1.isLead ? Double($1.weight) : 0 }
        let title = titleBlock
        worth = PageMap.sums(tree, blocks) { place, block in
            if junk[block.node] { return 0 }
            let worth = block.worth
            guard worth > 0 else { return worth }
            return worth * factors[block.node] * (place < title ?? 0 ? 0.4 : 1)
        }
    }

    /// The sum over all blocks in each element.
    static func sums(
        _ tree: HTMLTree, _ blocks: [TextBlock], _ value: (Int, TextBlock) -> Double
    ) -> [Double] {
        var sums = [Double](repeating: 0, count: tree.nodes.count)
        for (place, block) in blocks.enumerated() { sums[block.node] += value(place, block) }
        for place in tree.nodes.indices.reversed() {
            let parent = Int(tree.nodes[place].parent)
            if parent >= 0 { sums[parent] += sums[place] }
        }
        return sums
    }

    /// The block that says the title, an h1 rather than another; else the only h1.
    private static func titleBlock(
        _ tree: HTMLTree, _ blocks: [TextBlock], _ isTitle: (TextBlock) -> Bool
    ) -> Int? {
        let main = blocks.indices.filter { blocks[$0].kind == .heading && isInH1(tree, blocks[$0].node) }
        if let found = main.first(where: { isTitle(blocks[$0]) }) { return found }
        let headings = blocks.indices.filter { blocks[$0].kind == .heading }
        if let found = headings.first(where: { isTitle(blocks[$0]) }) { return found }
        return main.count == 1 ? main[0] : nil
    }

    static func isInH1(_ tree: HTMLTree, _ node: Int) -> Bool {
        var place = node
        for _ in 0..<4 where place >= 0 {
            if tree.nodes[place].tag == .h1 { return true }
            place = Int(tree.nodes[place].parent)
        }
        return false
    }

    /// The elements around the title.
    private static func headed(_ tree: HTMLTree, _ blocks: [TextBlock], _ title: Int?) -> [Bool] {
        var headed = [Bool](repeating: false, count: tree.nodes.count)
        guard let title else { return headed }
        var place = blocks[title].node
        while place >= 0 {
            headed[place] = true
            place = Int(tree.nodes[place].parent)
        }
        return headed
    }

    private static func junk(
        _ tree: HTMLTree, prose: [Double], headed: [Bool], isLenient: Bool
    ) -> [Bool] {
        var isJunk: [Bool] = []
        isJunk.reserveCapacity(tree.nodes.count)
        let all = max(prose.first ?? 0, 1)
        let longest = tree.nodes.indices.filter { tree.nodes[$0].tag == .article }.map { prose[$0] }.max()
        let holdsText = holders(tree, of: [.table, .blockquote, .pre])
        let holdsBody = holders(tree, hinted: [.articleBody])
        for (place, node) in tree.nodes.enumerated() {
            if node.parent >= 0, isJunk[Int(node.parent)] {
                isJunk.append(true)
                continue
            }
            let share = prose[place] / all
            let holdsArticle = holdsBody[place] || (headed[place] && share > 0.3)
            let goes: Bool =
                switch node.tag {
                case .html, .body, .main: false
                case .nav, .menu: share < 0.5
                case .aside, .footer: !holdsArticle && share < 0.6
                case .figcaption, .caption, .label, .legend: share < 0.5
                case .figure: !holdsText[place] && share < 0.4
                // With the title in it, it may hold the lead as well.
                case .header: !headed[place] && share < 0.3
                case .article:
                    !headed[place] && prose[place] < 0.25 * (longest ?? 0) && !node.hints.contains(.body)
                default:
                    hintsRemove(
                        node, share: share, holdsArticle: holdsArticle, isHeaded: headed[place],
                        isLenient: isLenient)
                }
            isJunk.append(goes)
        }
        return isJunk
    }

    private static func hintsRemove(
        _ node: HTMLTree.Node, share: Double, holdsArticle: Bool, isHeaded: Bool, isLenient: Bool
    ) -> Bool {
        if holdsArticle { return false }
        if node.hints.contains(.comments) { return !isHeaded && share < 0.95 }
        if isLenient { return false }
        if node.hints.contains(.junk) { return share < 0.5 }
        if node.hints.contains(.hidden) { return share < 0.5 }
        return node.hints.contains(.detail) && share < 0.12
    }

    /// Elements with one of these tags inside.
    private static func holders(_ tree: HTMLTree, of tags: Set<HTMLTag>) -> [Bool] {
        holders(tree) { tags.contains($0.tag) }
    }

    private static func holders(_ tree: HTMLTree, hinted hints: ElementHints) -> [Bool] {
        holders(tree) { !$0.hints.isDisjoint(with: hints) }
    }

    private static func holders(_ tree: HTMLTree, _ isOne: (HTMLTree.Node) -> Bool) -> [Bool] {
        var holds = [Bool](repeating: false, count: tree.nodes.count)
        for place in tree.nodes.indices.reversed() {
            if isOne(tree.nodes[place]) { holds[place] = true }
            if holds[place], tree.nodes[place].parent >= 0 { holds[Int(tree.nodes[place].parent)] = true }
        }
        return holds
    }

    /// How much more a block counts inside elements that are named for the text.
    private static func factors(_ tree: HTMLTree) -> [Double] {
        var factors: [Double] = []
        factors.reserveCapacity(tree.nodes.count)
        for node in tree.nodes {
            let outer = node.parent >= 0 ? factors[Int(node.parent)] : 1
            var own = 1.0
            if node.hints.contains(.articleBody) { own = 2 }
            if node.hints.contains(.body) { own = 1.5 }
            if node.tag == .article { own = 1.3 }
            if node.tag == .main { own = 1.15 }
            factors.append(min(outer * own, 3))
        }
        return factors
    }
}
