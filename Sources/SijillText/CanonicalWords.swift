/// The words of a text with everything folded away that does not make it another text.
///
/// The rule, in this order:
/// 1. Line ends of any kind separate, as all white space does.
/// 2. Presentation forms of free-standing Arabic marks (U+FE70–FE7F, FC5E–FC63, FCF2–FCF4) are dropped:
///    NFKC would make them a space or a tatweel and a mark, and split the word.
/// 3. The sign of the riyal is the word, the alef with high hamza (U+0675) an alef; then NFKC (UAX #15).
/// 4. Tatweel, Arabic vowel and reading marks, invisible formatting characters, and variation selectors and
///    other marks that Unicode calls default ignorable are dropped.
/// 5. Arabic letters that are written one for the other become one (`FoldRules.arabicLetters`).
/// 6. Arabic and Persian digits become ASCII digits. Figures are evidence: 7 stays 7 and never becomes 0.
/// 7. Full case folding; diacritics are taken off Latin letters, and off these only.
/// 8. A word starts with a letter or a number and goes on over letters, numbers and the marks that belong to
///    them (vowel signs of Hindi or Thai, points of Hebrew). Everything else separates.
///
/// One pass, linear in the bytes.
package struct CanonicalWords: Sendable {
    /// The words, joined by one space.
    package let bytes: [UInt8]
    /// Where each word ends in `bytes`. The next begins one byte later.
    package let ends: [UInt32]

    /// How many words there are.
    package var count: Int { ends.count }

    /// Folds `utf8`, which is valid UTF-8 of at most 4 GiB. A byte that is not separates words.
    package init(_ utf8: [UInt8]) { self.init(utf8.span) }

    /// Folds `utf8`, which is valid UTF-8 of at most 4 GiB. A byte that is not separates words.
    package init(_ utf8: Span<UInt8>) {
        var folder = WordFolder(keepsSources: false)
        folder.fold(utf8)
        bytes = folder.output
        ends = folder.list.ends
    }

    /// Where word `index` stands in `bytes`.
    package func range(ofWord index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]) + 1)..<Int(ends[index])
    }
}

/// The canonical words of a text, and where each stands in the text as it is written. For search.
package struct FoldedText: Sendable {
    package let words: CanonicalWords
    /// The bytes of the original that word `i` was folded from, its dropped marks included.
    ///
    /// Ascending. Two words that one character stands for (½, ﷺ) have the same range.
    package let sources: [Range<Int>]

    /// Folds `utf8`, which is valid UTF-8 of at most 4 GiB. A byte that is not separates words.
    package init(_ utf8: Span<UInt8>) {
        var folder = WordFolder(keepsSources: true)
        folder.fold(utf8)
        words = CanonicalWords(bytes: folder.output, ends: folder.list.ends)
        sources = folder.list.sources
    }

    /// Folds `utf8`, which is valid UTF-8 of at most 4 GiB. A byte that is not separates words.
    package init(_ utf8: [UInt8]) { self.init(utf8.span) }
}

extension CanonicalWords {
    fileprivate init(bytes: [UInt8], ends: [UInt32]) {
        self.bytes = bytes
        self.ends = ends
    }
}

extension CanonicalWords {
    /// Whether a text got a title of other words. A delivery without a title says nothing about it.
    package static func isRetitled(from earlier: String?, to later: String?) -> Bool {
        guard let later else { return false }
        guard let earlier else { return true }
        return CanonicalWords(Array(later.utf8)).bytes != CanonicalWords(Array(earlier.utf8)).bytes
    }
}
