import SijillFormat

/// Reads articles: bytes in, a draft or one rejection out. It depends on its input alone; no file, no clock.
///
/// What is wrong is looked for in a fixed order, so that one input always has one reason: size, emptiness,
/// binary, depth, encoding, then the format itself (cut, broken, without a text).
package struct ArticleReader: Sendable {
    package let limits: InputLimits

    /// Traps when `limits.jsonDepthMax` is outside `1...InputLimits.jsonDepthLimit`; configuration is checked
    /// before.
    package init(limits: InputLimits = InputLimits()) {
        precondition(
            (1...InputLimits.jsonDepthLimit).contains(limits.jsonDepthMax), "jsonDepthMax out of range")
        self.limits = limits
    }

    /// Reads a whole page of text, one JSON document, or one record of a file of many (an array's element, a
    /// line) given as its own bytes. Linear in the bytes.
    package func draft(_ bytes: [UInt8], format: ArticleFormat) throws(Rejection) -> Draft {
        try checkSize(bytes, format)
        switch format {
        case .text:
            return try textDraft(bytes)
        case .html:
            return try htmlDraft(bytes)
        case .json, .jsonl:
            let range = try InputText(bytes, depthMax: limits.jsonDepthMax).range
            let (value, notes) = try parse(bytes, range: range, format: format)
            let article = try JSONArticle(value, notes: notes, limits: limits)
            return try Draft(content: article.content, text: article.text, input: bytes, format: format)
        }
    }

    /// What a `.json` file holds: one article, or an array of records.
    package enum JSONRecords: Hashable, Sendable {
        /// The file as a whole is one article's; `draft` says whether it is sound.
        case single
        /// The byte range of each element, of which each is a record. Never empty; the whole file is sound
        /// JSON.
        case array([Range<Int>])
    }

    /// Tells what a `.json` file holds. An array is validated as a whole: a fault anywhere in it rejects the
    /// file.
    ///
    /// An array whose elements are typed JSON-LD nodes with one article among them is a single document.
    /// Linear in the bytes; the memory is that of one element at a time.
    package func records(of bytes: [UInt8]) throws(Rejection) -> JSONRecords {
        try checkSize(bytes, .json)
        var walker = JSONParser(
            bytes, range: bytes.starts(with: UTF8Text.byteOrderMark) ? 3..<bytes.count : nil)
        guard walker.take("[") else { return .single }
        _ = try InputText(bytes, depthMax: limits.jsonDepthMax)
        let (ranges, nodes) = try elements(bytes, &walker)
        do throws(JSONError) { try walker.finish() } catch { throw rejection(error, bytes, format: .json) }
        if ranges.isEmpty { throw Rejection.noRecords }
        return LinkedData.isDocument(nodes) ? .single : .array(ranges)
    }

    /// Walks the array whose `[` was taken, to its end.
    private func elements(
        _ bytes: [UInt8], _ walker: inout JSONParser
    ) throws(Rejection) -> (ranges: [Range<Int>], nodes: [LinkedData.Node]) {
        var ranges: [Range<Int>] = []
        var nodes: [LinkedData.Node] = []
        if walker.take("]") { return ([], []) }
        repeat {
            _ = walker.peek()
            let start = walker.position
            // A parser of its own, as `jsonValuesMax` counts for one record.
            var element = JSONParser(bytes, range: start..<bytes.count, options: options(depthBelow: 1))
            do throws(JSONError) {
                nodes.append(LinkedData.Node(try element.value()))
            } catch {
                throw rejection(error, bytes, format: .json)
            }
            ranges.append(start..<element.position)
            walker = JSONParser(bytes, range: element.position..<bytes.count)
        } while walker.take(",")
        if walker.take("]") { return (ranges, nodes) }
        let isCut = walker.position == bytes.count
        throw rejection(
            isCut ? .truncated : .syntax, isCut ? "the array does not end" : "',' or ']' is expected",
            at: walker.position, in: bytes, format: .json)
    }

    private func textDraft(_ bytes: [UInt8]) throws(Rejection) -> Draft {
        let range = try InputText(bytes, depthMax: nil).range
        guard range.count <= limits.textBytesMax else {
            throw .tooLarge("the text", bytes: UInt64(range.count), max: UInt64(limits.textBytesMax))
        }
        let page = TextPage(bytes[range])
        return try Draft(content: page.content, text: page.text, input: bytes, format: .text)
    }

    private func htmlDraft(_ bytes: [UInt8]) throws(Rejection) -> Draft {
        let input = try DeclaredEncoding.utf8(of: bytes)
        let page = try HTMLPage(input.utf8, limits: limits)
        return try Draft(
            content: page.content, text: page.text, input: bytes, encoding: input.encoding, format: .html)
    }

    private func checkSize(_ bytes: [UInt8], _ format: ArticleFormat) throws(Rejection) {
        let max = format == .jsonl ? limits.lineBytesMax : limits.fileBytesMax
        if bytes.count > max {
            let what = format == .jsonl ? "the line" : "the file"
            throw .tooLarge(what, bytes: UInt64(bytes.count), max: UInt64(max))
        }
        if bytes.isEmpty { throw Rejection(.empty, "the input has no bytes; deliver the text with it") }
    }

    private func parse(
        _ bytes: [UInt8], range: Range<Int>, format: ArticleFormat
    ) throws(Rejection) -> (JSONValue, JSONNotes) {
        var parser = JSONParser(bytes, range: range, options: options(depthBelow: 0))
        do throws(JSONError) {
            let value = try parser.value()
            try parser.finish()
            return (value, parser.notes)
        } catch {
            throw rejection(error, bytes, format: format)
        }
    }

    private func options(depthBelow outer: Int) -> JSONParser.Options {
        var options = JSONParser.Options()
        options.depthMax = limits.jsonDepthMax - outer
        options.valuesMax = limits.jsonValuesMax
        options.replacesLoneSurrogates = true
        return options
    }

    private func rejection(_ error: JSONError, _ bytes: [UInt8], format: ArticleFormat) -> Rejection {
        rejection(error.kind, error.message, at: error.offset, in: bytes, format: format)
    }

    private func rejection(
        _ kind: JSONError.Kind, _ message: String, at offset: Int, in bytes: [UInt8], format: ArticleFormat
    ) -> Rejection {
        let place = "byte \(offset)"
        let (reason, detail): (RejectReason, String) =
            switch kind {
            case .truncated:
                (.truncated, "the JSON ends too early at \(place): \(message); deliver the whole of it")
            case .syntax, .loneSurrogate:
                (.badJSON, "no JSON from \(place) on: \(message); write it again with a JSON library")
            case .tooDeep:
                (
                    .tooDeep,
                    "over \(limits.jsonDepthMax) levels deep at \(place); flatten it or raise the limit"
                )
            case .tooMany:
                (.tooLarge, "\(message) in one record, at \(place); split it or raise the limit")
            }
        // A line of a JSONL file does not know which line it is.
        let line = format == .jsonl ? nil : UInt64(1 + bytes[..<offset].count { $0 == 0x0A })
        return Rejection(reason, detail, line: line, offset: UInt64(offset))
    }
}
