import Foundation
import SijillText
import Testing

@Suite("Pages with junk")
struct PageFixtureTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/pages")

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()

    @Test("A page is told apart as its expectation says", arguments: names)
    func page(_ name: String) throws {
        let text = Array(try Data(contentsOf: Self.folder.appending(path: "\(name).txt")))
        let expected = try String(
            contentsOf: Self.folder.appending(path: "\(name).expected"), encoding: .utf8)
        let page = CleanedPage(text)
        let fields = [
            ("title", page.title), ("byline", page.byline), ("publisher", page.publisher),
            ("standfirst", page.standfirst), ("dateline", page.dateline),
        ]
        var result = ""
        for case (let field, let range?) in fields { result += "\(field): \(string(text, range))\n" }
        result += "\n" + String(decoding: page.bodyText(of: text), as: UTF8.self) + "\n"
        #expect(result == expected)
    }

    @Test("There are the pages that the tests are for")
    func count() { #expect(Self.names.count >= 12) }
}

/// The part of a text; nil where there is none.
func string(_ text: [UInt8], _ range: Range<Int>?) -> String? {
    range.map { String(decoding: text[$0], as: UTF8.self) }
}

private func string(_ text: [UInt8], _ range: Range<Int>) -> String {
    String(decoding: text[range], as: UTF8.self)
}
