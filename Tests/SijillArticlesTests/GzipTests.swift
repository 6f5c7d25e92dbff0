import SijillFormat
import SijillTesting
import Testing

@testable import SijillArticles

@Suite("Gzip")
struct GzipTests {
    private let text = bytes(String(repeating: "خبر من القرية عن المطر والحصاد والمدرسة\n", count: 400))

    private func reason(_ packed: [UInt8], limits: InputLimits = InputLimits(), bytesMax: Int = 64 << 20)
        -> RejectReason?
    {
        do throws(Rejection) {
            _ = try Gzip.unpacked(packed, limits: limits, bytesMax: bytesMax)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("Several members are one text, also with NULs behind the last")
    func members() throws {
        let packed = gzipped(bytes("أول ")) + gzipped([]) + gzipped(text) + [UInt8](repeating: 0, count: 512)
        let unpacked = try Gzip.unpacked(packed, limits: InputLimits(), bytesMax: 1 << 20)
        #expect(unpacked == bytes("أول ") + text)
    }

    @Test("Given byte by byte and taken in small pieces it is the same")
    func pieces() throws {
        let gzip = Gzip(limits: InputLimits())
        var unpacked: [UInt8] = []
        for byte in gzipped(text) + gzipped(text) {
            gzip.give([byte])
            while !gzip.needsInput { try gzip.unpack(7, to: &unpacked) }
        }
        try gzip.finish()
        #expect(unpacked == text + text)
    }

    @Test("Cut anywhere it is truncated, and so is nothing but the first byte")
    func cut() {
        let packed = gzipped(bytes("خبر قصير"))
        for end in 1..<packed.count { #expect(reason(Array(packed[..<end])) == .truncated, "cut at \(end)") }
        let second = packed + packed
        for end in (packed.count + 1)..<second.count {
            #expect(reason(Array(second[..<end])) == .truncated, "cut at \(end)")
        }
    }

    @Test("Damage anywhere in data, check sum or length is found, or changes nothing")
    func damage() {
        let text = bytes("خبر قصير عن المدرسة")
        let packed = gzipped(text)
        // The header's time and system, bytes 4 to 9, are not covered by a check sum.
        for place in 10..<packed.count {
            for bit in 0..<8 {
                var input = packed
                input[place] ^= 1 << bit
                do throws(Rejection) {
                    // The bits that fill the last byte of the data mean nothing.
                    let unpacked = try Gzip.unpacked(input, limits: InputLimits(), bytesMax: 1 << 20)
                    #expect(unpacked == text, "byte \(place), bit \(bit)")
                } catch {
                    #expect([.unsupportedCompression, .truncated].contains(error.reason))
                }
            }
        }
        #expect(reason(packed + bytes("بعد")) == .unsupportedCompression)
        #expect(reason(packed + [0, 0, 1]) == .unsupportedCompression)
    }

    @Test("A bomb is found by its ratio after little, or by its size")
    func bombs() {
        let zeros = gzipped([UInt8](repeating: 0x20, count: 8 << 20))
        #expect(reason(zeros) == .bomb)
        let gzip = Gzip(limits: InputLimits())
        gzip.give(zeros)
        var unpacked: [UInt8] = []
        #expect(throws: Rejection.self) { try gzip.unpack(64 << 20, to: &unpacked) }
        #expect(unpacked.count <= 2 << 20)
        var limits = InputLimits()
        limits.gzipRatioMax = 1_100
        #expect(reason(zeros, limits: limits) == nil)
        #expect(reason(zeros, limits: limits, bytesMax: 1 << 20) == .tooLarge)
        limits.gzipOutBytesMax = 4 << 20
        #expect(reason(zeros, limits: limits) == .bomb)
    }

    @Test("A small text that packs very well is no bomb")
    func smallAndRegular() {
        #expect(reason(gzipped([UInt8](repeating: 0x20, count: 1 << 20))) == nil)
    }

    @Test(
        "Other compressions are told by their first bytes",
        arguments: [
            [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x28, 0xB5, 0x2F, 0xFD, 1, 2], [0x50, 0x4B, 3, 4, 20, 0],
            [0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59],
        ] as [[UInt8]])
    func others(_ first: [UInt8]) {
        for name in ["خبر.txt", "خبر.json.gz", "خبر"] {
            #expect(throws: Rejection.self) { try Compression.check(fileName: bytes(name), first: first) }
        }
        #expect(Compression.rejection(fileName: bytes("خبر.pdf"), first: first).reason == .unsupportedType)
    }

    @Test("Name and first bytes must say the same")
    func names() throws {
        let packed = gzipped(text)
        #expect(try Compression.check(fileName: bytes("خبر.txt.GZ"), first: packed))
        #expect(try !Compression.check(fileName: bytes("خبر.txt"), first: text))
        #expect(throws: Rejection.self) { try Compression.check(fileName: bytes("خبر.txt"), first: packed) }
        #expect(throws: Rejection.self) { try Compression.check(fileName: bytes("خبر.gz"), first: text) }
        let xz: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        #expect(
            Compression.rejection(fileName: bytes("a.txt.xz"), first: xz).reason == .unsupportedCompression)
        #expect(Compression.rejection(fileName: bytes("a.txt.xz"), first: text).reason == .unsupportedType)
    }
}
