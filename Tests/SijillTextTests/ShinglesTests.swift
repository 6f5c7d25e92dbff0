import Testing

@testable import SijillText

/// The shingles of a text.
func shingles(_ text: String) -> Shingles { Shingles(CanonicalWords(Array(text.utf8))) }

/// `count` words that are in no other text with another `name`.
func passage(_ name: String, _ count: Int) -> String {
    (0..<count).map { "\(name)\($0)" }.joined(separator: " ")
}

@Suite("Shingles and sketches")
struct ShinglesTests {
    @Test("Hashes are sorted as numbers, however they lie", arguments: [0, 1, 63, 64, 65, 1_000, 70_000])
    func sorting(count: Int) {
        var generator = SystemRandomNumberGenerator()
        let spread = (0..<count).map { _ in UInt64.random(in: 0 ... .max, using: &generator) }
        let close = (0..<count).map { UInt64(count - $0) / 3 }
        let mixed = spread.map { $0 & 0x8000_0000_0000_00FF }
        for hashes in [spread, close, mixed, close.map { ~$0 }] {
            #expect(hashes.sortedHashes() == hashes.sorted(), "\(hashes.prefix(100))")
        }
    }

    @Test("Every three words that stand side by side are a shingle; a shorter text has one")
    func counts() {
        #expect(shingles("").hashes.count == 0)
        #expect(shingles("واحد").hashes.count == 1)
        #expect(shingles("واحد اثنان").hashes.count == 1)
        #expect(shingles("واحد اثنان ثلاثة").hashes.count == 1)
        #expect(shingles("واحد اثنان ثلاثة أربعة خمسة").hashes.count == 3)
    }

    @Test("Words, their order and their limits make a shingle; how they are written does not")
    func identity() {
        #expect(shingles("أحمد ذهبَ، أمس").hashes == shingles("احمد ذهب امس").hashes)
        let texts = ["a b c", "c b a", "ab c d", "a bc d", "a b", "b a", "a", "a b c d", "a a a", "a a"]
        #expect(Set(texts.map { shingles($0).hashes }).count == texts.count)
    }

    @Test("The same passage has the same shingles wherever it stands")
    func position() {
        let alone = Set(shingles(passage("x", 20)).hashes)
        let inside = Set(shingles("before that " + passage("x", 20) + " after that").hashes)
        #expect(alone.isSubset(of: inside))
    }

    @Test("Hashes are those of the format, now and later")
    func golden() {
        // Worked out once by another program from the description of the hash.
        #expect(shingles("ذهب محمد إلى المدرسة").hashes == [0x8129_0DFA_4678_1A59, 0xD4E2_9554_DF0D_55A0])
        #expect(shingles("breaking news").hashes == [0xE747_3865_C809_444B])
    }

    @Test("A sketch has every sixteenth shingle, chosen by hash, and 16 at least")
    func sampling() {
        for count in [0, 1, 5, 17, 18, 40, 430, 3_000] {
            let text = shingles(passage("كلمة", count))
            let sorted = Set(text.hashes).sorted()
            let below = sorted.filter { $0 < 1 << 60 }
            let expected = below.count >= 16 ? below : Array(sorted.prefix(16))
            #expect(
                Set(Sketch(text).keys) == Set(expected.map { UInt32($0 & 0xFFFF_FFFF) }), "\(count) words")
        }
        let keys = Sketch(shingles(passage("w", 16_002))).keys.count
        #expect((850...1_150).contains(keys))
    }

    @Test("A text that is part of another has its samples there")
    func containment() {
        let part = Sketch(shingles(passage("p", 800)))
        let whole = Sketch(shingles(passage("a", 300) + " " + passage("p", 800) + " " + passage("z", 700)))
        #expect(part.keys.count > 30)
        #expect(Set(part.keys).isSubset(of: Set(whole.keys)))
        #expect(Set(part.keys).isDisjoint(with: Set(Sketch(shingles(passage("q", 800))).keys)))
    }

    @Test("A sketch comes back from its blob, and only from a blob that a sketch can have written")
    func blob() {
        let sketch = Sketch(shingles(passage("خبر", 430)))
        #expect(Sketch(blob: sketch.blob) == sketch)
        #expect((64...160).contains(sketch.blob.count))
        #expect(Sketch(blob: [UInt8]())?.keys == [])
        #expect(Sketch(blob: [1, 2, 3]) == nil)
        #expect(Sketch(blob: [2, 0, 0, 0, 1, 0, 0, 0]) == nil)
        #expect(Sketch(blob: [1, 0, 0, 0, 1, 0, 0, 0]) == nil)
        #expect(Sketch(blob: [1, 0, 0, 0, 0, 1, 0, 0])?.keys == [1, 256])
    }
}
