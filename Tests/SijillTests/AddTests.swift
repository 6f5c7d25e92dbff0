import Foundation
import SijillFormat
import SijillTesting
import Testing

@testable import Sijill
@testable import SijillCLI

@Suite struct AddTests {
    @Test("A file is copied in whole, under its name, with nothing left beside it")
    func add() throws {
        let directory = try TemporaryDirectory()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let file = directory.path("مقال.txt")
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.createDirectory(
            atPath: directory.path("inbox"), withIntermediateDirectories: true)
        var copied = 0
        let drop = try Inbox(inbox: directory.path("inbox"), data: nil, source: nil).add(file) {
            copied += $0
        }
        #expect(copied == bytes.count)
        #expect(drop.digest == Digest.of(bytes))
        #expect(drop.source == "default")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("inbox")) == ["مقال.txt"])
        #expect([UInt8](try Data(contentsOf: URL(filePath: drop.place))) == bytes)
    }

    @Test("A name that is taken gets a number, and what lay there stays")
    func taken() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path("a.txt")
        let data = directory.path
        try FileManager.default.createDirectory(
            atPath: directory.path("inbox"), withIntermediateDirectories: true)
        var names: [String] = []
        for text in ["one", "two", "three"] {
            try Data(text.utf8).write(to: URL(filePath: file))
            names.append(try Inbox(inbox: nil, data: data, source: "reuters").add(file) { _ in }.name)
        }
        #expect(names == ["a.txt", "a-2.txt", "a-3.txt"])
        let contents = try names.map {
            try String(contentsOfFile: directory.path("inbox/reuters/\($0)"), encoding: .utf8)
        }
        #expect(contents == ["one", "two", "three"])
        let long = String(repeating: "ص", count: 125) + ".txt"
        #expect(Inbox.numbered(long, 12).utf8.count <= 255)
        #expect(Inbox.numbered(long, 12).hasSuffix("-12.txt"))
        #expect(Inbox.numbered("page.html.gz", 2) == "page-2.html.gz")
        #expect(Inbox.numbered("README", 2) == "README-2")
    }

    @Test("No inbox and a source that can be no folder are errors with their exit codes")
    func refused() throws {
        let directory = try TemporaryDirectory()
        let missing = #expect(throws: SijillError.self) {
            try Inbox(inbox: nil, data: directory.path, source: nil)
        }
        #expect(missing?.code == .configuration)
        for source in ["", "../x", ".hidden", "a/b"] {
            let error = #expect(throws: SijillError.self) {
                try Inbox(inbox: directory.path, data: nil, source: source)
            }
            #expect(error?.code == .usage)
        }
    }

    @Test("Each drop waits for its own outcome: same name, source and bytes")
    func outcomes() throws {
        let mine = drop("a.txt", "mine")
        var outcomes = Outcomes([mine, drop("b.txt", "other")], after: 4)
        #expect(try outcomes.received(change(5, rejected("c.txt", "mine"))) == nil)
        #expect(try outcomes.received(change(6, rejected("a.txt", "mine", source: "reuters"))) == nil)
        // A file of that name that lay there before.
        #expect(try outcomes.received(change(7, rejected("a.txt", "theirs"))) == nil)
        #expect(try outcomes.received(change(8, rejected("a.txt", "mine")))?.drop.name == "a.txt")
        #expect(!outcomes.isComplete && outcomes.hasRejects)
        #expect(try outcomes.received(change(9, rejected("b.txt", "other"))) != nil)
        #expect(outcomes.isComplete)
    }

    @Test("A file of many records is through when it has gone and all changes up to then were seen")
    func records() throws {
        let many = drop("many.jsonl", "all")
        var outcomes = Outcomes([many], after: 0)
        #expect(try outcomes.received(change(1, rejected("many.jsonl", "first", line: 1))) != nil)
        #expect(outcomes.open.count == 1)
        outcomes.left(many, tip: 2)
        #expect(!outcomes.isComplete)
        #expect(try outcomes.received(change(2, rejected("many.jsonl", "second", line: 2))) != nil)
        #expect(outcomes.isComplete)
        // Everything was seen before it was looked for.
        var late = Outcomes([many], after: 0)
        _ = try late.received(change(1, rejected("many.jsonl", "first", line: 1)))
        late.left(many, tip: 1)
        #expect(late.isComplete)
    }

    private func drop(_ name: String, _ text: String) -> Drop {
        Drop(
            path: name, name: name, source: "default", place: name, bytes: 1,
            digest: Digest.of(Array(text.utf8)),
            inode: 1)
    }

    private func rejected(_ name: String, _ text: String, source: String = "default", line: UInt64? = nil)
        -> Record
    {
        .rejected(
            Rejected(
                file: FileRecord(
                    name: name, source: source, bytes: 1, sha256: Digest.of(Array(text.utf8)), inode: 1,
                    line: line),
                reason: .binary, detail: "no text"))
    }

    private func change(_ sequence: UInt64, _ record: Record) throws -> LogChange {
        let change = Change(
            cursor: Cursor(sequence: SequenceNumber(sequence), epoch: Epoch("k3f9a1c2")!),
            log: LogID("7gq2m0xv4b")!,
            time: Timestamp(milliseconds: 0), record: record, content: Content())
        return try LogChange(line: change.encoded().line.dropLast())
    }
}
