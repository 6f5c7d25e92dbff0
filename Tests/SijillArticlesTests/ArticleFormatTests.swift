import Testing

@testable import SijillArticles

@Suite("The format of a file")
struct ArticleFormatTests {
    @Test(
        "The extension tells the format, in any case",
        arguments: [
            ("خبر.txt", ArticleFormat.text), ("a.TXT", .text), ("README.md", .text), ("خبر", .text),
            ("a.", .text),
            ("a.json", .json), ("a.b.Json", .json), ("a.jsonl", .jsonl), ("a.NDJSON", .jsonl),
            ("خبر.html", .html), ("a.HTM", .html), ("a.xhtml", .html),
            ("a.json.gz", .json), ("خبر.GZ", .text), ("a.txt.gz", .text), ("a.ndjson.Gz", .jsonl),
        ])
    func formats(_ name: String, _ format: ArticleFormat) {
        #expect(ArticleFormat(fileName: bytes(name)) == format)
    }

    @Test(
        "A type that is not taken in is none",
        arguments: ["a.pdf", "a.json.gz.gz", "a.tar.gz", "a.json.xz", "a.tgz", "a.txt ", "خبر.نص"])
    func otherTypes(_ name: String) {
        #expect(ArticleFormat(fileName: bytes(name)) == nil)
        #expect(Rejection.unsupportedType.reason == .unsupportedType)
        #expect(Rejection.unsupportedType.detail.contains(".ndjson"))
    }

    @Test("A name that is not UTF-8 is read as bytes")
    func badNames() {
        #expect(ArticleFormat(fileName: [0xC7, 0xE1, 0x2E, 0x74, 0x78, 0x74]) == .text)
        #expect(ArticleFormat(fileName: [0x61, 0x2E, 0xC7, 0xE1]) == nil)
        #expect(ArticleFormat(fileName: []) == .text)
    }
}
