import SijillFormat
import SijillText
import Testing

@testable import SijillArticles

@Suite("A page of text")
struct TextPageTests {
    @Test("The first line that is not blank is the title, the whole page is the text")
    func page() throws {
        let input = try fixture("bridge.txt")
        let draft = try reader.draft(input, format: .text)
        #expect(draft.content.title == "جسر الخشب يعود إلى القرية بعد عامين من الفيضان")
        #expect(draft.content.text == input)
        #expect(draft.raw == Digest.of(input))
        #expect(draft.textDigest == Digest.of(input))
        #expect(draft.encoded == EncodedContent(draft.content))
        #expect(draft.words == CanonicalWords(input).count)
        #expect(
            draft.canonical == CanonicalDigest(version: .c0, digest: Digest.of(CanonicalWords(input).bytes)))
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
