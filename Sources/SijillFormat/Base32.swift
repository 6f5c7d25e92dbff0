/// Base 32 as in RFC 4648, in the two alphabets that Sijill writes.
package enum Base32 {
    private static let extendedHex = Array("0123456789abcdefghijklmnopqrstuv".utf8)
    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Upper-case base 32 with `=` padding (RFC 4648 §6), the form of WARC digests.
    package static func padded(_ bytes: some Sequence<UInt8>) -> String {
        var digits = encode(bytes, alphabet: standard)
        while digits.count % 8 != 0 { digits.append(UInt8(ascii: "=")) }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Lower-case "extended hex" without padding (RFC 4648 §7), whose order is the order of the bytes.
    package static func extendedHex(_ value: UInt128) -> String {
        let bytes = withUnsafeBytes(of: value.bigEndian) { Array($0) }
        return String(decoding: encode(bytes, alphabet: extendedHex), as: UTF8.self)
    }

    /// Reads what `extendedHex` wrote; nil when it is not exactly that.
    package static func value(extendedHex text: some StringProtocol) -> UInt128? {
        let digits = Array(text.utf8)
        guard digits.count == 26 else { return nil }
        var value: UInt128 = 0
        for (position, digit) in digits.enumerated() {
            guard let five = extendedHex.firstIndex(of: digit) else { return nil }
            if position < 25 {
                value = value << 5 | UInt128(five)
            } else {
                // 25 digits carry 125 bits; the last carries 3 and two zero bits.
                guard five & 3 == 0 else { return nil }
                value = value << 3 | UInt128(five >> 2)
            }
        }
        return value
    }

    private static func encode(_ bytes: some Sequence<UInt8>, alphabet: [UInt8]) -> [UInt8] {
        var digits: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                digits.append(alphabet[Int(buffer >> UInt32(bits)) & 31])
            }
            buffer &= 0xFF
        }
        if bits > 0 { digits.append(alphabet[Int(buffer << UInt32(5 - bits)) & 31]) }
        return digits
    }
}
