import Glibc
import SijillFormat

/// The encoding of a page: what holds for every input decides (`InputText`); but where that could only guess, or
/// not even that, the page's own declaration comes first (`<meta charset>`, WHATWG HTML §13.2.3.2).
///
/// Valid UTF-8 is UTF-8 whatever a page declares: its declaration may be older than a later conversion.
enum DeclaredEncoding {
    /// The page as valid UTF-8 without a byte order mark, and the name of its encoding.
    ///
    /// - Throws: as `InputText`; `unknown-encoding` also where the bytes are not what the page declares.
    static func utf8(of bytes: [UInt8]) throws(Rejection) -> (utf8: ArraySlice<UInt8>, encoding: String) {
        let text: InputText
        do throws(Rejection) {
            text = try InputText(bytes, depthMax: nil)
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
        guard let name = declaredName(bytes), let converted = converted(bytes, from: name) else { return nil }
        return (converted[...], name)
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
            return text == "utf-8" || text == "utf8" ? nil : wider[text] ?? text
        }
        return nil
    }

    /// What browsers read under these names: tables that have all their signs and more (WHATWG Encoding,
    /// §4.2).
    private static let wider = [
        "iso-8859-1": "windows-1252", "latin1": "windows-1252", "us-ascii": "windows-1252",
        "ascii": "windows-1252", "iso-8859-9": "windows-1254", "gb2312": "gb18030", "gbk": "gb18030",
        "x-sjis": "cp932", "shift_jis": "cp932", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
        "windows-31j": "cp932", "tis-620": "windows-874", "x-gbk": "gb18030",
    ]

    /// Nil when iconv(3) does not know the encoding, or a byte of the page is not in it.
    private static func converted(_ bytes: [UInt8], from name: String) -> [UInt8]? {
        guard let converter = iconv_open("UTF-8", name), Int(bitPattern: converter) != -1 else { return nil }
        defer { iconv_close(converter) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 2)
        var input = bytes
        let isWhole = input.withUnsafeMutableBytes { raw -> Bool in
            var next = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            var left = raw.count
            while left > 0 {
                let before = left
                let more = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                    var target: UnsafeMutablePointer<CChar>? = UnsafeMutableRawPointer(buffer.baseAddress)?
                        .assumingMemoryBound(to: CChar.self)
                    var room = buffer.count
                    _ = iconv(converter, &next, &left, &target, &room)
                    count = buffer.count - room
                }
                output += more
                if left == before { return false }
            }
            return true
        }
        // Some tables make a NUL of a control sign, and libxml2 would end the page there.
        return isWhole && !output.contains(0) ? output : nil
    }
}
