/// By what a later delivery is known to be about the same article: its canonical URL, else its source and the
/// producer's own id (contract: text §2).
///
/// Kept as the first half of a SHA-256 digest, 16 bytes whatever the length of the address.
package struct Identity: Hashable, Sendable {
    package let key: UInt128

    /// Nil for a text that came with neither.
    package init?(_ content: Content, source: String) {
        if let url = content.url.flatMap({ Identity(url: $0) }) {
            self = url
        } else if let id = content.id {
            self.init(key: Digest.of(Array("id\0\(source)\0\(id)".utf8)).high)
        } else {
            return nil
        }
    }

    /// Of an address; nil when it is no URL.
    package init?(url: String) {
        guard let url = CanonicalURL(url) else { return nil }
        self.init(key: Digest.of(Array("url\0".utf8) + url.bytes).high)
    }

    package init(key: UInt128) { self.key = key }

    /// The 16 bytes, first byte first.
    package var data: [UInt8] { withUnsafeBytes(of: key.bigEndian) { Array($0) } }

    /// Reads what `data` gives; nil for any other count of bytes.
    package init?(data: [UInt8]) {
        guard data.count == 16 else { return nil }
        self.init(key: data.reduce(0) { $0 << 8 | UInt128($1) })
    }
}
