import SijillArticles
import SijillFormat

/// JSON documents, lines, arrays, JSON-LD, and what comes beside an input: fields from bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let (choice, bytes) = input(start, count) else { return 0 }
    switch choice % 4 {
    case 0: Invariants.check(bytes, .json)
    case 1: Invariants.check(bytes, .jsonl)
    case 2:
        guard case .array(let ranges, let encoding)? = try? Invariants.reader.records(of: bytes) else {
            return 0
        }
        for range in ranges.prefix(64) {
            precondition(range.upperBound <= bytes.count, "an element lies inside its file")
            _ = try? Invariants.reader.draft(Array(bytes[range]), format: .json, encoding: encoding)
        }
    default:
        // A sidecar fills what a text lacks.
        guard let fields = try? Invariants.reader.mate(bytes, kind: .sidecar) else { return 0 }
        Invariants.check(Array("خبر من المدينة\n\nنص الخبر هنا".utf8), .text, InputHints(sidecar: fields))
    }
    return 0
}
