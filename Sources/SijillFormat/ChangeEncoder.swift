/// Where the parts of a written change begin, in bytes from the start of its line.
package struct LineLayout: Hashable, Sendable {
    /// Where the content part begins: the first `,"title":`.
    package var leafEnd: Int
    /// Where the last `,"text":` begins.
    package var textStart: Int
    /// The whole line with its newline.
    package var length: Int

    package init(leafEnd: Int, textStart: Int, length: Int) {
        self.leafEnd = leafEnd
        self.textStart = textStart
        self.length = length
    }
}

/// What closes `data` and the change; a leaf and a page without text are cut before it and closed with it.
package let lineClosing: [UInt8] = Array("}}".utf8)

extension Change {
    /// Writes the change as one line, `content` being `self.content` as it was encoded before.
    ///
    /// The line is strict JSON, one CloudEvent (JSON event format, structured mode), LF-ended, keys in fixed order.
    /// Traps when the leaf is over `Limits.leafBytesMax`: everything in the record part is bounded, so that would
    /// be an error of ours.
    package func encode(content encoded: EncodedContent, into writer: inout ByteWriter) -> LineLayout {
        let start = writer.count
        writer.reserve(encoded.bytes.count + 1_024)
        writer.append("{\"specversion\":\"1.0\",\"id\":\"" as StaticString)
        writer.append(cursor.description)
        writer.append("\",\"source\":\"" as StaticString)
        writer.append(log.urn)
        writer.append("\",\"type\":\"" as StaticString)
        writer.append(record.type.rawValue)
        if let article = record.article {
            writer.append("\",\"subject\":\"" as StaticString)
            writer.append(article.description)
        }
        writer.append("\",\"time\":\"" as StaticString)
        writer.append(time.rfc3339Bytes)
        writer.append("\",\"sequence\":\"" as StaticString)
        writer.append(sequence.padded)
        writer.append("\",\"datacontenttype\":\"application/json\",\"dataschema\":\"" as StaticString)
        writer.append(SijillFormat.changeSchema)
        writer.append("\",\"data\":{" as StaticString)
        encodeRecord(into: &writer)
        let leafEnd = writer.count - start
        precondition(leafEnd + lineClosing.count <= Limits.leafBytesMax, "a leaf is over its limit")
        writer.append(encoded.bytes)
        writer.append(lineClosing)
        writer.byte("\n")
        return LineLayout(
            leafEnd: leafEnd, textStart: leafEnd + encoded.textStart, length: writer.count - start)
    }

    /// The change as one line, content and all.
    package func encoded() -> (line: [UInt8], layout: LineLayout) {
        var writer = ByteWriter()
        let layout = encode(content: EncodedContent(content), into: &writer)
        return (writer.bytes, layout)
    }

    private func encodeRecord(into writer: inout ByteWriter) {
        switch record {
        case .added(let added):
            writer.append("\"article\":\"\(added.article)\",\"revision\":1,")
            writer.file(added.file)
            writer.digests(added.digests)
            writer.standing(words: added.words, added.relations, cluster: added.cluster)
        case .revised(let revised):
            writer.append("\"article\":\"\(revised.article)\",\"revision\":\(revised.revision),")
            writer.file(revised.file)
            writer.digests(revised.digests)
            writer.standing(words: revised.words, revised.relations, cluster: revised.cluster)
            writer.append(revised.isMajor ? ",\"major\":true" : ",\"major\":false")
            writer.append(revised.isReverted ? ",\"reverted\":true" : ",\"reverted\":false")
            writer.memberName("changed")
            writer.json(revised.changed.json)
        case .duplicated(let duplicated):
            writer.append("\"article\":\"\(duplicated.article)\",\"of\":\"\(duplicated.of)\",\"match\":\"")
            writer.append(duplicated.match.rawValue)
            writer.append("\",\"revision\":" as StaticString)
            writer.decimal(UInt64(duplicated.revision))
            writer.byte(",")
            writer.file(duplicated.file)
            writer.digests(duplicated.digests)
            if !duplicated.isKept { writer.append(",\"kept\":false" as StaticString) }
        case .withdrawn(let withdrawn):
            writer.withdrawn(withdrawn)
        case .rejected(let rejected):
            writer.file(rejected.file)
            writer.memberName("reason")
            writer.jsonString(rejected.reason.rawValue)
            writer.memberName("detail")
            writer.jsonString(rejected.detail)
        }
    }
}

extension ByteWriter {
    fileprivate mutating func file(_ file: FileRecord) {
        append("\"file\":{\"name\":" as StaticString)
        jsonString(file.name)
        if let bytes = file.nameBytes {
            memberName("name_b64")
            jsonString(Base64.encode(bytes))
        }
        memberName("source")
        jsonString(file.source)
        memberName("bytes")
        decimal(file.bytes)
        if let digest = file.sha256 {
            memberName("sha256")
            hex(digest)
        }
        if let encoding = file.encoding {
            memberName("encoding")
            jsonString(encoding)
        }
        if let format = file.format {
            memberName("format")
            jsonString(format)
        }
        memberName("inode")
        decimal(file.inode)
        if let line = file.line {
            memberName("line")
            decimal(line)
        }
        if let offset = file.offset {
            memberName("offset")
            decimal(offset)
        }
        mates(file.mates)
        byte("}")
    }

    /// `,"words":…,"relations":[…],"cluster":"…"`
    fileprivate mutating func standing(words: Int, _ relations: [Relation], cluster: ArticleID) {
        memberName("words")
        decimal(UInt64(words))
        self.relations(relations)
        append(",\"cluster\":\"\(cluster)\"")
    }

    fileprivate mutating func digests(_ digests: ArticleDigests) {
        append(",\"digests\":{" as StaticString)
        if let canonical = digests.canonical {
            append("\"canonical\":\"" as StaticString)
            append(canonical.version.rawValue)
            byte(":")
            append(canonical.digest.hexBytes)
            append("\"," as StaticString)
        }
        append("\"text\":" as StaticString)
        hex(digests.text)
        memberName("content")
        hex(digests.content)
        byte("}")
    }

    private mutating func hex(_ digest: Digest) {
        byte("\"")
        append(digest.hexBytes)
        byte("\"")
    }
}
