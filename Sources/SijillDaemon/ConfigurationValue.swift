/// A value that its key does not take, and what the key does take.
struct InvalidValue: Error, Hashable {
    let text: String
    let expected: String

    init(_ text: String, expected: String) {
        self.text = text
        self.expected = expected
    }
}

/// A number of bytes, written with a binary unit: `64MiB`.
struct ByteCount: Hashable, Comparable, CustomStringConvertible {
    let bytes: Int

    private static let units: [(name: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    init(_ bytes: Int) { self.bytes = bytes }

    /// Reads a whole number and one of B, KiB, MiB, GiB, TiB; a bare number counts bytes. Nil for anything else,
    /// also for what does not fit in an `Int`.
    init?(parsing text: String) {
        guard let (number, unit) = splitQuantity(text),
            let factor = unit.isEmpty ? 1 : ByteCount.units.first(where: { $0.name == unit })?.bytes
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        bytes = product
    }

    static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }

    /// In the largest unit that leaves a whole number.
    var description: String {
        let unit = ByteCount.units.first { bytes >= $0.bytes && bytes % $0.bytes == 0 }
        guard let unit else { return "0B" }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}

extension Duration {
    private static let units: [(name: String, milliseconds: Int)] = [
        ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads a whole number and one of ms, s, m, h. Nil for anything else: a time without a unit says nothing.
    init?(parsing text: String) {
        guard let (number, unit) = splitQuantity(text),
            let factor = Duration.units.first(where: { $0.name == unit })?.milliseconds
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self = .milliseconds(product)
    }

    /// As it is written in the configuration, in the largest unit that leaves a whole number of milliseconds.
    var written: String {
        let milliseconds =
            Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
        let unit = Duration.units.first {
            milliseconds >= $0.milliseconds && milliseconds % $0.milliseconds == 0
        }
        guard let unit else { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}

/// Splits `64 MiB` into 64 and `MiB`; nil when it does not begin with a whole number that fits in an `Int`.
private func splitQuantity(_ text: String) -> (number: Int, unit: String)? {
    let digits = text.prefix { "0"..."9" ~= $0 }
    guard let number = Int(digits) else { return nil }
    return (number, String(text.dropFirst(digits.count).drop { $0 == " " }))
}

extension ListenAddress {
    /// Reads `HOST:PORT` or `unix:PATH`.
    ///
    /// Whether the address may be listened on is judged when all settings are known: `FeedAccess`.
    init(parsing text: String) throws(InvalidValue) {
        let prefix = "unix:"
        if text.hasPrefix(prefix) {
            let path = String(text.dropFirst(prefix.count))
            // 108 bytes of sun_path (unix(7)), the last of them a NUL.
            guard !path.isEmpty, !path.utf8.contains(0), path.utf8.count < 108 else {
                throw InvalidValue(text, expected: "unix: and a path of 1 to 107 bytes")
            }
            self = .unixSocket(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw InvalidValue(text, expected: "HOST:PORT, such as 127.0.0.1:8750, or unix:PATH")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self = .tcp(host: String(host), port: Int(port))
    }

    /// Whether only this machine can reach it.
    var isLocal: Bool {
        switch self {
        case .unixSocket: true
        case .tcp(let host, _): ListenAddress.isLoopback(host[...])
        }
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
