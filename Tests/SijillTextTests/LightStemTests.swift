import Testing

@testable import SijillText

@Suite("Light stems")
struct LightStemTests {
    private func stem(_ word: String) -> String {
        let folded = CanonicalWords(Array(word.utf8)).bytes
        return String(decoding: folded.dropFirst(LightStem.prefixBytes(of: folded.span)), as: UTF8.self)
    }

    @Test(
        "One prefix comes off, the longest that is there",
        arguments: [
            ("والمدرسة", "مدرسه"), ("بالمدرسة", "مدرسه"), ("كالبحر", "بحر"), ("فالحكومة", "حكومه"),
            ("للكتاب", "كتاب"), ("الكتاب", "كتاب"), ("وقال", "قال"), ("فقال", "قال"), ("بسرعة", "سرعه"),
            ("لبنان", "بنان"), ("كتاب", "تاب"), ("وبالكتاب", "كتاب"), ("وللمدرسة", "مدرسه"),
            ("فبالحق", "بالحق"), ("وسيكتب", "سيكتب"),
        ])
    func prefixes(word: String, expected: String) {
        #expect(stem(word) == expected)
    }

    @Test(
        "Three letters stay, or the prefix does",
        arguments: [
            ("إلى", "الي"), ("الله", "الله"), ("والد", "الد"), ("ولد", "ولد"), ("بال", "بال"), ("لل", "لل"),
            ("و", "و"),
            ("الأمن", "امن"), ("وقف", "وقف"),
        ])
    func lettersLeft(word: String, expected: String) {
        #expect(stem(word) == expected)
    }

    @Test(
        "Words of other scripts and other first letters are their own stems",
        arguments: ["walls", "Москва", "مدرسة", "", "2026"])
    func others(word: String) {
        #expect(LightStem.prefixBytes(of: CanonicalWords(Array(word.utf8)).bytes.span) == 0)
    }
}
