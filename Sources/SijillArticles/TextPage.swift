import SijillFormat
import SijillText

/// A page of text, cleaned: what its head says as fields, its body as text (`CleanedPage`).
struct TextPage {
    let content: Content
    /// The body: LF-ended lines, without a byte order mark.
    let text: [UInt8]

    /// - Parameter utf8: valid UTF-8 without a byte order mark.
    init(_ utf8: ArraySlice<UInt8>) {
        let page = TextPage.withPlainLineEnds(utf8)
        let cleaned = CleanedPage(page)
        func field(_ range: Range<Int>?) -> String? {
            range.map { String(decoding: page[$0], as: UTF8.self) }
        }
        text = cleaned.bodyText(of: page)
        var content = Content()
        // The other fields are of short lines, within their limits.
        content.title = field(cleaned.title)
        if let short = content.title.flatMap({ UTF8Text.cut($0, bytesMax: Limits.titleBytesMax) }) {
            content.title = short
            content.cut.append("title")
        }
        content.byline = field(cleaned.byline)
        content.publisher = field(cleaned.publisher)
        content.standfirst = field(cleaned.standfirst)
        content.dateline = field(cleaned.dateline)
        content.removed = cleaned.removed.prefix(Limits.notesCountMax).map {
            let line = UTF8Text.cut(page[$0], bytesMax: Limits.fieldBytesMax) ?? page[$0]
            return String(decoding: line, as: UTF8.self)
        }
        let isCut = cleaned.removed.contains { $0.count > Limits.fieldBytesMax }
        if isCut || cleaned.removed.count > Limits.notesCountMax { content.cut.append("removed") }
        content.text = text
        self.content = content
    }

    /// CRLF and CR become LF.
    private static func withPlainLineEnds(_ utf8: ArraySlice<UInt8>) -> [UInt8] {
        let bytes = Array(utf8)
        guard var carriageReturn = ByteSearch.first(0x0D, in: bytes) else { return bytes }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var start = 0
        while true {
            text.append(contentsOf: bytes[start..<carriageReturn])
            text.append(0x0A)
            start = carriageReturn + 1
            if start < bytes.count, bytes[start] == 0x0A { start += 1 }
            guard let next = ByteSearch.first(0x0D, in: bytes, from: start) else { break }
            carriageReturn = next
        }
        text.append(contentsOf: bytes[start...])
        return text
    }
}
