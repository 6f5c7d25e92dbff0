import Testing

@testable import SijillText

@Suite("Tokens of search")
struct SearchTokenizerTests {
    private struct Token: Equatable, CustomStringConvertible {
        let text: String
        let source: String
        var isColocated = false

        var description: String { "\(isColocated ? "+" : "")\(text)<\(source)>" }
    }

    private func tokens(_ text: String, for purpose: SearchTokenizer.Purpose = .document) -> [Token] {
        var tokenizer = SearchTokenizer()
        return tokens(text, for: purpose, &tokenizer)
    }

    private func tokens(
        _ text: String, for purpose: SearchTokenizer.Purpose, _ tokenizer: inout SearchTokenizer
    ) -> [Token] {
        let bytes = Array(text.utf8)
        var tokens: [Token] = []
        tokenizer.tokenize(bytes.span, for: purpose) { token, source, isColocated in
            var copy: [UInt8] = []
            for index in token.indices { copy.append(token[index]) }
            tokens.append(
                Token(
                    text: String(decoding: copy, as: UTF8.self),
                    source: String(decoding: bytes[source], as: UTF8.self), isColocated: isColocated))
            return true
        }
        return tokens
    }

    private func shown(_ text: String, for purpose: SearchTokenizer.Purpose = .document) -> String {
        tokens(text, for: purpose).map(\.description).joined(separator: " ")
    }

    @Test(
        "A word is indexed as it is folded, with its stem at the same place, and points at what was written")
    func document() {
        #expect(shown("قال مُحَمَّد") == "قال<قال> محمد<مُحَمَّد>")
        #expect(shown("والحَسَـكة، 2019") == "والحسكه<والحَسَـكة> +حسكه<والحَسَـكة> 2019<2019>")
        #expect(shown("في (إدلب)") == "في<في> ادلب<إدلب>")
        #expect(shown("ﷺ ½").contains("<ﷺ>"))
    }

    @Test("A word of a query is its stem; the beginning of a word is what it is")
    func query() {
        #expect(shown("الحسكة", for: .query) == "حسكه<الحسكة>")
        #expect(shown("وبالحسكة", for: .query) == "حسكه<وبالحسكة>")
        #expect(shown("عَلى", for: .query) == "علي<عَلى>")
        #expect(shown("الحسك", for: .prefix) == "الحسك<الحسك>")
    }

    @Test("What a word of a query becomes stands in the index wherever the word or its stem does")
    func containment() {
        let words = [
            "الحسكة", "والحسكة", "بالحسكة", "وبالحسكة", "للحسكة", "حسكة", "كتاب", "لبنان", "وقف", "الله",
            "والي",
        ]
        for word in words {
            let wanted = tokens(word, for: .query)[0].text
            #expect(tokens(word).contains { $0.text == wanted }, "\(word)")
        }
        #expect(tokens("الحسكة", for: .query)[0].text == tokens("حسكة", for: .query)[0].text)
    }

    @Test("Letters of scripts without spaces are tokens by themselves, with their marks")
    func unspaced() {
        #expect(shown("北京市民") == "北<北> 京<京> 市<市> 民<民>")
        #expect(shown("东京2020年") == "东<东> 京<京> 2020<2020> 年<年>")
        #expect(shown("iPhone発売") == "iphone<iPhone> 発<発> 売<売>")
        #expect(shown("서울에서") == "서<서> 울<울> 에<에> 서<서>")
        #expect(shown("ที่นี่") == "ที่<ที่> นี่<นี่>")
        #expect(shown("ひらがな") == "ひ<ひ> ら<ら> が<が> な<な>")
    }

    @Test("Letters that NFKC changes or composes point at what was written")
    func composed() {
        #expect(shown("ｶﾞｽ") == "ガ<ｶﾞ> ス<ｽ>")
        #expect(shown("\u{1112}\u{1161}\u{11AB}") == "한<\u{1112}\u{1161}\u{11AB}>")
        #expect(shown("㍿") == "株<㍿> 式<㍿> 会<㍿> 社<㍿>")
        // A word in brackets in one character: two separators around it.
        #expect(shown("㈱ABC") == "株<㈱> abc<ABC>")
    }

    @Test(
        "Scripts with spaces keep their words",
        arguments: [
            ("École ÉCOLE", "ecole<École> ecole<ÉCOLE>"), ("МОСКВА", "москва<МОСКВА>"),
            ("हिन्दी में", "हिन्दी<हिन्दी> में<में>"), ("שלום", "שלום<שלום>"), ("Straße", "strasse<Straße>"),
            ("Ελλάς", "ελλάσ<Ελλάς>"),
        ])
    func spaced(text: String, expected: String) {
        #expect(shown(text) == expected)
    }

    @Test("A tokenizer gives the same tokens whatever it has seen before")
    func reused() {
        var tokenizer = SearchTokenizer()
        let texts = [
            "والحسكة " + String(repeating: "كلمة ", count: 300), "北京abc", "", "ab", "१२३ हिन्दी", "والحسكة",
        ]
        for text in texts + texts.reversed() {
            #expect(tokens(text, for: .document, &tokenizer) == tokens(text), "\(text.prefix(20))")
        }
    }

    @Test("Bytes that are no UTF-8, and NUL, separate words")
    func broken() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0x00, 0x63, 0xE4, 0xB8]
        var tokenizer = SearchTokenizer()
        var found: [Range<Int>] = []
        tokenizer.tokenize(bytes.span, for: .document) { _, source, _ in
            found.append(source)
            return true
        }
        #expect(found == [0..<1, 2..<3, 4..<5])
    }

    @Test("Tokens of any text stand in it in order")
    func ordered() {
        let seed = UInt64.random(in: 0 ... .max)
        var state = seed
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
        let pieces = [
            "و", "ال", "حسكة", " ", "ً", "ـ", "北", "京", "ｶ", "ﾞ", "a", "É", "é", "\u{0301}", "ﷺ", "½", "㈱",
            "ที่", "\u{200D}",
            "한", "\u{11AB}", "1", "٣", "-", "\u{1F600}", "क्", "ﻻ",
        ]
        var tokenizer = SearchTokenizer()
        for _ in 0..<3_000 {
            let text = (0..<next(12)).map { _ in pieces[next(pieces.count)] }.joined()
            let bytes = Array(text.utf8)
            var last = 0..<0
            tokenizer.tokenize(bytes.span, for: .document) { token, source, isColocated in
                #expect(!token.isEmpty && source.upperBound <= bytes.count, "\(text) seed \(seed)")
                // A character that stands for several words belongs to each of them.
                let isAscending =
                    source.lowerBound >= last.lowerBound && source.upperBound >= last.upperBound
                #expect(isAscending, "\(text) seed \(seed)")
                if isColocated { #expect(source == last, "\(text) seed \(seed)") }
                last = source
                return true
            }
        }
    }
}
