import SijillText
import Testing

@Suite("Cleaning of a page")
struct CleanedPageTests {
    static let prose =
        "أعاد أهالي القرية بناء جسرهم الخشبي بأيديهم بعد عامين من الفيضان الذي جرفه في ليلة واحدة."

    private func body(_ page: String) -> String {
        let text = Array(page.utf8)
        return String(decoding: CleanedPage(text).bodyText(of: text), as: UTF8.self)
    }

    private func title(_ page: String) -> String? {
        let text = Array(page.utf8)
        return string(text, CleanedPage(text).title)
    }

    @Test("A clean page keeps every line but its title")
    func clean() {
        let page = "عنوان الخبر\n\n\(Self.prose)\n\(Self.prose)\n\nقائمة:\n- واحد\n- اثنان\n\n\(Self.prose)"
        #expect(body(page) == page.split(separator: "\n\n", maxSplits: 1)[1])
        #expect(title(page) == "عنوان الخبر")
    }

    @Test("A head cuts all behind it only where less than a fifth of the prose follows")
    func tail() {
        let much = "عنوان\n\(Self.prose)\n\(Self.prose)\n\(Self.prose)\nالتعليقات\n\(Self.prose)\nقارئ"
        #expect(body(much).hasSuffix("\(Self.prose)\nقارئ"))
        #expect(!body(much).contains("التعليقات"))
        let little =
            "عنوان\n" + String(repeating: "\(Self.prose)\n", count: 5) + "التعليقات\n\(Self.prose)\nقارئ"
        #expect(!body(little).contains("قارئ"))
    }

    @Test("The first head that may cut does, whatever stands above it")
    func secondHead() {
        let page = "عنوان\nالأكثر قراءة\n\(Self.prose)\n\(Self.prose)\nشارك\nاترك رد\nأي شيء"
        #expect(body(page) == "\(Self.prose)\n\(Self.prose)")
    }

    @Test(
        "Junk goes, however it is written",
        arguments: [
            "التعليقات (0)", "ٱلتَّعليقات: ١٢", "Translate »", "TRANSLATE", "fbpx", "some_tag", "[ad_1]", "12",
            "(٣)",
            "💡 أهم المواضيع", "Facebook", "فيسبوك تويتر واتساب", "إعـــلان", "اقرأ أيضًا: خبر آخر",
            "© 2020 الموقع",
            "جميع الحقوق محفوظة لموقع الجسر", "زر الذهاب إلى الأعلى", "\u{200F}اترك رد\u{A0}", "read more",
            "Lire aussi : une autre nouvelle", "BREAKING NEWS",
        ])
    func junk(_ line: String) {
        #expect(body("عنوان\n\(Self.prose)\n\(line)\n\(Self.prose)") == "\(Self.prose)\n\(Self.prose)")
    }

    @Test(
        "What only looks like junk stays",
        arguments: [
            "2019", "١٤٤١", "1180456", "50%", "3 - 1", "قال كلمته ومضى",
            "مقالات ذات صلة بالفكر القديم كانت في مكتبته.",
            "اقرأ", "\"Send\"", "- Nova", "a@b.example", "الجسر القديم", "خاص بالمرضى", "محفوظة",
        ])
    func kept(_ line: String) {
        #expect(body("عنوان\n\(Self.prose)\n\(line)\n\(Self.prose)").contains("\n\(line)\n"))
    }

    @Test(
        "A title loses the name of its site, and nothing else",
        arguments: [
            ("الجسر القديم يعود إلى القرية - سهل نيوز", "الجسر القديم يعود إلى القرية"),
            ("الجسر القديم يعود إلى القرية | سهل", "الجسر القديم يعود إلى القرية"),
            ("Old bridge returns to the village – The Post", "Old bridge returns to the village"),
            ("الجسر - القرية", "الجسر - القرية"),
            ("شباب الميناء يفوزون على الوحدة 3 - صفر", "شباب الميناء يفوزون على الوحدة 3 - صفر"),
            ("سلسلة عن جسور القرى القديمة (4 - 8)", "سلسلة عن جسور القرى القديمة (4 - 8)"),
            ("الجسر القديم يعود-إلى القرية", "الجسر القديم يعود-إلى القرية"),
        ])
    func siteSuffix(_ line: String, _ expected: String) {
        #expect(title("\(line)\n\(Self.prose)") == expected)
    }

