import Foundation
import SijillFormat
import SijillTesting
import Testing

@Suite("Changes")
struct ChangeTests {
    private static let golden = """
        {"specversion":"1.0","id":"0000000000000042-k3f9a1c2","source":"urn:sijill:7gq2m0xv4b",\
        "type":"org.sijill.article.added","subject":"a00000000000000000000000014",\
        "time":"2026-11-20T21:57:03.123Z","sequence":"0000000000000042","datacontenttype":"application/json",\
        "dataschema":"urn:sijill:schema:change:1","data":{"article":"a00000000000000000000000014","revision":1,\
        "file":{"name":"خبر.txt","source":"default","bytes":6,"sha256":"\(Digest.of([1]).hex)","encoding":"utf-8",\
        "format":"text","inode":1234},"digests":{"canonical":"c0:\(Digest.of([2]).hex)","text":"\(Digest.of([3]).hex)",\
        "content":"CONTENT"},"words":812,"relations":[],"cluster":"a00000000000000000000000014",\
        "title":"عنوان \\"قصير\\"","publisher":"دار","tags":["أ","ب"],"extra":{"k":1.50},"text":"سطر\\nسطر"}}

        """

    private func change() -> (Change, EncodedContent) {
        var content = Content()
        content.title = "عنوان \"قصير\""
        content.publisher = "دار"
        content.tags = ["أ", "ب"]
        content.extra = [JSONMember(name: "k", value: .number("1.50"))]
        content.text = Array("سطر\nسطر".utf8)
        let encoded = EncodedContent(content)
        let article = ArticleID(9)
        let file = FileRecord(
            name: "خبر.txt", source: "default", bytes: 6, sha256: Digest.of([1]), encoding: "utf-8",
            format: "text",
            inode: 1_234)
        let digests = ArticleDigests(
            canonical: CanonicalDigest(version: .c0, digest: Digest.of([2])), text: Digest.of([3]),
            content: encoded.digest)
        let change = Change(
            cursor: Cursor("0000000000000042-k3f9a1c2")!, log: LogID("7gq2m0xv4b")!,
            time: Timestamp(rfc3339: "2026-11-20T21:57:03.123Z")!,
            record: .added(
                Added(article: article, file: file, digests: digests, words: 812, cluster: article)),
            content: content)
        return (change, encoded)
    }

    @Test("A change is written exactly as the format says")
    func written() {
        let (change, encoded) = change()
        let line = change.encoded().line
        let expected = Self.golden.replacingOccurrences(of: "CONTENT", with: encoded.digest.hex)
        #expect(String(decoding: line, as: UTF8.self) == expected)
    }

    @Test("A change of before cleaning reads as it was written, its digest of another version")
    func earlier() throws {
        let (expected, encoded) = change()
        let line = Self.golden.replacingOccurrences(of: "CONTENT", with: encoded.digest.hex)
        let read = try Change(line: Array(line.utf8))
        #expect(read == expected)
        let digest = Digest.of([2])
        #expect(read.record.digests?.canonical == CanonicalDigest(version: .c0, digest: digest))
        #expect(read.record.digests?.canonical != CanonicalDigest(version: .c1, digest: digest))
    }

