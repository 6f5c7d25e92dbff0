import Testing

@testable import SijillText

@Suite("Canonical words")
struct CanonicalWordsTests {
    private func folded(_ text: String) -> String {
        String(decoding: CanonicalWords(Array(text.utf8)).bytes, as: UTF8.self)
    }

    @Test("Words are joined by one space, whatever stood between them")
    func separators() {
        #expect(folded("  one,\r\n two\t—three… \u{00A0}four\r") == "one two three four")
        #expect(folded("") == "")
        #expect(folded(" .,!؟ \n") == "")
        #expect(folded("،كلمة؛") == "كلمه")
    }

    @Test("Word ends name the words in the joined bytes")
    func ends() {
        let words = CanonicalWords(Array("الأولى، ثانية\n3".utf8))
        let texts = (0..<words.count).map { String(decoding: words.bytes[words.range(ofWord: $0)], as: UTF8.self) }
        #expect(texts == ["الاولي", "ثانيه", "3"])
        #expect(words.count == 3)
    }

    @Test(
        "Arabic letters that are written one for the other fold to one",
        arguments: [
            ("آأإٱ\u{0672}\u{0673}\u{0675}ا", "اااااااا"), ("ىیېي", "يييي"), ("ةہھه", "هههه"), ("ؤو", "وو"),
            ("ئي", "يي"), ("کك", "كك"), ("ء", "ء"),
        ])
    func arabicLetters(written: String, expected: String) {
        #expect(folded(written) == expected)
    }

    @Test("Harakat, tatweel and invisible characters neither change nor split a word")
    func droppedMarks() {
        #expect(folded("مُحَمَّدٌ") == "محمد")
        #expect(folded("محـــمد") == "محمد")
        #expect(folded("مح\u{200C}م\u{200F}د\u{FEFF}\u{00AD}") == "محمد")
        #expect(folded("\u{0627}\u{0653}\u{0627}\u{0654}\u{064A}\u{0654}") == "ااي")
        #expect(folded("هٰذا") == "هذا")
    }

    @Test("Presentation forms are the letters they present")
    func presentationForms() {
        #expect(folded("\u{FEE3}\u{FEA4}\u{FEE4}\u{FEAA}") == "محمد")
        #expect(folded("\u{FEFB}\u{FEF7}") == "لالا")
        #expect(folded("\u{FDF2}") == "الله")
        #expect(folded("م\u{FE76}ح\u{FC60}م\u{FCF2}د") == "محمد")
        #expect(folded("5\u{FDFC}") == "5ريال")
        #expect(folded("\u{FDFA}") == "صلي الله عليه وسلم")
    }

    @Test("Digits keep their value: two figures never become one")
    func digits() {
        #expect(folded("٠١٢٣٤٥٦٧٨٩ ۰۱۲۳۴۵۶۷۸۹") == "0123456789 0123456789")
        #expect(folded("٣٫٥ ١٬٠٠٠") == "3 5 1 000")
        #expect(folded("２０２６ x²") == "2026 x2")
    }

    @Test("Case is folded in full, and diacritics come off Latin letters only")
    func caseAndDiacritics() {
        #expect(folded("STRASSE Straße ẞ") == "strasse strasse ss")
        #expect(folded("Érik e\u{0301}rik é\u{0323}rik") == "erik erik erik")
        #expect(folded("İstanbul ﬁn ＡＢＣ") == "istanbul fin abc")
        #expect(folded("ΟΔΌΣ") == "οδόσ")
        #expect(folded("Й и\u{0306} и") == "й й и")
        #expect(folded("a\u{034F}\u{0301}b\u{200B}\u{0302}") == "ab")
    }

    @Test("Scripts whose words hold marks keep them, and keep the word whole")
    func marks() {
        #expect(folded("हिन्दी में") == "हिन्दी में")
        #expect(folded("ภาษาไทยที่ดี") == "ภาษาไทยที่ดี")
        #expect(folded("שָׁלוֹם עולם") == "שָׁלוֹם עולם")
        #expect(folded("தமிழ்") == "தமிழ்")
        #expect(folded("\u{0301}x -\u{093F}") == "x")
    }

    @Test("Emoji, keycaps and variation selectors are no words and split none")
    func emoji() {
        #expect(folded("⚠️ عاجل 1️⃣ 👨‍👩‍👧") == "عاجل 1")
        #expect(folded("葛\u{E0100}城") == "葛城")
    }

    @Test("Short texts of other scripts stay different from each other, and are not empty")
    func otherScripts() {
        let texts = ["今日は雨です", "Сегодня дождь", "आज बारिश है", "היום גשם", "วันนี้ฝนตก", "오늘은 비", "σήμερα βρέχει"]
        let forms = texts.map(folded)
        #expect(Set(forms).count == texts.count)
        #expect(forms.allSatisfy { !$0.isEmpty })
    }

