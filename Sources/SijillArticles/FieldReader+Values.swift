import SijillFormat

/// What each kind of field makes of a JSON value.
extension FieldReader {
    /// The text itself, as it was given.
    ///
    /// - Throws: `bad-field` when it is no string, `too-large` when it is over the limit.
    mutating func takeText(bytesMax: Int) throws(Rejection) -> [UInt8]? {
        try take(.text) { (value, alias) throws(Rejection) in
            guard case .string(let utf8) = value else {
                throw Rejection(.badField, "\(alias.name) is \(value.kind), a string is expected")
            }
            guard utf8.count <= bytesMax else {
                throw .tooLarge("the text", bytes: UInt64(utf8.count), max: UInt64(bytesMax))
            }
            return .taken(utf8, rest: nil)
        }
    }

    /// A short text, trimmed.
    mutating func takeString(_ field: Field, bytesMax: Int = Limits.fieldBytesMax) throws(Rejection)
        -> String?
    {
        try shortened(field, bytesMax) { (value, _) in
            guard case .string(let utf8) = value else {
                return .refused("is \(value.kind), a string is expected")
            }
            return .taken(UTF8Text.trimmedString(utf8), rest: nil)
        }
    }

    /// The producer's id: a number is kept as it was written.
    mutating func takeID() throws(Rejection) -> String? {
        try shortened(.id, Limits.fieldBytesMax) { (value, _) in
            switch value {
            case .string(let utf8): .taken(UTF8Text.trimmedString(utf8), rest: nil)
            case .number(let literal): .taken(literal, rest: nil)
            default: .refused("is \(value.kind), a string or a number is expected")
            }
        }
    }

    /// A date in one of the common forms, as it was given.
    mutating func takeDate(_ field: Field) throws(Rejection) -> String? {
        try take(field) { (value, _) in
            guard case .string(let utf8) = value else {
                return .refused("is \(value.kind), a date is expected")
            }
            let text = UTF8Text.trimmedString(utf8)
            return GivenDate.isDate(text) ? .taken(text, rest: nil) : .refused("is no date of a known form")
        }
    }

    /// An http or https address. `source` and `mainEntityOfPage` may hold something else.
    mutating func takeAddress() throws(Rejection) -> WebAddress? {
        try take(.url) { (value, alias) in
            if case .string(let utf8) = value, let address = WebAddress(UTF8Text.trimmedString(utf8)) {
                return .taken(address, rest: nil)
            }
            if alias.name == "source" || alias.name == "mainEntityOfPage" { return .passed }
            return .refused("is no http or https address")
        }
    }

    /// Who published; `source` only when it is no address.
    mutating func takePublisher() throws(Rejection) -> String? {
        try shortened(.publisher, Limits.fieldBytesMax) { (value, alias) in
            guard case .string(let utf8) = value else {
                return .refused("is \(value.kind), a string is expected")
            }
            let text = UTF8Text.trimmedString(utf8)
            if alias.name == "source", WebAddress(text) != nil { return .passed }
            return .taken(text, rest: nil)
        }
    }

