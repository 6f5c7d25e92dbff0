/// A line of the log that has been checked against everything it says about itself.
package struct VerifiedLine: Sendable {
    package let change: Change
    package let layout: LineLayout
    /// SHA-256(0x00 ‖ leaf): the hash of the change in the Merkle tree (RFC 6962 §2.1).
    package let leafHash: Digest
    /// Whether its content was erased. Sound only where a withdrawal lists the change: see `ErasedContent`.
    package let isErased: Bool

    /// Reads `line`, which ends in its newline.
    ///
    /// Checks: valid UTF-8, strict JSON, a change of a known schema, exactly the layout that the encoder writes
    /// (so that the cuts of leaf and text are right), leaf within its limit, and `digests.content`, unless the content
    /// was erased; where a change has no digests its content part must be the empty one.
    package init(_ line: [UInt8]) throws(ChangeError) {
        guard line.last == UInt8(ascii: "\n") else { throw ChangeError("the line does not end") }
        guard (try? UTF8Span(validating: line.span)) != nil else { throw ChangeError("not valid UTF-8") }
        change = try Change(line: line)
        guard let layout = LineLayout(scanning: line) else {
            throw ChangeError("the content part is missing")
        }
        self.layout = layout
        guard layout.leafEnd + lineClosing.count <= Limits.leafBytesMax else {
            throw ChangeError("the leaf is over \(Limits.leafBytesMax) bytes")
        }
        let content = line[layout.leafEnd..<line.count - 1 - lineClosing.count]
        isErased = Digest.of(content) != change.record.contentDigest
        guard !isErased || ErasedContent.matches(content) else {
            throw ChangeError("the content part does not have its digest")
        }
        leafHash = LeafHash.of(recordPart: line[..<layout.leafEnd])
    }
}

extension LineLayout {
    /// Finds the cuts in a written line: the first `,"title":` and the last `,"text":`. Nil when it is no change.
    package init?(scanning line: [UInt8]) {
        let title = Array(",\"title\":".utf8)
        let text = Array(",\"text\":".utf8)
        guard line.count > 3, line.last == UInt8(ascii: "\n"),
            line.dropLast().suffix(2).elementsEqual(lineClosing),
            let leafEnd = LineLayout.first(title, in: line),
            let textStart = LineLayout.last(text, in: line), leafEnd <= textStart
        else { return nil }
        self.init(leafEnd: leafEnd, textStart: textStart, length: line.count)
    }

    private static func first(_ needle: [UInt8], in line: [UInt8]) -> Int? {
        var start = 0
        while let comma = line[start...].firstIndex(of: needle[0]) {
            if line[comma...].starts(with: needle) { return comma }
            start = comma + 1
        }
        return nil
    }

    private static func last(_ needle: [UInt8], in line: [UInt8]) -> Int? {
        var end = line.count
        while let comma = line[..<end].lastIndex(of: needle[0]) {
            if line[comma...].starts(with: needle) { return comma }
            end = comma
        }
        return nil
    }
}

/// Hashes of the Merkle tree's leaves.
package enum LeafHash {
    /// SHA-256(0x00 ‖ leaf), the leaf being `recordPart`, a line up to its `leafEnd`, and the two closing braces.
    package static func of(recordPart: ArraySlice<UInt8>) -> Digest {
        var builder = DigestBuilder()
        builder.add(CollectionOfOne<UInt8>(0))
        builder.add(recordPart)
        builder.add(lineClosing)
        return builder.finish()
    }
}
