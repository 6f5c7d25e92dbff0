import SijillFormat

/// Why an input cannot become an article: one reason of the closed list, and for people what is wrong, where,
/// and what to do. It never quotes the content.
package struct Rejection: Error, Hashable, Sendable {
    package let reason: RejectReason
    /// At most `Limits.detailBytesMax` bytes.
    package let detail: String
    /// Line in the file, from 1, where one is known.
    package let line: UInt64?
    /// Byte in the input, from 0, where one is known.
    package let offset: UInt64?

    package init(_ reason: RejectReason, _ detail: String, line: UInt64? = nil, offset: UInt64? = nil) {
        self.reason = reason
        self.detail = UTF8Text.cut(detail, bytesMax: Limits.detailBytesMax) ?? detail
        self.line = line
        self.offset = offset
    }

    init(_ reason: RejectReason, _ detail: String, at offset: Int) {
        self.init(reason, detail, offset: UInt64(offset))
    }

    /// The same for a record of a file of many: its line (or element), and offsets counted from the file's
    /// beginning.
    package func inRecord(line: UInt64, offset start: UInt64) -> Rejection {
        Rejection(reason, detail, line: line, offset: start + (offset ?? 0))
    }

    /// The same for an input that was decoded: its offset is one of the text as UTF-8, not of the input.
    func withoutOffset(_ encoding: String) -> Rejection {
        let note = offset == nil ? "" : " (bytes counted after \(encoding) became UTF-8)"
        return Rejection(reason, detail + note, line: line)
    }

    /// An array whose elements cannot be found again in the bytes that they came from.
    static func severalSpellings(_ encoding: String) -> Rejection {
        Rejection(
            .unknownEncoding,
            "the array's \(encoding) can be written in several ways; write it as UTF-8, or one object a file"
        )
    }

    /// A file whose type is not taken in.
    package static let unsupportedType = Rejection(
        .unsupportedType, "this type of file is not taken in; accepted are \(ArticleFormat.accepted)")

    /// A JSONL file whose line ends are no single bytes.
    package static let wideLines = Rejection(
        .unknownEncoding, "JSON lines are not read in UTF-16 or UTF-32; write them as UTF-8", offset: 0)

    /// A file of many records that holds none.
    package static let noRecords = Rejection(
        .noArticleText, "the file holds no record; give it at least one object with a text")

    /// An input of `bytes` bytes where at most `max` are allowed.
    package static func tooLarge(_ what: String, bytes: UInt64, max: UInt64) -> Rejection {
        Rejection(
            .tooLarge, "\(what) has \(bytes) bytes, over the limit of \(max); split it or raise the limit")
    }
}