    @Test("What cleaning found out is written, in its place, and reads back")
    func cleaned() throws {
        var (change, _) = change()
        change.content.byline = "كاتب"
        change.content.description = "وصف"
        change.content.standfirst = "جملة فوق الخبر."
        change.content.dateline = "مكان (بلد)"
        change.content.removed = ["fbpx", "التعليقات (0)"]
        change.content.warnings = ["w"]
        let line = change.encoded().line
        #expect(try Change(line: line) == change)
        let text = String(decoding: line, as: UTF8.self)
        #expect(
            text.contains(
                #","description":"وصف","standfirst":"جملة فوق الخبر.","dateline":"مكان (بلد)","tags":"#))
        #expect(text.contains(#","removed":["fbpx","التعليقات (0)"],"warnings":["w"],"#))
    }

    @Test("The cuts of leaf and text are where the index says, and both cuts are JSON")
    func cuts() throws {
        let (line, layout) = change().0.encoded()
        #expect(LineLayout(scanning: line) == layout)
        #expect(layout.length == line.count)
        for cut in [layout.leafEnd, layout.textStart] {
            let spliced = Array(line[..<cut]) + lineClosing
            _ = try JSONParser.parse(spliced)
        }
        let leaf = try JSONParser.parse(Array(line[..<layout.leafEnd]) + lineClosing)
        #expect(leaf["data"]?["title"] == nil)
        #expect(leaf["data"]?["cluster"] != nil)
    }

    @Test("Text that looks like the cuts does not move them")
    func hostileText() throws {
        var (change, _) = change()
        change.content.title = #"",""# + #"title":"x","text":"y"#
        change.content.extra = [JSONMember(name: "text", value: .string(Array(#","text":"#.utf8)))]
        change.content.text = Array(#"}}},"text":null,"title":{"#.utf8)
        let (line, layout) = change.encoded()
        #expect(LineLayout(scanning: line) == layout)
        #expect(try Change(line: line) == change)
    }

    @Test("Every kind of change reads back as it was")
    func roundTrip() throws {
        var changes: [Change] = []
        let (added, encoded) = change()
        changes.append(added)
        var duplicate = added
        var file = added.record.file
        file.name = "a\u{fffd}b.jsonl"
        file.nameBytes = [0x61, 0xFF, 0x62]
        file.line = 3
        file.offset = 0
        let none = EncodedContent(added.content.withoutText)
        duplicate.record = .duplicated(
            Duplicated(
                article: ArticleID(9), of: added.cursor, match: .canonical, revision: 1, file: file,
                digests: ArticleDigests(canonical: nil, text: Digest.of([3]), content: none.digest)))
        duplicate.content.text = nil
        changes.append(duplicate)
        var rejected = added
        file.sha256 = nil
        file.encoding = nil
        file.format = nil
        rejected.record = .rejected(Rejected(file: file, reason: .badJSON, detail: "'}' at byte 7"))
        rejected.content = Content()
        changes.append(rejected)
        changes.append(revised(from: added))
        for change in changes {
            let line = change.encoded().line
            #expect(try Change(line: line) == change)
            _ = try VerifiedLine(line)
            _ = try JSONSerialization.jsonObject(with: Data(line))
        }
        #expect(encoded.digest != none.digest)
    }

    private func revised(from added: Change) -> Change {
        var change = added
        var changed = RevisionCounts()
        changed.paragraphsAdded = 2
        changed.paragraphsRemoved = 1
        changed.numbersAdded = 1
        changed.isRetitled = true
        change.content.changes = TextChanges(
            passages: [
                TextChanges.Passage(removed: 3...3, added: 3...4),
                TextChanges.Passage(removed: nil, added: 9...9),
            ],
            numbersRemoved: [], numbersAdded: ["٤٢"])
        let relations = Relation.Kind.allCases.map {
            Relation(
                kind: $0, article: ArticleID(11), jaccard: Share(3, of: 7), containment: Share(3, of: 3),
                figuresDiffer: $0 == .near)
        }
        change.record = .revised(
            Revised(
                article: ArticleID(9), revision: 2, file: added.record.file,
                digests: ArticleDigests(
                    canonical: nil, text: Digest.of([3]), content: EncodedContent(change.content).digest),
                words: 7, relations: relations, cluster: ArticleID(4), isMajor: false, isReverted: true,
                changed: changed))
        return change
    }

    @Test("What a revision says, and relations, are written as the format has it")
    func revisionWritten() throws {
        let line = String(decoding: revised(from: change().0).encoded().line, as: UTF8.self)
        #expect(line.contains(#""type":"org.sijill.article.revised""#))
        #expect(
            line.contains(
                #","words":7,"relations":[{"kind":"near","article":"\#(ArticleID(11))","jaccard":0.4285,"#))
        #expect(line.contains(#""jaccard":0.4285,"containment":1.0,"figures_differ":true},{"kind":"likely""#))
        #expect(line.contains(#""kind":"replaced_url""#))
        #expect(
            line.contains(
                #"],"cluster":"\#(ArticleID(4))","major":false,"reverted":true,"changed":{"paragraphs_added":2,"#
                    + #""paragraphs_removed":1,"numbers_added":1,"numbers_removed":0,"retitled":true},"title":"#
            ))
        #expect(
            line.contains(
                #""changes":{"paragraphs":[{"removed":[3,3],"added":[3,4]},{"added":[9,9]}],"#
                    + #""numbers":{"removed":[],"added":["٤٢"]}}"#))
    }

    @Test("A flipped bit anywhere in the content part, and most in the leaf, is noticed; none crashes")
    func flippedBits() throws {
        let (line, layout) = change().0.encoded()
        for position in line.indices {
            for bit in 0..<8 {
                var damaged = line
                damaged[position] ^= 1 << UInt8(bit)
                let verified = try? VerifiedLine(damaged)
                if position >= layout.leafEnd { #expect(verified == nil, "byte \(position) bit \(bit)") }
                if let verified { #expect(verified.leafHash != (try VerifiedLine(line)).leafHash) }
            }
        }
    }

    @Test("Every truncation of a line is refused")
    func truncations() {
        let line = change().0.encoded().line
        for length in 0..<line.count { #expect((try? VerifiedLine(Array(line[..<length]))) == nil) }
    }

    @Test("Index entries read back, and bytes that cannot be one are refused")
    func indexEntry() {
        let entry = IndexEntry(
            offset: 1 << 40, time: Timestamp(milliseconds: 7),
            layout: LineLayout(leafEnd: 5, textStart: 9, length: 20),
            leafHash: Digest.of([9]))
        var writer = ByteWriter()
        entry.encode(into: &writer)
        #expect(writer.count == IndexEntry.bytes)
        #expect(IndexEntry(writer.bytes) == entry)
        var reserved = writer.bytes
        reserved[28] = 1
        #expect(IndexEntry(reserved) == nil)
        #expect(IndexEntry(Array(writer.bytes.dropLast())) == nil)
    }
}
