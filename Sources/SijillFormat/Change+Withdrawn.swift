/// An article that is not to be shown any more, or is to be shown again (contract: evidence §4).
package struct Withdrawn: Hashable, Sendable {
    package var article: ArticleID
    /// Whether the content of `sequences` and the bytes of `originals` are erased.
    package var erases: Bool
    /// Whether this takes an earlier withdrawal back. What was erased stays erased.
    package var isUndo: Bool
    /// Changes whose content part is erased.
    package var sequences: [SequenceNumber]
    /// Originals whose bytes are erased: those that the changes in `sequences` stored.
    package var originals: [Digest]
    /// SHA-256 over the WARC headers of the inputs in `originals`, in the order of `sequences`: a header has the URL, which
    /// nothing else tells of an erased change. Nil where there are none, and of withdrawals that earlier versions wrote.
    package var headers: Digest?
    /// Digest of the withdrawal's own content part, which holds the reason.
    package var content: Digest

    package init(
        article: ArticleID, erases: Bool, isUndo: Bool = false, sequences: [SequenceNumber],
        originals: [Digest], headers: Digest? = nil, content: Digest
    ) {
        self.article = article
        self.erases = erases
        self.isUndo = isUndo
        self.sequences = sequences
        self.originals = originals
        self.headers = headers
        self.content = content
    }

    /// Sequences and originals that one change lists at most: a leaf has to keep its limit. A withdrawal of more is
    /// several changes.
    package static let listMax = 600
}

extension Record {
    /// What `digests.content` of the change is; that of an empty content part where it has no digests.
    package var contentDigest: Digest {
        if case .withdrawn(let withdrawn) = self { return withdrawn.content }
        return digests?.content ?? EncodedContent.none.digest
    }
}

extension FileRecord {
    /// Of a change that came from no input.
    package static let none = FileRecord(name: "", source: "", bytes: 0, sha256: nil, inode: 0)
}

extension ByteWriter {
    /// The record part of a withdrawal.
    mutating func withdrawn(_ withdrawn: Withdrawn) {
        append("\"article\":\"\(withdrawn.article)\",\"erase\":\(withdrawn.erases)")
        if withdrawn.isUndo { append(",\"undo\":true" as StaticString) }
        append(",\"sequences\":[" as StaticString)
        append(withdrawn.sequences.map { String($0.value) }.joined(separator: ","))
        append("],\"originals\":[" as StaticString)
        append(withdrawn.originals.map { "\"\($0.hex)\"" }.joined(separator: ","))
        append("]" as StaticString)
        if let headers = withdrawn.headers { append(",\"headers\":\"\(headers.hex)\"") }
        append(",\"digests\":{\"content\":\"\(withdrawn.content.hex)\"}")
    }
}

extension Withdrawn {
    /// Reads the record part of a withdrawal.
    init(_ data: JSONValue) throws(ChangeError) {
        guard let article = (data["article"]?.text).flatMap({ ArticleID($0) }),
            case .bool(let erases)? = data["erase"], case .array(let sequences)? = data["sequences"],
            case .array(let originals)? = data["originals"],
            let content = (data["digests"]?["content"]?.text).flatMap({ Digest(hex: Array($0.utf8)) })
        else { throw ChangeError("a withdrawal lacks a member, or has one that is not as it is written") }
        var isUndo = false
        if let value = data["undo"] {
            guard value == .bool(true) else { throw ChangeError("'undo' is not true") }
            isUndo = true
        }
        let numbers = sequences.compactMap { value -> SequenceNumber? in
            guard case .number(let literal) = value, let number = Decimal.value(literal.utf8) else {
                return nil
            }
            return SequenceNumber(number)
        }
        let digests = originals.compactMap { ($0.text).flatMap { Digest(hex: Array($0.utf8)) } }
        guard numbers.count == sequences.count, digests.count == originals.count,
            erases || numbers.isEmpty && digests.isEmpty, !(erases && isUndo)
        else { throw ChangeError("a withdrawal lists what it cannot erase") }
        var headers: Digest?
        if let value = data["headers"] {
            headers = (value.text).flatMap { Digest(hex: Array($0.utf8)) }
            guard headers != nil, !digests.isEmpty else { throw ChangeError("'headers' is no digest of any") }
        }
        self.init(
            article: article, erases: erases, isUndo: isUndo, sequences: numbers, originals: digests,
            headers: headers, content: content)
    }
}

/// What an erasure leaves of a content part: empty title and text, and spaces to the length it had.
package enum ErasedContent {
    private static let kept = Array(",\"title\":null,\"text\":null".utf8)

    /// The bytes that take the place of a content part of `count` bytes.
    package static func bytes(count: Int) -> [UInt8] {
        precondition(count >= kept.count, "no content part is shorter than the empty one")
        return kept + [UInt8](repeating: 0x20, count: count - kept.count)
    }

    /// Whether these bytes are what is left of a content part.
    package static func matches(_ content: ArraySlice<UInt8>) -> Bool {
        content.starts(with: kept) && content.dropFirst(kept.count).allSatisfy { $0 == 0x20 }
    }
}
