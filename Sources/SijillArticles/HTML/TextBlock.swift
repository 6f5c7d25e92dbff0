/// A run of text between the ends of block elements: a paragraph, heading, list item or table row.
struct TextBlock {
    enum Kind { case paragraph, heading, item, row }

    let kind: Kind
    /// The element that the block stands in.
    let node: Int
    /// White space as one blank; lines end where `br` was.
    var text: [UInt8]
    /// Letters and digits, where a sign of Chinese, Japanese or Korean counts for several.
    let weight: Int
    /// Of these inside links.
    let linkWeight: Int
    /// Its last sign but quotes and brackets ends a sentence.
    let endsSentence: Bool
    /// Signs that divide sentences.
    let punctuation: Int

    var linkShare: Double { weight == 0 ? 0 : Double(linkWeight) / Double(weight) }

    /// Reads as running text.
    var isProse: Bool {
        guard kind != .heading, linkShare < 0.4 else { return false }
        return weight >= 80 && punctuation > 0 || weight >= 30 && endsSentence && linkShare < 0.3
    }

    /// May stand alone between the title and the text.
    var isLead: Bool { linkShare < 0.2 && (weight >= 60 || weight >= 36 && endsSentence) }

    /// How much the block speaks for being in an article (above 0) or in the page around it.
    var worth: Double {
        let text = Double(weight - linkWeight)
        if linkShare > 0.6 { return -10 - Double(min(weight, 60)) }
        if kind == .heading { return 0 }
        if isProse { return weight >= 80 ? text : text * 0.7 }
        if weight >= 80 && linkShare < 0.4 { return text * 0.5 }
        return linkShare > 0.2 ? -20 : kind == .paragraph ? -6 : 0
    }
}

/// What the bytes of a text say about it, told in one pass over valid UTF-8.
struct TextMeasure {
    private(set) var weight = 0
    private(set) var punctuation = 0
    private(set) var endsSentence = false

    mutating func add(_ bytes: some Sequence<UInt8>) {
        var scalar: UInt32 = 0
        for byte in bytes {
            if byte < 0x80 {
                count(UInt32(byte))
            } else if byte & 0xC0 == 0x80 {
                scalar = scalar << 6 | UInt32(byte & 0x3F)
                left -= 1
                if left == 0 { count(scalar) }
            } else {
                left = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1
                scalar = UInt32(byte) & (byte >= 0xF0 ? 0x07 : byte >= 0xE0 ? 0x0F : 0x1F)
            }
        }
    }

    private var left = 0

    private mutating func count(_ scalar: UInt32) {
        switch scalar {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
            weight += 1
            endsSentence = false
        case 0x2E, 0x21, 0x3F, 0x3A, 0x061F, 0x06D4, 0x3002, 0xFF01, 0xFF1F, 0xFF0E, 0x0964, 0x2026, 0x0589,
            0x1362, 0xFF61:
            punctuation += 1
            endsSentence = true
        case 0x2C, 0x3B, 0x060C, 0x061B, 0x3001, 0xFF0C, 0x1363, 0x055D:
            punctuation += 1
            endsSentence = false
        case 0x00...0x7F, 0x80...0xBF, 0x2000...0x206F, 0x3008...0x3011, 0x300C...0x301F:
            // Quotes and brackets may stand behind the end of a sentence; signs of other use end none.
            if scalar == 0x2D || scalar == 0x7C || scalar == 0x2013 || scalar == 0x2014 {
                endsSentence = false
            }
        case 0x3040...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
            weight += 3
            endsSentence = false
        case 0xAC00...0xD7AF:
            weight += 2
            endsSentence = false
        default:
            weight += 1
            endsSentence = false
        }
    }
}
