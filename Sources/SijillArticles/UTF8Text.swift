/// Small work on bytes that are valid UTF-8.
enum UTF8Text {
    /// U+FEFF at the beginning of a file.
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The text without blanks at its ends: white space of Unicode, U+200E, U+200F and U+FEFF.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while true {
            let length = blankLength(text, at: text.startIndex)
            if length == 0 { break }
            text = text.dropFirst(length)
        }
        trimming: while true {
            for length in 1...3 where text.count >= length {
                if blankLength(text, at: text.endIndex - length) == length {
                    text = text.dropLast(length)
                    continue trimming
                }
            }
            return text
        }
    }

    /// `text` cut to at most `bytesMax` bytes, not inside a character; nil when it fits.
    static func cut(_ text: ArraySlice<UInt8>, bytesMax: Int) -> ArraySlice<UInt8>? {
        guard text.count > bytesMax else { return nil }
        var end = text.startIndex + bytesMax
        while end > text.startIndex, text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[..<end]
    }

    static func cut(_ text: String, bytesMax: Int) -> String? {
        guard text.utf8.count > bytesMax else { return nil }
        return cut(Array(text.utf8)[...], bytesMax: bytesMax).map { String(decoding: $0, as: UTF8.self) }
    }

    /// How many bytes the blank that begins at `start` has; 0 when none begins there.
    private static func blankLength(_ text: ArraySlice<UInt8>, at start: Int) -> Int {
        guard start < text.endIndex else { return 0 }
        switch text[start] {
        case 0x09...0x0D, 0x20: return 1
        case 0xC2 where start + 1 < text.endIndex:
            return text[start + 1] == 0x85 || text[start + 1] == 0xA0 ? 2 : 0
        case 0xE1...0xEF where start + 2 < text.endIndex:
            let scalar = UInt32(text[start] & 0xF) << 12 | UInt32(text[start + 1] & 0x3F) << 6
            switch scalar | UInt32(text[start + 2] & 0x3F) {
            case 0x1680, 0x2000...0x200A, 0x200E, 0x200F, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
                return 3
            default: return 0
            }
        default: return 0
        }
    }
}
