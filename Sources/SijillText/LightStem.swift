/// The light stem of an Arabic word: the word without the article and the particles that are written onto it.
///
/// One prefix is taken off, the first of the list that leaves three letters or more. Suffixes stay: without a
/// dictionary, cutting them makes more words one that are not than it finds. Of prefixes before prefixes only those
/// count that end in the article, where there is no doubt: وبال and, with, the.
package enum LightStem {
    // In UTF-8 each of the letters that prefixes are made of has two bytes.
    private static let alef: UInt16 = 0xD8A7
    private static let beh: UInt16 = 0xD8A8
    private static let feh: UInt16 = 0xD981
    private static let kaf: UInt16 = 0xD983
    private static let lam: UInt16 = 0xD984
    private static let waw: UInt16 = 0xD988

    /// Letters that a stem has at least.
    private static let lettersMin = 3

    /// How many bytes the prefix of a folded word takes, so that the stem is what follows; 0 when the word is
    /// its own stem.
    ///
    /// The prefixes, the longer first: وبال وكال فبال فكال, ولل فلل وال بال كال فال, لل ال, و ف ب ل ك.
    package static func prefixBytes(of word: Span<UInt8>) -> Int {
        guard word.count >= 2 * (lettersMin + 1) else { return 0 }
        let first = letter(0, of: word)
        guard first & 0xFE00 == 0xD800 else { return 0 }
        let letters = letterCount(word, atMost: 4 + lettersMin)
        let second = letter(1, of: word)
        let third = letter(2, of: word)
        let joins = first == waw || first == feh
        let compares = second == beh || second == kaf
        if letters >= 4 + lettersMin, joins, compares, third == alef, letter(3, of: word) == lam { return 8 }
        let isLong = joins || first == beh || first == kaf
        if letters >= 3 + lettersMin, third == lam, isLong && second == alef || joins && second == lam {
            return 6
        }
        if letters >= 2 + lettersMin, second == lam, first == alef || first == lam { return 4 }
        return letters >= 1 + lettersMin && (isLong || first == lam) ? 2 : 0
    }

    @inline(__always)
    private static func letter(_ index: Int, of word: Span<UInt8>) -> UInt16 {
        UInt16(word[2 * index]) << 8 | UInt16(word[2 * index + 1])
    }

    /// Letters of a word, counted no further than `limit`.
    private static func letterCount(_ word: Span<UInt8>, atMost limit: Int) -> Int {
        var count = 0
        var offset = 0
        while offset < word.count, count < limit {
            if word[offset] & 0xC0 != 0x80 { count += 1 }
            offset += 1
        }
        return count
    }
}
