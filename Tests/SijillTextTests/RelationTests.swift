import Testing

@testable import SijillText

@Suite("Similarity, figures and relations")
struct RelationTests {
    private let none = Figures(CanonicalWords([]))

    private func figures(_ text: String) -> Figures { Figures(CanonicalWords(Array(text.utf8))) }

    private func kind(_ shared: Int, _ count: Int, _ other: Int) -> RelationKind? {
        let similarity = Similarity(sharedCount: shared, count: count, otherCount: other)
        return TextRelation(similarity, none, earlier: none)?.kind
    }

    @Test("J, C and r are those of the sets of shingles")
    func similarity() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    "w\(Int.random(in: 0...4, using: &random))"
                }
                .joined(separator: " ")
            }
            let (one, two) = (ShingleSet(shingles(texts[0])), ShingleSet(shingles(texts[1])))
            let (left, right) = (Set(shingles(texts[0]).hashes), Set(shingles(texts[1]).hashes))
            let similarity = Similarity(one, two)
            let shared = left.intersection(right).count
            #expect(similarity.sharedCount == shared, "seed \(seed)")
            #expect(similarity.count == left.count && similarity.otherCount == right.count, "seed \(seed)")
            guard !left.isEmpty, !right.isEmpty else { continue }
            #expect(similarity.jaccard == Double(shared) / Double(left.union(right).count), "seed \(seed)")
            #expect(
                similarity.containment == Double(shared) / Double(min(left.count, right.count)),
                "seed \(seed)")
        }
    }

    @Test("An empty text is like nothing, not even another empty text")
    func empty() {
        let empty = ShingleSet(shingles(""))
        let similarity = Similarity(empty, empty)
        #expect(similarity.jaccard == 0 && similarity.containment == 0 && similarity.sizeRatio == 1)
        #expect(TextRelation(similarity, none, earlier: none) == nil)
        let other = Similarity(empty, ShingleSet(shingles(passage("x", 10))))
        #expect(other.jaccard == 0 && other.containment == 0 && other.sizeRatio == .infinity)
        #expect(TextRelation(other, none, earlier: none) == nil)
    }

    @Test("From J .60 on a text is near")
    func near() {
        #expect(kind(75, 100, 100) == .near)  // 75 in 125
        #expect(kind(74, 100, 100) == .likely)
        #expect(kind(60, 60, 100) == .near)
        #expect(kind(59, 59, 100) == .within)
    }

    @Test("A text of fewer than 28 shingles is near from J .75 on")
    func nearAndShort() {
        #expect(kind(21, 28, 28) == .near)  // 21 in 35
        #expect(kind(23, 27, 27) == .likely)  // 23 in 31 is .742
        #expect(kind(24, 27, 27) == .near)
        #expect(kind(3, 3, 4) == .near)
        #expect(kind(26, 27, 36) == .likely)
        #expect(kind(1, 1, 1) == .near)
    }

    @Test("From C .55 on texts of like size are likely the same, else one contains the other")
    func containment() {
        #expect(kind(55, 100, 100) == .likely)
        #expect(kind(55, 100, 150) == .likely)
        #expect(kind(55, 150, 100) == .likely)
        #expect(kind(55, 151, 100) == .contains)
        #expect(kind(55, 100, 151) == .within)
        #expect(kind(54, 100, 100) == .related)
        #expect(kind(8, 1_000, 8) == .contains)
        #expect(kind(7, 1_000, 7) == nil, "a phrase of nine words is in many texts")
    }

    @Test("From C .20 and 8 shared shingles on texts are related")
    func related() {
        #expect(kind(20, 100, 1_000) == .related)
        #expect(kind(19, 100, 1_000) == nil)
        #expect(kind(8, 40, 40) == .related)
        #expect(kind(7, 30, 30) == nil)
        #expect(kind(0, 30, 30) == nil)
    }

    @Test("A likely copy is only related when each text has a figure that the other lacks")
    func demotion() {
        let similarity = Similarity(sharedCount: 60, count: 100, otherCount: 100)
        let cases: [(String, String, RelationKind, Bool)] = [
            ("في 3 مايو 2014", "في ٣ مايو ٢٠١٤", .likely, false),
            ("في 3 مايو 2014", "في 4 مايو 2014", .related, true),
            ("قتل 3", "قتل 3 وجرح 5", .likely, true),
            ("قتل 3 و 3", "قتل 3", .likely, true),
            ("", "7", .likely, true),
        ]
        for (text, earlier, kind, differ) in cases {
            let relation = TextRelation(similarity, figures(text), earlier: figures(earlier))
            #expect(relation?.kind == kind, "\(text) / \(earlier)")
            #expect(relation?.figuresDiffer == differ, "\(text) / \(earlier)")
        }
    }

    @Test("A text is not near from J .60 but from J .70 on when each has a figure that the other lacks")
    func ownFigures() {
        func kind(_ shared: Int, _ text: String, _ earlier: String) -> RelationKind? {
            let similarity = Similarity(sharedCount: shared, count: 100, otherCount: 100)
            return TextRelation(similarity, figures(text), earlier: figures(earlier))?.kind
        }
        // 75 of 125 is J .60, 83 of 117 is .709.
        #expect(kind(75, "عام 2014", "عام 2014") == .near)
        #expect(kind(75, "عام 2014", "") == .near)
        #expect(kind(75, "عام 2014", "عام 2015") == .likely)
        #expect(kind(82, "عام 2014", "عام 2015") == .likely)
        #expect(kind(83, "عام 2014", "عام 2015") == .near)
        #expect(kind(74, "عام 2014", "عام 2015") == .related)
    }

    @Test("Two notices of one template about different men are not near each other")
    func templates() {
        func notice(_ name: String, _ age: Int, _ day: Int) -> String {
            """
            نفذت السلطات أمس حكم الإعدام في \(name) البالغ من العمر \(age) عاما بعد إدانته \
            بالقتل، وقال بيان الوزارة الصادر يوم \(day) من الشهر الجاري إن الحكم صدر عن محكمة \
            الجنايات وأيدته محكمة التمييز، وأبلغت أسرته بالموعد
            """
        }
        let texts = [notice("سالم بن علي الحارثي", 34, 12), notice("يوسف بن ناصر الدوسري", 41, 27)]
        let similarity = Similarity(ShingleSet(shingles(texts[0])), ShingleSet(shingles(texts[1])))
        let relation = TextRelation(similarity, figures(texts[0]), earlier: figures(texts[1]))
        #expect(similarity.jaccard > 0.4)
        #expect(relation?.kind == .related)
        #expect(relation?.figuresDiffer == true)
    }

    @Test("Figures are runs of digits of any script, each as often as it stands there")
    func figureValues() {
        #expect(
            figures("٢٠٢٦، 2026 و1,000 5km x² ½ ४२").values == [
                "000", "1", "1", "2", "2", "2026", "2026", "5", "४२",
            ])
        #expect(figures("no numbers").values == [])
        #expect(figures("007").values != figures("7").values)
        #expect(figures("3 3 5").subtracting(figures("3 4")) == ["3", "5"])
        #expect(figures("3 4").subtracting(figures("3 3 5")) == ["4"])
    }
}
