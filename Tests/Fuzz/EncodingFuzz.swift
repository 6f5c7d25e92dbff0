import SijillArticles
import SijillFormat

/// Texts in any encoding, told or not, and gzip.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let (choice, bytes) = input(start, count) else { return 0 }
    let names: [String?] = [nil, "windows-1256", "iso-8859-6", "utf-16le", "gb18030", "windows-1251"]
    if choice % 8 < names.count {
        Invariants.check(bytes, .text, InputHints(encoding: names[Int(choice % 8)]))
        return 0
    }
    var limits = InputLimits()
    limits.gzipOutBytesMax = 1 << 20
    let gzip = Gzip(limits: limits)
    var output: [UInt8] = []
    do throws(Rejection) {
        // In pieces whose size the input says, so that every boundary is met.
        for piece in stride(from: 0, to: bytes.count, by: Int(choice) + 1) {
            gzip.give(Array(bytes[piece..<min(bytes.count, piece + Int(choice) + 1)]))
            while !gzip.needsInput { try gzip.unpack(4_096, to: &output) }
            precondition(output.count <= 2 << 20, "what comes out keeps its limit")
        }
        try gzip.finish()
    } catch {}
    return 0
}
