/// Scripts that write words without a space between them, and Korean, which writes particles onto its words.
///
/// Nothing but a dictionary tells where a word ends there. So each letter is a token of search by itself, with the
/// marks that belong to it, and a word that someone looks for is a phrase of such tokens: it is found wherever its
/// letters stand in a row.
enum UnspacedScripts {
    /// Letters only; digits of these scripts make numbers as they do elsewhere.
    private static let ranges: [ClosedRange<UInt32>] = [
        0x0E01...0x0E3A, 0x0E40...0x0E4E,  // Thai
        0x0E81...0x0ECF, 0x0EDC...0x0EDF,  // Lao
        0x1000...0x103F, 0x1050...0x108F, 0x109A...0x109D,  // Myanmar
        0x1100...0x11FF,  // Hangul, conjoining
        0x1780...0x17D3, 0x17DC...0x17DD,  // Khmer
        0x3005...0x3007, 0x3031...0x3035, 0x3041...0x30FF,  // iteration marks, Hiragana, Katakana
        0x3105...0x318F, 0x31A0...0x31BF, 0x31F0...0x31FF,  // Bopomofo, Hangul compatibility, Katakana
        0x3400...0x4DBF, 0x4E00...0x9FFF,  // Han
        0xA960...0xA97F, 0xA9E0...0xA9EF, 0xA9FA...0xA9FE, 0xAA60...0xAA7F,  // Hangul, Myanmar
        0xAC00...0xD7FF, 0xF900...0xFAFF,  // Hangul, Han compatibility
        0x1AFF0...0x1B16F, 0x20000...0x3FFFF,  // Kana, Han
    ]

    /// The first lead byte of UTF-8 that can begin a letter of these scripts. Arabic, Hebrew, Latin and Cyrillic stay
    /// below it.
    static let leadByteMin: UInt8 = 0xE0

    static func contains(_ scalar: UInt32) -> Bool {
        guard scalar >= 0x0E01 else { return false }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }
}
