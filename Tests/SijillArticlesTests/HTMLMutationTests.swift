import Foundation
import SijillFormat
import Testing

@testable import SijillArticles

/// The pages of Tests/Fixtures/html with the text that is in them.
func htmlFixtures() throws -> [(name: String, html: [UInt8], text: [UInt8])] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let folder = tests.appending(path: "Fixtures/html")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        .filter { $0.hasSuffix(".html") }
        .map { name in
            let truth = String(name.dropLast(5)) + ".txt"
            return (
                name, Array(try Data(contentsOf: folder.appending(path: name))),
                Array(try Data(contentsOf: folder.appending(path: truth)))
            )
        }
}

@Suite("The fixtures' pages")
struct HTMLFixtureTests {
    @Test("Every page gives its text in the order of its paragraphs, or nearly; the scorer tells how nearly")
    func texts() throws {
        for (name, html, text) in try htmlFixtures() {
            let draft = try reader.draft(html, format: .html)
            let words = (draft.content.text ?? []).split { $0 <= 0x20 }
            let found = String(decoding: Array(words.joined(separator: [0x20])), as: UTF8.self)
            let truth = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            let kept = truth.count { found.contains($0) }
            #expect(kept * 10 >= truth.count * 6, "\(name): \(kept) of \(truth.count) lines")
        }
    }
}

@Suite("Broken and hostile pages")
struct HTMLMutationTests {
    /// A draft that fits its input, or one rejection.
    private func read(_ input: [UInt8], _ note: @autoclosure () -> String) {
        do throws(Rejection) {
            let draft = try reader.draft(input, format: .html)
            #expect(draft.raw == Digest.of(input) && draft.words > 0, "\(note())")
            let text = draft.content.text ?? []
            #expect((try? UTF8Span(validating: text.span)) != nil, "\(note())")
        } catch {
            #expect(!error.detail.isEmpty, "\(note())")
        }
    }

    @Test("Random bytes and random markup give exactly one result")
    func random() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "<p>", "</p>", "<div class='", "sidebar'>", "</div>", "<table>", "<tr>", "<td>", "<a href=x>",
            "</a>",
            "<br>", "<!--", "-->", "<script>", "</script>", "<h1>", "</", "<", ">", "&", "&#x", "&#1114112;",
            "نص خبر، ",
            "كلام.", "<li>", "<ul>", "<article>", "\"", "=", "<script type=application/ld+json>{", "<title>",
            "<meta ",
            "content=", "charset=", "<svg>", "<textarea>", "<![CDATA[", "]]>", "<?x", "\u{0}", "\u{1F600}",
        ].map { bytes($0) }
        for round in 0..<1_500 {
            let count = Int.random(in: 0...60, using: &generator)
            let input =
                round % 5 == 0
                ? (0..<count * 4).map { _ in UInt8.random(in: 0...255, using: &generator) }
                : (0..<count).flatMap { _ in pieces.randomElement(using: &generator) ?? [] }
            read(input, "seed \(seed), round \(round)")
        }
    }

    @Test("A page cut anywhere is still a page, and gives exactly one result")
    func truncations() throws {
        for (name, html, _) in try htmlFixtures() {
            for end in stride(from: 0, to: html.count, by: 41) {
                read(Array(html[..<end]), "\(name) cut at \(end)")
            }
        }
    }

    @Test("Mutated pages give exactly one result")
    func mutations() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let inputs = try htmlFixtures().map(\.html)
        for round in 0..<1_000 {
            var input = inputs[round % inputs.count]
            for _ in 0...Int.random(in: 0...6, using: &generator) {
                let place = Int.random(in: 0..<input.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: input[place] ^= 1 << UInt8.random(in: 0..<7, using: &generator)
                case 1: input.remove(at: place)
                case 2: input.insert(bytes("<>/\"'&!-").randomElement(using: &generator) ?? 0, at: place)
                default:
                    let other = Int.random(in: 0..<input.count, using: &generator)
                    input.replaceSubrange(
                        min(place, other)..<max(place, other), with: input[min(place, other)...].prefix(90))
                }
                if input.isEmpty { input = [0x20] }
            }
            read(input, "seed \(seed), round \(round)")
        }
    }

    @Test("Too many elements inside each other are too deep, too many in all too large; neither runs deep")
    func limits() throws {
        func nested(_ count: Int, _ tag: String) -> [UInt8] {
            bytes(String(repeating: "<\(tag)>", count: count) + "نص.")
        }
        #expect(rejection(nested(900, "div"), .html) == nil)
        #expect(rejection(nested(200_000, "div"), .html)?.reason == .tooDeep)
        #expect(rejection(nested(200_000, "x-y"), .html)?.reason == .tooDeep)
        var limits = InputLimits()
        limits.htmlElementsMax = 1_000
        #expect(
            rejection(bytes(String(repeating: "<br>", count: 2_000)), .html, limits: limits)?.reason
                == .tooLarge)
        limits.htmlFaultsMax = 1_000
        let ends = bytes("<p>نص." + String(repeating: "</x>", count: 2_000))
        #expect(rejection(ends, .html, limits: limits)?.reason == .tooLarge)
        #expect(rejection(ends, .html) == nil)
        limits.fileBytesMax = 100
        #expect(rejection(nested(50, "div"), .html, limits: limits)?.reason == .tooLarge)
    }
}
