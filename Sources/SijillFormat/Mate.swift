/// A file that came with an input, said more about it, and left the inbox with it (contract: inbox §5, §6).
package struct Mate: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// `<name>.meta.json`: fields that fill what the input lacks.
        case sidecar
        /// `<page>.html.json`: what a crawler made of the page, which wins over the page itself.
        case pair
    }

    package var kind: Kind
    /// The name as UTF-8, with U+FFFD for bytes that are not.
    package var name: String
    /// The name's bytes, when they are not valid UTF-8; written as base 64.
    package var nameBytes: [UInt8]?
    package var bytes: UInt64
    package var sha256: Digest
    /// Whether its bytes went to the originals with this change, as a `metadata` record.
    package var isKept: Bool

    package init(
        kind: Kind, name: String, nameBytes: [UInt8]? = nil, bytes: UInt64, sha256: Digest, isKept: Bool
    ) {
        self.kind = kind
        self.name = name
        self.nameBytes = nameBytes
        self.bytes = bytes
        self.sha256 = sha256
        self.isKept = isKept
    }
}

extension ByteWriter {
    /// `,"mates":[…]`; nothing for an input that came alone.
    mutating func mates(_ mates: [Mate]) {
        guard !mates.isEmpty else { return }
        memberName("mates")
        for (position, mate) in mates.enumerated() {
            byte(position == 0 ? "[" : ",")
            append("{\"kind\":\"" as StaticString)
            append(mate.kind.rawValue)
            append("\",\"name\":" as StaticString)
            jsonString(mate.name)
            if let bytes = mate.nameBytes {
                memberName("name_b64")
                jsonString(Base64.encode(bytes))
            }
            memberName("bytes")
            decimal(mate.bytes)
            memberName("sha256")
            byte("\"")
            append(mate.sha256.hexBytes)
            byte("\"")
            if mate.isKept { append(",\"kept\":true" as StaticString) }
            byte("}")
        }
        byte("]")
    }
}
