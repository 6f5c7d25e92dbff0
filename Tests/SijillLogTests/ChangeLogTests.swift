import Foundation
import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("The log")
struct ChangeLogTests {
    @Test("What is committed stands in the segment, byte for byte as it is encoded")
    func commit() throws {
        var fixture = try LogFixture()
        let log = try fixture.open()
        let first = try log.commit([fixture.added(), fixture.rejected()], now: LogFixture.time)
        let second = try log.commit([fixture.duplicated(of: first[0])], now: Timestamp(milliseconds: 5))
        #expect(try fixture.lines() == encoded(first + second))
        #expect((first + second).map(\.sequence.value) == [1, 2, 3])
        #expect(second[0].time == LogFixture.time, "time never goes back")
        #expect(log.tip == second[0].cursor)
    }

    @Test("Readers see changes only when they are announced")
    func announce() throws {
        var fixture = try LogFixture()
        let log = try fixture.open()
        let changes = try log.commit([fixture.added(), fixture.added()], now: LogFixture.time)
        #expect(log.reader.tip == nil)
        #expect(try log.reader.entries(after: .none, limit: 10, maxBytes: 1 << 20).isEmpty)
        log.announce()
        let located = try log.reader.entries(after: .none, limit: 10, maxBytes: 1 << 20)
        #expect(located.map(\.sequence.value) == [1, 2])
        #expect(try log.reader.line(of: SequenceNumber(2)) == changes[1].encoded().line)
        #expect(try log.reader.cursor(of: SequenceNumber(1)) == changes[0].cursor)
        #expect(try log.reader.cursor(of: SequenceNumber(3)) == nil)
        #expect(try log.reader.entries(after: .none, limit: 10, maxBytes: 1).count == 1)
        #expect(try log.reader.entries(after: SequenceNumber(2), limit: 10, maxBytes: 1).isEmpty)
    }

    @Test("An original comes back byte for byte, and a change that stored none has none")
    func originals() throws {
        var fixture = try LogFixture()
        let log = try fixture.open()
        let entry = fixture.added()
        _ = try log.commit([fixture.rejected(), entry], now: LogFixture.time)
        log.announce()
        let original = try #require(try log.reader.original(of: SequenceNumber(2)))
        #expect(try original.read(offset: 0, count: 1 << 20) == entry.original)
        #expect(try original.read(offset: 3, count: 2) == Array(entry.original![3..<5]))
        #expect(try log.reader.original(of: SequenceNumber(1)) == nil)
        let warc = String(
            decoding: try fixture.bytes(fixture.directory.originals(SequenceNumber(1))), as: UTF8.self)
        #expect(warc.hasPrefix("WARC/1.1\r\nWARC-Type: warcinfo\r\n"))
        #expect(
            warc.contains("WARC-Block-Digest: sha256:\(Base32.padded(Digest.of(entry.original!).data))\r\n"))
    }

    @Test("A moment finds the first change at or after it")
    func moments() throws {
        var fixture = try LogFixture()
        let log = try fixture.open()
        for second in [10, 10, 20, 30] as [UInt64] {
            _ = try log.commit([fixture.added()], now: Timestamp(milliseconds: second * 1_000))
        }
        log.announce()
        let found = try [0, 10_000, 10_001, 20_000, 30_000, 30_001].map {
            try log.reader.firstSequence(atOrAfter: Timestamp(milliseconds: $0))?.value
        }
        #expect(found == [1, 1, 3, 3, 4, nil])
    }

    @Test("A full segment is sealed, and the log goes on in the next one, also after a restart")
    func sealing() throws {
        var fixture = try LogFixture()
        var changes: [Change] = []
        do {
            let log = try fixture.open()
            while log.reader.segments.count < 3 {
                let entries = (0..<8).map { _ in fixture.added(words: 280_000) }
                changes += try log.commit(entries, now: LogFixture.time)
            }
            log.announce()
            #expect(log.reader.sealedThrough == SequenceNumber(log.reader.segments[2].value - 1))
            let all = try log.reader.entries(after: .none, limit: 10_000, maxBytes: .max)
            #expect(all.map(\.sequence) == changes.map(\.sequence))
            try log.close()
        }
        let log = try fixture.open()
        #expect(log.recovery == RecoveryReport())
        log.announce()
        #expect(try fixture.lines() == encoded(changes))
        for change in changes {
            let original = try #require(try log.reader.original(of: change.sequence))
            #expect(original.digest == change.record.file.sha256)
        }
        #expect(try log.reader.cursor(of: SequenceNumber(1)) == changes[0].cursor)
    }

    @Test("A waiter is woken by the announcement, and by shutdown")
    func waiting() async throws {
        var fixture = try LogFixture()
        let log = try fixture.open()
        let reader = log.reader
        async let first = reader.wait(after: .none)
        async let later = reader.wait(after: SequenceNumber(5))
        _ = try log.commit([fixture.added()], now: LogFixture.time)
        log.announce()
        #expect(await first)
        reader.shutDown()
        #expect(await later == false)
        let cancelled = Task { await reader.wait(after: SequenceNumber(9)) }
        cancelled.cancel()
        #expect(await cancelled.value == false)
    }
}
