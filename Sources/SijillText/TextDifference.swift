/// What a revision changed in its article: paragraphs, numbers and the title.
package struct TextDifference: Sendable {
    /// A text with what is compared of it.
    package struct Side: Sendable {
        let text: [UInt8]
        let title: String?
        let figures: Figures

        /// - Parameter figures: Those of the text, where they have been found before.
        package init(text: [UInt8], title: String?, figures: Figures? = nil) {
            self.text = text
            self.title = title
            self.figures = figures ?? Figures(CanonicalWords(text))
        }
    }

    package let paragraphs: ParagraphDiff
    /// Numbers that stand in one text more often than in the other, by as many as they do.
    package let numbersRemoved: [String]
    package let numbersAdded: [String]
    /// The title has other words.
    package let isRetitled: Bool

    /// Complexity: as `ParagraphDiff`.
    package init(from earlier: Side, to later: Side) {
        paragraphs = ParagraphDiff(from: earlier.text, to: later.text)
        numbersRemoved = earlier.figures.subtracting(later.figures)
        numbersAdded = later.figures.subtracting(earlier.figures)
        isRetitled = CanonicalWords.isRetitled(from: earlier.title, to: later.title)
    }
}
