import SijillFormat
import SijillText
import Testing

@testable import SijillArticles

@Suite("A page of text")
struct TextPageTests {
    @Test("The first line that is not blank is the title, the rest of the page is the text")
    func page() throws {
        let input = try fixture("bridge.txt")
        let draft = try reader.draft(input, format: .text)
        #expect(draft.content.title == "جسر الخشب يعود إلى القرية بعد عامين من الفيضان")
        let body = try #require(draft.content.textString)
        #expect(body.hasPrefix("أعاد أهالي قرية متخيَّلة") && body.hasSuffix("أحد عشر كيلومترا."))
        #expect(draft.raw == Digest.of(input))
        #expect(draft.textDigest == Digest.of(bytes(body)))
        #expect(draft.encoded == EncodedContent(draft.content))
        let words = CanonicalWords(bytes(body))
        #expect(draft.words == words.count)
        #expect(draft.canonical == CanonicalDigest(version: .c1, digest: Digest.of(words.bytes)))
        #expect(draft.encoding == "utf-8")
    }

    @Test("A byte order mark and CRLF change the raw digest, not the text")
    func marksAndLineEnds() throws {
        let plain = try reader.draft(bytes("عنوان\nسطر\n\nآخر"), format: .text)
        for other in ["\u{FEFF}عنوان\nسطر\n\nآخر", "عنوان\r\nسطر\r\n\r\nآخر", "عنوان\rسطر\r\rآخر"] {
            let draft = try reader.draft(bytes(other), format: .text)
            #expect(draft.textDigest == plain.textDigest)
            #expect(draft.encoded == plain.encoded)
            #expect(draft.raw == Digest.of(bytes(other)))
            #expect(draft.raw != plain.raw)
        }
    }

    @Test("Blanks that cannot be seen are not part of the title, and no title by themselves")
    func invisibleBlanks() throws {
        let page = "\u{200F}\u{FEFF} \u{A0}\n\u{200E}\u{A0}عنوان\u{A0}قصير\u{200F} \t\nنص"
        let draft = try reader.draft(bytes(page), format: .text)
        #expect(draft.content.title == "عنوان\u{A0}قصير")
    }

    @Test("A long title is cut between characters, and that is said")
    func longTitle() throws {
        let line = "x" + String(repeating: "م", count: 3_000)
        let draft = try reader.draft(bytes(line), format: .text)
        #expect(draft.content.title == "x" + String(repeating: "م", count: 2_047))
        #expect(draft.content.cut == ["title"])
        #expect(draft.content.textString == line)
    }

    @Test("Seven words have no canonical digest, eight have one")
    func shortTexts() throws {
        #expect(
            try reader.draft(bytes("واحد اثنان ثلاثة أربعة خمسة ستة سبعة"), format: .text).canonical == nil)
        let eight = try reader.draft(bytes("واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية"), format: .text)
        #expect(eight.canonical != nil)
        #expect(eight.words == 8)
    }

    @Test("What stands above the article becomes fields, what is junk goes to removed")
    func fields() throws {
        let content = try reader.draft(fixture("../pages/01-ar-slogan.txt"), format: .text).content
        #expect(content.title == "حقول القمح في سهل النعناع تنجو من موجة الصقيع")
        #expect(content.byline == "ليلى الحمصي")
        #expect(content.publisher == "سهل نيوز")
        #expect(content.removed.contains("sahl_naana"))
        #expect(content.removed.last == "المواقد الصغيرة.. حيلة الأجداد ضد الصقيع")
        #expect(content.cut.isEmpty)
    }

    private let article = "أعاد أهالي القرية بناء جسرهم الخشبي بأيديهم بعد عامين من الفيضان الذي جرفه ليلا."

    @Test("Two pages of one article around which different junk stands have one canonical digest")
    func sameArticle() throws {
        let one = try reader.draft(
            bytes("الجسر يعود إلى القرية\n\(article)\nالتعليقات (3)\n3"), format: .text)
        let two = try reader.draft(
            bytes("fbpx\nجسر القرية من جديد\nشارك\n\(article)\nاترك رد\nTranslate »"), format: .text)
        #expect(one.canonical == two.canonical)
        #expect(one.canonical != nil)
        #expect(one.content.title != two.content.title)
    }

    @Test("At most 64 entries stand in removed, of 1 KiB each, and what was cut is named")
    func removedLimit() throws {
        let head = "عنوان الخبر\n" + String(repeating: article + " ", count: 40) + "\nالتعليقات\n"
        let fit = try reader.draft(bytes(head + String(repeating: "قارئ\n", count: 63)), format: .text)
            .content
        #expect(fit.removed.count == 64 && fit.cut.isEmpty)
        let over = try reader.draft(bytes(head + String(repeating: "قارئ\n", count: 64)), format: .text)
            .content
        #expect(over.removed.count == 64 && over.cut == ["removed"])
        let long = try reader.draft(bytes(head + String(repeating: "م", count: 600)), format: .text).content
        #expect(long.removed.map(\.utf8.count) == [18, 1_024] && long.cut == ["removed"])
    }

    @Test("The fields of a JSON article are taken as they are, and its digest has the same version")
    func jsonIsNotCleaned() throws {
        let text = #"واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية\nfbpx\nالتعليقات (0)"#
        let draft = try reader.draft(bytes(#"{"title":"عنوان - موقع","text":"\#(text)"}"#), format: .json)
        #expect(draft.content.title == "عنوان - موقع")
        #expect(draft.content.textString?.hasSuffix("fbpx\nالتعليقات (0)") == true)
        #expect(draft.content.removed.isEmpty)
        #expect(draft.canonical?.version == .c1)
    }

    @Test("One letter or number is enough", arguments: ["م", "٧", "7", "字", "é"])
    func noMinimum(_ text: String) {
        #expect(rejection(bytes(text), .text) == nil)
    }

    @Test(
        "Without a letter or number there is no text", arguments: [" ", "\n\r\n", "؟ … ، —", "\u{FEFF}", "😀"])
    func noText(_ text: String) {
        #expect(rejection(bytes(text), .text)?.reason == .noText)
    }

    @Test("A text over its limit is rejected, one at the limit is not")
    func tooLarge() {
        var limits = InputLimits()
        limits.textBytesMax = 10
        #expect(rejection(bytes("0123456789"), .text, limits: limits) == nil)
        #expect(rejection(bytes("01234567890"), .text, limits: limits)?.reason == .tooLarge)
        limits.fileBytesMax = 5
        #expect(
            rejection([0, 0, 0, 0, 0, 0], .text, limits: limits)?.reason == .tooLarge,
            "size goes before binary")
    }
}
