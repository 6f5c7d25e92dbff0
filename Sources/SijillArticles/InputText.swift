import SijillFormat
import SijillText

/// The encoding decision (contract/inbox.md §5): the text of an input as UTF-8, and what it was written in.
///
/// A byte order mark decides; else the NUL bytes of UTF-16; else strict UTF-8; else, if at least 90 % of the
/// multi-byte sequences are valid UTF-8, it is damaged UTF-8 and never another encoding; else `EncodingGuess`.
struct InputText {
    /// The input as UTF-8; the very bytes of the input when that is UTF-8.
    let bytes: [UInt8]
    /// What `bytes` holds behind a byte order mark.
    let range: Range<Int>
    /// As IANA registers it, in lower case.
    let encoding: String
    /// Bytes of the input's byte order mark.
    let markBytes: Int

    /// Whether `bytes` are those of the input, so that offsets mean the same in both.
    var isAsDelivered: Bool { encoding == InputText.utf8Name }

    static let utf8Name = "utf-8"
    /// Percent of valid multi-byte sequences from which on an input is UTF-8, if damaged.
    static let utf8SharePercentMin = 90

    /// Judges `bytes`: binary, then depth (only of JSON), then encoding.
    ///
    /// - Parameter depthMax: for JSON, the depth that goes before the encoding as a reason; nil for a page.
    /// - Parameter known: what the whole of which `bytes` are a record was found to be; nil to find out.
    /// - Parameter fallback: the encoding of bytes that tell nothing; nil where none is configured.
    /// - Throws: `binary`, `too-deep`, `truncated`, `bad-utf8` or `unknown-encoding`, with its offset.
    init(_ bytes: [UInt8], depthMax: Int?, known: String? = nil, fallback: String? = nil) throws(Rejection) {
        if let known, known != InputText.utf8Name {
            try self.init(bytes, from: 0, TextEncoding(known))
        } else if let (mark, encoding) = InputText.marked(bytes) {
            try self.init(bytes, from: mark, encoding)
        } else if let offset = ByteSearch.first(0, in: bytes) {
            guard let encoding = WideText.encoding(of: bytes) else {
                throw Rejection(
                    .binary, "NUL byte at \(offset): this is no text; deliver UTF-8", at: offset)
            }
            try self.init(bytes, from: 0, encoding)
        } else if let fault = InputText.faultOffset(in: bytes) {
            if let rejection = InputText.rejectionAsUTF8(bytes, fault: fault, isJSON: depthMax != nil) {
                try InputText.checkDepth(bytes, depthMax)
                throw rejection
            }
            let configured = fallback.map { TextEncoding(label: $0) }
            guard let encoding = EncodingGuess.encoding(of: bytes) ?? configured else {
                try InputText.checkDepth(bytes, depthMax)
                throw Rejection(
                    .unknownEncoding,
                    "not UTF-8 at byte \(fault), and no other encoding can be told; write it as UTF-8",
                    at: fault)
            }
            try self.init(bytes, from: 0, encoding)
        } else {
            self.init(utf8: bytes)
        }
    }

    private init(utf8 bytes: [UInt8]) {
        self.bytes = bytes
        markBytes = bytes.starts(with: UTF8Text.byteOrderMark) ? 3 : 0
        range = markBytes..<bytes.count
        encoding = InputText.utf8Name
    }

    /// Decodes all from `start` on.
    private init(_ bytes: [UInt8], from start: Int, _ encoding: TextEncoding) throws(Rejection) {
        switch encoding.decode(bytes[start...]) {
        case .text(let text):
            if encoding.isWide, let place = ByteSearch.first(0, in: text) {
                throw Rejection(.binary, "a NUL in the \(encoding.name): this is no text", at: place)
            }
            self.bytes = text
        case .cut(_, let place):
            throw Rejection(
                .truncated, "the input ends inside a character of \(encoding.name); deliver the whole file",
                at: place)
        case .fault(let place):
            throw Rejection(
                .unknownEncoding,
                "it looks like \(encoding.name) but is not at byte \(place); write it as UTF-8", at: place)
        }
        range = 0..<self.bytes.count
        self.encoding = encoding.name
        markBytes = start
    }

