import SijillFormat

/// The parameters of a URL, each at most once.
package struct Query: Sendable {
    package private(set) var pairs: [(name: String, value: String)] = []

    /// A `+` stands for itself, so that an RFC 3339 offset may be typed as it is; a space is `%20`.
    package init(_ query: String?) throws(Problem) {
        guard let query, !query.isEmpty else { return }
        for part in query.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(halves[0]),
                let value = PercentEncoding.decoded(halves.count > 1 ? halves[1] : "")
            else { throw .badRequest("the query is not valid percent-encoded UTF-8") }
            if self[name] != nil { throw .badRequest("'\(name)' is given twice") }
            pairs.append((name, value))
        }
    }

    /// Each parameter as `change` gives it back; those for which it gives nil are left out.
    func replacing(
        _ change: ((name: String, value: String)) -> (name: String, value: String)?
    ) -> Query {
        var copy = self
        copy.pairs = pairs.compactMap(change)
        return copy
    }

    package subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
}

/// What a parameter says, read in one way by all routes. Each throws `Problem` with status 400 for what is out of range
/// or has no meaning.
extension Query {
    /// Nil when it is left out.
    func text(_ name: String) throws(Problem) -> String? {
        guard let value = self[name] else { return nil }
        if value.isEmpty { throw .badRequest("'\(name)' is empty; leave it out to have all") }
        return value
    }

    /// Nil when it is left out.
    func number(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Decimal.value(text.utf8), value <= UInt64(range.upperBound),
            value >= UInt64(range.lowerBound)
        else {
            throw .badRequest(
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return Int(value)
    }

    /// Nil when it is left out.
    func time(_ name: String) throws(Problem) -> Timestamp? {
        guard let value = self[name] else { return nil }
        guard let time = Timestamp(rfc3339: value) else {
            throw .badRequest(
                "'\(value)' in '\(name)' is no RFC 3339 time; write 2026-11-20T00:00:00Z or with an offset")
        }
        return time
    }

    /// Whether a parameter that can only have the value `only` is there.
    func has(_ name: String, only: String) throws(Problem) -> Bool {
        guard let value = self[name] else { return false }
        if value != only { throw .badRequest("'\(name)' can only be '\(only)', not '\(value)'") }
        return true
    }
}

/// Percent-encoded text (RFC 3986 §2.1).
enum PercentEncoding {
    /// Nil when it is not valid, or not UTF-8.
    static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(Substring(digits), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Everything but the unreserved characters is written as `%XX`.
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let character = Character(Unicode.Scalar(byte))
            let isPlain =
                byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + digits
        }
        return encoded
    }
}
