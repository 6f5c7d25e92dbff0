import Foundation
@_spi(_Unicode) import Swift

/// The rule of canonical words once more, as slow and as plain as it can be written: over whole strings, step by
/// step, with the Unicode tables of the system instead of ours.
///
/// Compatibility decomposition is Foundation's, composition the standard library's: Foundation's own composition is
/// wrong for old Korean vowels and for some scalars past U+FFFF (swift-foundation of Swift 6.3.1).
enum ReferenceFolding {
    static func words(_ text: String) -> [String] {
        var replaced = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isDroppedForm(scalar.value) {
            switch scalar {
            case "\u{FDFC}": replaced.append(contentsOf: "ريال".unicodeScalars)
            case "\u{0675}": replaced.append("\u{0627}")
            default: replaced.append(scalar)
            }
        }
        let decomposed = replaced.map { String($0).decomposedStringWithCompatibilityMapping }.joined()
        var folded: [Unicode.Scalar] = []
        for scalar in decomposed._nfc where !isDropped(scalar.value) {
            folded += caseFolded(digit(arabicLetter(scalar)))
        }
        return split(withoutLatinDiacritics(folded))
    }

    private static func isDroppedForm(_ value: UInt32) -> Bool {
        (0xFE70...0xFE7F).contains(value) || (0xFC5E...0xFC63).contains(value) || (0xFCF2...0xFCF4).contains(value)
    }

    private static func isDropped(_ value: UInt32) -> Bool {
        switch value {
        case 0x0640, 0x0610...0x061A, 0x064B...0x065F, 0x0670, 0x06D6...0x06DC, 0x06DF...0x06E8, 0x06EA...0x06ED,
            0x00AD, 0x061C, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF:
            return true
        default:
            guard let scalar = Unicode.Scalar(value) else { return false }
            return scalar.properties.isDefaultIgnorableCodePoint && isWordMark(scalar)
        }
    }

    private static func arabicLetter(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "آ", "أ", "إ", "ٱ", "\u{0672}", "\u{0673}": "ا"
        case "ى", "ی", "ې": "ي"
        case "ة", "ہ", "ھ": "ه"
        case "ؤ": "و"
        case "ئ": "ي"
        case "ک": "ك"
        default: scalar
        }
    }

    private static func digit(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let zeros: [UInt32] = [0x0660, 0x06F0]
        for zero in zeros where (zero...zero + 9).contains(scalar.value) {
            return Unicode.Scalar(UInt8(0x30 + scalar.value - zero))
        }
        return scalar
    }

    /// Full case folding out of case mapping: the lower case of the upper case, but for what is known to differ.
    private static func caseFolded(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        guard scalar.properties.changesWhenCaseFolded else { return [scalar] }
        switch scalar.value {
        case 0x1E9E: return ["s", "s"]
        case 0x13F8...0x13FD, 0xAB70...0xABBF: return Array(scalar.properties.uppercaseMapping.unicodeScalars)
        default:
            return scalar.properties.uppercaseMapping.unicodeScalars
                .flatMap { $0.properties.lowercaseMapping.unicodeScalars }
        }
    }

    private static func withoutLatinDiacritics(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var base: Unicode.Scalar?
        for scalar in scalars {
            let parts = isLatin(scalar)
                ? Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars) : [scalar]
            for part in parts {
                if isDiacritic(part), base.map(isLatin) ?? false { continue }
                if !isWordMark(part) { base = part }
                result.append(part)
            }
        }
        return result
    }

    private static func isLatin(_ scalar: Unicode.Scalar) -> Bool {
        isLetter(scalar) && scalar.properties.name?.hasPrefix("LATIN ") ?? false
    }

    private static func isDiacritic(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: isWordMark(scalar)
        default: false
        }
    }

    private static func isWordMark(_ scalar: Unicode.Scalar) -> Bool {
        [.nonspacingMark, .spacingMark].contains(scalar.properties.generalCategory)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    private static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
        [.decimalNumber, .letterNumber, .otherNumber].contains(scalar.properties.generalCategory)
    }

    private static func split(_ scalars: [Unicode.Scalar]) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in scalars {
            if isLetter(scalar) || isNumber(scalar) || isWordMark(scalar) && !word.isEmpty {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }
}

/// A small generator whose seed a failing test can print (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