    /// The encoding that a byte order mark names, and how long the mark is; nil without one, and for UTF-8.
    private static func marked(_ bytes: [UInt8]) -> (Int, TextEncoding)? {
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) { return (4, TextEncoding("utf-32le")) }
        if bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return (4, TextEncoding("utf-32be")) }
        if bytes.starts(with: [0xFF, 0xFE]) { return (2, TextEncoding("utf-16le")) }
        if bytes.starts(with: [0xFE, 0xFF]) { return (2, TextEncoding("utf-16be")) }
        if bytes.starts(with: [0x84, 0x31, 0x95, 0x33]) { return (4, TextEncoding("gb18030")) }
        return nil
    }

    private static func checkDepth(_ bytes: [UInt8], _ depthMax: Int?) throws(Rejection) {
        guard let depthMax, let offset = offset(deeperThan: depthMax, in: bytes) else { return }
        throw .tooDeep(max: depthMax, at: offset)
    }

    /// Where strict UTF-8 (Unicode 16, table 3-7) ends; nil when all bytes are.
    private static func faultOffset(in bytes: [UInt8]) -> Int? {
        if UTF8Check.isValid(bytes.span) { return nil }
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    /// The reason for bytes that are UTF-8 up to `fault` and were meant to be UTF-8; nil for another encoding.
    private static func rejectionAsUTF8(_ bytes: [UInt8], fault: Int, isJSON: Bool) -> Rejection? {
        let census = SequenceCensus(bytes)
        // JSON never ends in a byte past ASCII, so there even a single cut character tells that more was to
        // come.
        if census.endsInsideCharacter, census.invalid == 0, census.valid > 0 || isJSON {
            return Rejection(
                .truncated, "the input ends inside a character at byte \(fault); deliver the whole file",
                at: fault)
        }
        guard census.valid > 0, census.valid * 100 >= (census.valid + census.invalid) * utf8SharePercentMin
        else { return nil }
        return Rejection(
            .badUTF8, "damaged UTF-8 at byte \(fault); deliver the text again as it was before the damage",
            at: fault)
    }

    /// The first bracket that opens more than `depthMax` levels, told without parsing; nil when there is
    /// none.
    private static func offset(deeperThan depthMax: Int, in bytes: [UInt8]) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for (offset, byte) in bytes.enumerated() {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = isInString
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if isInString { continue }
                depth += 1
                if depth > depthMax { return offset }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if !isInString { depth -= 1 }
            default: continue
            }
        }
        return nil
    }
}

/// How many of the multi-byte sequences of an input are UTF-8.
private struct SequenceCensus {
    private(set) var valid = 0
    private(set) var invalid = 0
    /// The last sequence is the beginning of a character whose rest is missing. It is neither valid nor
    /// invalid.
    private(set) var endsInsideCharacter = false

    init(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count {
            guard bytes[position] >= 0x80 else {
                position += 1
                continue
            }
            let length = UTF8Check.length(ofLead: bytes[position])
            var end = position + 1
            while end < bytes.count, end < position + length,
                UTF8Check.continues(bytes[end], lead: bytes[position], isSecond: end == position + 1)
            {
                end += 1
            }
            if length > 0, end == position + length {
                valid += 1
            } else if length > 0, end == bytes.count {
                endsInsideCharacter = true
            } else {
                invalid += 1
            }
            position = end
        }
    }
}

extension Rejection {
    static func tooDeep(max: Int, at offset: Int) -> Rejection {
        Rejection(
            .tooDeep, "nested deeper than \(max) levels at byte \(offset); flatten it or raise the limit",
            at: offset)
    }
}
