import SijillText

/// Finds the elements of a page that hold the article's text.
///
/// The idea of readability and of boilerpipe in one: every block is worth its running text or costs what its
/// links and scraps cost (`TextBlock.worth`), and the article is the smallest element that holds nearly all
/// of the greatest sum. Named elements (`itemprop=articleBody`, `entry-content`) go before when they hold
/// enough, and the text that JSON-LD gives says where to look.
struct BodyFinder {
    private let map: PageMap
    private var tree: HTMLTree { map.tree }
    private var blocks: [TextBlock] { map.blocks }

    /// A smaller element is preferred while it keeps this share of the greatest sum.
    private static let keptShare = 0.85
    /// Named elements are believed from this share of the best sum on.
    private static let namedShare = 0.45

    init(_ map: PageMap) { self.map = map }

    /// The blocks of the article, before they are cleaned; empty when there are none.
    func places(matching given: GivenText?) -> [Int] {
        let best = bestElement()
        var found: [Int] = []
        if let named = namedElements(around: best) {
            found = places(in: withLead(named))
        } else if map.worth[best] > 0 {
            found = places(in: withSiblings(best))
        }
        // A given text that is much shorter is cut.
        if let region = given?.region(in: blocks, where: { !map.isJunk[blocks[$0].node] }),
            proseWeight(region) * 2 >= proseWeight(found)
        {
            // The lead, which a page shows above its text, is often not given with it.
            return found.filter { $0 < region[0] && blocks[$0].isLead } + region
        }
        return found
    }

    private func proseWeight(_ places: [Int]) -> Int {
        places.reduce(0) { $0 + (blocks[$1].isProse ? blocks[$1].weight : 0) }
    }

    /// The places of the blocks inside `elements` that are not junk.
    private func places(in elements: [Int]) -> [Int] {
        var isInside = [Bool](repeating: false, count: tree.nodes.count)
        for element in elements where !isInside[element] {
            for place in element..<Int(tree.nodes[element].end) { isInside[place] = true }
        }
        return blocks.indices.filter { isInside[blocks[$0].node] && !map.isJunk[blocks[$0].node] }
    }

    private func bestElement() -> Int {
        var best = 0
        for place in tree.nodes.indices where map.worth[place] > map.worth[best] { best = place }
        let enough = map.worth[best] * BodyFinder.keptShare
        // Children lie behind their parents, so the last in this chain is the smallest.
        var smallest = best
        for place in tree.nodes.indices.dropFirst(best)
        where map.worth[place] >= enough && place < Int(tree.nodes[smallest].end) {
            smallest = place
        }
        // A paragraph alone is not looked at alone: what stands beside it belongs to it.
        while tree.nodes[smallest].parent >= 0, tree.nodes[smallest].tag == .p, smallest != best {
            smallest = Int(tree.nodes[smallest].parent)
        }
        return smallest
    }

    /// The outermost elements that are named for the text: the best, and others beside it or in `element`;
    /// nil when they hold too little of what is in `element`.
    private func namedElements(around element: Int) -> [Int]? {
        let enough = max(map.worth[element], 0) * BodyFinder.namedShare
        let range = element..<Int(tree.nodes[element].end)
        for hint in [ElementHints.articleBody, .body] {
            var found: [Int] = []
            for place in tree.nodes.indices
            where tree.nodes[place].hints.contains(hint) && !map.isJunk[place] && map.worth[place] > 0 {
                if let last = found.last, place < Int(tree.nodes[last].end) { continue }
                found.append(place)
            }
            guard let best = found.max(by: { map.worth[$0] < map.worth[$1] }) else { continue }
            let parent = tree.nodes[best].parent
            let chosen = found.filter {
                tree.nodes[$0].parent == parent || (range.contains($0) && range.contains(best))
            }
            let sum = chosen.reduce(0) { $0 + map.worth[$1] }
            guard sum > 0, sum >= enough else { continue }
            // Where each paragraph is named, what stands between them unnamed is text as well.
            let isWhole = chosen.count > 1 && chosen.allSatisfy { tree.nodes[$0].parent == parent }
            if isWhole, parent >= 0, map.worth[Int(parent)] >= sum * BodyFinder.keptShare {
                return [Int(parent)]
            }
            return chosen.map { narrowed($0) }
        }
        return nil
    }

