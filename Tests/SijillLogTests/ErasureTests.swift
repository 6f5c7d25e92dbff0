import Foundation
import SijillFiles
import SijillFormat
import SijillMerkle
import SijillTesting
import Testing

@testable import SijillLog

@Suite("Erasure in place")
struct ErasureTests {
    private func findings(_ directory: DataDirectory) throws -> [String] {
        var check = LogCheck(directory)
        try check.run()
        return check.findings
    }

    private func withdrawal(of changes: [Change]) -> ChangeLog.Entry {
        var content = Content()
        content.note = "أمر محكمة"
        let encoded = EncodedContent(content)
        let withdrawn = Withdrawn(
            article: changes[0].record.article!, erases: true, sequences: changes.map(\.sequence),
            originals: changes.filter(\.record.storesOriginal).map { $0.record.file.sha256! },
            content: encoded.digest)
        return ChangeLog.Entry(
            record: .withdrawn(withdrawn), content: content, encoded: encoded, original: nil)
    }

    /// A log of two segments with a withdrawal of a change in each; not erased yet.
    private func fixture(closes: Bool = true) throws -> (LogFixture, [Change], Withdrawn) {
        var fixture = try LogFixture()
        let before = try fixture.crashed(batches: 2, behind: 1)
        let log = try fixture.open()
        let erased = [before[0], before.last { $0.record.type == .added }!]
        var changes = try log.commit([fixture.added(words: 9), withdrawal(of: erased)], now: LogFixture.time)
        changes += try log.commit([fixture.added(words: 5)], now: LogFixture.time)
        log.announce()
        if closes { try log.close() }
        guard case .withdrawn(let withdrawn) = changes[1].record else {
            fatalError("the second is a withdrawal")
        }
        return (fixture, erased, withdrawn)
    }

    private func contents(_ fixture: LogFixture) throws -> [UInt8] {
        let folders = [fixture.directory.log, fixture.directory.originals]
        return try folders.flatMap { folder in
            try DirectoryListing.names(folder).filter { $0 != "tile" }.flatMap {
                try fixture.bytes("\(folder)/\($0)")
            }
        }
    }

    @Test("a withdrawal is written and read again, and its reason is part of what its leaf commits to")
    func encoding() throws {
        let digest = Digest.of([1])
        var content = Content()
        content.note = "لسبب"
        for withdrawn in [
            Withdrawn(
                article: ArticleID(7), erases: true, sequences: [SequenceNumber(3), SequenceNumber(9)],
                originals: [digest], content: EncodedContent(content).digest),
            Withdrawn(
                article: ArticleID(7), erases: false, isUndo: true, sequences: [], originals: [],
                content: EncodedContent(content).digest),
        ] {
            let change = Change(
                cursor: Cursor("0000000000000042-k3f9a1c2")!, log: LogID("7gq2m0xv4b")!,
                time: LogFixture.time,
                record: .withdrawn(withdrawn), content: content)
            let line = change.encoded().line
            let verified = try VerifiedLine(line)
            #expect(verified.change == change && !verified.isErased)
            let other = String(decoding: line, as: UTF8.self).replacing("لسبب", with: "لغيره")
            #expect(throws: ChangeError.self) { try VerifiedLine(Array(other.utf8)) }
        }
    }

    @Test("content and originals become spaces, everything else stays; erasing again changes nothing")
    func erases() throws {
        let (fixture, erased, withdrawn) = try fixture()
        let directory = fixture.directory
        let before = try fixture.lines()
        let texts = erased.map { $0.content.text! }
        #expect(try findings(directory).count == 4)  // Two contents and two originals are still there.
        #expect(try texts.allSatisfy { try contents(fixture).contains($0) })
        try LogEraser(directory).erase(withdrawn)
        #expect(try findings(directory) == [])
        #expect(try texts.allSatisfy { try !contents(fixture).contains($0) })
        let after = try fixture.lines()
        #expect(after.count == before.count)
        for (old, new) in zip(before.split(separator: 0x0A), after.split(separator: 0x0A)) {
            let change = try Change(line: Array(new))
            let isErased = withdrawn.sequences.contains(change.sequence)
            #expect((old == new) == !isErased)
            let (a, b) = (try VerifiedLine(Array(old) + [0x0A]), try VerifiedLine(Array(new) + [0x0A]))
            #expect(a.leafHash == b.leafHash && b.isErased == isErased)
        }
        let all = try contents(fixture)
        try LogEraser(directory).erase(withdrawn)
        #expect(try contents(fixture) == all)
        let log = try fixture.open()
        log.announce()
        #expect(log.recovery.rebuiltIndexes == [])
        #expect(try log.reader.line(of: erased[0].sequence).map { try VerifiedLine($0).isErased } == true)
    }

    @Test("a log that ended with an erased tail, unclean, is recovered whole")
    func unclean() throws {
        let (fixture, erased, withdrawn) = try fixture(closes: false)
        let count = try fixture.lines().split(separator: 0x0A).count
        try LogEraser(fixture.directory).erase(withdrawn)
        let log = try fixture.open()
        #expect(log.tip?.sequence.value == UInt64(count))
        #expect(log.recovery.tornBytes == 0)
        log.announce()
        #expect(try log.reader.line(of: erased[1].sequence).map { try VerifiedLine($0).isErased } == true)
        try log.close()
        #expect(try findings(fixture.directory) == [])
    }

    @Test("spaces that no withdrawal lists are damage: in the check, and at a start")
    func unlisted() throws {
        let (fixture, _, withdrawn) = try fixture()
        let directory = fixture.directory
        let other = Withdrawn(
            article: withdrawn.article, erases: true, sequences: [SequenceNumber(5), SequenceNumber(10)],
            originals: [],
            content: withdrawn.content)
        try LogEraser(directory).erase(withdrawn)
        try LogEraser(directory).erase(other)
        let found = try findings(directory)
        #expect(found.count { $0.contains("no withdrawal lists it") } >= 1, "\(found)")
        let error = #expect(throws: SijillError.self) { _ = try fixture.open() }
        #expect(error?.code == .damaged)
    }

    private func urls(_ warc: [UInt8]) -> [Range<Int>] {
        let field = Array("WARC-Target-URI: ".utf8)
        return warc.indices.filter { warc[$0...].starts(with: field) }.map { start in
            start + field.count..<warc[start...].firstIndex(of: 0x0D)!
        }
    }

    @Test("every byte of erased lines and originals flipped is a finding")
    func flips() throws {
        let (fixture, erased, withdrawn) = try fixture()
        let directory = fixture.directory
        try LogEraser(directory).erase(withdrawn)
        let first = SequenceNumber(1)
        for path in [directory.segment(first), directory.originals(first), directory.index(first)] {
            let bytes = try fixture.bytes(path)
            // The URL of an erased original stands in its header alone.
            let free = path.hasSuffix("warc") ? urls(bytes) : []
            for position in stride(from: 0, to: bytes.count, by: path.hasSuffix("index") ? 1 : 17)
            where !free.contains(where: { $0.contains(position) }) {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(position % 8)
                try Durable.remove(path)
                try fixture.write(damaged, to: path)
                #expect(try !findings(directory).isEmpty, "\(path) byte \(position)")
            }
            try fixture.write(bytes, to: path)
        }
        #expect(try findings(directory) == [])
        #expect(erased.count == 2)
    }
}
