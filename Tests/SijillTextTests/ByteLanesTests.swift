import Testing

@testable import SijillText

@Suite struct ByteLanesTests {
    /// Pieces of which the bytes are put together: whole characters of every length, and what is none.
    private static let pieces: [[UInt8]] =
        ["a", "Z", " ", "0", "9", "\n", "ب", "ي", "é", "߀", "“", "語", "क", "한", "😀", "ﻻ"].map {
            Array($0.utf8)
        }
        + [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xD8], [0xE0, 0x80, 0x80], [0xE0, 0xA0],
            [0xE2, 0x80],
            [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5], [0xFF],
        ]

    /// Bytes of up to 40 pieces; every other time of whole characters only.
    private static func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        let choice = Bool.random(using: &random) ? pieces[..<16] : pieces[...]
        return (0..<Int.random(in: 0...40, using: &random)).flatMap { _ in
            choice.randomElement(using: &random)!
        }
    }

    @Test("Bytes are UTF-8 exactly where the standard library says so")
    func utf8() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let bytes = Self.bytes(&random)
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            #expect(UTF8Check.isValid(bytes.span) == isValid, "seed \(seed): \(bytes)")
        }
    }

    @Test(
        "Every pair and the ends of every character of three and four bytes are judged as the standard library does"
    )
    func limits() {
        for lead in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for rest in [[], [0x80], [0x80, 0xBF], [0x7F, 0x80], [0xC0]] as [[UInt8]] {
                    // At a place that is in the middle of eight bytes, and at one that is between two.
                    for before in [2, 7] {
                        let bytes = [UInt8](repeating: 0x61, count: before) + [lead, second] + rest
                        let padded = bytes + [UInt8](repeating: 0x20, count: 9)
                        let isValid = String(validating: padded, as: UTF8.self) != nil
                        guard UTF8Check.isValid(padded.span) == isValid else {
                            return #expect(Bool(false), "of \(padded)")
                        }
                    }
                }
            }
        }
    }

    @Test("Characters and letters of a line are counted as one by one")
    func counts() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let bytes = Self.bytes(&random)
            let start = Int.random(in: 0...bytes.count, using: &random)
            let part = bytes[start...]
            let counted = PageLine.count(bytes, start..<bytes.count)
            let starts = part.count { $0 & 0xC0 != 0x80 }
            #expect(counted.length == starts + part.count { 0xE3...0xED ~= $0 }, "seed \(seed): \(part)")
            #expect(counted.letters.arabic == part.count { 0xD8...0xDB ~= $0 }, "seed \(seed): \(part)")
            #expect(
                counted.letters.latin == part.count { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 },
                "seed \(seed): \(part)")
        }
    }

    @Test("Of the characters below U+07C0 that words are left with, only ASCII digits are numbers")
    func numbers() {
        for scalar in (0x20..<0x07C0).compactMap(Unicode.Scalar.init) {
            for folded in String(decoding: CanonicalWords(Array("x\(scalar)x".utf8)).bytes, as: UTF8.self)
                .unicodeScalars
            where folded.value >= 0x80 && folded.value < 0x07C0 {
                #expect(
                    !FoldTable.shared.entries[folded.value].isNumber, "U+\(String(scalar.value, radix: 16))")
            }
        }
        #expect(
            Figures(CanonicalWords(Array("لاعب ١٢ و½ و ߁߂ ثم 7كم و५६".utf8))).values == [
                "1", "12", "2", "7", "߁߂", "५६",
            ])
    }
}
