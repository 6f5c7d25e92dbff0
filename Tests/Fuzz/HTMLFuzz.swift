import SijillArticles
import SijillFormat

/// Pages of the web, alone and with the fields of their crawler.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let (choice, bytes) = input(start, count) else { return 0 }
    guard choice % 4 == 0 else {
        Invariants.check(bytes, .html)
        return 0
    }
    let pair = Array(
        #"{"title":"عنوان","maintext":"نص الخبر كما رآه الزاحف في الصفحة","url":"https://a.example/1"}"#.utf8)
    Invariants.check(bytes, .html, InputHints(pair: try? Invariants.reader.mate(pair, kind: .pair)))
    return 0
}
