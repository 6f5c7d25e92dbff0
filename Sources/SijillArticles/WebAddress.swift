/// An http or https address, told from other texts; kept as it was given.
struct WebAddress {
    let text: String
    /// The host in lower case, without port.
    let host: String

    /// Nil when `text` is no absolute http or https address (RFC 3986 §3; letters past ASCII are allowed as people
    /// paste them).
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes.count > colon + 3,
            bytes[colon + 1] == UInt8(ascii: "/"), bytes[colon + 2] == UInt8(ascii: "/"),
            bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { return nil }
        guard ["http", "https"].contains(String(decoding: bytes[..<colon], as: UTF8.self).lowercased()) else {
            return nil
        }
        let rest = bytes[(colon + 3)...]
        var authority = rest.prefix { !"/?#\\".utf8.contains($0) }
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
        if authority.first == UInt8(ascii: "["), let end = authority.firstIndex(of: UInt8(ascii: "]")) {
            authority = authority[...end]
        } else if let port = authority.firstIndex(of: UInt8(ascii: ":")) {
            authority = authority[..<port]
        }
        guard !authority.isEmpty else { return nil }
        self.text = text
        host = String(decoding: authority, as: UTF8.self).lowercased()
    }
}
