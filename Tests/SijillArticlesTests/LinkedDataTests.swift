import SijillFormat
import Testing

@testable import SijillArticles

@Suite("JSON-LD and files of many records")
struct LinkedDataTests {
    @Test("The article of a graph gives its fields; references are followed, the rest is extra")
    func graph() throws {
        let input = try fixture("graph.json")
        #expect(try reader.records(of: input) == .single)
        let found = try reader.draft(input, format: .json).content
        #expect(found.title == "حصاد الزيتون يبدأ مبكرا هذا العام")
        #expect(found.textString?.hasPrefix("بدأ المزارعون") == true)
        #expect(found.authors == ["ليلى المثال", "عمر التجربة"])
        #expect(found.publisher == "صحيفة المثال")
        #expect(found.url == "https://news.example/p/9")
        #expect(found.site == "news.example")
        #expect(found.published == "2026-10-02T07:30:00+03:00")
        #expect(found.lang == "ar")
        #expect(found.image == "https://news.example/olive.jpg")
        #expect(found.tags == ["زيتون", "زراعة", "حصاد"])
        #expect(found.warnings.isEmpty)
        let rest = extra(found)
        #expect(rest.contains(#""wordCount":14"#))
        #expect(rest.contains(#""@document":{"@context":"https://schema.org","@graph":[{"@type":"WebPage""#))
        #expect(rest.contains(##""publisher":{"@id":"#org"}"##))
        #expect(!rest.contains("ليلى"), "what a field took is not in extra")
    }

    @Test(
        "Types of schema.org that are articles, written in every way",
        arguments: [
            #""NewsArticle""#, #""BlogPosting""#, #""https://schema.org/Article""#,
            #""schema:ReportageNewsArticle""#,
            #"["Thing","OpinionNewsArticle"]"#,
        ])
    func types(_ type: String) throws {
        let node = #"{"@type":\#(type),"headline":"ع","articleBody":"نص"}"#
        let other = #"{"@type":"WebSite","name":"م"}"#
        #expect(try content(node).title == "ع")
        #expect(try content(#"{"@graph":[\#(other),\#(node)]}"#).title == "ع")
        #expect(try content(#"{"@graph":\#(node)}"#).title == "ع")
        let array = "[\(other),\(node)]"
        #expect(try reader.records(of: bytes(array)) == .single)
        let found = try content(array)
        #expect(found.title == "ع")
        #expect(extra(found) == #"{"@type":\#(type),"@document":[\#(other)]}"#)
    }

    @Test("Of several articles the first with a text is taken, and that is said")
    func severalArticles() throws {
        let found = try content(
            #"{"@graph":[{"@type":"Article","headline":"أ"},{"@type":"Article","headline":"ب","text":"نص"}]}"#
        )
        #expect(found.title == "ب")
        #expect(found.warnings.count == 1)
        #expect(extra(found).contains(#""headline":"أ""#))
    }

    @Test("A graph without an article has no article text")
    func noArticle() {
        #expect(
            rejection(bytes(#"{"@graph":[{"@type":"WebSite","name":"م"}]}"#), .json)?.reason == .noArticleText
        )
    }

    @Test("A member that is already named @document is kept beside the document")
    func documentName() throws {
        let found = try content(#"{"a":1,"@graph":[{"@type":"Article","text":"نص","@document":2}]}"#)
        #expect(extra(found) == #"{"@type":"Article","@document":2,"@document_":{"a":1}}"#)
    }

    @Test(
        "A record that is JSON but no object is a bad field",
        arguments: ["5", "null", "\"نص\"", "[]", "[{\"text\":\"نص\"}]"])
    func noObject(_ json: String) {
        #expect(rejection(bytes(json), .jsonl)?.reason == .badField)
    }

    @Test("Each element of an array is a record with its own bytes")
    func array() throws {
        let input = try fixture("list.json")
        guard case .array(let ranges, _) = try reader.records(of: input) else {
            Issue.record("a list of records is expected")
            return
        }
        let drafts = try ranges.map { try reader.draft(Array(input[$0]), format: .json) }
        #expect(drafts.map(\.content.title) == ["أول", "Second", "第三"])
        for (draft, range) in zip(drafts, ranges) {
            #expect(draft.raw == Digest.of(input[range]))
            #expect(
                input[range.lowerBound] == UInt8(ascii: "{")
                    && input[range.upperBound - 1] == UInt8(ascii: "}"))
        }
    }

    @Test("Elements may be anything; a byte order mark is no part of them")
    func elements() throws {
        #expect(
            try reader.records(of: bytes("\u{FEFF} [1 , {} ,\"م\"]\n"))
                == .array([5..<6, 9..<11, 13..<17], encoding: "utf-8"))
        let articles = #"[{"@type":"Article","text":"أ"},{"@type":"Article","text":"ب"}]"#
        guard case .array(let ranges, _) = try reader.records(of: bytes(articles)) else {
            Issue.record("two articles are two records")
            return
        }
        #expect(ranges.count == 2)
    }

