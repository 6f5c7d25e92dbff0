/// One entry of a segment's index: 64 bytes, little-endian (DESIGN §4).
///
/// | bytes | what |
/// |---|---|
/// | 0–7 | offset of the line in its segment |
/// | 8–15 | commit time, milliseconds since 1970 |
/// | 16–19 | `leafEnd`, from the start of the line |
/// | 20–23 | `textStart`, from the start of the line |
/// | 24–27 | length of the line with its newline |
/// | 28–31 | 0 |
/// | 32–63 | leaf hash |
package struct IndexEntry: Hashable, Sendable {
    package var offset: UInt64
    package var time: Timestamp
    package var layout: LineLayout
    package var leafHash: Digest

    package static let bytes = 64

    package init(offset: UInt64, time: Timestamp, layout: LineLayout, leafHash: Digest) {
        self.offset = offset
        self.time = time
        self.layout = layout
        self.leafHash = leafHash
    }

    /// Where the line ends: the offset of the next one.
    package var end: UInt64 { offset + UInt64(layout.length) }

    package func encode(into writer: inout ByteWriter) {
        writer.littleEndian(offset)
        writer.littleEndian(time.milliseconds)
        writer.littleEndian(UInt32(layout.leafEnd))
        writer.littleEndian(UInt32(layout.textStart))
        writer.littleEndian(UInt32(layout.length))
        writer.littleEndian(0 as UInt32)
        writer.append(leafHash.data)
    }

    /// Reads the entry at `start`; nil when fewer than 64 bytes follow or they cannot be an entry.
    package init?(_ bytes: [UInt8], at start: Int = 0) {
        guard start + IndexEntry.bytes <= bytes.count else { return nil }
        let raw = bytes.span.bytes
        func word32(_ at: Int) -> Int {
            Int(
                UInt32(
                    littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: start + at, as: UInt32.self))
            )
        }
        func word64(_ at: Int) -> UInt64 {
            UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromByteOffset: start + at, as: UInt64.self))
        }
        let layout = LineLayout(leafEnd: word32(16), textStart: word32(20), length: word32(24))
        guard layout.leafEnd <= layout.textStart, layout.textStart < layout.length, word32(28) == 0,
            let hash = Digest(bytes: bytes[start + 32..<start + 64])
        else { return nil }
        self.init(
            offset: word64(0), time: Timestamp(milliseconds: word64(8)), layout: layout, leafHash: hash)
    }
}

extension ByteWriter {
    package mutating func littleEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { append(Array($0)) }
    }
}
