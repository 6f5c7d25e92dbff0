import Foundation
import SijillArticles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillIngest

extension InboxBench {
    fileprivate func moveIn(_ name: String, _ bytes: [UInt8]) throws {
        let aside = directory.path + "/aside/packed"
        try Data(bytes).write(to: URL(fileURLWithPath: aside))
        #expect(rename(aside, path(name)) == 0)
    }

    /// The changes once so many files or records are durable and gone.
    fileprivate func changes(_ count: Int) async -> [OpenChange] {
        await closed(count)
        return ledger.state.withLock { $0.changes }
    }
}

@Suite("Gzip files through the inbox", .timeLimit(.minutes(2)))
struct GzipTests {
    @Test("A page and an object are kept as they came and read unpacked")
    func singles() async throws {
        let bench = try InboxBench()
        bench.inbox.start(open: [])
        let page = gzipped(Array(news.utf8))
        let object = gzipped(Array(line(1).utf8))
        try bench.moveIn("خبر.txt.gz", page)
        try bench.moveIn("خبر.json.GZ", object)
        let changes = await bench.changes(2)
        #expect(changes.map(\.reason) == [nil, nil])
        #expect(changes.map(\.file.format) == ["text", "json"])
        #expect(changes.map(\.file.bytes) == [UInt64(page.count), UInt64(object.count)])
        #expect(changes.map(\.file.sha256) == [Digest.of(page), Digest.of(object)])
        #expect(
            bench.ledger.state.withLock { $0.titles } == [
                "انخفاض أسعار القمح في الأسواق العربية", "خبر رقم 1",
            ])
        #expect(try bench.left() == [])
    }

    @Test("An array and lines give their records, with places in what was unpacked")
    func records() async throws {
        let bench = try InboxBench()
        bench.inbox.start(open: [])
        try bench.moveIn("قائمة.json.gz", gzipped(Array("[\(line(1)),\(line(2))]".utf8)))
        _ = await bench.changes(2)
        let first = Array((line(3) + "\n").utf8)
        try bench.moveIn("سطور.jsonl.gz", gzipped(first) + gzipped(Array(line(4).utf8)))
        let changes = await bench.changes(4)
        #expect(changes.map(\.file.line) == [1, 2, 1, 2])
        #expect(changes.map(\.file.offset) == [1, UInt64(line(1).utf8.count + 2), 0, UInt64(first.count)])
        #expect(changes[3].file.sha256 == Digest.of(Array(line(4).utf8)))
        #expect(changes[3].file.format == "jsonl")
    }

    @Test("A large packed JSONL file is streamed, and only its bad lines are rejected")
    func manyRecords() async throws {
        let bench = try InboxBench { $0.intake.bytesMax = 9 << 20 }
        let lines = (1...4_000).map { $0 % 1_000 == 7 ? "{broken" : line($0) }
        bench.inbox.start(open: [])
        try bench.moveIn("كثير.jsonl.gz", gzipped(Array(lines.joined(separator: "\n").utf8)))
        let changes = await bench.changes(4_000)
        #expect(changes.count { $0.reason != nil } == 4)
        #expect(Set(changes.map(\.file.line)).count == 4_000)
        let rejects = try String(
            contentsOfFile: bench.settings.quarantinePath + "/bad-json/كثير.jsonl.gz.rejects.jsonl",
            encoding: .utf8)
        #expect(rejects.split(separator: "\n").count == 4)
        #expect(try bench.left() == [])
    }

    @Test("A packed JSONL file is gone on with behind what was taken before the daemon ended")
    func resumed() async throws {
        let lines = (1...50).map { $0 == 7 ? "{broken" : line($0) }
        let packed = gzipped(Array(lines.joined(separator: "\n").utf8))
        let bench = try InboxBench()
        try bench.write("سطور.jsonl.gz", Data(packed))
        bench.inbox.start(open: [])
        let taken = Array(await bench.changes(50).prefix(20))
        let again = try InboxBench()
        try again.write("سطور.jsonl.gz", Data(packed))
        var status = stat()
        #expect(stat(again.path("سطور.jsonl.gz"), &status) == 0)
        let open = taken.map { change in
            var file = change.file
            file.inode = UInt64(status.st_ino)
            return OpenChange(
                sequence: change.sequence, file: file, reason: change.reason, detail: change.detail)
        }
        again.ledger.state.withLock { $0.sequence = 20 }
        again.inbox.start(open: open)
        let rest = await again.changes(50)
        #expect(rest.map(\.file.line) == (21...50).map { UInt64($0) })
        let rejects = try String(
            contentsOfFile: again.settings.quarantinePath + "/bad-json/سطور.jsonl.gz.rejects.jsonl",
            encoding: .utf8)
        #expect(rejects.contains("{broken"))
    }

    // How much memory that takes cannot be told in here: other tests run beside it in the same process.
    @Test("A bomb of 10 GiB is rejected as one file of each format")
    func bombs() async throws {
        let bench = try InboxBench()
        let member = gzipped([UInt8](repeating: 0x20, count: 1 << 20))
        var bomb: [UInt8] = []
        for _ in 0..<10_240 { bomb += member }
        for name in ["قنبلة.txt.gz", "قنبلة.json.gz", "قنبلة.jsonl.gz"] {
            try bench.write(name, Data(bomb))
        }
        bench.inbox.start(open: [])
        let changes = await bench.changes(3)
        #expect(changes.map(\.reason) == [.bomb, .bomb, .bomb])
        #expect(changes.map(\.file.sha256) == [Digest](repeating: Digest.of(bomb), count: 3))
        #expect(try bench.quarantined().count == 6)
    }

    @Test("What is cut, damaged, otherwise packed or misnamed has its reason")
    func rejected() async throws {
        let bench = try InboxBench()
        let packed = gzipped(Array(news.utf8))
        let lines = gzipped(Array((line(1) + "\n" + line(2)).utf8))
        var damaged = lines
        damaged[damaged.count - 6] ^= 1
        let inputs: [(String, [UInt8], RejectReason)] = [
            ("مقطوع.txt.gz", Array(packed.dropLast(3)), .truncated),
            ("مقطوع.jsonl.gz", Array(lines.dropLast(8)), .truncated),
            ("تالف.jsonl.gz", damaged, .unsupportedCompression),
            ("آخر.txt", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 1, 2], .unsupportedCompression),
            ("آخر.jsonl", [0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0], .unsupportedCompression),
            ("بلا-اسم.txt", packed, .unsupportedCompression),
            ("نص.txt.gz", Array(news.utf8), .unsupportedCompression),
            (
                "عريض.jsonl", [0xFF, 0xFE] + line(1).utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] },
                .unknownEncoding
            ),
            ("أرشيف.tar.gz", packed, .unsupportedType),
        ]
        for (name, bytes, _) in inputs { try bench.write(name, Data(bytes)) }
        bench.inbox.start(open: [])
        let changes = await bench.changes(inputs.count)
        let found = Dictionary(uniqueKeysWithValues: changes.map { ($0.file.name, $0.reason) })
        for (name, bytes, reason) in inputs {
            #expect(found[name] == reason, "\(name)")
            let change = changes.first { $0.file.name == name }
            #expect(change?.file.sha256 == Digest.of(bytes), "\(name)")
        }
    }
}
