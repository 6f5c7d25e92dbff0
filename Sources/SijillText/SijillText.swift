/// What a text is, apart from how it is written: folding, canonical words, sketches, similarity, light stems.
///
/// Everything here is a pure function of bytes. The rules are versioned with the tag of the canonical digest, the
/// tables are pinned to one version of Unicode (`UnicodeData`), so every node gets the same words from the same text.
package enum SijillText {
    /// Texts with fewer canonical words have no canonical digest: a short text is never a duplicate by its words.
    package static let canonicalWordsMin = 8
}
