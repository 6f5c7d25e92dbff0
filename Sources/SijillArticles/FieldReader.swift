import SijillFormat

/// Takes the fields of the table out of one JSON object. What no field takes is left for `extra`.
struct FieldReader {
    /// What one field makes of a value.
    enum Reading<Value> {
        /// The value, and what of the member it did not use.
        case taken(Value, rest: JSONValue?)
        /// Of no use for this field, for a reason that becomes a warning; the next alias is tried.
        case refused(String)
        /// Meant for another field: the next alias is tried.
        case passed
    }

    private(set) var warnings: [String] = []
    private(set) var cut: [String] = []

    /// In their order; nil where a field took all.
    private var members: [JSONMember?]
    private var places: [String: Int] = [:]

    /// Of members with one name the last is kept.
    init(_ members: [JSONMember]) {
        self.members = members
        places.reserveCapacity(members.count)
        for (place, member) in members.enumerated() {
            if let earlier = places.updateValue(place, forKey: member.name) { self.members[earlier] = nil }
        }
    }

    /// The members that no field took, in their order. Members of known names that hold nothing are left out.
    var rest: [JSONMember] {
        members.compactMap { $0 }.filter { !($0.value.holdsNothing && Field.knownNames.contains($0.name)) }
    }

    mutating func warn(_ warning: String) {
        guard warnings.count < Limits.notesCountMax else { return }
        warnings.append(UTF8Text.cut(warning, bytesMax: Limits.fieldBytesMax) ?? warning)
    }

    mutating func noteCut(_ field: String) {
        if !cut.contains(field) { cut.append(field) }
    }

    /// The value of the first alias that is present and of use. What it took is no longer a member.
    mutating func take<Value>(
        _ field: Field, _ read: (JSONValue, Field.Alias) throws(Rejection) -> Reading<Value>
    ) throws(Rejection) -> Value? {
        for alias in field.aliases {
            guard let (place, path) = find(alias), let value = members[place]?.value.descend(path[...]),
                !value.holdsNothing
            else { continue }
            switch try read(value, alias) {
            case .taken(let result, let rest):
                members[place]?.value.replace(path[...], with: rest)
                if members[place]?.value.isEmptyObject == true || (path.isEmpty && rest == nil) {
                    members[place] = nil
                }
                return result
            case .refused(let why):
                if !hasDeeperAlias(field, than: alias, value) {
                    warn("\(field.name): \(alias.name) \(why); it is kept in extra")
                }
            case .passed: continue
            }
        }
        return nil
    }

    /// The member that the alias names, and the way down from there.
    private func find(_ alias: Field.Alias) -> (place: Int, path: [String])? {
        if let place = places[alias.name], members[place] != nil { return (place, []) }
        guard alias.path.count > 1, let place = places[alias.path[0]], members[place] != nil else {
            return nil
        }
        return (place, Array(alias.path.dropFirst()))
    }

    /// An object is no wrong type where another alias of the field leads into it.
    private func hasDeeperAlias(_ field: Field, than alias: Field.Alias, _ value: JSONValue) -> Bool {
        guard case .object = value else { return false }
        return field.aliases.contains { $0.path.count > 1 && $0.path[0] == alias.name }
    }
}

extension JSONValue {
    /// `""`, `"None"` and `"null"`, as programs write what they do not have; an empty array or object.
    var holdsNothing: Bool {
        switch self {
        case .null: true
        case .string(let utf8):
            // Long texts are not trimmed: no name for nothing is that long, and blank texts hold no word anyway.
            utf8.count <= 64 && JSONValue.nothings.contains(Array(UTF8Text.trimmed(utf8[...])))
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        case .bool, .number: false
        }
    }

    private static let nothings: [[UInt8]] = [[], Array("None".utf8), Array("null".utf8)]

    var isEmptyObject: Bool {
        if case .object(let members) = self { members.isEmpty } else { false }
    }

    /// The value at the end of a path of member names.
    func descend(_ path: ArraySlice<String>) -> JSONValue? {
        guard let name = path.first else { return self }
        return self[name]?.descend(path.dropFirst())
    }

    /// Puts `value` at the end of the path, or takes the member there away when it is nil.
    mutating func replace(_ path: ArraySlice<String>, with value: JSONValue?) {
        guard let name = path.first else {
            if let value { self = value }
            return
        }
        guard case .object(var members) = self,
            let place = members.lastIndex(where: { $0.name == name })
        else { return }
        if path.count == 1, value == nil {
            members.removeAll { $0.name == name }
        } else {
            members[place].value.replace(path.dropFirst(), with: value)
        }
        self = .object(members)
    }
}
