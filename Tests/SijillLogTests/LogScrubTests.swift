import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("The scrub of sealed segments")
struct LogScrubTests {
    /// A log whose first segment is sealed, open.
    private func fixture() throws -> (LogFixture, ChangeLog) {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 2, behind: 1)
        let log = try fixture.open()
        _ = try log.commit([fixture.added(words: 9), fixture.rejected()], now: LogFixture.time)
        log.announce()
        return (fixture, log)
    }

    /// All steps of one pass.
    private func pass(_ scrub: inout LogScrub) throws -> (items: UInt64, findings: [LogScrub.Finding]) {
        scrub.restart()
        var found: (items: UInt64, findings: [LogScrub.Finding]) = (0, [])
        for _ in 0..<1_000 {
            guard case .read(_, _, let items, let findings) = try scrub.next() else { return found }
            found.items += items
            found.findings += findings
        }
        Issue.record("the pass does not end")
        return found
    }

    @Test("A sound segment has no findings, and the segment being written is left alone")
    func sound() throws {
        let (fixture, log) = try fixture()
        var scrub = LogScrub(fixture.directory, reader: log.reader) { _, _ in false }
        let found = try pass(&scrub)
        #expect(found.findings == [])
        #expect(found.items > log.reader.sealedThrough.value)
        #expect(try scrub.next() == .end)
    }

    @Test(
        "A flipped bit in any byte of a sealed segment, its originals and its indexes is found, and the pass goes on"
    )
    func flips() throws {
        let (fixture, log) = try fixture()
        let files = LogFiles(directory: fixture.directory, first: SequenceNumber(1))
        var scrub = LogScrub(fixture.directory, reader: log.reader) { _, _ in false }
        for path in [files.segment, files.index, files.originals, files.originalsIndex] {
            let bytes = try fixture.bytes(path)
            for position in bytes.indices where position % 23 == 0 {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(position % 8)
                try Durable.remove(path)
                try fixture.write(damaged, to: path)
                let found = try pass(&scrub)
                #expect(!found.findings.isEmpty, "\(path) byte \(position)")
                #expect(try scrub.next() == .end)
            }
            try fixture.write(bytes, to: path)
        }
        #expect(try pass(&scrub).findings == [])
    }

    @Test("One damaged line is one finding: the changes behind it are read")
    func goesOn() throws {
        let (fixture, log) = try fixture()
        let path = fixture.directory.segment(SequenceNumber(1))
        var bytes = try fixture.bytes(path)
        bytes[40] ^= 1
        try Durable.remove(path)
        try fixture.write(bytes, to: path)
        var scrub = LogScrub(fixture.directory, reader: log.reader) { _, _ in false }
        let found = try pass(&scrub)
        #expect(found.findings.map(\.sequence) == [SequenceNumber(1)])
        #expect(found.items > log.reader.sealedThrough.value)
    }

    @Test("A missing file is a finding, and while something is erased nothing is believed")
    func missing() throws {
        let (fixture, log) = try fixture()
        let path = fixture.directory.originals(SequenceNumber(1))
        let bytes = try fixture.bytes(path)
        try Durable.remove(path)
        var scrub = LogScrub(fixture.directory, reader: log.reader) { _, _ in false }
        #expect(try pass(&scrub).findings.contains { $0.path == path && $0.message == "missing" })
        try fixture.write([], to: fixture.directory.erasing)
        scrub.restart()
        #expect(try scrub.next() == .erasing)
        try Durable.remove(fixture.directory.erasing)
        try fixture.write(bytes, to: path)
        #expect(try pass(&scrub).findings == [])
    }

    @Test("It goes on at every place where it can have stopped")
    func places() throws {
        let (fixture, log) = try fixture()
        var scrub = LogScrub(fixture.directory, reader: log.reader) { _, _ in false }
        var steps = 0
        while case .read(_, _, _, let findings) = try scrub.next() {
            #expect(findings == [])
            steps += 1
            scrub = LogScrub(fixture.directory, reader: log.reader, from: scrub.place) { _, _ in false }
        }
        #expect(steps == Int(log.reader.sealedThrough.value) + log.reader.segments.count - 1)
    }
}