    /// Inside a named element that holds more than the text, the part that is the text.
    private func narrowed(_ element: Int) -> Int {
        var best = element
        for place in element..<Int(tree.nodes[element].end) where map.worth[place] > map.worth[best] {
            best = place
        }
        return map.worth[best] > map.worth[element] * 1.02 ? best : element
    }

    /// With the paragraphs between the title and the text.
    private func withLead(_ elements: [Int]) -> [Int] {
        guard let first = elements.first else { return elements }
        return siblings(of: first, onlyBefore: true) + elements
    }

    private func withSiblings(_ element: Int) -> [Int] {
        (siblings(of: element, onlyBefore: false) + [element]).sorted()
    }

    /// Elements beside `element` or beside those around it, up to three levels, that are text as well.
    private func siblings(of element: Int, onlyBefore: Bool) -> [Int] {
        var found: [Int] = []
        var place = element
        for _ in 0..<3 {
            let parent = Int(tree.nodes[place].parent)
            guard parent >= 0, tree.nodes[place].tag != .article, tree.nodes[place].tag != .main,
                tree.nodes[place].tag != .body
            else { break }
            var sibling = parent + 1
            while sibling < Int(tree.nodes[parent].end) {
                let isBefore = sibling < place
                if sibling != place, !map.isJunk[sibling], isBefore || !onlyBefore,
                    isText(sibling, isBefore: isBefore, beside: element)
                {
                    found.append(sibling)
                }
                sibling = Int(tree.nodes[sibling].end)
            }
            place = parent
        }
        return found
    }

    private func isText(_ sibling: Int, isBefore: Bool, beside element: Int) -> Bool {
        let isBehindTitle =
            map.titleBlock.map { blocks[$0].node < Int(tree.nodes[sibling].end) } ?? false
        if isBefore, isBehindTitle, map.leadWeight[sibling] >= 36, map.worth[sibling] >= 0 { return true }
        switch tree.nodes[sibling].tag {
        case .p, .blockquote, .pre:
            return map.worth[sibling] >= 60
        case .h1, .h2, .h3, .h4, .ul, .ol, .table, .form:
            return false
        default:
            return !isBefore && map.worth[sibling] >= 0.25 * map.worth[element]
        }
    }
}

/// The text of the article as the page's JSON-LD gives it. It may be cut or flattened: the page's own text is
/// kept, this tells where it is.
struct GivenText {
    private let shingles: Set<UInt64>
    private let weight: Int

    /// Nil for a text too short to tell anything.
    init?(_ utf8: [UInt8]) {
        var measure = TextMeasure()
        measure.add(utf8)
        guard measure.weight >= 120 else { return nil }
        weight = measure.weight
        shingles = Set(GivenText.shingles(utf8))
    }

    /// From the first to the last block that the given text has; nil unless they hold most of it, and most of
    /// what is between them is in it.
    func region(in blocks: [TextBlock], where isAllowed: (Int) -> Bool) -> [Int]? {
        let allowed = blocks.indices.filter(isAllowed)
        let known = allowed.filter {
            blocks[$0].weight >= 20 && blocks[$0].linkShare < 0.7 && has(blocks[$0])
        }
        guard let first = known.first, let last = known.last,
            known.reduce(0, { $0 + blocks[$1].weight }) * 10 >= weight * 8
        else { return nil }
        let region = allowed.filter { $0 >= first && $0 <= last }
        let all = region.reduce(0) { $0 + blocks[$1].weight }
        guard known.reduce(0, { $0 + blocks[$1].weight }) * 10 >= all * 7 else { return nil }
        return region
    }

    private func has(_ block: TextBlock) -> Bool {
        let own = GivenText.shingles(block.text)
        return !own.isEmpty && own.count { shingles.contains($0) } * 10 >= own.count * 6
    }

    private static func shingles(_ utf8: [UInt8]) -> [UInt64] {
        let words = CanonicalWords(utf8)
        return words.count < Shingles.wordCount ? [] : Shingles(words).hashes
    }
}
