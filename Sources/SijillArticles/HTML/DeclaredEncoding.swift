import SijillFormat

/// The encoding of a page: what holds for every input decides (`InputText`); but where that could only guess, or
/// not even that, the page's own declaration comes first (`<meta charset>`, WHATWG HTML §13.2.3.2).
///
/// Valid UTF-8 is UTF-8 whatever a page declares: its declaration may be older than a later conversion.
enum DeclaredEncoding {
    /// The page as valid UTF-8 without a byte order mark, and the name of its encoding.
    ///
    /// - Throws: as `InputText`; `unknown-encoding` also where the bytes are not what the page declares.
    ///
    /// - Parameter fallback: the encoding of a page that tells nothing; nil where none is configured.
    static func utf8(
        of bytes: [UInt8], fallback: String? = nil
    ) throws(Rejection) -> (utf8: ArraySlice<UInt8>, encoding: String) {
        let text: InputText
        do throws(Rejection) {
            text = try InputText(bytes, depthMax: nil, fallback: fallback)
        } catch {
            guard error.reason == .unknownEncoding, let declared = declared(bytes) else { throw error }
            return declared
        }
        let isGuess = !text.isAsDelivered && text.markBytes == 0
        if isGuess, let declared = declared(bytes) { return declared }
        return (text.bytes[text.range], text.encoding)
    }

    /// The page in the encoding that it declares; nil where it declares none, or its bytes are not in it.
    private static func declared(_ bytes: [UInt8]) -> (utf8: ArraySlice<UInt8>, encoding: String)? {
        guard let name = declaredName(bytes), case .text(let text) = TextEncoding(name).decode(bytes[...]),
            // Some tables make a NUL of a control sign, and libxml2 would end the page there.
            !text.contains(0)
        else { return nil }
        return (text[...], name)
    }

    /// How far a declaration is looked for; WHATWG says 1024, real pages put scripts before.
    private static let headBytesMax = 4_096

    /// The name behind the first `charset=`, in lower case; nil when there is none, or when it is UTF-8.
    static func declaredName(_ bytes: [UInt8]) -> String? {
        let head = bytes.prefix(headBytesMax).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        let key = Array("charset".utf8)
        var place = 0
        while let found = ByteSearch.first(key[0], in: head, from: place) {
            place = found + 1
            guard head[found...].starts(with: key) else { continue }
            var rest = head[(found + key.count)...].drop { $0 <= 0x20 }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst().drop { $0 <= 0x20 || $0 == 0x22 || $0 == 0x27 }
            let name = rest.prefix {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-_:.".utf8.contains($0)
            }
            guard (1...40).contains(name.count) else { continue }
            let text = String(decoding: name, as: UTF8.self)
            let encoding = TextEncoding(label: text).name
            return encoding == InputText.utf8Name ? nil : encoding
        }
        return nil
    }
}
