import Crypto

/// A SHA-256 digest (FIPS 180-4), 32 bytes.
///
/// Held as two big-endian halves, so that comparing and hashing cost two words; `high`, the first 16 bytes, is the
/// key of the look-up tables and of article ids.
package struct Digest: Hashable, Sendable {
    /// Bytes 0 to 15, big-endian.
    package let high: UInt128
    /// Bytes 16 to 31, big-endian.
    package let low: UInt128

    /// Length of a digest in bytes.
    package static let bytes = 32

    package init(high: UInt128, low: UInt128) {
        self.high = high
        self.low = low
    }

    /// The digest that stands in the first 32 bytes of `bytes`; nil when there are fewer.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count >= Digest.bytes else { return nil }
        let whole = bytes.withContiguousStorageIfAvailable { buffer in
            let raw = UnsafeRawBufferPointer(buffer)
            return Digest(
                high: UInt128(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt128.self)),
                low: UInt128(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt128.self)))
        }
        guard let whole else {
            self.init(bytes: ContiguousArray(bytes.prefix(Digest.bytes)))
            return
        }
        self = whole
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hex: some Collection<UInt8>) {
        guard hex.count == 2 * Digest.bytes else { return nil }
        var halves: (UInt128, UInt128) = (0, 0)
        for (position, digit) in hex.enumerated() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if position < 32 {
                halves.0 = halves.0 << 4 | UInt128(value)
            } else {
                halves.1 = halves.1 << 4 | UInt128(value)
            }
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// The digest of `bytes`.
    package static func of(_ bytes: some Sequence<UInt8>) -> Digest {
        var builder = DigestBuilder()
        builder.add(bytes)
        return builder.finish()
    }

    /// The 32 bytes, first byte first.
    package var data: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(Digest.bytes)
        withUnsafeBytes(of: high.bigEndian) { result.append(contentsOf: $0) }
        withUnsafeBytes(of: low.bigEndian) { result.append(contentsOf: $0) }
        return result
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { String(decoding: hexBytes, as: UTF8.self) }

    /// `hex` as ASCII bytes.
    package var hexBytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(2 * Digest.bytes)
        for byte in data {
            result.append(Hexadecimal.lower[Int(byte >> 4)])
            result.append(Hexadecimal.lower[Int(byte & 15)])
        }
        return result
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

/// Computes a `Digest` over bytes that come in pieces.
package struct DigestBuilder {
    private var hasher = SHA256()

    package init() {}

    package mutating func add(_ bytes: some Sequence<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable {
            hasher.update(bufferPointer: UnsafeRawBufferPointer($0))
        }
        if done == nil { hasher.update(data: Array(bytes)) }
    }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hasher.update(bufferPointer: bytes)
    }

    package consuming func finish() -> Digest {
        hasher.finalize().withUnsafeBytes { raw in
            let high = raw.loadUnaligned(fromByteOffset: 0, as: UInt128.self)
            let low = raw.loadUnaligned(fromByteOffset: 16, as: UInt128.self)
            return Digest(high: UInt128(bigEndian: high), low: UInt128(bigEndian: low))
        }
    }
}

/// Digits of base 16.
enum Hexadecimal {
    static let lower = Array("0123456789abcdef".utf8)
}
