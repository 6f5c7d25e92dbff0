/// Bytes that grow at the end: the one place where text becomes what stands on disk.
package struct ByteWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    package var count: Int { bytes.count }

    /// Makes room, at least half as much again when there is none, so that all bytes are not copied for each piece.
    package mutating func reserve(_ more: Int) {
        let wanted = bytes.count + more
        if wanted > bytes.capacity { bytes.reserveCapacity(max(wanted, bytes.capacity * 3 / 2)) }
    }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    package mutating func byte(_ character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

    package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    package mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    package mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

    package mutating func decimal(_ value: UInt64) {
        if value < 10 {
            bytes.append(0x30 + UInt8(value))
        } else {
            append(String(value))
        }
    }

    /// `value` with leading zeros.
    package mutating func decimal(_ value: UInt64, width: Int) { append(Decimal.padded(value, width: width)) }

    /// A JSON string (RFC 8259 §7) in quotes, escaped only as JSON demands: `\"`, `\\`, `\b \t \n \f \r`, and other
    /// controls as `\u00xx` in lower case. `utf8` must be valid UTF-8; it is copied as it is.
    package mutating func jsonString(_ utf8: [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        let span = utf8.span
        while start < span.count {
            let end = JSONScan.firstSpecial(in: span, from: start)
            if end > start { bytes.append(contentsOf: utf8[start..<end]) }
            guard end < span.count else { break }
            escape(span[end])
            start = end + 1
        }
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func jsonString(_ text: String) { jsonString(Array(text.utf8)) }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"" as StaticString)
        case UInt8(ascii: "\\"): append("\\\\" as StaticString)
        case 0x08: append("\\b" as StaticString)
        case 0x09: append("\\t" as StaticString)
        case 0x0A: append("\\n" as StaticString)
        case 0x0C: append("\\f" as StaticString)
        case 0x0D: append("\\r" as StaticString)
        default:
            append("\\u00" as StaticString)
            bytes.append(Hexadecimal.lower[Int(byte >> 4)])
            bytes.append(Hexadecimal.lower[Int(byte & 15)])
        }
    }
}