    @Test("Of a title and its repetition with the site's name the shorter is taken, on either side")
    func repetition() {
        let short = "الجسر القديم يعود إلى القرية"
        for long in ["\(short) - موقع أخبار الجسور والأنهار", "أخبار الجسور: \(short)", short] {
            for page in ["\(long)\n\(short)\n\(Self.prose)", "\(short)\n\n\(long)\n\(Self.prose)"] {
                #expect(title(page) == short)
                #expect(body(page) == Self.prose)
            }
        }
    }

    @Test("A number that ends a sentence whose lines were broken is kept, one that stands by itself is not")
    func brokenLines() {
        let page =
            "عنوان الخبر\n\nبلغ عدد الزوار الذين حضروا افتتاح الجسر في يومه الأول\n1350.\n\n\(Self.prose)\n12.\n"
        #expect(body(page) == "بلغ عدد الزوار الذين حضروا افتتاح الجسر في يومه الأول\n1350.\n\n\(Self.prose)")
        let counted = page.replacing("1350.", with: "350.")
        #expect(body(counted).contains("الأول\n350."))
        #expect(!body(counted.replacing("\n350.", with: "\n\n350.")).contains("350"))
    }

    @Test("A page whose body would be empty keeps its first line as body")
    func emptyBody() {
        #expect(body("عنوان وحيد") == "عنوان وحيد")
        #expect(body("عنوان وحيد - موقع فيه أخبار\nfbpx\n12") == "عنوان وحيد - موقع فيه أخبار")
        #expect(body("fbpx") == "fbpx")
        #expect(body("عنوان وحيد\n* * *") == "عنوان وحيد\n* * *")
        #expect(body("") == "" && body(" \n\u{A0}\n") == "")
    }

    @Test("A page of more lines than a page has is kept whole")
    func manyLines() {
        let page = "عنوان\n" + String(repeating: "12\n", count: CleanedPage.linesMax + 1)
        #expect(body(page) + "\n" == page)
        #expect(title(page) == "عنوان")
    }

    @Test("Every line of any page is in the body, the head or removed, in order; and twice the same")
    func nothingIsLost() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(state: seed)
        let pieces = [
            "عنوان الخبر الذي نقرأ", "عنوان الخبر الذي نقرأ - موقع", Self.prose, "fbpx", "12", "1", "2",
            "التعليقات", "شارك",
            "سهل نيوز - (ليلى)", "خاص لـ مرصد", "", "  ", "By Jane Doe", "اقرأ أيضا: خبر", "* * *",
            "e\u{301} — x", "© 2020",
            "LONDON (X) - \(Self.prose)", "ة", "\u{200F}", "Nova", "山谷里的最后一位制伞匠。", "-", "–", "ـ", "(",
            "a - b",
        ]
        for _ in 0..<2_000 {
            let count = Int.random(in: 0..<14, using: &random)
            let page = (0..<count).map { _ in pieces.randomElement(using: &random)! }.joined(separator: "\n")
            let text = Array(page.utf8)
            let cleaned = CleanedPage(text)
            var covered = cleaned.body.map(\.range) + cleaned.removed
            covered += [cleaned.title].compactMap { $0 }
            for offset in text.indices where !covered.contains(where: { $0.contains(offset) }) {
                let isMarkOrBlank = CanonicalWords([text[offset]]).count == 0
                #expect(isMarkOrBlank, "seed \(seed), byte \(offset) of \(page.debugDescription)")
            }
            #expect(
                zip(cleaned.body, cleaned.body.dropFirst()).allSatisfy {
                    $0.range.upperBound <= $1.range.lowerBound
                })
            #expect(CleanedPage(text) == cleaned, "seed \(seed)")
            let hasWords = CanonicalWords(text).count > 0
            let body = CanonicalWords(cleaned.bodyText(of: text))
            #expect((body.count > 0) == hasWords, "seed \(seed): \(page.debugDescription)")
        }
    }
}

/// SplitMix64, for texts made at random from a printed seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
