/// A JSON value (RFC 8259) that keeps what a reader needs to lose nothing: numbers as written, members in order.
package indirect enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's literal, as it was written.
    case number(String)
    /// Decoded, valid UTF-8.
    case string([UInt8])
    case array([JSONValue])
    case object([JSONMember])

    /// The last member of that name; nil when this is no object or has none.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var text: String? {
        guard case .string(let utf8) = self else { return nil }
        return String(decoding: utf8, as: UTF8.self)
    }

    package var isNull: Bool { self == .null }

    /// The value as it is written: one line, without its end.
    package var line: String {
        var writer = ByteWriter()
        writer.json(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// One name and value of a JSON object.
package struct JSONMember: Hashable, Sendable {
    package var name: String
    package var value: JSONValue

    package init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }

    /// A text; null where there is none.
    package init(_ name: String, _ text: String?) {
        self.init(name: name, value: text.map { .string(Array($0.utf8)) } ?? .null)
    }

    package init(_ name: String, _ number: UInt64) {
        self.init(name: name, value: .number(String(number)))
    }
}

extension ByteWriter {
    /// `value` without white space, members in their order, numbers as they were written.
    package mutating func json(_ value: JSONValue) {
        switch value {
        case .null: append("null" as StaticString)
        case .bool(let flag): append(flag ? "true" : "false")
        case .number(let literal): append(literal)
        case .string(let utf8): jsonString(utf8)
        case .array(let elements):
            byte("[")
            for (position, element) in elements.enumerated() {
                if position > 0 { byte(",") }
                json(element)
            }
            byte("]")
        case .object(let members):
            byte("{")
            for (position, member) in members.enumerated() {
                if position > 0 { byte(",") }
                jsonString(member.name)
                byte(":")
                json(member.value)
            }
            byte("}")
        }
    }
}
