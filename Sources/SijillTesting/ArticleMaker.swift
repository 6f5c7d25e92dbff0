import SijillFormat

/// Makes texts and changes for tests, always the same for the same seed.
package struct ArticleMaker {
    private var generator: SeededGenerator

    package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let words = """
        المدينة النهر السوق الصباح المطر الجسر القطار المدرسة الكتاب الطريق المجلس الحديقة الميناء الشتاء القرية \
        البحر الجبل المستشفى العمال الخبز الماء الضوء النافذة الباب الشارع المكتبة الرسالة الصحيفة الخبر الأسبوع
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    /// A text of about `words` Arabic words in paragraphs.
    package mutating func text(words count: Int = 60) -> String {
        var text = ""
        for position in 0..<count {
            if position > 0 { text += position % 17 == 0 ? "\n\n" : " " }
            text += Self.words.randomElement(using: &generator)!
            if Int.random(in: 0..<9, using: &generator) == 0 {
                text += " \(Int.random(in: 1...9_999, using: &generator))"
            }
        }
        return text
    }

    /// Content with a title, an escape-worthy field and a text.
    package mutating func content(words count: Int = 60) -> Content {
        var content = Content()
        content.title = "عنوان \"\(text(words: 4))\""
        content.url = "https://example.org/\(UInt32.random(in: 0...UInt32.max, using: &generator))"
        content.tags = ["أخبار", "tab\there"]
        content.text = Array(text(words: count).utf8)
        return content
    }
}

/// A small generator with a seed (SplitMix64, Steele et al. 2014).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
