import SijillArticles
import SijillText

/// Takes texts in one after the other and says what each is to those before it: the rules of `BatchDecider` for texts
/// without an address, with everything in memory.
struct Desk {
    enum Outcome {
        case duplicated(of: Int)
        case added([(relation: TextRelation, place: Int)])
    }

    private let reader = ArticleReader()
    private(set) var drafts: [Draft] = []
    private(set) var index = SketchIndex()
    private var canonical: [[UInt8]: Int] = [:]
    /// Pairs that were compared on all their shingles.
    private(set) var comparedCount = 0

    /// The text's place, and what it is. A duplicate has a place too, but is not found later.
    mutating func take(_ bytes: [UInt8], format: ArticleFormat = .text) throws -> (
        place: Int, outcome: Outcome
    ) {
        let draft = try reader.draft(bytes, format: format)
        let place = drafts.count
        drafts.append(draft)
        if let digest = draft.canonical {
            let key = digest.digest.data
            if let known = canonical[key] { return (place, .duplicated(of: known)) }
            canonical[key] = place
        }
        var found: [(relation: TextRelation, place: Int)] = []
        for candidate in index.candidates(of: SketchProbe(draft.shingles)) {
            let other = Int(candidate.number) - 1
            comparedCount += 1
            if let relation = relation(place, other) { found.append((relation, other)) }
        }
        index.insert(draft.sketch, number: UInt64(place) + 1)
        return (place, .added(found))
    }

    /// What a text is to another, whether the index finds it or not.
    func relation(_ place: Int, _ other: Int) -> TextRelation? {
        let (draft, earlier) = (drafts[place], drafts[other])
        return TextRelation(
            Similarity(draft.shingles, earlier.shingles), draft.figures, earlier: earlier.figures)
    }
}
