import Foundation
import SijillArticles
import SijillText

/// Articles of a real corpus, one JSON record a line, in the order of the file: how many have a partner, and how
/// many partners the index misses. Every pair is compared here, by a table of all shingles.
func corpus(_ path: String, shownCount: Int) throws {
    var desk = Desk()
    var partners: [String: Set<Int>] = [:]
    var found: [Pair: TextRelation] = [:]
    var rejected = 0
    for line in try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: 0x0A) {
        do {
            let (place, outcome) = try desk.take(Array(line), format: .json)
            switch outcome {
            case .duplicated(let known): partners["duplicated", default: []].formUnion([place, known])
            case .added(let relations):
                for (relation, other) in relations {
                    found[Pair(place, other)] = relation
                    partners[relation.kind.rawValue, default: []].formUnion([place, other])
                }
            }
        } catch is Rejection { rejected += 1 }
    }
    let count = desk.drafts.count
    print(
        "\(count) articles, \(rejected) rejected, \(desk.comparedCount) comparisons, index \(desk.index.bytes) bytes"
    )
    for (kind, places) in partners.sorted(by: { $0.key < $1.key }) {
        print(
            String(
                format: "  %@: %d articles, %.1f %%", kind, places.count,
                100 * Double(places.count) / Double(count)))
    }
    let close = ["near", "contains", "within", "duplicated"].reduce(into: Set<Int>()) {
        $0.formUnion(partners[$1] ?? [])
    }
    print(
        String(
            format: "  near, contained or duplicated: %d, %.1f %%", close.count,
            100 * Double(close.count) / Double(count)))
    print("every pair against what the index found:")
    let exact = allRelations(desk)
    for kind in RelationKind.allCases {
        let all = exact.filter { $0.value.kind == kind }
        let missed = all.filter { found[$0.key] == nil }
        print("  \(kind.rawValue): \(all.count) pairs, \(missed.count) missed")
        for (pair, relation) in missed.sorted(by: { $0.key < $1.key }).prefix(shownCount) {
            print(
                "    \(pair.later) \(pair.earlier) shared \(relation.similarity.sharedCount) of \(relation.similarity.smallerCount)"
            )
        }
    }
    if shownCount > 0 { show(found, desk, shownCount) }
}

struct Pair: Hashable, Comparable {
    let later: Int
    let earlier: Int

    init(_ later: Int, _ earlier: Int) { (self.later, self.earlier) = (later, earlier) }

    static func < (a: Pair, b: Pair) -> Bool { (a.later, a.earlier) < (b.later, b.earlier) }
}

/// Of all pairs of texts that are no duplicates.
private func allRelations(_ desk: Desk) -> [Pair: TextRelation] {
    var known: Set<[UInt8]> = []
    var places: [UInt64: [Int32]] = [:]
    var relations: [Pair: TextRelation] = [:]
    for (place, draft) in desk.drafts.enumerated() {
        if let digest = draft.canonical, !known.insert(digest.digest.data).inserted { continue }
        var shared: [Int32: Int] = [:]
        for hash in draft.shingles.hashes {
            for other in places[hash] ?? [] { shared[other, default: 0] += 1 }
            places[hash, default: []].append(Int32(place))
        }
        for (other, count) in shared where count >= 3 {
            if let relation = desk.relation(place, Int(other)) {
                relations[Pair(place, Int(other))] = relation
            }
        }
    }
    return relations
}

/// Pairs to be judged by eye: of each kind as many, those nearest to its limits among them.
private func show(_ found: [Pair: TextRelation], _ desk: Desk, _ count: Int) {
    for kind in RelationKind.allCases {
        let pairs = found.filter { $0.value.kind == kind }.sorted {
            ($0.value.similarity.jaccard, $0.key) < ($1.value.similarity.jaccard, $1.key)
        }
        let step = max(1, pairs.count / max(1, count))
        for place in stride(from: 0, to: pairs.count, by: step).prefix(count) {
            let (pair, relation) = pairs[place]
            print(
                "=== \(kind.rawValue) J \(relation.similarity.jaccard) C \(relation.similarity.containment) "
                    + "figures \(relation.figuresDiffer ? "differ" : "same") \(relation.similarity.count)/\(relation.similarity.otherCount)"
            )
            for place in [pair.later, pair.earlier] {
                let draft = desk.drafts[place]
                let text = String(decoding: draft.content.text ?? [], as: UTF8.self)
                print(
                    "[\(place)] \(draft.content.publisher ?? "") \(draft.content.title ?? "")\n    \(text.prefix(700).replacing("\n", with: " / "))"
                )
            }
        }
    }
}
