import Foundation
import SijillFiles
import SijillTesting
import Testing

@testable import SijillIngest

@Suite("What was in hand when the daemon ended")
struct HandTableTests {
    private let folder: TemporaryDirectory
    private var path: String { folder.path("in-hand") }

    init() throws { folder = try TemporaryDirectory() }

    @Test("Files in hand are suspects of the next start; alone only when there is one")
    func suspects() throws {
        let first = try table()
        #expect(first.suspects.isEmpty)
        let (one, other) = (try status("one"), try status("other, longer"))
        first.note(1, one, ends: 0)
        first.note(2, other, ends: 0)
        #expect(try table().suspects == [.init(one): 0, .init(other): 0])
        let second = try table()
        #expect(second.suspects.isEmpty, "a start takes what the end before it left, once")
        second.note(7, one, ends: 1)
        #expect(try table().suspects == [.init(one): 2])
    }

    @Test("Three ends in a row alone reach the limit; one that made progress counts from the beginning")
    func countsInARow() throws {
        let file = try status("one")
        var ends: UInt32 = 0
        for end in 1...3 {
            let table = try table()
            table.note(1, file, ends: ends)
            ends = try #require(try self.table().suspects[.init(file)])
            #expect(ends == UInt32(end))
        }
        #expect(ends == HandTable.endsMax)
        let table = try table()
        table.note(1, file, ends: ends)
        table.progress([1])
        #expect(try self.table().suspects == [.init(file): 0])
    }

    @Test("What is out of hand is no suspect, and its place is used again")
    func placesAreUsedAgain() throws {
        let table = try table()
        let files = try (0..<50).map { try status(String(repeating: "x", count: $0 + 1)) }
        for (ticket, file) in files.enumerated() { table.note(UInt64(ticket), file, ends: 0) }
        for ticket in 0..<49 { table.clear([UInt64(ticket)]) }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        for round in 0..<500 {
            let ticket = UInt64(100 + round)
            table.note(ticket, files[round % 49], ends: 0)
            table.progress([ticket])
            table.clear([ticket])
        }
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == size)
        #expect(try self.table().suspects == [.init(files[49]): 1])
    }

    @Test("Tickets that it does not know change nothing")
    func unknownTickets() throws {
        let table = try table()
        let file = try status("one")
        table.note(1, file, ends: 0)
        table.clear([2])
        table.progress([2])
        table.clear([1])
        table.clear([1])
        #expect(try self.table().suspects.isEmpty)
    }

    @Test("A file that was changed or replaced since is another one")
    func identity() throws {
        let before = try status("one")
        let table = try table()
        table.note(1, before, ends: 0)
        let suspects = try self.table().suspects
        #expect(suspects[.init(try status("another"))] == nil)
        #expect(suspects[.init(before)] == 1)
    }

    @Test("A table that was cut or filled with anything is read as far as it goes", arguments: 0..<64)
    func cut(bytes: Int) throws {
        try Data((0..<bytes).map { UInt8(truncatingIfNeeded: 255 - $0) }).write(
            to: URL(fileURLWithPath: path))
        #expect(try table().suspects.count == bytes / 32)
    }

    private func table() throws -> HandTable { try HandTable(path: path) }

    private func status(_ text: String) throws -> FileStatus {
        let name = folder.path("file")
        try? FileManager.default.removeItem(atPath: name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: name))
        return try File(name, .read).status()
    }
}
