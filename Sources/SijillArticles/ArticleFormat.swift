/// How the bytes of a file are to be read, told by the end of its name.
package enum ArticleFormat: String, CaseIterable, Hashable, Sendable {
    /// A whole page of text: `.txt`, `.md` or no extension.
    case text
    /// One article object, an array of them, or JSON-LD: `.json`.
    case json
    /// One JSON object a line: `.jsonl`, `.ndjson`.
    case jsonl
    /// A page of the web: `.html`, `.htm`, `.xhtml`.
    case html

    /// What is accepted, as an error says it.
    package static let accepted =
        ".txt, .md, no extension, .json, .jsonl, .ndjson, .html, .htm and .xhtml, each also with .gz"

    /// The format that the extension of a file name stands for, in any case; nil for every other type.
    ///
    /// A name is bytes: it need not be valid UTF-8. A point at the very end begins no extension, and `.gz` at
    /// the end is passed over.
    package init?(fileName name: [UInt8]) {
        let fileName = Compression.isGzip(fileName: name) ? Array(name.dropLast(3)) : name
        guard let point = fileName.lastIndex(of: UInt8(ascii: ".")), point + 1 < fileName.count else {
            self = .text
            return
        }
        let letters = fileName[(point + 1)...].map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        switch String(decoding: letters, as: UTF8.self) {
        case "txt", "md": self = .text
        case "json": self = .json
        case "jsonl", "ndjson": self = .jsonl
        case "html", "htm", "xhtml": self = .html
        default: return nil
        }
    }
}
