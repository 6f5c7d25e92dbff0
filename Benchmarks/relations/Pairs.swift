import Foundation
import SijillTesting
import SijillText

/// How a variation fared.
struct Tally {
    var pairs = 0
    /// As the label says.
    var right = 0
    /// The label's texts would have been called so, had the index found them.
    var missedByIndex = 0
    var outcomes: [String: Int] = [:]
    var jaccards: [Double] = []
    var figuresDiffer = 0
}

/// Made pairs whose label is known, all in one index. Returns whether the figures are good enough.
func pairs(_ count: Int, seed: UInt64) throws -> Bool {
    var maker = PageMaker(seed: seed)
    var desk = Desk()
    var tallies: [Variation: Tally] = [:]
    var labelOf: [Int: (pair: Int, Variation)] = [:]
    var (nearTrue, nearFalse, nearWanted) = (0, 0, 0)
    var pair = 0
    for _ in 0..<count {
        for variation in Variation.allCases {
            pair += 1
            let texts = maker.pair(variation)
            // Half of the pairs come the other way round.
            let order =
                Bool.random(using: &maker.generator)
                ? [texts.base, texts.variant] : [texts.variant, texts.base]
            let (first, _) = try desk.take(Array(order[0].utf8))
            labelOf[first] = (pair, variation)
            let (second, outcome) = try desk.take(Array(order[1].utf8))
            labelOf[second] = (pair, variation)
            var tally = tallies[variation] ?? Tally()
            tally.add(outcome, second, first, variation, desk)
            tallies[variation] = tally
            let isSame = [.duplicated, .near].contains(variation.expectation)
            if isSame { nearWanted += 1 }
            switch outcome {
            case .duplicated(let known): if isSame, known == first { nearTrue += 1 } else { nearFalse += 1 }
            case .added(let relations):
                for (relation, place) in relations where relation.kind == .near {
                    if isSame, labelOf[place]?.pair == pair { nearTrue += 1 } else { nearFalse += 1 }
                }
            }
        }
    }
    print("seed \(seed), \(desk.drafts.count) texts, \(desk.comparedCount) comparisons")
    var isGood = true
    for variation in Variation.allCases {
        let tally = tallies[variation]!
        print(tally.line(variation))
        let share = Double(tally.right) / Double(tally.pairs)
        isGood = isGood && share >= variation.shareMin
    }
    let precision = Double(nearTrue) / Double(max(1, nearTrue + nearFalse))
    let recall = Double(nearTrue) / Double(max(1, nearWanted))
    print(
        String(
            format: "near or duplicated: precision %.4f, recall %.4f (%d pairs)", precision, recall,
            nearWanted))
    return isGood && precision >= 0.99 && recall >= 0.99
}

extension Tally {
    mutating func add(
        _ outcome: Desk.Outcome, _ place: Int, _ other: Int, _ variation: Variation, _ desk: Desk
    ) {
        pairs += 1
        var found: TextRelation?
        var name = "none"
        switch outcome {
        case .duplicated(let known): name = known == other ? "duplicated" : "duplicated of another"
        case .added(let relations):
            found = relations.first { $0.place == other }?.relation
            name = found?.kind.rawValue ?? "none"
        }
        outcomes[name, default: 0] += 1
        let exact = desk.relation(place, other)
        jaccards.append(Similarity(desk.drafts[place].shingles, desk.drafts[other].shingles).jaccard)
        if found?.figuresDiffer == true { figuresDiffer += 1 }
        let isRight = Tally.isRight(name, found, variation)
        if isRight { right += 1 }
        if !isRight, name == "none", let exact, Tally.isRight(exact.kind.rawValue, exact, variation) {
            missedByIndex += 1
        }
    }

    private static func isRight(_ name: String, _ relation: TextRelation?, _ variation: Variation) -> Bool {
        switch variation.expectation {
        case .duplicated: name == "duplicated"
        case .near:
            variation == .oneFigure
                ? name == "near" && relation?.figuresDiffer == true : name == "near" || name == "duplicated"
        case .contained: name == "contains" || name == "within"
        case .related: name == "related"
        case .apart: name == "none" || name == "related"
        }
    }

    func line(_ variation: Variation) -> String {
        let sorted = jaccards.sorted()
        let list = outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "\(variation.rawValue): "
            + String(
                format: "%.2f %% right, J %.2f to %.2f", 100 * Double(right) / Double(pairs), sorted[0],
                sorted[sorted.count - 1])
            + "; \(list)" + (missedByIndex > 0 ? "; \(missedByIndex) not found by the index" : "")
            + (figuresDiffer > 0 ? "; figures differ in \(figuresDiffer)" : "")
    }
}
