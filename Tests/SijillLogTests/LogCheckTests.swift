import Foundation
import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("The check of log and originals")
struct LogCheckTests {
    /// A cleanly stopped log with two segments.
    private func fixture() throws -> (LogFixture, [Change]) {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 2, behind: 1)
        let log = try fixture.open()
        _ = try log.commit([fixture.added(words: 9), fixture.rejected()], now: LogFixture.time)
        log.announce()
        let lines = try (1...log.tip!.sequence.value).map { try log.reader.line(of: SequenceNumber($0))! }
        try log.close()
        return (fixture, try lines.map { try Change(line: $0) })
    }

    private func findings(_ directory: DataDirectory) throws -> [String] {
        var check = LogCheck(directory)
        try check.run()
        return check.findings
    }

    @Test("A sound log has no findings, and every change is handed on in order")
    func sound() throws {
        let (fixture, changes) = try fixture()
        var found: [Change] = []
        var check = LogCheck(fixture.directory)
        try check.run(found: { found += $0 })
        #expect(check.findings == [])
        #expect(found == changes)
    }

    /// Every byte with SIJILL_FULL in the environment (`make crash`).
    private let isFull = ProcessInfo.processInfo.environment["SIJILL_FULL"] != nil

    @Test("A flipped bit in any byte of log, originals, indexes and state is a finding that names the file")
    func flips() throws {
        let (fixture, _) = try fixture()
        let directory = fixture.directory
        let paths = try [directory.log, directory.originals].flatMap { folder in
            try DirectoryListing.names(folder).map { "\(folder)/\($0)" }
        }
        #expect(paths.count == 11)
        for path in paths where path != directory.removals {
            let bytes = try fixture.bytes(path)
            for position in bytes.indices where isFull || position % 29 == 0 {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(position % 8)
                try Durable.remove(path)
                try fixture.write(damaged, to: path)
                let found = try findings(directory)
                #expect(!found.isEmpty, "\(path) byte \(position)")
            }
            try fixture.write(bytes, to: path)
        }
        #expect(try findings(directory) == [])
    }

    @Test("A missing file, a foreign file and bytes too many are findings")
    func files() throws {
        let (fixture, _) = try fixture()
        let first = SequenceNumber(1)
        let damages: [(String, (DataDirectory) throws -> Void)] = [
            ("00000000000000000001.index: missing", { try Durable.remove($0.index(first)) }),
            ("00000000000000000001.warc: missing", { try Durable.remove($0.originals(first)) }),
            ("is in no segment", { try Durable.remove($0.segment(SequenceNumber(4))) }),
            ("does not belong", { try fixture.write([1], to: $0.log + "/notes.txt") }),
            ("does not belong", { try fixture.write([1], to: $0.originals + "/00000000000000000009.warc") }),
            ("bytes long", { try append([0], to: $0.originals(first)) }),
            ("log/state: missing", { try Durable.remove($0.state) }),
        ]
        for (expected, damage) in damages {
            let copy = try LogFixture(folder: fixture.folder.copy())
            try damage(copy.directory)
            let found = try findings(copy.directory)
            #expect(found.contains { $0.contains(expected) }, "\(expected): \(found)")
        }
    }

    private func append(_ bytes: [UInt8], to path: String) throws {
        let old = try File.contents(path)!
        try Durable.remove(path)
        try Data(old + bytes).write(to: URL(filePath: path))
    }
}
