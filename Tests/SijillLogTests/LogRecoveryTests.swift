import Foundation
import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("Recovery of the log")
struct LogRecoveryTests {
    private static let first = SequenceNumber(1)

    @Test("A clean stop leaves nothing to recover, and the epoch is new")
    func clean() throws {
        var fixture = try LogFixture()
        let log = try fixture.open()
        let changes = try log.commit([fixture.added()], now: LogFixture.time)
        try log.close()
        let again = try fixture.open()
        #expect(again.recovery == RecoveryReport())
        #expect(again.tip == changes[0].cursor)
        #expect(again.id == log.id)
        #expect(again.epoch != log.epoch)
        #expect(again.removals.open.ranges == [1...1])
    }

    @Test("Whole changes behind the state are kept byte for byte, in a new segment with their originals")
    func behind() throws {
        var fixture = try LogFixture()
        let changes = try fixture.crashed()
        let lines = try fixture.lines()
        let log = try fixture.open()
        #expect(log.recovery.recoveredCount == 8)
        #expect(log.reader.segments.count == 2)
        #expect(try fixture.lines() == lines)
        log.announce()
        for change in changes where change.record.storesOriginal {
            let original = try #require(try log.reader.original(of: change.sequence))
            #expect(Digest.of(try original.read(offset: 0, count: 1 << 20)) == change.record.file.sha256)
        }
        #expect(log.removals.open.ranges == [1...UInt64(changes.count)])
        let more = try log.commit([fixture.added()], now: LogFixture.time)
        #expect(more[0].sequence == changes.last!.sequence.next)
    }

    @Test("The segment cut anywhere behind the state: every whole change is kept, and the log goes on")
    func cutSegment() throws {
        var fixture = try LogFixture()
        let changes = try fixture.crashed(batches: 3, behind: 1)
        let state = try #require(try LogState.read(fixture.directory.state))
        let size = try fixture.bytes(fixture.directory.segment(Self.first)).count
        for cut in places(in: Int(state.offset)..<size) {
            try expectRecovery(
                of: fixture,
                after: { copy in
                    try Durable.truncate(copy.segment(Self.first), to: UInt64(cut))
                }, keeping: wholeCount(changes, bytes: cut), note: "segment cut at \(cut)")
        }
    }

    @Test("The originals cut anywhere behind the state: a change without its original is not kept")
    func cutOriginals() throws {
        var fixture = try LogFixture()
        let changes = try fixture.crashed(batches: 3, behind: 1)
        let state = try #require(try LogState.read(fixture.directory.state))
        let path = fixture.directory.originals(Self.first)
        let size = try fixture.bytes(path).count
        for cut in places(in: Int(state.originalsOffset)..<size) {
            var position = LogPosition(startOf: Self.first)
            var whole = 0
            for change in changes {
                let (_, layout) = change.encoded()
                let entry = IndexEntry(
                    offset: position.offset, time: change.time, layout: layout, leafHash: Digest.of([]))
                let headers = OriginalRecord.headers(of: change)
                let end = position.advance(over: change, entry: entry, headers: headers).last?.end
                if let end, end > UInt64(cut) { break }
                whole += 1
            }
            try expectRecovery(
                of: fixture,
                after: { copy in
                    try Durable.truncate(copy.originals(Self.first), to: UInt64(cut))
                }, keeping: whole, note: "originals cut at \(cut)")
        }
    }

