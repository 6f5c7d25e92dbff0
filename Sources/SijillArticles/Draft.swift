import SijillFormat
import SijillText

/// A parsed input before the decision what becomes of it. The same bytes always give the same draft.
///
/// A class, as it goes from queue to queue and all its parts would be copied each time.
package final class Draft: Sendable {
    package let content: Content
    /// `content` as it will stand in the change.
    package let encoded: EncodedContent
    /// Of exactly the input's bytes.
    package let raw: Digest
    /// Of the text as UTF-8; of a page, its body.
    package let textDigest: Digest
    /// Of the canonical words; nil when there are fewer than `SijillText.canonicalWordsMin`.
    package let canonical: CanonicalDigest?
    /// Canonical words of the text.
    package let words: Int
    /// Of the canonical words, however few: tells whether two texts of one article have the same ones.
    package let wordsDigest: Digest
    /// What the text is compared by with others.
    package let shingles: ShingleSet
    package let sketch: Sketch
    package let figures: Figures
    /// The encoding that the input was read as: its name as IANA registers it, in lower case.
    package let encoding: String
    package let format: ArticleFormat

    /// - Throws: `no-text` when the text has no letter and no number.
    init(
        content: Content, text: [UInt8], input: [UInt8], format: ArticleFormat,
        encoding: String = InputText.utf8Name
    ) throws(Rejection) {
        let words = CanonicalWords(text)
        guard words.count > 0 else {
            throw Rejection(.noText, "the text has no letter and no number; deliver a text with words")
        }
        self.content = content
        self.format = format
        self.words = words.count
        self.encoding = encoding
        encoded = EncodedContent(content)
        raw = Digest.of(input)
        textDigest = Digest.of(text)
        wordsDigest = Digest.of(words.bytes)
        canonical =
            words.count >= SijillText.canonicalWordsMin
            ? CanonicalDigest(version: .c1, digest: wordsDigest) : nil
        let shingles = Shingles(words)
        sketch = Sketch(shingles)
        self.shingles = ShingleSet(shingles)
        figures = Figures(words)
    }
}

extension Draft: Equatable {
    package static func == (one: Draft, other: Draft) -> Bool {
        one.raw == other.raw && one.encoded == other.encoded && one.content == other.content
            && one.textDigest == other.textDigest && one.wordsDigest == other.wordsDigest
            && one.canonical == other.canonical && one.words == other.words && one.shingles == other.shingles
            && one.sketch == other.sketch && one.figures == other.figures && one.encoding == other.encoding
            && one.format == other.format
    }
}
