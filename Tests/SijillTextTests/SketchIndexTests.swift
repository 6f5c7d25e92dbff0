import Testing

@testable import SijillText

@Suite("The index of sketches")
struct SketchIndexTests {
    private func sketch(_ text: String) -> Sketch { Sketch(shingles(text)) }

    private func text(_ range: Range<Int>, _ word: String = "w") -> String {
        range.map { "\(word)\($0)" }.joined(separator: " ")
    }

    /// What every pair of texts shares, counted one by one.
    private struct Model {
        var texts: [UInt64: Sketch] = [:]

        func candidates(of sketch: Sketch) -> [SketchIndex.Candidate] {
            var texts: [UInt32: Int] = [:]
            for other in self.texts.values { for key in other.keys { texts[key, default: 0] += 1 } }
            let rare = sketch.keys.filter { texts[$0, default: 0] <= SketchIndex.postingsMax }
            let found = self.texts.map { number, other in
                SketchIndex.Candidate(
                    number: number, sharedCount: Set(other.keys).intersection(rare).count)
            }
            return SketchIndex.Candidate.best(found.filter { $0.sharedCount >= 2 })
        }
    }

    @Test("Candidates are the texts that share keys, the ones that share most first, through all growth")
    func againstModel() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var index = SketchIndex(partBits: 2)
        var builder = SketchIndex.Builder(partBits: 5)
        var model = Model()
        var removed: Set<UInt64> = []
        for number in UInt64(1)...700 {
            let start = Int.random(in: 0...9_000, using: &random)
            let sketch = sketch(text(start..<start + Int.random(in: 5...300, using: &random)))
            index.insert(sketch, number: 3 * number)
            builder.add(sketch, number: 3 * number)
            model.texts[3 * number] = sketch
            if number % 9 == 0, let old = model.texts.keys.sorted().randomElement(using: &random) {
                index.remove(number: old)
                builder.remove(number: old)
                model.texts[old] = nil
                removed.insert(old)
            }
        }
        let built = builder.finish()
        #expect(index.count == model.texts.count && built.count == model.texts.count, "seed \(seed)")
        for _ in 0..<300 {
            let start = Int.random(in: 0...9_000, using: &random)
            let sketch = sketch(text(start..<start + Int.random(in: 5...300, using: &random)))
            let expected = model.candidates(of: sketch)
            #expect(index.candidates(of: sketch) == expected, "seed \(seed)")
            #expect(built.candidates(of: sketch) == expected, "seed \(seed)")
        }
    }

    @Test("A key of more than 64 texts tells nothing where others do; where nothing else is left, it counts")
    func commonKeys() {
        var index = SketchIndex()
        let boilerplate = text(0..<200, "boiler")
        for number in UInt64(1)...100 {
            let own = text(0..<200, "t\(number)x")
            index.insert(sketch(boilerplate + " " + own), number: number)
        }
        // Its own part is found by its own keys, and the boilerplate brings nobody else.
        let again = index.candidates(of: sketch(boilerplate + " " + text(0..<200, "t70x")))
        #expect(again.map(\.number) == [70])
        // A text of boilerplate alone would have no candidate at all.
        let bare = index.candidates(of: sketch(boilerplate))
        #expect(bare.count == SketchIndex.candidatesMax)
        #expect(bare.first?.number == 1)
    }

    @Test("A text that is revised a thousand times is found as it stands, and only once")
    func liveArticle() {
        var index = SketchIndex(partBits: 1)
        let fixed = text(0..<300)
        for number in UInt64(1)...1_000 {
            if number > 1 { index.remove(number: number - 1) }
            index.insert(sketch(fixed + " minute\(number)"), number: number)
        }
        #expect(index.candidates(of: sketch(fixed)).map(\.number) == [1_000])
        #expect(index.bytes < 100_000, "postings of texts that are gone go too")
    }

    @Test("Texts that are too short to share two keys share the one they have")
    func shortTexts() {
        var index = SketchIndex()
        index.insert(sketch("خبر عاجل الآن"), number: 5)
        index.insert(sketch("速報 です よ"), number: 6)
        #expect(index.candidates(of: sketch("خبرٌ عاجل الان")).map(\.number) == [5])
        #expect(index.candidates(of: sketch("速報 です よ"), excluding: [6]) == [])
        #expect(index.candidates(of: sketch("")) == [])
    }

    @Test("A sketch comes back from its bytes, and other bytes give none")
    func blob() {
        let sketch = sketch(text(0..<400))
        #expect(Sketch(blob: sketch.blob) == sketch)
        #expect(Sketch(blob: []) == self.sketch(""))
        #expect(Sketch(blob: Array(sketch.blob.dropLast())) == nil)
        #expect(Sketch(blob: Array(sketch.blob.suffix(4) + sketch.blob.prefix(4))) == nil)
    }
}