    @Test(
        "A cut before the state's offset is damage: exit code 65 with file and offset, and nothing is touched"
    )
    func cutBefore() throws {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 2, behind: 0)
        let state = try #require(try LogState.read(fixture.directory.state))
        for cut in stride(from: 0, to: Int(state.offset), by: 97) {
            try expectDamage(
                of: fixture,
                after: { copy in
                    try Durable.truncate(copy.segment(Self.first), to: UInt64(cut))
                }, names: "00000000000000000001.ndjson is damaged at byte")
        }
        for cut in stride(from: 0, to: Int(state.originalsOffset), by: 97) {
            try expectDamage(
                of: fixture,
                after: { copy in
                    try Durable.truncate(copy.originals(Self.first), to: UInt64(cut))
                }, names: "00000000000000000001.warc is damaged at byte \(cut)")
        }
    }

    @Test("A flipped bit anywhere before the state's offset is damage")
    func flippedBit() throws {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 1, behind: 0)
        let size = try fixture.bytes(fixture.directory.segment(Self.first)).count
        for position in places(in: 0..<size) {
            try expectDamage(
                of: fixture,
                after: { copy in
                    try flip(copy.segment(Self.first), at: position, bit: position % 8)
                }, names: "00000000000000000001.ndjson is damaged at byte")
        }
    }

    @Test("A flipped bit behind the state ends the tail there")
    func flippedTail() throws {
        var fixture = try LogFixture()
        let changes = try fixture.crashed(batches: 3, behind: 1)
        let state = try #require(try LogState.read(fixture.directory.state))
        let size = try fixture.bytes(fixture.directory.segment(Self.first)).count
        for position in places(in: Int(state.offset)..<size) {
            let copy = try LogFixture(folder: fixture.folder.copy())
            try flip(copy.directory.segment(Self.first), at: position, bit: 1)
            let log = try copy.open()
            let kept = Int(log.tip?.sequence.value ?? 0)
            // A bit in a leaf that leaves valid JSON behind cannot be told from what was written.
            #expect(kept >= wholeCount(changes, bytes: position), "byte \(position)")
        }
    }

    @Test("A damaged state is damage, a missing one too, and one of another format is refused")
    func state() throws {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 1, behind: 0)
        let bytes = try fixture.bytes(fixture.directory.state)
        for position in bytes.indices {
            try expectDamage(
                of: fixture,
                after: { copy in
                    try flip(copy.state, at: position, bit: 0)
                }, names: "log/state is damaged")
        }
        try expectDamage(of: fixture, after: { try Durable.remove($0.state) }, names: "log/state is missing")
        try expectDamage(
            of: fixture, after: { try Durable.remove($0.segment(Self.first)) }, names: "the file is missing")
    }

    @Test("An index that is gone, torn or wrong is made again, and said")
    func index() throws {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 2, behind: 0)
        let path = fixture.directory.index(Self.first)
        let whole = try fixture.bytes(path)
        for damage in [[], Array(whole.dropLast(7)), [UInt8](repeating: 0, count: whole.count)] {
            let copy = try LogFixture(folder: fixture.folder.copy())
            try copy.write(damage, to: copy.directory.index(Self.first))
            let log = try copy.open()
            #expect(try copy.bytes(copy.directory.index(Self.first)) == whole)
            #expect(
                log.recovery.rebuiltIndexes == []
                    || log.recovery.rebuiltIndexes == [copy.directory.index(Self.first)])
        }
    }

    @Test("A crash at any step of a recovery is recovered from at the next start")
    func crashInRecovery() throws {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 4, behind: 2)
        let lines = try fixture.lines()
        let recovered = try LogFixture(folder: fixture.folder.copy())
        let new = try recovered.open().reader.segments.last!
        let files = LogFiles(directory: recovered.directory, first: new)
        let made = [files.index, files.originalsIndex, files.originals, files.segment]
        // Steps before the state is written: the first `count` files of the new segment are there.
        for count in 0...made.count {
            let copy = try LogFixture(folder: fixture.folder.copy())
            for path in made.prefix(count) {
                try copy.write(
                    try recovered.bytes(path),
                    to: copy.folder.path + path.dropFirst(recovered.folder.path.count))
            }
            try expectSame(copy, lines, "before the state, \(count) files")
        }
        // Steps after it: the state is new, and of the old files the first `count` are cut.
        let old = LogFiles(directory: fixture.directory, first: Self.first)
        let cut = [old.originals, old.index, old.segment]
        for count in 0...cut.count {
            let copy = try LogFixture(folder: fixture.folder.copy())
            for path in made + [recovered.directory.state] {
                try copy.write(
                    try recovered.bytes(path),
                    to: copy.folder.path + path.dropFirst(recovered.folder.path.count))
            }
            for path in cut.prefix(count) {
                let name = String(path.dropFirst(fixture.folder.path.count))
                try copy.write(try recovered.bytes(recovered.folder.path + name), to: copy.folder.path + name)
            }
            try expectSame(copy, lines, "after the state, \(count) files cut")
        }
    }

    @Test("A segment that differs from the one it was recovered from is damage")
    func differingOverlap() throws {
        var fixture = try LogFixture()
        _ = try fixture.crashed(batches: 4, behind: 2)
        let recovered = try LogFixture(folder: fixture.folder.copy())
        let new = try recovered.open().reader.segments.last!
        var other = try LogFixture(folder: fixture.folder.copy())
        let state = try #require(try LogState.read(fixture.directory.state))
        try Durable.truncate(other.directory.segment(Self.first), to: state.offset)
        try Durable.truncate(other.directory.originals(Self.first), to: state.originalsOffset)
        let log = try other.open()
        _ = try log.commit([other.added(words: 50)], now: LogFixture.time)
        // Two histories after the same state: never chosen between silently.
        let mixed = try LogFixture(folder: fixture.folder.copy())
        try mixed.write(
            try other.bytes(other.directory.segment(Self.first)), to: mixed.directory.segment(Self.first))
        try mixed.write(
            try other.bytes(other.directory.originals(Self.first)), to: mixed.directory.originals(Self.first))
        for path in [mixed.directory.segment(new), mixed.directory.originals(new)] {
            try mixed.write(
                try recovered.bytes(recovered.folder.path + path.dropFirst(mixed.folder.path.count)), to: path
            )
        }
        #expect(throws: SijillError.self) { try mixed.open() }
    }

    // MARK: -

    /// Every byte with SIJILL_FULL in the environment (`make crash`); else every byte at both ends, where the cases
    /// are, and every eleventh between.
    private func places(in range: Range<Int>) -> [Int] {
        let isFull = ProcessInfo.processInfo.environment["SIJILL_FULL"] != nil
        return range.filter {
            isFull || $0 % 11 == 0 || $0 < range.lowerBound + 40 || $0 >= range.upperBound - 40
        }
    }

    private func wholeCount(_ changes: [Change], bytes: Int) -> Int {
        var end = 0
        return changes.prefix { change in
            end += change.encoded().layout.length
            return end <= bytes
        }.count
    }

    private func flip(_ path: String, at position: Int, bit: Int) throws {
        var bytes = try File.contents(path)!
        bytes[position] ^= 1 << UInt8(bit)
        try Data(bytes).write(to: URL(filePath: path))
    }

    private func expectRecovery(
        of fixture: LogFixture, after damage: (DataDirectory) throws -> Void, keeping count: Int, note: String
    ) throws {
        var copy = try LogFixture(folder: fixture.folder.copy())
        try damage(copy.directory)
        let log = try copy.open()
        #expect(Int(log.tip?.sequence.value ?? 0) == count, "\(note)")
        let next = try log.commit([copy.added()], now: LogFixture.time)
        #expect(Int(next[0].sequence.value) == count + 1, "\(note)")
        try log.close()
        #expect(try copy.open().recovery == RecoveryReport(), "\(note)")
    }

    private func expectDamage(
        of fixture: LogFixture, after damage: (DataDirectory) throws -> Void, names text: String
    ) throws {
        let copy = try LogFixture(folder: fixture.folder.copy())
        try damage(copy.directory)
        let before = try DirectoryListing.names(copy.directory.log)
        let error = #expect(throws: SijillError.self) { try copy.open() }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
        #expect(try DirectoryListing.names(copy.directory.log) == before)
    }

    private func expectSame(_ copy: LogFixture, _ lines: [UInt8], _ note: String) throws {
        let log = try copy.open()
        #expect(try copy.lines() == lines, "\(note)")
        log.announce()
        let tip = try #require(log.tip)
        for value in 1...tip.sequence.value {
            let line = try #require(try log.reader.line(of: SequenceNumber(value)))
            let change = try Change(line: line)
            guard change.record.storesOriginal else { continue }
            let original = try #require(try log.reader.original(of: change.sequence), "\(note)")
            #expect(
                Digest.of(try original.read(offset: 0, count: 1 << 20)) == change.record.file.sha256,
                "\(note)")
        }
        try log.close()
        #expect(try copy.open().recovery == RecoveryReport(), "\(note)")
    }
}
