import SijillFormat
import Testing

@testable import SijillArticles

/// Numbers that a seed gives again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite("Broken and hostile input")
struct MutationTests {
    /// Reads the input in every way; each gives a draft that can be written and read again, or one rejection.
    private func readAll(_ input: [UInt8], _ note: @autoclosure () -> String) {
        for format in ArticleFormat.allCases {
            do throws(Rejection) {
                check(try reader.draft(input, format: format), input, note())
            } catch {
                check(error, input, note())
            }
        }
        do throws(Rejection) {
            guard case .array(let ranges, _) = try reader.records(of: input) else { return }
            #expect(!ranges.isEmpty, "\(note())")
            #expect(ranges.allSatisfy { 0 <= $0.lowerBound && $0.upperBound < input.count }, "\(note())")
            for range in ranges {
                let reason = rejection(Array(input[range]), .json)?.reason
                #expect(reason != .badJSON && reason != .truncated && reason != .badUTF8, "\(note())")
            }
        } catch {
            check(error, input, note())
        }
    }

    private func check(_ draft: Draft, _ input: [UInt8], _ note: String) {
        #expect(draft.raw == Digest.of(input), "\(note)")
        #expect(draft.words > 0 && draft.textDigest == Digest.of(draft.content.text ?? []), "\(note)")
        let written =
            [UInt8(ascii: "{"), UInt8(ascii: "\"")] + draft.encoded.bytes.dropFirst(2) + [UInt8(ascii: "}")]
        #expect((try? UTF8Span(validating: written.span)) != nil, "\(note)")
        #expect(throws: Never.self, "\(note)") { try JSONParser.parse(written) }
    }

    private func check(_ rejection: Rejection, _ input: [UInt8], _ note: String) {
        #expect(!rejection.detail.isEmpty && rejection.detail.utf8.count <= Limits.detailBytesMax, "\(note)")
        #expect(rejection.offset.map { $0 <= input.count } ?? true, "\(note)")
    }

    @Test("Random bytes give exactly one result")
    func randomBytes() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let alphabets: [[UInt8]] = [
            Array(0...255), bytes("{}[]\",:\\u0123dDeE.-+ ntf\n"), bytes("مص{}\":,"),
            bytes("\u{FEFF}خبر 1\r\n"),
        ]
        for round in 0..<2_000 {
            let alphabet = alphabets[round % alphabets.count]
            let count = Int.random(in: 0...200, using: &generator)
            let input = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            readAll(input, "seed \(seed), round \(round)")
        }
    }

    @Test("Every fixture cut anywhere gives exactly one result; cut JSON is truncated")
    func truncations() throws {
        for name in ["bridge.txt", "library.json", "graph.json", "list.json", "lines.jsonl"] {
            let input = try fixture(name)
            for end in input.indices { readAll(Array(input[..<end]), "\(name) cut at \(end)") }
        }
        for name in ["library.json", "graph.json"] {
            let input = try fixture(name)
            let last = input.lastIndex(of: UInt8(ascii: "}")) ?? 0
            for end in 1...last {
                #expect(rejection(Array(input[..<end]), .json)?.reason == .truncated, "\(name) cut at \(end)")
            }
        }
        let list = try fixture("list.json")
        for end in 1...(list.lastIndex(of: UInt8(ascii: "]")) ?? 0) {
            #expect(throws: Rejection.self) { try reader.records(of: Array(list[..<end])) }
        }
    }

    @Test("Mutated fixtures give exactly one result")
    func mutations() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let inputs = try ["bridge.txt", "library.json", "graph.json", "list.json", "lines.jsonl"].map(fixture)
        for round in 0..<3_000 {
            var input = inputs[round % inputs.count]
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                let place = Int.random(in: 0..<input.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: input[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 1: input.remove(at: place)
                case 2: input.insert(bytes("{}[]\",:\\0").randomElement(using: &generator) ?? 0, at: place)
                default:
                    let other = Int.random(in: 0..<input.count, using: &generator)
                    input.replaceSubrange(
                        min(place, other)..<max(place, other), with: input[min(place, other)...].prefix(20))
                }
                if input.isEmpty { input = [0x20] }
            }
            readAll(input, "seed \(seed), round \(round)")
        }
    }

    @Test("A file of nothing but brackets is too deep, and its reading does not run deep")
    func brackets() {
        let input = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(rejection(input, .json)?.reason == .tooDeep)
        #expect(rejection(input, .json)?.offset == 64)
        #expect(throws: Rejection.self) { try reader.records(of: input) }
    }
}
