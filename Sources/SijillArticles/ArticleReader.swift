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
    ///
    /// - Parameter packed: what was delivered, when `bytes` were unpacked from it; the draft's digest is its.
    /// - Parameter encoding: that of the array whose element `bytes` are; nil to find it out.
    package func draft(
        _ bytes: [UInt8], format: ArticleFormat, packed: [UInt8]? = nil, encoding: String? = nil,
        hints: InputHints = InputHints()
    ) throws(Rejection) -> Draft {
        try checkSize(bytes, format)
        if format == .html { return try htmlDraft(bytes, input: packed ?? bytes, hints) }
        let depthMax = format == .text ? nil : limits.jsonDepthMax
        let text = try InputText(bytes, depthMax: depthMax, known: encoding, fallback: hints.encoding)
        do throws(Rejection) {
            if format == .text { return try textDraft(text, input: packed ?? bytes, hints) }
            return try jsonDraft(text, input: packed ?? bytes, format: format, hints)
        } catch {
            throw text.isAsDelivered ? error : error.withoutOffset(text.encoding)
        }
    }

    private func jsonDraft(
        _ text: InputText, input: [UInt8], format: ArticleFormat, _ hints: InputHints
    ) throws(Rejection) -> Draft {
        let (value, notes) = try parse(text.bytes, range: text.range, format: format)
        let article = try JSONArticle(value, notes: notes, limits: limits)
        return try Draft(
            content: hints.completed(article.content, limits: limits), text: article.text, input: input,
            format: format,
            encoding: text.encoding)
    }

    /// What a `.json` file holds: one article, or an array of records.
    package enum JSONRecords: Hashable, Sendable {
        /// The file as a whole is one article's; `draft` says whether it is sound.
        case single
        /// The byte range of each element, of which each is a record, and what all are written in. Never
        /// empty; the whole file is sound JSON.
        case array([Range<Int>], encoding: String)
    }

    /// Tells what a `.json` file holds. An array is validated as a whole: a fault anywhere in it rejects the
    /// file.
    ///
    /// An array whose elements are typed JSON-LD nodes with one article among them is a single document.
    /// Linear in the bytes; the memory is that of one element at a time.
    package func records(
        of bytes: [UInt8], hints: InputHints = InputHints()
    ) throws(Rejection) -> JSONRecords {
        try checkSize(bytes, .json)
        if bytes.first == UInt8(ascii: "{") { return .single }
        guard mayBeArray(bytes) else { return .single }
        let text = try InputText(bytes, depthMax: limits.jsonDepthMax, fallback: hints.encoding)
        do throws(Rejection) {
            guard let ranges = try arrayElements(text) else { return .single }
            if text.isAsDelivered { return .array(ranges, encoding: text.encoding) }
            return .array(try places(of: ranges, in: text, bytes), encoding: text.encoding)
        } catch {
            throw text.isAsDelivered ? error : error.withoutOffset(text.encoding)
        }
    }

    /// Whether the first bytes may be those of an array; in UTF-16 there are NULs and marks around it.
    private func mayBeArray(_ bytes: [UInt8]) -> Bool {
        let marks: Set<UInt8> = [0, 0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF, 0xFE, 0xFF]
        return bytes.first { !marks.contains($0) } == UInt8(ascii: "[")
    }

    /// The elements' places in the text; nil when that is one document.
    private func arrayElements(_ text: InputText) throws(Rejection) -> [Range<Int>]? {
        var walker = JSONParser(text.bytes, range: text.range)
        guard walker.take("[") else { return nil }
        let (ranges, nodes) = try elements(text.bytes, &walker)
        do throws(JSONError) { try walker.finish() } catch {
            throw rejection(error, text.bytes, format: .json)
        }
        if ranges.isEmpty { throw Rejection.noRecords }
        return LinkedData.isDocument(nodes) ? nil : ranges
    }

    /// Where the elements lie in the input, from where they lie in its text as UTF-8: written again piece by
    /// piece, and compared with what is there.
    private func places(
        of ranges: [Range<Int>], in text: InputText, _ bytes: [UInt8]
    ) throws(Rejection) -> [Range<Int>] {
        let encoding = TextEncoding(text.encoding)
        var place = text.markBytes
        var done = 0
        var places: [Range<Int>] = []
        for range in ranges {
            guard let between = encoding.encode(text.bytes[done..<range.lowerBound]),
                let element = encoding.encode(text.bytes[range])
            else { throw Rejection.severalSpellings(text.encoding) }
            let start = place + between.count
            place = start + element.count
            done = range.upperBound
            guard place <= bytes.count, bytes[start..<place] == element[...] else {
                throw Rejection.severalSpellings(text.encoding)
            }
            places.append(start..<place)
        }
        return places
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

    private func textDraft(
        _ text: InputText, input: [UInt8], _ hints: InputHints
    ) throws(Rejection) -> Draft {
        let page = TextPage(text.bytes[text.range])
        guard page.text.count <= limits.textBytesMax else {
            throw .tooLarge("the text", bytes: UInt64(page.text.count), max: UInt64(limits.textBytesMax))
        }
        return try Draft(
            content: hints.completed(page.content, limits: limits), text: page.text, input: input,
            format: .text, encoding: text.encoding)
    }

    private func htmlDraft(
        _ bytes: [UInt8], input: [UInt8], _ hints: InputHints
    ) throws(Rejection) -> Draft {
        let decoded = try DeclaredEncoding.utf8(of: bytes, fallback: hints.encoding)
        let page = try HTMLPage(decoded.utf8, limits: limits)
        let content = hints.completed(page.content, limits: limits)
        return try Draft(
            content: content, text: content.text ?? [], input: input, format: .html,
            encoding: decoded.encoding)
    }

    private func checkSize(_ bytes: [UInt8], _ format: ArticleFormat) throws(Rejection) {
        let max = format == .jsonl ? limits.lineBytesMax : limits.fileBytesMax
        if bytes.count > max {
            let what = format == .jsonl ? "the line" : "the file"
            throw .tooLarge(what, bytes: UInt64(bytes.count), max: UInt64(max))
        }
        if bytes.isEmpty { throw Rejection(.empty, "the input has no bytes; deliver the text with it") }
    }

    func parse(
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
