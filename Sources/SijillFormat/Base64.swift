/// Base 64 with padding (RFC 4648 §4).
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for position in 0..<3 {
                word = word << 8 | (position < group.count ? UInt32(group[start + position]) : 0)
            }
            for position in 0..<4 {
                let isPadding = position > group.count
                digits.append(
                    isPadding ? UInt8(ascii: "=") : alphabet[Int(word >> UInt32(18 - 6 * position)) & 63])
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Reads padded base 64; nil for anything else, stray bits in the last digit included.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.suffix(2).count { $0 == UInt8(ascii: "=") }
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for digit in digits.dropLast(padding) {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
                buffer &= 1 << UInt32(bits) - 1
            }
        }
        guard buffer == 0, encode(bytes) == text else { return nil }
        return bytes
    }
}
