import Testing

@testable import SijillText

@Suite("The index of sketches")
struct SketchIndexTests {
    private func sketch(_ text: String) -> Sketch { Sketch(shingles(text)) }

    private func text(_ range: Range<Int>, _ word: String = "w") -> String {
        range.map { "\(word)\($0)" }.joined(separator: " ")
    }

    private func probe(_ text: String) -> SketchProbe { SketchProbe(ShingleSet(shingles(text))) }

    /// What every pair of texts shares, counted one by one.
    private struct Model {
        var texts: [UInt64: Sketch] = [:]
        /// How many texts have a key.
        private(set) var counts: [UInt32: Int] = [:]

        mutating func count() {
            for text in texts.values { for key in text.keys { counts[key, default: 0] += 1 } }
        }

        func candidates(of probe: SketchProbe) -> [SketchIndex.Candidate] {
            let texts = counts
            let known = probe.keys.filter { texts[$0, default: 0] <= SketchIndex.postingsMax }
            let shared = self.texts.mapValues { Set($0.keys).intersection(known) }
            let found = SketchIndex.Candidate.best(
                shared.filter { $0.value.count >= 2 }.map {
                    SketchIndex.Candidate(number: $0.key, sharedCount: $0.value.count)
                })
            guard probe.isShort else { return found }
            // Texts with one key, by how many have it.
            let singles = shared.filter { $0.value.count == 1 }.map { number, keys in
                (texts[keys.first!]!, number)
            }
            let rare = singles.filter { $0.0 <= SketchIndex.rareMax }.sorted { $0 < $1 }
            let room = min(SketchIndex.singlesMax, SketchIndex.candidatesMax - found.count)
            return found + rare.prefix(room).map { SketchIndex.Candidate(number: $0.1, sharedCount: 1) }
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
        model.count()
        for _ in 0..<60 {
            let start = Int.random(in: 0...9_000, using: &random)
            let probe = probe(text(start..<start + Int.random(in: 5...600, using: &random)))
            let expected = model.candidates(of: probe)
            #expect(index.candidates(of: probe) == expected, "seed \(seed)")
            #expect(built.candidates(of: probe) == expected, "seed \(seed)")
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
        let again = index.candidates(of: probe(boilerplate + " " + text(0..<200, "t70x")))
        #expect(again.map(\.number) == [70])
        // A text of boilerplate alone would have no candidate at all.
        let bare = index.candidates(of: probe(boilerplate))
        #expect(bare.count == SketchIndex.candidatesMax)
        #expect(bare.first?.number == 1)
    }

    @Test("A text that is revised a thousand times is found as it stands, and only once")
    func liveArticle() {
        var index = SketchIndex(partBits: 1)
        let fixed = text(0..<300)
        var one = SketchIndex.Builder(partBits: 1)
        one.add(sketch(fixed), number: 1)
        for number in UInt64(1)...1_000 {
            if number > 1 { index.remove(number: number - 1) }
            index.insert(sketch(fixed + " minute\(number)"), number: number)
        }
        #expect(index.candidates(of: probe(fixed)).map(\.number) == [1_000])
        #expect(index.bytes < one.finish().bytes + 100_000, "postings of texts that are gone go too")
    }

    @Test("Texts that are too short to share two keys share the one they have")
    func shortTexts() {
        var index = SketchIndex()
        index.insert(sketch("خبر عاجل الآن"), number: 5)
        index.insert(sketch("速報 です よ"), number: 6)
        #expect(index.candidates(of: probe("خبرٌ عاجل الان")).map(\.number) == [5])
        #expect(index.candidates(of: probe("速報 です よ"), excluding: [6]) == [])
        #expect(index.candidates(of: probe("")) == [])
    }

    @Test("A filter never denies a key that it was given, and denies most others")
    func filter() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let keys = (0..<20_000).map { _ in UInt32.random(in: 0 ... .max, using: &random) }
        var filter = KeyFilter()
        for (place, key) in keys.enumerated() {
            filter.insert(key)
            #expect(filter.mayHold(keys[place / 2]), "seed \(seed)")
        }
        #expect(keys.allSatisfy(filter.mayHold), "seed \(seed)")
        let wrong = (0..<10_000).count { _ in filter.mayHold(UInt32.random(in: 0 ... .max, using: &random)) }
        #expect(wrong < 6_000, "seed \(seed)")
    }

    @Test("A short text is found in a long one that comes later, and nearly always in one that came earlier")
    func shortInLong() {
        var (later, earlier) = (0, 0)
        for round in 0..<300 {
            let short = text(0..<60, "r\(round)s")
            let long = text(0..<200, "r\(round)a") + " " + short + " " + text(0..<200, "r\(round)b")
            var index = SketchIndex(partBits: 1)
            index.insert(sketch(short), number: 1)
            if !index.candidates(of: probe(long)).isEmpty { later += 1 }
            index = SketchIndex(partBits: 1)
            index.insert(sketch(long), number: 1)
            if !index.candidates(of: probe(short)).isEmpty { earlier += 1 }
        }
        // A long text keeps one shingle in sixteen: of 58 none at all in three cases of a hundred.
        #expect(later == 300 && earlier > 280)
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
