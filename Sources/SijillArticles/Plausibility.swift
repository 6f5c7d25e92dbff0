/// How a text looks in the eyes of one alphabet (contract/inbox.md §5: a right 8-bit table gives at least 97 %
/// Arabic letters, a wrong one at most 84 %; the other scripts are held to the same).
struct Plausibility {
    /// Of the characters past ASCII that are no common marks, at least so many percent are the alphabet's.
    static let ownSharePercentMin = 97

    /// Characters of the alphabet that are common ones: the evidence for the reading.
    let commonCount: Int

    /// Nil when a reader would not take the text for one in this alphabet.
    init?(_ text: [Unicode.Scalar], _ alphabet: Alphabet) {
        var own = 0
        var foreign = 0
        var common = 0
        var plain = 0
        var pairs = 0
        var mixedPairs = 0
        var caseFaults = 0
        var last = Neighbour.other
        var isEscaped = false
        for scalar in text {
            let next = Neighbour(scalar, alphabet)
            if isEscaped, next == .latinLower || next == .latinUpper {
                // The letter of a JSON escape belongs to no word.
                isEscaped = false
                last = .other
                continue
            }
            isEscaped = scalar == "\\"
            switch next {
            case .own, .ownUpper:
                own += 1
                if alphabet.common.contains(scalar.value) { common += 1 }
                if last == .own || last == .ownUpper { pairs += 1 }
                if last == .latinLower || last == .latinUpper { mixedPairs += 1 }
                if next == .ownUpper, last == .own || last == .latinLower { caseFaults += 1 }
            case .latinLower, .latinUpper:
                plain += 1
                if last == .own || last == .ownUpper { mixedPairs += 1 }
                if next == .latinUpper, last == .own { caseFaults += 1 }
            case .foreign: foreign += 1
            case .apart: if last.isLetter { foreign += 1 }
            case .other: break
            }
            last = next
        }
        guard own * 100 >= (own + foreign) * Plausibility.ownSharePercentMin, own >= alphabet.countMin,
            caseFaults * 20 <= own
        else { return nil }
        if alphabet.isLatin {
            // Letters with marks stand among plain ones.
            guard pairs * 6 <= own, plain >= own * 3, plain > 0 else { return nil }
        } else {
            guard mixedPairs * 10 <= own, Double(common) >= Double(own) * alphabet.commonShareMin else {
                return nil
            }
        }
        commonCount = common
    }
}

/// What a character is to the one that follows it.
private enum Neighbour {
    case own, ownUpper, latinLower, latinUpper
    /// A mark that never stands right behind a letter.
    case apart
    /// Past ASCII, and neither a letter of the alphabet nor a mark that every language writes.
    case foreign
    case other

    init(_ scalar: Unicode.Scalar, _ alphabet: Alphabet) {
        switch scalar.value {
        case 0x61...0x7A: self = .latinLower
        case 0x41...0x5A: self = .latinUpper
        case 0..<0x80: self = .other
        case let value where alphabet.holds(value): self = scalar.properties.isUppercase ? .ownUpper : .own
        case 0xA1, 0xA3, 0xA7, 0xA9, 0xBF, 0xD7, 0xF7, 0x201A, 0x201E, 0x2030, 0x2116: self = .apart
        case let value: self = Neighbour.isMark(value) ? .other : .foreign
        }
    }

    var isLetter: Bool {
        switch self {
        case .own, .ownUpper, .latinLower, .latinUpper: true
        case .apart, .foreign, .other: false
        }
    }

    /// Marks, spaces and signs that stand in texts of any language.
    private static func isMark(_ value: UInt32) -> Bool {
        switch value {
        case 0xA0, 0xAB, 0xAD, 0xAE, 0xB0, 0xB2, 0xB3, 0xB7, 0xBB...0xBE, 0x200C...0x2026, 0x2039, 0x203A,
            0x20AC, 0x2122, 0x3000...0x303F, 0xFF00...0xFFEF:
            true
        default: false
        }
    }
}
