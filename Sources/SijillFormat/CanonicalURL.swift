/// An address without what does not make it another page: two addresses with one canonical form are taken for
/// one article's (contract: text §2).
///
/// The scheme, user, fragment and default port are dropped, and `www.`, `m.` and `amp.` before the host, which
/// is written in lower case; of the query `utm_…`, `fbclid` and `gclid`, its other parameters sorted; slashes
/// and `/amp` at the end. What percent signs write is written as itself, unless it would mean another thing
/// then (RFC 3986 §6.2.2); letters past ASCII stand as UTF-8.
package struct CanonicalURL: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Nil for what is no absolute http or https address. Linear in the bytes.
    package init?(_ address: String) {
        let utf8 = Array(address.utf8)
        guard let colon = utf8.firstIndex(of: UInt8(ascii: ":")),
            utf8[colon...].starts(with: "://".utf8),
            ["http", "https"].contains(String(decoding: utf8[..<colon], as: UTF8.self).lowercased())
        else { return nil }
        var rest = utf8[(colon + 3)...].prefix { $0 != UInt8(ascii: "#") }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        rest = rest.dropFirst(authority.count)
        let path = rest.prefix { $0 != UInt8(ascii: "?") }
        let query = rest.dropFirst(path.count + 1)
        guard let host = CanonicalURL.host(authority) else { return nil }
        bytes = host + CanonicalURL.path(path) + CanonicalURL.query(query)
    }

    private static func host(_ authority: ArraySlice<UInt8>) -> [UInt8]? {
        var host = authority
        if let at = host.lastIndex(of: UInt8(ascii: "@")) { host = host[(at + 1)...] }
        let colon = host.lastIndex(of: UInt8(ascii: ":"))
        if let colon, [[], Array("80".utf8), Array("443".utf8)].contains(Array(host[(colon + 1)...])) {
            host = host[..<colon]
        }
        var name = Array(String(decoding: unescaped(host), as: UTF8.self).lowercased().utf8)[...]
        if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        var isShortened = true
        while isShortened {
            isShortened = false
            for prefix in ["www.", "m.", "amp."] where name.starts(with: prefix.utf8) {
                let shorter = name.dropFirst(prefix.utf8.count)
                // What is left must be a host still.
                guard shorter.contains(UInt8(ascii: ".")) else { continue }
                name = shorter
                isShortened = true
            }
        }
        return name.isEmpty ? nil : Array(name)
    }

    private static func path(_ path: ArraySlice<UInt8>) -> [UInt8] {
        var path = unescaped(path)[...]
        while true {
            if path.last == UInt8(ascii: "/") {
                path = path.dropLast()
            } else if path.suffix(4).elementsEqual("/amp".utf8) {
                path = path.dropLast(4)
            } else {
                return Array(path)
            }
        }
    }

    private static func query(_ query: ArraySlice<UInt8>) -> [UInt8] {
        let parameters = query.split(separator: UInt8(ascii: "&")).map { unescaped($0) }.filter { parameter in
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }.map { $0 | ($0 < 0x5B ? 0x20 : 0) }
            return !name.starts(with: "utm_".utf8) && !name.elementsEqual("fbclid".utf8)
                && !name.elementsEqual("gclid".utf8)
        }
        if parameters.isEmpty { return [] }
        let sorted = parameters.sorted { $0.lexicographicallyPrecedes($1) }
        return [UInt8(ascii: "?")] + Array(sorted.joined(separator: [UInt8(ascii: "&")]))
    }

    /// Bytes that percent signs write, as themselves where they are unreserved (RFC 3986 §2.3) or past ASCII;
    /// the digits of the others in upper case.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "%")) else { return Array(bytes) }
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), bytes.endIndex - index >= 3,
                let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2])
            {
                let byte = high << 4 | low
                if isUnreserved(byte) {
                    result.append(byte)
                } else {
                    result.append(contentsOf: [UInt8(ascii: "%"), upperCase[Int(high)], upperCase[Int(low)]])
                }
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static let upperCase = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
