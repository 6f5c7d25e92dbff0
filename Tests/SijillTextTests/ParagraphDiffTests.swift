import Testing

@testable import SijillText

@Suite("What a revision changed")
struct ParagraphDiffTests {
    private func passages(_ earlier: [String], _ later: [String]) -> [[ClosedRange<Int>?]] {
        let texts = [earlier, later].map { Array($0.joined(separator: "\n\n").utf8) }
        return ParagraphDiff(from: texts[0], to: texts[1]).passages.map { [$0.removed, $0.added] }
    }

    @Test("Paragraphs that came, went and changed are told by their numbers")
    func passages() {
        let old = ["الأولى", "الثانية", "الثالثة", "الرابعة", "الخامسة"]
        #expect(passages(old, old) == [])
        #expect(passages(old, old + ["السادسة"]) == [[nil, 6...6]])
        #expect(passages(old, ["قبل", "قبلها"] + old) == [[nil, 1...2]])
        #expect(passages(old, Array(old[1...])) == [[1...1, nil]])
        #expect(passages(old, ["الأولى", "جديدة", "الرابعة", "الخامسة"]) == [[2...3, 2...2]])
        #expect(
            passages(old, ["بدء", "الثانية", "الثالثة", "الخامسة", "ختام"])
                == [[1...1, 1...1], [4...4, nil], [nil, 5...5]])
        #expect(passages([], old) == [[nil, 1...5]])
        #expect(passages(old, []) == [[1...5, nil]])
        #expect(passages(old, ["أخرى"]) == [[1...5, 1...1]])
    }

    @Test("Harakat, spaces and blank lines change nothing; a line of signs is itself")
    func folding() {
        let old = Array("قالت البلدية\n\n* * *\nانتهى".utf8)
        let new = Array("  قالتِ البلديّة \r\n\n\n* * *\nاِنتهى\n".utf8)
        #expect(ParagraphDiff(from: old, to: new).passages == [])
        let signs = Array("قالت البلدية\n\n---\nانتهى".utf8)
        #expect(ParagraphDiff(from: old, to: signs).passages.count == 1)
    }

    @Test("Taking the passages out and putting them in gives the later text, whatever the texts")
    func applied() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 0...12, using: &random)).map { _ in
                    "p\(Int.random(in: 0...5, using: &random))"
                }
            }
            var result: [String] = []
            var next = 1
            for passage in passages(texts[0], texts[1]) {
                let start = passage[0]?.lowerBound ?? passage[1]!.lowerBound - result.count - 1 + next
                result += texts[0][(next - 1)..<(start - 1)]
                if let added = passage[1] { result += texts[1][(added.lowerBound - 1)..<added.upperBound] }
                next = (passage[0]?.upperBound).map { $0 + 1 } ?? start
            }
            result += texts[0][(next - 1)...]
            #expect(result == texts[1], "seed \(seed)")
        }
    }

    @Test("Thousands of paragraphs that all differ are one passage, at once")
    func bounded() {
        let old = (0..<5_000).map { "a\($0)" }
        let new = (0..<5_000).map { "b\($0)" }
        #expect(passages(old, new) == [[1...5_000, 1...5_000]])
    }

    @Test("From J .50 or C .70 on a text is a revision, from C .30 on a major one, below another article")
    func kinds() {
        func kind(_ shared: Int, _ count: Int, _ other: Int) -> RevisionKind {
            Similarity(sharedCount: shared, count: count, otherCount: other).revisionKind
        }
        #expect(kind(50, 50, 100) == .revised)
        #expect(kind(67, 100, 100) == .revised)
        #expect(kind(66, 100, 100) == .major)
        #expect(kind(70, 100, 400) == .revised)
        #expect(kind(69, 100, 400) == .major)
        #expect(kind(30, 100, 400) == .major)
        #expect(kind(29, 100, 400) == .replaced)
        #expect(kind(0, 0, 0) == .replaced)
    }
}
