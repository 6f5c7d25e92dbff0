import Foundation
import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("The log of a mirror") struct MirrorLogTests {
    /// A log with changes of every type, and its lines.
    private static func source(_ count: Int, seed: UInt64 = 3) throws -> (
        fixture: LogFixture, log: ChangeLog, lines: [[UInt8]]
    ) {
        var fixture = try LogFixture(seed: seed)
        let log = try ChangeLog(fixture.directory)
        var lines: [[UInt8]] = []
        while lines.count < count {
            let changes = try log.commit(
                [fixture.added(), fixture.rejected(), fixture.added(words: 300)], now: LogFixture.time)
            lines += changes.map { $0.encoded().line }
        }
        log.announce()
        return (fixture, log, Array(lines.prefix(count)))
    }

    private static func never(_: SequenceNumber, _: UInt64) -> Bool { false }

    private static func append(_ lines: some Sequence<[UInt8]>, to mirror: MirrorLog) throws {
        _ = try mirror.append(lines.map { try MirrorLog.Line($0) }, isBoundary: never)
    }

    @Test("A mirror holds the lines byte for byte, over segments, and check finds it sound without originals")
    func whole() throws {
        let (fixture, log, lines) = try Self.source(30)
        let folder = try TemporaryDirectory()
        let directory = DataDirectory(folder.path)
        do {
            let mirror = try MirrorLog(directory, source: log.id)
            let changes = try mirror.append(lines.map { try MirrorLog.Line($0) }) { first, _ in
                first.value % 7 == 0
            }
            #expect(changes.map { $0.encoded().line } == lines)
            try mirror.publish()
            #expect(mirror.tip == changes.last?.cursor)
        }
        let mirror = try MirrorLog(directory, source: nil)
        #expect(mirror.id == log.id)
        #expect(mirror.reader.segments.map(\.value) == [1, 7, 14, 21, 28])
        #expect(try (1...30).map { try mirror.reader.line(of: SequenceNumber($0)) } == lines)
        #expect(try mirror.reader.original(of: SequenceNumber(1)) == nil)
        var check = LogCheck(directory)
        try check.run()
        #expect(check.findings.isEmpty && check.changeCount == 30)
        _ = fixture
    }

    @Test("What lies behind the state is cut at the next start, at every byte, and can be appended again")
    func torn() throws {
        let (_, log, lines) = try Self.source(9)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let folder = try TemporaryDirectory()
            let directory = DataDirectory(folder.path)
            let published = Int.random(in: 0...6, using: &generator)
            do {
                let mirror = try MirrorLog(directory, source: log.id)
                try Self.append(lines[..<published], to: mirror)
                try mirror.publish()
                try Self.append(lines[published...], to: mirror)
            }
            let segment = directory.segment(SequenceNumber(1))
            let durable = lines[..<published].reduce(0) { $0 + $1.count }
            let size = Int(try File(segment, .read).size())
            try Durable.truncate(segment, to: UInt64(Int.random(in: durable...size, using: &generator)))
            let mirror = try MirrorLog(directory, source: log.id)
            #expect(mirror.tip?.sequence.value ?? 0 == UInt64(published), "seed \(seed)")
            try Self.append(lines[published...], to: mirror)
            try mirror.publish()
            #expect(try File.contents(segment) == Array(lines.joined()), "seed \(seed)")
        }
    }

    @Test("A line that is not the next one, or is not whole, is refused")
    func refused() throws {
        let (_, log, lines) = try Self.source(6)
        let (_, other, otherLines) = try Self.source(3, seed: 9)
        let folder = try TemporaryDirectory()
        let mirror = try MirrorLog(DataDirectory(folder.path), source: log.id)
        try Self.append(lines[..<2], to: mirror)
        for wrong in [lines[1], lines[3], otherLines[2]] {
            let error = #expect(throws: SijillError.self) { try Self.append([wrong], to: mirror) }
            #expect(error?.code == .damaged)
        }
        var flipped = lines[2]
        flipped[flipped.count - 20] ^= 1
        #expect(throws: ChangeError.self) { try MirrorLog.Line(flipped) }
        try Self.append(lines[2...], to: mirror)
        let error = #expect(throws: SijillError.self) {
            try MirrorLog(DataDirectory(folder.path), source: other.id)
        }
        #expect(error?.code == .configuration)
    }

    @Test("A mirror and a log of its own are never taken for each other")
    func kinds() throws {
        let (fixture, log, _) = try Self.source(3)
        try log.close()
        let own = #expect(throws: SijillError.self) { try MirrorLog(fixture.directory, source: log.id) }
        #expect(own?.code == .configuration)
        let folder = try TemporaryDirectory()
        _ = try MirrorLog(DataDirectory(folder.path), source: log.id)
        let mirror = #expect(throws: SijillError.self) { try ChangeLog(DataDirectory(folder.path)) }
        #expect(mirror?.code == .configuration)
    }

    @Test("A flipped bit in what was durable is found at the next start")
    func damage() throws {
        let (_, log, lines) = try Self.source(6)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let folder = try TemporaryDirectory()
            let directory = DataDirectory(folder.path)
            do {
                let mirror = try MirrorLog(directory, source: log.id)
                try Self.append(lines, to: mirror)
                try mirror.publish()
            }
            let path = directory.segment(SequenceNumber(1))
            var bytes = try #require(try File.contents(path))
            bytes[Int.random(in: bytes.indices, using: &generator)] ^=
                1 << UInt8.random(in: 0..<8, using: &generator)
            try Data(bytes).write(to: URL(filePath: path))
            for open in [
                { _ = try MirrorLog(directory, source: log.id) }, { _ = try LogView(directory) },
            ] {
                let error = #expect(throws: SijillError.self, "seed \(seed)") { try open() }
                #expect(error?.code == .damaged, "seed \(seed)")
            }
        }
    }

    @Test("A view goes by the state, over new segments, and shows what it is told to announce")
    func view() throws {
        let (_, log, lines) = try Self.source(30)
        let folder = try TemporaryDirectory()
        let directory = DataDirectory(folder.path)
        let mirror = try MirrorLog(directory, source: log.id)
        let view = try LogView(directory)
        #expect(view.isMirror && view.reader.isReplica && view.reader.tip == nil)
        var done = 0
        for count in [1, 4, 0, 13, 2, 10] {
            let next = try lines[done..<done + count].map { try MirrorLog.Line($0) }
            _ = try mirror.append(next) { first, _ in first.value % 5 == 0 }
            let early = try view.refresh()
            #expect(!early || mirror.reader.segments.count > 1)
            try mirror.publish()
            done += count
            _ = try view.refresh()
            #expect(view.sequence.value == UInt64(done))
            let first = view.reader.tip?.sequence ?? .none
            let changes = try view.changes(after: first, through: .max, limit: 100)
            #expect(changes.count == done - Int(first.value))
            try view.announce(through: SequenceNumber(UInt64(max(0, done - 1))))
            #expect(view.reader.tip?.sequence.value ?? 0 == max(first.value, UInt64(max(0, done - 1))))
            try view.announce(through: .max)
            #expect(view.reader.tip == mirror.tip)
            if done > 0 {
                #expect(
                    try (1...done).map { try view.reader.line(of: SequenceNumber(UInt64($0))) }
                        == Array(lines[..<done]))
            }
        }
        #expect(view.reader.segments == mirror.reader.segments)
        try Durable.remove(directory.state)
        #expect(throws: SijillError.self) { try view.refresh() }
    }
}