    /// `en_US` becomes `en-US` (RFC 5646 §2.1); everything else stays as it was given.
    mutating func takeLanguage() throws(Rejection) -> String? {
        guard let given = try takeString(.lang) else { return nil }
        let parts = given.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        let isLocale =
            parts.count > 1
            && parts.allSatisfy { part in
                (1...8).contains(part.count)
                    && part.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) }
            }
        return isLocale ? String(given.map { $0 == "_" ? "-" : $0 }) : given
    }

    /// An address as a string, as an object with `url`, or the first of an array of these.
    mutating func takeImage() throws(Rejection) -> String? {
        try shortened(.image, Limits.urlBytesMax) { (value, _) in
            guard let (address, rest) = value.takingAddress() else {
                return .refused("is \(value.kind) without an address")
            }
            return .taken(address, rest: rest)
        }
    }

    /// Strings that may be joined in one, or objects with a name.
    mutating func takeList(_ field: Field, separators: Set<Character>, countMax: Int) throws(Rejection)
        -> [String]
    {
        let taken = try take(field) { (value, _) -> Reading<[String]> in
            guard let (names, rest) = value.takingNames(separators: separators) else {
                return .refused("is \(value.kind) that holds more than names")
            }
            return .taken(names, rest: rest)
        }
        guard var names = taken else { return [] }
        if names.count > countMax {
            noteCut(field.name)
            names.removeSubrange(countMax...)
        }
        return names.map { name in
            guard let short = UTF8Text.cut(name, bytesMax: Limits.fieldBytesMax) else { return name }
            noteCut(field.name)
            return short
        }
    }

    /// The section; several are joined.
    mutating func takeSection() throws(Rejection) -> String? {
        try shortened(.section, Limits.fieldBytesMax) { (value, _) in
            guard let (names, rest) = value.takingNames(separators: []), !names.isEmpty else {
                return .refused("is \(value.kind), a string is expected")
            }
            return .taken(names.joined(separator: "; "), rest: rest)
        }
    }

    private mutating func shortened(
        _ field: Field, _ bytesMax: Int,
        _ read: (JSONValue, Field.Alias) throws(Rejection) -> Reading<String>
    ) throws(Rejection) -> String? {
        guard let text = try take(field, read) else { return nil }
        guard let short = UTF8Text.cut(text, bytesMax: bytesMax) else { return text }
        noteCut(field.name)
        return short
    }
}

extension UTF8Text {
    static func trimmedString(_ utf8: [UInt8]) -> String {
        String(decoding: trimmed(utf8[...]), as: UTF8.self)
    }
}

extension JSONValue {
    /// What the value is, as an error says it.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The names in a string, an object with a name, or an array of these, and what of the value is no name.
    /// Nil when something else than names is in it.
    func takingNames(separators: Set<Character>) -> (names: [String], rest: JSONValue?)? {
        switch self {
        case .string(let utf8):
            let whole = String(decoding: utf8, as: UTF8.self)
            let parts = separators.isEmpty ? [Substring(whole)] : whole.split { separators.contains($0) }
            return (parts.map { UTF8Text.trimmedString(Array($0.utf8)) }.filter { !$0.isEmpty }, nil)
        case .object(let members):
            guard case .string(let utf8)? = self["name"] else { return nil }
            let rest = members.filter { $0.name != "name" }
            return ([UTF8Text.trimmedString(utf8)], rest.isEmpty ? nil : .object(rest))
        case .array(let elements):
            var names: [String] = []
            var rest: [JSONValue] = []
            for element in elements where !element.holdsNothing {
                if case .array = element { return nil }
                // An element is one name: only a text that stands alone is a list of several.
                guard let (more, left) = element.takingNames(separators: []) else { return nil }
                names += more
                if let left { rest.append(left) }
            }
            return (names, rest.isEmpty ? nil : .array(rest))
        case .null, .bool, .number: return nil
        }
    }

    /// The address in a string, an object with `url`, or the first element of an array, and the rest of the value.
    func takingAddress() -> (address: String, rest: JSONValue?)? {
        switch self {
        case .string(let utf8):
            return holdsNothing ? nil : (UTF8Text.trimmedString(utf8), nil)
        case .object(let members):
            guard case .string(let utf8)? = self["url"], !utf8.isEmpty else { return nil }
            let rest = members.filter { $0.name != "url" }
            return (UTF8Text.trimmedString(utf8), rest.isEmpty ? nil : .object(rest))
        case .array(let elements):
            guard let first = elements.first, first.isStringOrObject,
                let (address, left) = first.takingAddress()
            else { return nil }
            let rest = (left.map { [$0] } ?? []) + elements.dropFirst()
            return (address, rest.isEmpty ? nil : .array(rest))
        case .null, .bool, .number: return nil
        }
    }

    private var isStringOrObject: Bool {
        switch self {
        case .string, .object: true
        default: false
        }
    }
}