    @Test("Whatever is no array is single", arguments: ["{}", " {\"a\"", "5", " ", "\u{FEFF}{}"])
    func single(_ json: String) throws {
        #expect(try reader.records(of: bytes(json)) == .single)
    }

    @Test(
        "A fault anywhere in an array rejects the file, with its place",
        arguments: [
            ("[{\"a\":1},\n{\"a\":}]", RejectReason.badJSON, 15, 2), ("[1,2", .truncated, 4, 1),
            ("[1,]", .badJSON, 3, 1),
            ("[1] x", .badJSON, 4, 1), ("[1 2]", .badJSON, 3, 1), ("[", .truncated, 1, 1),
            ("[\n\n]]", .badJSON, 4, 3),
        ])
    func faults(_ json: String, _ reason: RejectReason, _ offset: UInt64, _ line: UInt64) {
        do throws(Rejection) {
            Issue.record("\(try reader.records(of: bytes(json)))")
        } catch {
            #expect(error.reason == reason)
            #expect(error.offset == offset)
            #expect(error.line == line)
        }
    }

    @Test("An array without an element holds no record")
    func emptyArray() {
        #expect(throws: Rejection.noRecords) { try reader.records(of: bytes(" [ ] ")) }
    }

    @Test("Depth is counted over the whole file")
    func depth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            bytes(
                "{\"text\":\"نص\",\"a\":" + String(repeating: "[", count: depth - 1)
                    + String(repeating: "]", count: depth - 1) + "}")
        }
        #expect(rejection(nested(64), .json) == nil)
        #expect(rejection(nested(65), .json)?.reason == .tooDeep)
        func array(_ depth: Int) -> [UInt8] { bytes("[") + nested(depth) + bytes("]") }
        #expect(throws: Never.self) { try reader.records(of: array(63)) }
        #expect(throws: Rejection.self) { try reader.records(of: array(64)) }
    }

    @Test("The deepest input that is taken in makes a change that can be read again")
    func deepestChange() throws {
        let arrays = String(repeating: "[", count: 61) + String(repeating: "]", count: 61)
        let other = "{\"@type\":\"WebSite\",\"a\":\(arrays)}"
        let input = bytes("{\"@graph\":[{\"@type\":\"Article\",\"text\":\"نص\"},\(other)]}")
        #expect(rejection(bytes("[") + input + bytes("]"), .json)?.reason == .tooDeep, "one more is too deep")
        let draft = try reader.draft(input, format: .json)
        let file = FileRecord(name: "a.json", source: "default", bytes: 1, sha256: draft.raw, inode: 1)
        let digests = ArticleDigests(canonical: nil, text: draft.textDigest, content: draft.encoded.digest)
        let article = ArticleID(draft.raw.high)
        let record = Record.added(
            Added(article: article, file: file, digests: digests, words: draft.words, cluster: article))
        let cursor = try #require(Cursor("0000000000000001-k3f9a1c2"))
        let log = try #require(LogID("7gq2m0xv4b"))
        let change = Change(
            cursor: cursor, log: log, time: Timestamp(milliseconds: 0), record: record, content: draft.content
        )
        #expect(try Change(line: change.encoded().line) == change)
    }

    @Test("A record of too many values is too large before it costs memory")
    func values() {
        var limits = InputLimits()
        limits.jsonValuesMax = 10
        #expect(rejection(bytes("{\"text\":\"نص\",\"a\":[1,2,3,4,5,6,7]}"), .json, limits: limits) == nil)
        #expect(
            rejection(bytes("{\"text\":\"نص\",\"a\":[1,2,3,4,5,6,7,8]}"), .json, limits: limits)?.reason
                == .tooLarge)
    }
}