    @Test("Conjoining jamo compose to the syllables they spell")
    func hangul() {
        #expect(folded("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}") == "한글")
        #expect(folded("하\u{11AB}글") == "한글")
        let old = "\u{110F}\u{1176}\u{11A7}"
        #expect(Array(folded(old).unicodeScalars) == Array(old.unicodeScalars))
    }

    @Test("Every single scalar folds as the reference does")
    func singleScalars() {
        var differences: [String] = []
        for scalar in Scalars.known {
            let text = "x \(scalar) y"
            let expected = ReferenceFolding.words(text).joined(separator: " ")
            if folded(text) != expected { differences.append(String(scalar.value, radix: 16)) }
        }
        #expect(differences.isEmpty)
    }

    @Test("Outlined letters, which are newer than the reference, are the letters they show")
    func outlinedLetters() {
        #expect(folded("\u{1CCD6}\u{1CCEF} \u{1CCF0}\u{1CCF9}") == "az 09")
    }

    @Test("Random strings of letters and marks fold as the reference does", arguments: Scalars.pools)
    func randomStrings(pool: Scalars.Pool) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<4_000 {
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...12, using: &random) { view.append(pool.scalars.randomElement(using: &random)!) }
            let text = String(view)
            let expected = ReferenceFolding.words(text).joined(separator: " ")
            let written = view.map { String($0.value, radix: 16) }
            guard folded(text) == expected else {
                Issue.record("\(pool) seed \(seed): \(written) gives \(folded(text)), not \(expected)")
                return
            }
        }
    }

    @Test("Bytes that are not UTF-8 separate words and harm nothing")
    func invalidBytes() {
        #expect(String(decoding: CanonicalWords([0x61, 0xFF, 0x62, 0xC3]).bytes, as: UTF8.self) == "a b")
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            let words = FoldedText(bytes)
            #expect(words.sources.allSatisfy { $0.upperBound <= bytes.count }, "seed \(seed)")
        }
    }

    @Test("A megabyte of marks on one letter takes no more than its share of time")
    func manyMarks() {
        let text = "и" + String(repeating: "\u{0301}\u{0323}", count: 200_000)
        #expect(CanonicalWords(Array(text.utf8)).count == 1)
    }
}

/// Scalars to try.
enum Scalars {
    /// Every assigned scalar, but for the few whose decomposition is newer than Foundation's tables.
    static let known: [Unicode.Scalar] = (0...0x10FFFF).compactMap { Unicode.Scalar(UInt32($0)) }.filter {
        ($0.properties.age?.major ?? .max) <= 17 && $0.value != 0xA7F1 && !(0x1CCD6...0x1CCF9).contains($0.value)
    }

    struct Pool: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let scalars: [Unicode.Scalar]
    }

    static let pools: [Pool] = [
        Pool(testDescription: "Arabic", scalars: scalars(0x600...0x6FF, 0x20...0x24, 0x200B...0x200F, 0x8D0...0x8FF)),
        Pool(testDescription: "Arabic forms", scalars: scalars(0xFB50...0xFDFF, 0xFE70...0xFEFF, 0x64B...0x655)),
        Pool(testDescription: "Latin", scalars: scalars(0x20...0x24F, 0x300...0x345, 0x1E00...0x1EFF)),
        Pool(testDescription: "Greek and Cyrillic", scalars: scalars(0x370...0x4FF, 0x300...0x345, 0x1F00...0x1FFF)),
        Pool(testDescription: "Indic", scalars: scalars(0x900...0xDFF, 0x20...0x21)),
        Pool(testDescription: "Hebrew", scalars: scalars(0x590...0x5F4, 0xFB1D...0xFB4F)),
        Pool(testDescription: "South-east Asian", scalars: scalars(0xE00...0x109F, 0x1780...0x17FF, 0x1B00...0x1B7F)),
        Pool(testDescription: "Hangul", scalars: scalars(0x1100...0x11FF, 0xAC00...0xAC40, 0x300...0x303)),
        Pool(testDescription: "Kana and forms", scalars: scalars(0x3040...0x33FF, 0xFF00...0xFFEF, 0xF900...0xFAFF)),
        Pool(
            testDescription: "Marks of all kinds",
            scalars: known.filter { $0.properties.canonicalCombiningClass != .notReordered }
                + scalars(0x61...0x64, 0x627...0x64A, 0x6C0...0x6D5, 0x915...0x918, 0x418...0x41A, 0x200B...0x200D)),
        Pool(testDescription: "Everything", scalars: known),
        Pool(testDescription: "Symbols", scalars: scalars(0x2000...0x2BFF, 0x1D400...0x1D7FF, 0x1F100...0x1F2FF)),
    ]

    private static func scalars(_ ranges: ClosedRange<UInt32>...) -> [Unicode.Scalar] {
        let all = Set(known)
        return ranges.joined().compactMap { Unicode.Scalar($0) }.filter(all.contains)
    }
}
