/// Why bytes are not JSON, and where.
package struct JSONError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The bytes end before the value does.
        case truncated
        /// A byte that JSON does not allow there.
        case syntax
        /// Nested deeper than `depthMax`.
        case tooDeep
        /// A `\ud800`–`\udfff` escape without its other half, where that is not to be replaced.
        case loneSurrogate
        /// More values than `valuesMax`.
        case tooMany
    }

    package let kind: Kind
    /// Offset in the array that was parsed.
    package let offset: Int
    /// What was expected, without quoting the input.
    package let message: String
}

/// What a parse noticed that is allowed but worth a warning.
package struct JSONNotes: Hashable, Sendable {
    /// Names that stand twice in one object; the last one wins.
    package var duplicateNames: [String] = []
    /// How many lone surrogates became U+FFFD.
    package var replacedSurrogates = 0

    package init() {}
}

/// A strict parser of one JSON value (RFC 8259) over bytes that are already known to be valid UTF-8.
///
/// Recursion is bounded by `depthMax`, memory by `valuesMax`. Complexity is linear in the bytes.
package struct JSONParser {
    package struct Options: Sendable {
        /// Arrays and objects inside each other.
        package var depthMax = 64
        /// Values and member names in all.
        package var valuesMax = 4_000_000
        /// Lone surrogates become U+FFFD and are counted; otherwise they are an error.
        package var replacesLoneSurrogates = false

        package init() {}
    }

    package private(set) var notes = JSONNotes()
    /// Offset of the next byte to read.
    package private(set) var position: Int

    private let bytes: [UInt8]
    private let end: Int
    private let options: Options
    private var values = 0

    /// A parser of `bytes[range]`, or of all of `bytes`.
    package init(_ bytes: [UInt8], range: Range<Int>? = nil, options: Options = Options()) {
        self.bytes = bytes
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
        self.options = options
    }

    /// Parses `bytes` as exactly one value with nothing but white space around it.
    package static func parse(_ bytes: [UInt8], options: Options = Options()) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes, options: options)
        let value = try parser.value()
        try parser.finish()
        return value
    }

    /// The next value, with white space before it skipped.
    package mutating func value() throws(JSONError) -> JSONValue { try value(depth: 0) }

    /// Throws unless only white space is left.
    package mutating func finish() throws(JSONError) {
        skipWhiteSpace()
        if position < end { throw error(.syntax, "nothing may follow the value") }
    }

    /// Skips white space; the next byte, or nil at the end. For readers that walk an outermost array by themselves.
    package mutating func peek() -> UInt8? {
        skipWhiteSpace()
        return position < end ? bytes[position] : nil
    }

    /// Takes the next byte when it is `character`.
    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        values += 1
        if values > options.valuesMax { throw error(.tooMany, "more than \(options.valuesMax) values") }
        guard let first = peek() else { throw error(.truncated, "a value is missing") }
        switch first {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        if depth > options.depthMax { throw error(.tooDeep, "deeper than \(options.depthMax) levels") }
        position += 1
        var members: [JSONMember] = []
        if take("}") { return .object(members) }
        while true {
            guard let quote = peek() else { throw error(.truncated, "the object does not end") }
            guard quote == UInt8(ascii: "\"") else { throw error(.syntax, "a member name is expected") }
            let name = String(decoding: try string(), as: UTF8.self)
            guard let colon = peek() else { throw error(.truncated, "the object does not end") }
            guard colon == UInt8(ascii: ":") else { throw error(.syntax, "':' is expected") }
            position += 1
            members.append(JSONMember(name: name, value: try value(depth: depth)))
            if take(",") { continue }
            if take("}") { break }
            throw position < end
                ? error(.syntax, "',' or '}' is expected") : error(.truncated, "the object does not end")
        }
        return .object(withoutDuplicates(members))
    }

    /// Of members that share a name, byte for byte, only the last one.
    private mutating func withoutDuplicates(_ members: [JSONMember]) -> [JSONMember] {
        guard members.count > 1 else { return members }
        var seen = Set<String>(minimumCapacity: members.count)
        // Strings are equal in more cases than their bytes are; so this says only that it is worth looking.
        guard members.contains(where: { !seen.insert($0.name).inserted }) else { return members }
        var names: Set<[UInt8]> = []
        var kept: [JSONMember] = []
        for member in members.reversed() {
            if names.insert(Array(member.name.utf8)).inserted {
                kept.append(member)
            } else if notes.duplicateNames.count < 64 {
                notes.duplicateNames.append(member.name)
            }
        }
        return kept.reversed()
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        if depth > options.depthMax { throw error(.tooDeep, "deeper than \(options.depthMax) levels") }
        position += 1
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth))
            if take(",") { continue }
            if take("]") { return .array(elements) }
            throw position < end
                ? error(.syntax, "',' or ']' is expected") : error(.truncated, "the array does not end")
        }
    }

    private mutating func string() throws(JSONError) -> [UInt8] {
        let start = position + 1
        let firstEnd = min(JSONScan.firstSpecial(in: bytes.span, from: start), end)
        if firstEnd < end, bytes[firstEnd] == UInt8(ascii: "\"") {
            position = firstEnd + 1
            return Array(bytes[start..<firstEnd])
        }
        var decoded = Array(bytes[start..<firstEnd])
        position = firstEnd
        while true {
            let plainStart = JSONScan.decodeEscapedLetters(
                in: bytes.span, from: position, to: end, into: &decoded)
            position = min(JSONScan.firstSpecial(in: bytes.span, from: plainStart), end)
            decoded.append(contentsOf: bytes[plainStart..<position])
            guard position < end else { throw error(.truncated, "the string does not end") }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return decoded
            case UInt8(ascii: "\\"):
                try escape(into: &decoded)
            default:
                throw error(.syntax, "a control character must be escaped in a string")
            }
        }
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(JSONError) {
        guard position + 1 < end else {
            throw JSONError(kind: .truncated, offset: end, message: "the string does not end")
        }
        let escaped = bytes[position + 1]
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escaped)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "u"):
            try unicodeEscape(into: &decoded)
            return
        default: throw error(.syntax, "not an escape of JSON")
        }
        position += 2
    }

    private mutating func unicodeEscape(into decoded: inout [UInt8]) throws(JSONError) {
        let unit = try hexUnit(at: position)
        if unit & 0xF800 != 0xD800 {
            position += 6
            append(scalar: unit, to: &decoded)
            return
        }
        if unit < 0xDC00, position + 7 < end, bytes[position + 6] == UInt8(ascii: "\\"),
            bytes[position + 7] == UInt8(ascii: "u")
        {
            let second = try hexUnit(at: position + 6)
            if second & 0xFC00 == 0xDC00 {
                position += 12
                append(scalar: 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00), to: &decoded)
                return
            }
        }
        guard options.replacesLoneSurrogates else {
            throw error(.loneSurrogate, "half of a surrogate pair")
        }
        notes.replacedSurrogates += 1
        position += 6
        append(scalar: 0xFFFD, to: &decoded)
    }

    private func hexUnit(at start: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for offset in start + 2..<start + 6 {
            guard offset < end else {
                throw JSONError(kind: .truncated, offset: end, message: "the string does not end")
            }
            switch bytes[offset] {
            case let digit where digit >= 0x30 && digit <= 0x39: unit = unit << 4 | UInt32(digit - 0x30)
            case let digit where digit >= 0x41 && digit <= 0x46: unit = unit << 4 | UInt32(digit - 0x37)
            case let digit where digit >= 0x61 && digit <= 0x66: unit = unit << 4 | UInt32(digit - 0x57)
            default:
                throw JSONError(
                    kind: .syntax, offset: offset, message: "four hexadecimal digits are expected")
            }
        }
        return unit
    }

    private func append(scalar: UInt32, to decoded: inout [UInt8]) {
        switch scalar {
        case ..<0x80:
            decoded.append(UInt8(scalar))
        case ..<0x800:
            decoded.append(0xC0 | UInt8(scalar >> 6))
            decoded.append(0x80 | UInt8(scalar & 0x3F))
        case ..<0x10000:
            decoded.append(0xE0 | UInt8(scalar >> 12))
            decoded.append(0x80 | UInt8(scalar >> 6 & 0x3F))
            decoded.append(0x80 | UInt8(scalar & 0x3F))
        default:
            decoded.append(0xF0 | UInt8(scalar >> 18))
            decoded.append(0x80 | UInt8(scalar >> 12 & 0x3F))
            decoded.append(0x80 | UInt8(scalar >> 6 & 0x3F))
            decoded.append(0x80 | UInt8(scalar & 0x3F))
        }
    }

    private mutating func number() throws(JSONError) -> String {
        let start = position
        if position < end, bytes[position] == UInt8(ascii: "-") { position += 1 }
        if position < end, bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits(start: start)
        }
        if position < end, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits(start: start)
        }
        if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < end, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits(start: start)
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits(start: Int) throws(JSONError) {
        let first = position
        while position < end, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        guard position == first else { return }
        if position == end { throw error(.truncated, "the number does not end") }
        throw error(.syntax, position == start ? "a value is expected" : "a digit is expected")
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < end else { throw error(.truncated, "the value does not end") }
            guard bytes[position] == word.utf8Start[index] else {
                throw error(.syntax, "a value is expected")
            }
            position += 1
        }
        return value
    }

    private mutating func skipWhiteSpace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func error(_ kind: JSONError.Kind, _ message: String) -> JSONError {
        JSONError(kind: kind, offset: position, message: message)
    }
}
