import SijillArticles
import SijillFormat

/// What holds for every input, whatever it is. A breach traps, and libFuzzer keeps the input.
enum Invariants {
    /// Small limits, so that the ways over them are met soon.
    static let reader: ArticleReader = {
        var limits = InputLimits()
        limits.fileBytesMax = 1 << 20
        limits.textBytesMax = 256 << 10
        limits.jsonDepthMax = 32
        limits.jsonValuesMax = 1 << 12
        limits.htmlDepthMax = 256
        limits.htmlElementsMax = 1 << 14
        return ArticleReader(limits: limits)
    }()

    /// One draft or one rejection, the same each time; a draft can be written as a change and read again.
    static func check(_ bytes: [UInt8], _ format: ArticleFormat, _ hints: InputHints = InputHints()) {
        let first = outcome(bytes, format, hints)
        precondition(first == outcome(bytes, format, hints), "the same bytes give the same draft")
        switch first {
        case .failure(let rejection):
            precondition(rejection.detail.utf8.count <= Limits.detailBytesMax, "the detail keeps its limit")
        case .success(let draft): check(draft)
        }
    }

    private static func outcome(
        _ bytes: [UInt8], _ format: ArticleFormat, _ hints: InputHints
    ) -> Result<Draft, Rejection> {
        Result { () throws(Rejection) in try reader.draft(bytes, format: format, hints: hints) }
    }

    private static func check(_ draft: Draft) {
        precondition(draft.words > 0, "a draft has words")
        let text = draft.content.text ?? []
        precondition(String(validating: text, as: UTF8.self) != nil, "a text is UTF-8")
        precondition(text.count <= reader.limits.textBytesMax, "a text keeps its limit")
        precondition(
            (draft.content.title?.utf8.count ?? 0) <= Limits.titleBytesMax, "a title keeps its limit")
        precondition((draft.content.url?.utf8.count ?? 0) <= Limits.urlBytesMax, "a URL keeps its limit")
        let cursor = Cursor(sequence: SequenceNumber(1), epoch: Epoch("aaaaaaaa")!)
        let file = FileRecord(
            name: "f", source: "default", bytes: 1, sha256: draft.raw, encoding: draft.encoding,
            format: draft.format.rawValue, inode: 1)
        let digests = ArticleDigests(
            canonical: draft.canonical, text: draft.textDigest, content: draft.encoded.digest)
        let article = ArticleID(draft.raw.high)
        let added = Added(
            article: article, file: file, digests: digests, words: draft.words, cluster: article)
        let change = Change(
            cursor: cursor, log: LogID("aaaaaaaaaa")!, time: Timestamp(milliseconds: 1),
            record: .added(added), content: draft.content)
        let line = change.encoded().line
        precondition(line.last == 0x0A && line.dropLast().allSatisfy { $0 != 0x0A }, "a change is one line")
        guard let verified = try? VerifiedLine(line) else {
            preconditionFailure("a change can be read again")
        }
        precondition(verified.change == change, "and says the same")
    }
}

extension Result where Failure == Rejection {
    init(_ body: () throws(Rejection) -> Success) {
        do throws(Rejection) { self = .success(try body()) } catch { self = .failure(error) }
    }
}

/// The bytes of one run; the first one chooses among variants.
func input(_ start: UnsafePointer<UInt8>?, _ count: Int) -> (choice: UInt8, bytes: [UInt8])? {
    guard let start, count > 0 else { return nil }
    return (start[0], Array(UnsafeBufferPointer(start: start + 1, count: count - 1)))
}
