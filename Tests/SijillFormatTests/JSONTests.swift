import Foundation
import SijillFormat
import SijillTesting
import Testing

@Suite("JSON")
struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    private func kind(_ text: String, depthMax: Int = 64) -> JSONError.Kind? {
        var options = JSONParser.Options()
        options.depthMax = depthMax
        do {
            _ = try JSONParser.parse(Array(text.utf8), options: options)
            return nil
        } catch { return error.kind }
    }

    @Test("Values keep their order, their numbers as written and their text decoded")
    func values() throws {
        let value = try parse(#" {"a":[1,-0.50e+3,true,null],"b":"\u0633\ud83d\ude00\n\"\/","z":2} "#)
        #expect(value["b"]?.text == "س😀\n\"/")
        #expect(value["z"] == .number("2"))
        var writer = ByteWriter()
        writer.json(value)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":[1,-0.50e+3,true,null],"b":"س😀\n\"/","z":2}"#)
    }

    @Test("Only controls, quotes and backslashes are escaped, the short way where there is one")
    func escapes() {
        var writer = ByteWriter()
        writer.jsonString("\u{0}\u{1f}\u{8}\t\n\u{c}\r\"\\/\u{7f}\u{2028}ض")
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #""\u0000\u001f\b\t\n\f\r\"\\/"#
                + "\u{7f}\u{2028}ض\"")
    }

    @Test("Every string comes back from its escaped form, wherever in a word the special byte stands")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let scalars = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                [Unicode.Scalar(UInt8.random(in: 0..<0x80, using: &generator)), "ط", "€", "😀"].randomElement(
                    using: &generator)!
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            var writer = ByteWriter()
            writer.jsonString(text)
            let parsed = try JSONParser.parse(writer.bytes)
            #expect(parsed == .string(Array(text.utf8)), "seed \(seed)")
            let foundation = try JSONSerialization.jsonObject(
                with: Data(writer.bytes), options: .fragmentsAllowed)
            #expect(foundation as? String == text, "seed \(seed)")
        }
    }

    @Test(
        "What is not strict JSON is refused with its kind",
        arguments: [
            ("", JSONError.Kind.truncated), ("{", .truncated), (#"{"a""#, .truncated),
            (#"{"a":1"#, .truncated),
            (#""abc"#, .truncated), (#""\u12"#, .truncated), ("tru", .truncated), ("[1,", .truncated),
            ("-", .truncated),
            ("1 2", .syntax), ("{a:1}", .syntax), ("[1,]", .syntax), (#"{"a":1,}"#, .syntax), ("01", .syntax),
            ("1.", .truncated), ("1.x", .syntax), ("+1", .syntax), ("NaN", .syntax), ("'a'", .syntax),
            ("\"a\nb\"", .syntax), (#""\x""#, .syntax), (#""\ud800""#, .loneSurrogate), ("[/**/1]", .syntax),
        ])
    func refused(_ text: String, _ expected: JSONError.Kind) {
        #expect(kind(text) == expected, "\(text)")
    }

    @Test("Depth is counted and bounded")
    func depth() {
        let nested = { (depth: Int) in
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(kind(nested(64)) == nil)
        #expect(kind(nested(65)) == .tooDeep)
        #expect(kind(String(repeating: "[", count: 100_000)) == .tooDeep)
    }

    @Test("Lone surrogates are replaced and counted where that is asked for; duplicate names are noted")
    func notes() throws {
        var options = JSONParser.Options()
        options.replacesLoneSurrogates = true
        var parser = JSONParser(Array(#"{"a":"\ud800x\udc00","a":"\ud83d\ude00"}"#.utf8), options: options)
        let value = try parser.value()
        #expect(value["a"]?.text == "😀")
        #expect(parser.notes.replacedSurrogates == 2)
        #expect(parser.notes.duplicateNames == ["a"])
    }

    @Test(
        "Of members that share a name only the last is kept, at any depth, and names are compared byte for byte"
    )
    func lastWins() throws {
        let text = #"{"a":1,"b":{"c":1,"c":[{"d":1,"d":2}]},"a":2,"é":3,"é":4}"#
        let value = try JSONParser.parse(Array(text.utf8))
        var writer = ByteWriter()
        writer.json(value)
        #expect(writer.bytes == Array(#"{"b":{"c":[{"d":2}]},"a":2,"é":3,"é":4}"#.utf8))
    }

    @Test("A range of the bytes is parsed as if nothing stood around it")
    func range() throws {
        let bytes = Array(#"xx{"a":"b"}yy"#.utf8)
        var parser = JSONParser(bytes, range: 2..<11)
        #expect(try parser.value()["a"]?.text == "b")
        try parser.finish()
        var cut = JSONParser(bytes, range: 2..<8)
        #expect(throws: JSONError.self) { try cut.value() }
    }
}
