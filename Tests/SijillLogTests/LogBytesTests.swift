import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite struct LogBytesTests {
    @Test("Parts of a file say where they stand, and what has just been written is in the page cache")
    func parts() throws {
        let folder = try TemporaryDirectory()
        let file = try File(folder.path + "/مقطع", .create(permissions: 0o600))
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try file.write(bytes.span, at: 0)
        let all = try LogBytes(file, offset: 1_000, count: 299_000)
        #expect(all.place == 1_000..<300_000)
        let part = all.part(from: 64, count: 100)
        #expect(part.place == 1_064..<1_164)
        try all.load()
        #expect(all.areCached)
    }

    @Test("A file that is too short is damage, not a short answer")
    func tooShort() throws {
        let folder = try TemporaryDirectory()
        let file = try File(folder.path + "/مقطع", .create(permissions: 0o600))
        try file.write([1, 2, 3].span, at: 0)
        #expect(try LogBytes(file, offset: 1, count: 2).count == 2)
        #expect { try LogBytes(file, offset: 1, count: 3) } throws: { ($0 as? SijillError)?.code == .damaged }
    }
}
