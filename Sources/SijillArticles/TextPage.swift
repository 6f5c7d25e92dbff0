import SijillFormat

/// A whole page of text: its lines as they are, the first that is not blank as the title.
struct TextPage {
    let content: Content
    /// LF-ended lines, without a byte order mark.
    let text: [UInt8]

    /// - Parameter utf8: valid UTF-8 without a byte order mark.
    init(_ utf8: ArraySlice<UInt8>) {
        text = TextPage.withPlainLineEnds(utf8)
        var content = Content()
        if let title = TextPage.firstLine(of: text) {
            let short = UTF8Text.cut(title, bytesMax: Limits.titleBytesMax)
            if short != nil { content.cut.append("title") }
            content.title = String(decoding: short ?? title, as: UTF8.self)
        }
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

    /// The first line that is not blank, trimmed.
    private static func firstLine(of text: [UInt8]) -> ArraySlice<UInt8>? {
        var start = 0
        while start < text.count {
            let end = ByteSearch.first(0x0A, in: text, from: start) ?? text.count
            let line = UTF8Text.trimmed(text[start..<end])
            if !line.isEmpty { return line }
            start = end + 1
        }
        return nil
    }
}
