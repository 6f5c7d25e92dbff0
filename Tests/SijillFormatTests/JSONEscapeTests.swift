import Testing

@testable import SijillFormat

@Suite("Escapes in JSON strings")
struct JSONEscapeTests {
    private func parsed(_ inside: String) throws -> String? {
        var options = JSONParser.Options()
        options.replacesLoneSurrogates = true
        return try JSONParser.parse(Array("\"\(inside)\"".utf8), options: options).text
    }

    private func escape(_ unit: UInt32, upperCase: Bool = false) -> String {
        let digits = String(unit, radix: 16, uppercase: upperCase)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    @Test("Every unit but a surrogate is its character, in either case of the digits")
    func everyUnit() throws {
        for unit in UInt32(0)...0xFFFF where unit & 0xF800 != 0xD800 {
            let expected = String(Character(try #require(Unicode.Scalar(unit))))
            #expect(try parsed(escape(unit)) == expected)
            #expect(try parsed(escape(unit, upperCase: true) + "........") == expected + "........")
        }
    }

    @Test("Runs of escapes with plain bytes, pairs and short escapes between them are one text")
    func mixedRuns() throws {
        for gap in 0...20 {
            let plain = String(repeating: "x", count: gap)
            #expect(try parsed("\\u0645\(plain)\\u0635\(plain)") == "م\(plain)ص\(plain)")
            let pair = try parsed("\\u0645\(plain)\\ud83d\\ude00\(plain)\\n\\u0635")
            #expect(pair == "م\(plain)😀\(plain)\nص")
            let short = try parsed("\(plain)\\u0645خبر\(plain)\\\"\\\\\\u0041")
            #expect(short == "\(plain)مخبر\(plain)\"\\A")
        }
    }

    @Test("Four digits are taken exactly when all are hexadecimal", arguments: 0..<4)
    func digits(_ place: Int) {
        for byte in UInt32(0)...255 {
            let word = (0x3030_3030 & ~(0xFF << UInt32(8 * place))) | byte << UInt32(8 * place)
            let digit = Character(Unicode.Scalar(UInt8(byte)))
            let number = digit.isASCII ? digit.hexDigitValue : nil
            let value = number.map { UInt32($0) << UInt32(4 * (3 - place)) }
            #expect(JSONScan.hexUnit(word) == value, "byte \(byte)")
        }
    }

    @Test(
        "What is no escape is a fault at its place",
        arguments: [("\\u06g5", 5), ("\\u0645\\x", 7), ("\\u06 5", 5)])
    func faults(_ inside: String, _ offset: Int) {
        do throws(JSONError) {
            _ = try JSONParser.parse(Array("\"\(inside)\"".utf8))
            Issue.record("\(inside) is no string")
        } catch {
            #expect(error.kind == .syntax)
            #expect(error.offset == offset)
        }
    }

    @Test("A string that is cut anywhere is truncated")
    func cuts() {
        let whole = Array(#""\u0645 x \ud83d\ude00\n\u0635""#.utf8)
        for end in 0..<whole.count {
            #expect(throws: JSONError.self) { try JSONParser.parse(Array(whole[..<end])) }
            var options = JSONParser.Options()
            options.replacesLoneSurrogates = true
            do throws(JSONError) {
                _ = try JSONParser.parse(Array(whole[..<end]), options: options)
            } catch {
                #expect(error.kind == .truncated, "cut at \(end)")
            }
        }
    }
}
