import SijillFormat
import Testing

@testable import SijillArticles

@Suite("The encoding of an input")
struct InputTextTests {
    static let arabic = bytes(String(repeating: "الخبر الأول من المدينة، ", count: 8))

    @Test("No bytes are empty")
    func empty() {
        for format in ArticleFormat.allCases { #expect(rejection([], format)?.reason == .empty) }
    }

    @Test("A NUL byte is binary, with its place")
    func binary() {
        let found = rejection(bytes("خبر") + [0] + bytes("خبر"), .text)
        #expect(found?.reason == .binary)
        #expect(found?.offset == 6)
        #expect(rejection(bytes("{\"text\":\"a") + [0], .json)?.reason == .binary)
    }

    @Test("UTF-16 is read with and without a byte order mark", arguments: ["utf-16le", "utf-16be"])
    func utf16(_ name: String) throws {
        for text in ["خبر من المدينة\nنص قصير 😀", "News from the city", "图书馆 2019\n开门了"] {
            let input = try #require(TextEncoding(name).encode(bytes(text)[...]))
            let mark: [UInt8] = name == "utf-16le" ? [0xFF, 0xFE] : [0xFE, 0xFF]
            for input in [input, mark + input] {
                let draft = try reader.draft(input, format: .text)
                #expect(draft.encoding == name)
                #expect(try decoded(input) == text)
                #expect(draft.raw == Digest.of(input))
            }
            #expect(rejection(mark + input.dropLast(), .text)?.reason == .truncated)
        }
    }

    @Test("UTF-16 with half a character is not read; with a NUL it is binary")
    func brokenUTF16() {
        let input: [UInt8] = [0xFF, 0xFE, 0x61, 0x00, 0x00, 0xDC, 0x62, 0x00]
        #expect(rejection(input, .text)?.reason == .unknownEncoding)
        #expect(rejection(input, .text)?.offset == 4)
        #expect(rejection([0xFF, 0xFE, 0x61, 0x00, 0x00, 0x00], .text)?.reason == .binary)
        #expect(rejection([0x61, 0x00, 0x07, 0x00, 0x62, 0x00], .text)?.reason == .binary)
    }

    @Test("A damaged byte among valid characters is bad UTF-8 at that byte")
    func damaged() {
        let before = bytes("قبل الضرر ")
        let found = rejection(before + [0xD9, 0x20] + Self.arabic, .text)
        #expect(found?.reason == .badUTF8)
        #expect(found?.offset == UInt64(before.count))
    }

    @Test("A text cut inside its last character is truncated at that character")
    func cutAtTheEnd() {
        let whole = Self.arabic + bytes("نهاية😀")
        for missing in 1...3 {
            let found = rejection(Array(whole.dropLast(missing)), .text)
            #expect(found?.reason == .truncated)
            #expect(found?.offset == UInt64(whole.count - 4))
        }
    }

    @Test("Damage inside goes before a cut at the end")
    func damagedAndCut() {
        let input = Self.arabic + [0xFF] + Self.arabic + [0xD9]
        #expect(rejection(input, .text)?.reason == .badUTF8)
        #expect(rejection(input, .text)?.offset == UInt64(Self.arabic.count))
    }

    @Test("Too little of another encoding is unknown, never damaged UTF-8")
    func tooLittle() {
        // "الخبر" in windows-1256, which is "افخبر" in ISO 8859-6.
        #expect(rejection([0xC7, 0xE1, 0xCE, 0xC8, 0xD1], .text)?.reason == .unknownEncoding)
        // "très" in windows-1252, which is "trčs" in windows-1250.
        #expect(rejection([0x74, 0x72, 0xE8, 0x73], .text)?.reason == .unknownEncoding)
    }

    @Test("A word that is the same in all likely tables is read")
    func unambiguous() throws {
        let draft = try reader.draft([0x63, 0x61, 0x66, 0xE9, 0x0A], format: .text)
        #expect(draft.content.textString == "café")
        #expect(draft.encoding == "windows-1252")
    }

    @Test("Exactly nine valid sequences of ten are damaged UTF-8, fewer are unknown")
    func share() {
        let nine = bytes(String(repeating: "م ", count: 9))
        #expect(rejection(nine + [0xFF, 0x20], .text)?.reason == .badUTF8)
        #expect(rejection(nine.dropLast(3) + [0x20, 0xFF, 0x20], .text)?.reason == .unknownEncoding)
    }

    @Test(
        "Forms that Unicode forbids are not valid: too long, surrogates, past U+10FFFF",
        arguments: [[0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]
            as [[UInt8]])
    func forbidden(_ sequence: [UInt8]) {
        let found = rejection(Self.arabic + sequence + Self.arabic, .text)
        #expect(found?.reason == .badUTF8)
        #expect(found?.offset == UInt64(Self.arabic.count))
    }

    @Test("U+FFFD that was delivered stays; none is ever added")
    func replacementCharacter() throws {
        let draft = try reader.draft(bytes("خبر \u{FFFD} قديم"), format: .text)
        #expect(draft.content.textString == "خبر \u{FFFD} قديم")
    }

    @Test("Depth goes before encoding, encoding before a cut")
    func order() {
        let deep = bytes("{\"text\":\"خبر من المدينة الأولى\",\"a\":" + String(repeating: "[", count: 70))
        #expect(rejection(deep + [0xFF], .json)?.reason == .tooDeep)
        #expect(rejection(deep + [0xFF], .json)?.offset == rejection(deep, .json)?.offset)
        let cut = bytes("{\"text\":\"خبر من المدينة الأولى \\\" [[[[")
        #expect(rejection(cut + [0xFF], .json)?.reason == .badUTF8)
        #expect(rejection(cut, .json)?.reason == .truncated)
    }
}
