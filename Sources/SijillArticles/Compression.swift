import SijillFormat

/// How a file is packed, told by its first bytes; its name must say the same, so that whoever reads the log
/// knows it too.
package enum Compression {
    /// First bytes that are enough to tell.
    package static let magicBytesMax = 8

    /// Whether a name says that the file is packed with gzip.
    package static func isGzip(fileName: some BidirectionalCollection<UInt8>) -> Bool {
        let end = fileName.suffix(3)
        return end.count == 3 && end.elementsEqual(".gz".utf8) { $0 == $1 || $1 >= 0x61 && $0 | 0x20 == $1 }
    }

    /// Checks a file of a type that is taken in.
    ///
    /// - Returns: whether it has to be unpacked.
    /// - Throws: `unsupported-compression`.
    package static func check(
        fileName: [UInt8], first: some Collection<UInt8>
    ) throws(Rejection) -> Bool {
        if let other = named(first) {
            throw Rejection(
                .unsupportedCompression, "it is packed with \(other); deliver it unpacked, or as gzip")
        }
        let isNamed = isGzip(fileName: fileName)
        let isPacked = Gzip.isMagic(first)
        if isPacked, !isNamed {
            throw Rejection(
                .unsupportedCompression, "it is packed with gzip; deliver it under a name that ends in .gz")
        }
        if isNamed, !isPacked, !first.isEmpty, first.count > 1 || first.first != 0x1F {
            throw Rejection(
                .unsupportedCompression,
                "its name ends in .gz but it is no gzip; take .gz off the name if it is not packed")
        }
        return isNamed
    }

    /// Why a file whose type is not taken in cannot be: its compression, if its name says the same, else its
    /// type.
    package static func rejection(
        fileName: [UInt8], first: some Collection<UInt8>
    ) -> Rejection {
        let point = fileName.lastIndex(of: UInt8(ascii: ".")) ?? fileName.endIndex
        let end = String(decoding: fileName[point...], as: UTF8.self).lowercased()
        guard let other = named(first), extensions.contains(end) else { return .unsupportedType }
        return Rejection(
            .unsupportedCompression, "it is packed with \(other); deliver it unpacked, or as gzip")
    }

    private static let extensions: Set = [
        ".xz", ".lzma", ".zst", ".zstd", ".bz2", ".zip", ".7z", ".lz4", ".z", ".rar",
    ]

    private static let magics: [(bytes: [UInt8], name: String)] = [
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        (Array("PK\u{3}\u{4}".utf8), "zip"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x1F, 0x9D], "compress"), (Array("Rar!\u{1A}\u{7}".utf8), "rar"),
    ]

    /// Of all `magics`, and of bzip2.
    private static let firstBytes = magics.map { $0.bytes[0] } + [UInt8(ascii: "B")]

    private static func named(_ first: some Collection<UInt8>) -> String? {
        // Hardly a text begins like one.
        guard let byte = first.first, firstBytes.contains(byte) else { return nil }
        // "BZh" and a digit could begin a text; the number of the first block cannot.
        let head = Array(first.prefix(6))
        if head.starts(with: Array("BZh".utf8)), head.count == 6, head[4] == 0x31, head[5] == 0x41 {
            return "bzip2"
        }
        return magics.first { first.starts(with: $0.bytes) }?.name
    }
}
