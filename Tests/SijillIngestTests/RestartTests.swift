import Foundation
import SijillFormat
import SijillTesting
import Testing

@testable import SijillIngest

@Suite("A start after a kill", .timeLimit(.minutes(2)))
struct RestartTests {
    private func inode(_ path: String) throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.systemFileNumber] as? UInt64)
    }

    /// The change that a file in the inbox would have.
    private func change(
        _ bench: InboxBench, _ sequence: UInt64, _ name: String, _ bytes: [UInt8], at path: String? = nil,
        reason: RejectReason? = nil, line: UInt64? = nil, offset: UInt64? = nil
    ) throws -> OpenChange {
        let file = FileRecord(
            name: name, source: "default", bytes: UInt64(bytes.count), sha256: Digest.of(bytes),
            inode: try inode(bench.path(path ?? name)), line: line, offset: offset)
        let change = OpenChange(sequence: SequenceNumber(sequence), file: file, reason: reason, detail: "x")
        bench.ledger.state.withLock {
            $0.changes.append(change)
            $0.sequence = max($0.sequence, sequence)
        }
        return change
    }

    @Test("A file whose change is open is only removed")
    func alreadyTaken() async throws {
        let bench = try InboxBench()
        try bench.write("خبر.txt", news)
        let open = try change(bench, 1, "خبر.txt", Array(news.utf8))
        bench.inbox.start(open: [open])
        await bench.closed(1)
        #expect(try bench.left() == [])
        #expect(bench.ledger.state.withLock { $0.sequence } == 1)
    }

    @Test("A file of that inode with other bytes is a new one, and the open change closes with it")
    func otherBytes() async throws {
        let bench = try InboxBench()
        try bench.write("خبر.txt", news)
        let open = try change(bench, 1, "خبر.txt", Array("شيء آخر".utf8))
        bench.inbox.start(open: [open])
        await bench.closed(2)
        #expect(try bench.left() == [])
        #expect(bench.ledger.state.withLock { $0.sequence } == 2)
    }

    @Test("An open change whose file is gone closes at the start")
    func gone() async throws {
        let bench = try InboxBench()
        try bench.write("خبر.txt", news)
        let open = try change(bench, 1, "خبر.txt", Array(news.utf8))
        try FileManager.default.removeItem(atPath: bench.path("خبر.txt"))
        bench.inbox.start(open: [open])
        await bench.closed(1)
        #expect(bench.ledger.state.withLock { $0.removed } == [open.sequence...open.sequence])
    }

    @Test(
        "A file under its removal name is unlinked when it is that of the change, also when nothing is open")
    func removalName() async throws {
        let bench = try InboxBench()
        try bench.write(".sijill-7", news)
        _ = try change(bench, 7, "خبر.txt", Array(news.utf8), at: ".sijill-7")
        bench.inbox.start(open: [])
        await bench.closed(1)
        #expect(try bench.left() == [])
        #expect(bench.ledger.state.withLock { $0.sequence } == 7)
    }

    @Test("A rejected file under its removal name goes to quarantine under its own")
    func rejectedRemovalName() async throws {
        let bench = try InboxBench()
        try bench.write(".sijill-7", "x")
        let open = try change(bench, 7, "صورة.png", [0x78], at: ".sijill-7", reason: .unsupportedType)
        bench.inbox.start(open: [open])
        await bench.closed(1)
        #expect(try bench.left() == [])
        #expect(
            try bench.quarantined() == ["unsupported-type/صورة.png", "unsupported-type/صورة.png.reason.json"])
    }

    @Test("Another file under a removal name gets its name back and is taken")
    func foreignRemovalName() async throws {
        let bench = try InboxBench()
        try bench.write(".sijill-7", news)
        _ = try change(bench, 7, "خبر.txt", Array("شيء آخر".utf8), at: ".sijill-7")
        try bench.write(".sijill-9", news + "٩")
        bench.inbox.start(open: [])
        await bench.closed(2)
        #expect(try bench.left() == [])
        let names = bench.ledger.state.withLock { $0.changes.map(\.file.name) }
        #expect(Set(names) == ["خبر.txt", "recovered-9"])
        #expect(bench.ledger.state.withLock { $0.sequence } == 9)
    }

    @Test("A file of many records goes on behind the last that was taken, and its rejects are kept once")
    func manyRecords() async throws {
        let bench = try InboxBench()
        let lines = [line(1), "{broken", line(3), line(4), line(5)]
        try bench.write("كثير.jsonl", lines.joined(separator: "\n") + "\n")
        var open: [OpenChange] = []
        var offset: UInt64 = 0
        for (index, text) in lines.prefix(3).enumerated() {
            open.append(
                try change(
                    bench, UInt64(index) + 1, "كثير.jsonl", Array(text.utf8),
                    reason: index == 1 ? .badJSON : nil,
                    line: UInt64(index) + 1, offset: offset))
            offset += UInt64(text.utf8.count) + 1
        }
        // The kill came after the reject was written, and again before: both ends must agree.
        for _ in 0..<2 {
            let rejects = try bench.inbox.quarantine.rejects(of: open[1])
            try rejects.add(open[1], bytes: Array("{broken".utf8))
            try rejects.sync()
        }
        bench.inbox.start(open: open)
        await bench.closed(5)
        let changes = bench.ledger.state.withLock { $0.changes }
        #expect(changes.map { $0.file.line } == [1, 2, 3, 4, 5])
        #expect(try bench.left() == [])
        let rejects = try String(
            contentsOfFile: bench.settings.quarantinePath + "/bad-json/كثير.jsonl.rejects.jsonl",
            encoding: .utf8)
        #expect(rejects.split(separator: "\n").count == 1)
    }

    @Test("Rejects that were not yet kept are read again from the file, behind a torn line")
    func rejectsReadAgain() async throws {
        let bench = try InboxBench()
        try bench.write("كثير.jsonl", "{broken\n" + line(2))
        let open = try change(
            bench, 1, "كثير.jsonl", Array("{broken".utf8), reason: .badJSON, line: 1, offset: 0)
        let folder = bench.settings.quarantinePath + "/bad-json"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/كثير.jsonl.rejects.jsonl"
        try Data("{\"sequence\":1,\"name\":\"tor".utf8).write(to: URL(fileURLWithPath: path))
        bench.inbox.start(open: [open])
        await bench.closed(2)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1)
        let reject = try JSONParser.parse(Array(try #require(lines.first).utf8))
        #expect(reject["raw"]?.text == "{broken")
    }

    @Test("A file of many records of which all are taken is only removed")
    func allTaken() async throws {
        let bench = try InboxBench()
        try bench.write("كثير.jsonl", line(1) + "\n" + line(2))
        let first = try change(bench, 1, "كثير.jsonl", Array(line(1).utf8), line: 1, offset: 0)
        let second = try change(
            bench, 2, "كثير.jsonl", Array(line(2).utf8), line: 2, offset: UInt64(line(1).utf8.count) + 1)
        bench.inbox.start(open: [first, second])
        await bench.closed(2)
        #expect(bench.ledger.state.withLock { $0.sequence } == 2)
        #expect(try bench.left() == [])
    }

    @Test("Of two names of one file, the change belongs to the one it names; the other is taken")
    func hardLinks() async throws {
        let bench = try InboxBench()
        try bench.write("أ.txt", news)
        #expect(link(bench.path("أ.txt"), bench.path("ب.txt")) == 0)
        let open = try change(bench, 1, "ب.txt", Array(news.utf8))
        bench.inbox.start(open: [open])
        await bench.closed(2)
        let names = bench.ledger.state.withLock { $0.changes.map(\.file.name) }
        #expect(names == ["ب.txt", "أ.txt"])
        #expect(try bench.left() == [])
    }
}
