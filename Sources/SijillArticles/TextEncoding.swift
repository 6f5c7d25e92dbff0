import Glibc

/// A way in which a text is written as bytes, known to iconv(3).
struct TextEncoding: Hashable, Sendable {
    /// As IANA registers it, in lower case.
    let name: String

    init(_ name: String) { self.name = name }

    /// What a label stands for that people and pages write, in any case: where browsers read a table that has all
    /// its signs and more, that one (WHATWG Encoding §4.2).
    init(label: String) {
        let name = label.lowercased()
        self.name = TextEncoding.wider[name] ?? name
    }

    private static let wider = [
        "utf8": "utf-8", "iso-8859-1": "windows-1252", "latin1": "windows-1252", "us-ascii": "windows-1252",
        "ascii": "windows-1252", "iso-8859-9": "windows-1254", "gb2312": "gb18030", "gbk": "gb18030",
        "x-gbk": "gb18030", "hz-gb-2312": "gb18030", "x-sjis": "windows-31j", "shift_jis": "windows-31j",
        "cp932": "windows-31j", "ks_c_5601-1987": "windows-949", "euc-kr": "windows-949",
        "cp949": "windows-949", "tis-620": "windows-874", "iso-8859-11": "windows-874",
        "iso-8859-8-i": "iso-8859-8", "cp1256": "windows-1256", "cp1251": "windows-1251",
        "cp1252": "windows-1252", "x-cp1256": "windows-1256", "arabic": "iso-8859-6",
    ]

    /// Whether this machine's C library has its table.
    var isKnown: Bool {
        guard name == "utf-8" || !name.isEmpty,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }),
            let conversion = iconv_open("UTF-8", iconvName), conversion != iconv_t(bitPattern: -1)
        else { return false }
        iconv_close(conversion)
        return true
    }

    /// Two or four bytes a character, of which many are 0.
    var isWide: Bool { name.hasPrefix("utf-16") || name.hasPrefix("utf-32") }

    /// What iconv calls it, where that is another name, or a table that holds more.
    private var iconvName: String {
        switch name {
        case "windows-31j": "CP932"
        case "windows-874": "CP874"
        case "windows-949": "CP949"
        case "macintosh": "MACINTOSH"
        default: name.uppercased()
        }
    }

    /// What came of decoding.
    enum Decoded: Equatable {
        case text([UInt8])
        /// The byte at which the input is not in this encoding.
        case fault(at: Int)
        /// The input ends inside the character that begins there, and is sound up to there.
        case cut([UInt8], at: Int)
    }

    /// The bytes as UTF-8, every one of them decoded and none replaced. Linear in the bytes.
    func decode(_ bytes: ArraySlice<UInt8>) -> Decoded {
        guard let (output, read, code) = convert(bytes, from: iconvName, to: "UTF-8") else {
            return .fault(at: bytes.startIndex)  // this machine's C library lacks the table
        }
        switch code {
        case 0: return .text(output)
        case EINVAL: return .cut(output, at: bytes.startIndex + read)
        default: return .fault(at: bytes.startIndex + read)
        }
    }

    /// UTF-8 in this encoding; nil when that lacks a character.
    func encode(_ utf8: ArraySlice<UInt8>) -> [UInt8]? {
        guard let (output, _, code) = convert(utf8, from: "UTF-8", to: iconvName), code == 0 else {
            return nil
        }
        return output
    }

    /// What was written, how much was read of the input, and the error that ended it or 0; nil when there is
    /// no such conversion.
    private func convert(
        _ bytes: ArraySlice<UInt8>, from: String, to: String
    ) -> (output: [UInt8], read: Int, code: Int32)? {
        let conversion = iconv_open(to, from)
        guard conversion != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(conversion) }
        var output: [UInt8] = []
        var piece = [CChar](repeating: 0, count: 64 << 10)
        var read = 0
        var code: Int32 = 0
        bytes.withUnsafeBytes { raw in
            // iconv only reads what it is given as input, though its type does not say so.
            var input = UnsafeMutablePointer(
                mutating: raw.bindMemory(to: CChar.self).baseAddress)
            var left = raw.count
            repeat {
                piece.withUnsafeMutableBufferPointer { buffer in
                    var place = buffer.baseAddress
                    var room = buffer.count
                    let result = iconv(conversion, &input, &left, &place, &room)
                    code = result == -1 ? errno : 0
                    output.append(
                        contentsOf: UnsafeRawBufferPointer(
                            start: buffer.baseAddress, count: buffer.count - room))
                }
            } while code == E2BIG
            read = raw.count - left
        }
        return (output, read, code)
    }
}
