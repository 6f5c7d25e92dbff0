/// The light stem of an Arabic word: the word without the article and the particles that are written onto it.
///
/// One prefix is taken off, the first of the list that leaves three letters or more. Suffixes stay: without a
/// dictionary, cutting them makes more words one that are not than it finds.
package enum LightStem {
    /// The longer first. و and, ف then, ب with, ك like, ل to; ال the.
    private static let prefixes: [[UInt8]] = ["وال", "بال", "كال", "فال", "لل", "ال", "و", "ف", "ب", "ل", "ك"]
        .map { Array($0.utf8) }

    /// Letters that a stem has at least.
    private static let lettersMin = 3

    /// How many bytes the prefix of a folded word takes, so that the stem is what follows; 0 when the word is its own
    /// stem.
    package static func prefixBytes(of word: some Collection<UInt8>) -> Int {
        // Of the letters that prefixes begin with, all but alef (D8) and beh (D8) share the lead byte D9.
        guard let first = word.first, first == 0xD8 || first == 0xD9 else { return 0 }
        for prefix in prefixes where word.starts(with: prefix) {
            let letters = word.dropFirst(prefix.count).lazy.filter { $0 & 0xC0 != 0x80 }.prefix(lettersMin).count
            if letters >= lettersMin { return prefix.count }
        }
        return 0
    }
}
