extension UnicodeData {
    /// Scalars with one value: a range of the table.
    struct ValueRange {
        let scalars: Range<UInt32>
        let value: UInt32
    }

    /// A scalar that stands for others.
    struct Mapping {
        let scalar: UInt32
        let targets: [UInt32]
    }

    /// The records of a table of ranges, in ascending order.
    static func ranges(_ table: StaticString) -> [ValueRange] {
        var reader = NumberReader(table)
        var result: [ValueRange] = []
        var end: UInt32 = 0
        while let distance = reader.next(), let length = reader.next(), let value = reader.next() {
            let start = end + distance
            end = start + length
            result.append(ValueRange(scalars: start..<end, value: value))
        }
        return result
    }

    /// The records of a table of mappings, in ascending order.
    static func mappings(_ table: StaticString) -> [Mapping] {
        var reader = NumberReader(table)
        var result: [Mapping] = []
        var scalar: UInt32 = 0
        while let distance = reader.next(), let count = reader.next() {
            scalar += distance
            var previous = scalar
            var targets: [UInt32] = []
            for _ in 0..<count {
                guard let zigzag = reader.next() else { preconditionFailure("a table of Unicode is cut") }
                let difference = Int32(bitPattern: zigzag >> 1) ^ -Int32(bitPattern: zigzag & 1)
                previous = UInt32(Int32(previous) + difference)
                targets.append(previous)
            }
            result.append(Mapping(scalar: scalar, targets: targets))
        }
        return result
    }
}

/// Reads LEB128 numbers out of base 64 (RFC 4648 §4).
private struct NumberReader {
    private var digits: String.UTF8View.Iterator
    private var buffer: UInt32 = 0
    private var bits: UInt32 = 0

    init(_ table: StaticString) { digits = table.description.utf8.makeIterator() }

    /// The next number; nil at the end of the table.
    mutating func next() -> UInt32? {
        var value: UInt32 = 0
        var shift: UInt32 = 0
        while let byte = byte() {
            value |= UInt32(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func byte() -> UInt8? {
        while bits < 8 {
            guard let digit = digits.next(), let six = NumberReader.value(of: digit) else { return nil }
            buffer = buffer << 6 | six
            bits += 6
        }
        bits -= 8
        return UInt8(truncatingIfNeeded: buffer >> bits)
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
