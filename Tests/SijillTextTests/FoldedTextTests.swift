import Testing

@testable import SijillText

@Suite("Folded text with its places in the original")
struct FoldedTextTests {
    private func sources(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return FoldedText(bytes).sources.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test("Each word is found again as it was written, with its marks")
    func asWritten() {
        #expect(sources("ذَهَبَ، مُحَمَّدٌ إلى «المدرسةِ».") == ["ذَهَبَ", "مُحَمَّدٌ", "إلى", "المدرسةِ"])
        #expect(sources("Le cafe\u{0301}, déjà!") == ["Le", "cafe\u{0301}", "déjà"])
        #expect(sources("हिन्दी में 2026") == ["हिन्दी", "में", "2026"])
        #expect(sources("مح\u{200C}مد") == ["مح\u{200C}مد"])
    }

    @Test("Invisible characters before a word are not part of it")
    func invisible() {
        #expect(sources("\u{200F}كلمة \u{FEFF}\u{064E}أخرى") == ["كلمة", "أخرى"])
        #expect(sources("\u{0301}abc \u{093F}ab") == ["abc", "ab"])
    }

    @Test("Words that one character stands for have its place")
    func expansions() {
        #expect(sources("1½ x") == ["1½", "½", "x"])
        #expect(sources("قال \u{FDFA} له") == ["قال", "\u{FDFA}", "\u{FDFA}", "\u{FDFA}", "\u{FDFA}", "له"])
        #expect(sources("straße") == ["straße"])
    }

    @Test("There is a place for each word, they ascend, and what stands there folds to the word")
    func everyWord() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for pool in Scalars.pools {
            for _ in 0..<500 {
                var view = String.UnicodeScalarView()
                for _ in 0..<30 { view.append(pool.scalars.randomElement(using: &random)!) }
                let bytes = Array(String(view).utf8)
                let text = FoldedText(bytes)
                let words = text.words
                #expect(words.bytes == CanonicalWords(bytes).bytes, "\(pool) seed \(seed)")
                guard words.count == text.sources.count else {
                    Issue.record("\(pool) seed \(seed): \(words.count) words, \(text.sources.count) places")
                    return
                }
                var last = 0
                for (index, source) in text.sources.enumerated() {
                    #expect(source.lowerBound >= last && !source.isEmpty, "\(pool) seed \(seed)")
                    last = source.lowerBound
                    let again = String(decoding: CanonicalWords(Array(bytes[source])).bytes, as: UTF8.self)
                    let word = String(decoding: words.bytes[words.range(ofWord: index)], as: UTF8.self)
                    // A place can hold more than the word, where one character gives several.
                    let holds = Array(again.unicodeScalars).contains(Array(word.unicodeScalars))
                    #expect(holds, "\(pool) seed \(seed): \(again) for \(word)")
                }
            }
        }
    }
}
