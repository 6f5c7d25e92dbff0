import SijillFormat

/// The encoding decision (contract/inbox.md §5): which bytes of an input are its text, and that they are valid UTF-8.
///
/// A byte order mark decides; else strict UTF-8; else, if at least 90 % of the multi-byte sequences are valid UTF-8,
/// it is damaged UTF-8 and never another encoding. Here is the place where other encodings will be recognised.
struct InputText {
    /// What the input holds behind a byte order mark.
    let range: Range<Int>

    /// Percent of valid multi-byte sequences from which on an input is UTF-8, if damaged.
    static let utf8SharePercentMin = 90

    /// Judges `bytes`: binary, then depth (only of JSON), then encoding.
    ///
    /// - Parameter depthMax: for JSON, the depth that goes before the encoding as a reason; nil for a page of text.
    /// - Throws: `binary`, `too-deep`, `truncated`, `bad-utf8` or `unknown-encoding`, with its offset.
    init(_ bytes: [UInt8], depthMax: Int?) throws(Rejection) {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Rejection(.unknownEncoding, "the text is UTF-16 or UTF-32; write it again as UTF-8", at: 0)
        }
        if let offset = ByteSearch.first(0, in: bytes) {
            throw Rejection(.binary, "NUL byte at \(offset): this is no text; deliver UTF-8", at: offset)
        }
        if let fault = InputText.faultOffset(in: bytes) {
            if let depthMax, let offset = InputText.offset(deeperThan: depthMax, in: bytes) {
                throw .tooDeep(max: depthMax, at: offset)
            }
            throw InputText.rejection(bytes, fault: fault, isJSON: depthMax != nil)
        }
        range = (bytes.starts(with: UTF8Text.byteOrderMark) ? 3 : 0)..<bytes.count
    }

    /// Where strict UTF-8 (Unicode 16, table 3-7) ends; nil when all bytes are.
    private static func faultOffset(in bytes: [UInt8]) -> Int? {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    /// The reason for bytes that are not UTF-8 from `fault` on.
    private static func rejection(_ bytes: [UInt8], fault: Int, isJSON: Bool) -> Rejection {
        let census = SequenceCensus(bytes)
        // JSON never ends in a byte past ASCII, so there even a single cut character tells that more was to come.
        if census.endsInsideCharacter, census.invalid == 0, census.valid > 0 || isJSON {
            return Rejection(
                .truncated, "the input ends inside a character at byte \(fault); deliver the whole file",
                at: fault)
        }
        guard census.valid > 0, census.valid * 100 >= (census.valid + census.invalid) * utf8SharePercentMin
        else {
            return Rejection(
                .unknownEncoding,
                "not UTF-8 at byte \(fault), and no other encoding is known; write it as UTF-8",
                at: fault)
        }
        return Rejection(
            .badUTF8, "damaged UTF-8 at byte \(fault); deliver the text again as it was before the damage",
            at: fault)
    }

    /// The first bracket that opens more than `depthMax` levels, told without parsing; nil when there is none.
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
    /// The last sequence is the beginning of a character whose rest is missing. It is neither valid nor invalid.
    private(set) var endsInsideCharacter = false

    init(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count {
            guard bytes[position] >= 0x80 else {
                position += 1
                continue
            }
            let length = SequenceCensus.length(bytes[position])
            var end = position + 1
            while end < bytes.count, end < position + length,
                SequenceCensus.continues(bytes[end], lead: bytes[position], isSecond: end == position + 1)
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

    /// Bytes of a sequence with that lead byte; 0 when it leads none.
    private static func length(_ lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    private static func continues(_ byte: UInt8, lead: UInt8, isSecond: Bool) -> Bool {
        guard byte & 0xC0 == 0x80 else { return false }
        guard isSecond else { return true }
        switch lead {
        case 0xE0: return byte >= 0xA0
        case 0xED: return byte <= 0x9F
        case 0xF0: return byte >= 0x90
        case 0xF4: return byte <= 0x8F
        default: return true
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
