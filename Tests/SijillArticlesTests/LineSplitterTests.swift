import SijillFormat
import Testing

@testable import SijillArticles

@Suite("The lines of a JSONL file")
struct LineSplitterTests {
    private func lines(_ input: [UInt8], pieces: Int, max: Int = 100) -> [LineSplitter.Line] {
        var splitter = LineSplitter(lineBytesMax: max)
        var found: [LineSplitter.Line] = []
        for start in stride(from: 0, to: input.count, by: pieces) {
            found += splitter.add(Array(input[start..<min(start + pieces, input.count)]))
        }
        if let last = splitter.finish() { found.append(last) }
        return found
    }

    @Test("Records carry number, offset and their own bytes, in pieces of every size", arguments: 1...12)
    func records(_ pieces: Int) {
        let input = bytes("{أ}\n\r\n \t\n{b}\r\n\n{c}\r")
        #expect(
            lines(input, pieces: pieces) == [
                .record(number: 1, offset: 0, bytes: bytes("{أ}")),
                .record(number: 4, offset: 10, bytes: bytes("{b}")),
                .record(number: 6, offset: 16, bytes: bytes("{c}\r")),
            ])
    }

    @Test("The last newline may be missing, and adds nothing when it is there")
    func lastNewline() {
        #expect(lines(bytes("{a}\n{b}"), pieces: 3) == lines(bytes("{a}\n{b}\n"), pieces: 3))
        #expect(lines([], pieces: 1).isEmpty)
        #expect(lines(bytes("\u{FEFF}\n"), pieces: 1).isEmpty)
    }

    @Test(
        "A line over the limit is counted and hashed, the lines around it are whole",
        arguments: [1, 3, 7, 64])
    func tooLong(_ pieces: Int) {
        // The CRs inside belong to the line, one in front of the LF does not.
        let long = bytes(String(repeating: "ط\r", count: 8) + "z")
        for end in ["\n", "\r\n"] {
            let input = bytes("{a}\n") + long + bytes(end) + bytes("{b}")
            #expect(
                lines(input, pieces: pieces, max: 5) == [
                    .record(number: 1, offset: 0, bytes: bytes("{a}")),
                    .tooLarge(number: 2, offset: 4, length: UInt64(long.count), digest: Digest.of(long)),
                    .record(number: 3, offset: UInt64(4 + long.count + end.utf8.count), bytes: bytes("{b}")),
                ])
        }
        let last = long + [0x0D]
        #expect(
            lines(last, pieces: pieces, max: 5)
                == [.tooLarge(number: 1, offset: 0, length: UInt64(last.count), digest: Digest.of(last))])
    }

    @Test("A line at the limit is a record, with LF, CRLF or nothing behind it", arguments: 1...8)
    func atTheLimit(_ pieces: Int) {
        for end in ["\n", "\r\n", ""] {
            #expect(
                lines(bytes("12345" + end), pieces: pieces, max: 5)
                    == [.record(number: 1, offset: 0, bytes: bytes("12345"))])
            guard
                case .tooLarge(1, 0, 6, Digest.of(bytes("123456")))? =
                    lines(bytes("123456" + end), pieces: pieces, max: 5).first
            else {
                Issue.record("one byte more is over the limit")
                return
            }
        }
    }

    @Test("A file is gone on with behind a record")
    func resume() {
        var splitter = LineSplitter(lineBytesMax: 100, number: 7, offset: 1_000)
        #expect(splitter.add(bytes("{a}\n")) == [.record(number: 7, offset: 1_000, bytes: bytes("{a}"))])
        #expect(splitter.number == 8)
        #expect(splitter.offset == 1_004)
    }

    @Test("A broken line rejects that line only")
    func fixtureFile() throws {
        let outcomes = lines(try fixture("lines.jsonl"), pieces: 50, max: 1_000).map { line -> String in
            guard case .record(let number, let offset, let bytes) = line else { return "too large" }
            do throws(Rejection) {
                return "\(number) \(try reader.draft(bytes, format: .jsonl).content.title ?? "")"
            } catch {
                let placed = error.inRecord(line: number, offset: offset)
                return "\(placed.line ?? 0) \(placed.reason.rawValue) +\((placed.offset ?? 0) - offset)"
            }
        }
        #expect(outcomes == ["1 سطر أول", "3 سطر ثان", "4 truncated +13", "5 Üçüncü"])
    }
}
