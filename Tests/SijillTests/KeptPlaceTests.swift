import Foundation
import Sijill
import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillCLI

@Suite struct KeptPlaceTests {
    private static func line(_ sequence: UInt64) -> [UInt8] {
        let cursor = Cursor(sequence: SequenceNumber(sequence), epoch: Epoch("k3f9a1c2")!)
        return Array(#"{"specversion":"1.0","id":"\#(cursor)","data":"خبر"}"#.utf8)
    }

    private static func start(_ sequence: UInt64) -> LogStart {
        LogStart("\(Cursor(sequence: SequenceNumber(sequence), epoch: Epoch("k3f9a1c2")!))")!
    }

    @Test("An output file goes on behind its last whole line, however it was cut")
    func outputFile() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("changes.ndjson")
        var whole: [UInt8] = []
        do {
            let output = try OutputFile(path)
            #expect(output.start == nil)
            try output.put([Self.line(1), Self.line(2)], next: Self.start(2))
            try output.put([], next: Self.start(9))
            whole = try File.contents(path)!
            #expect(whole == Self.line(1) + [10] + Self.line(2) + [10])
        }
        let length = Self.line(1).count + 1
        for cut in [0, 1, length - 1, length, length + 1, 2 * length - 1, 2 * length] {
            try Data(whole[..<cut]).write(to: URL(filePath: path))
            let output = try OutputFile(path)
            let sequence = UInt64(cut / length)
            #expect(output.start == (sequence == 0 ? nil : Self.start(sequence)))
            for next in ([1, 2] as [UInt64]).filter({ $0 > sequence }) {
                try output.put([Self.line(next)], next: Self.start(next))
            }
            #expect(try File.contents(path) == whole)
        }
        try Data("notes\n".utf8).write(to: URL(filePath: path))
        #expect(throws: SijillError.self) { try OutputFile(path) }
    }

    @Test("One file is worked on by one process at a time")
    func locks() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("changes.ndjson")
        let output = try OutputFile(path)
        let error = #expect(throws: SijillError.self) { try OutputFile(path) }
        #expect(error?.code == .locked)
        withExtendedLifetime(output) {}
    }

    @Test("A state file gives back what it was told, and refuses what is no cursor")
    func stateFile() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("state")
        do {
            let state = try StateFile(path)
            #expect(state.start == nil)
            try state.put([], next: Self.start(7))
        }
        #expect(try StateFile(path).start == Self.start(7))
        #expect(String(decoding: try File.contents(path)!, as: UTF8.self) == "\(Self.start(7))\n")
        try Data("yesterday\n".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: SijillError.self) { try StateFile(path) }
        #expect(error?.code == .configuration)
    }

    @Test("A replay ends with the change that is named, or after so many")
    func replayEnd() throws {
        let changes = try (4...9).map { try LogChange(line: Self.line($0)) }
        func taken(_ until: String?, _ limit: Int?) throws -> ([UInt64], Bool) {
            var end = try #require(ReplayEnd(until: until, limit: limit))
            let taken = try end.take(changes).map(\.sequence)
            return (taken, end.isReached)
        }
        #expect(try taken(nil, nil) == ([4, 5, 6, 7, 8, 9], false))
        #expect(try taken("6", nil) == ([4, 5, 6], true))
        #expect(try taken("9", nil) == ([4, 5, 6, 7, 8, 9], true))
        #expect(try taken("3", nil) == ([], true))
        #expect(try taken("12", nil) == ([4, 5, 6, 7, 8, 9], false))
        #expect(try taken(nil, 2) == ([4, 5], true))
        #expect(throws: SijillError.self) { try taken("0000000000000005-zzzzzzzz", nil) }
        #expect(ReplayEnd(until: "x", limit: nil) == nil)
    }
}
