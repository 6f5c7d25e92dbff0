import SijillFormat
import SijillText

/// What came and went from one text of an article to another.
package struct RevisionComparison: Hashable, Sendable {
    /// Paragraphs that went, those that came in their place, or both.
    package struct Passage: Hashable, Sendable {
        /// Of the earlier text: the first and the last paragraph, counted from 1.
        package let removed: ClosedRange<Int>?
        /// Of the later text.
        package let added: ClosedRange<Int>?
        /// The paragraphs as they are written.
        package let removedText: [[UInt8]]
        package let addedText: [[UInt8]]
        /// Which of their words went and came.
        package let words: WordDiff
    }

    package let article: ArticleID
    package let from: RevisionState
    package let to: RevisionState
    package let passages: [Passage]
    package let numbersRemoved: [String]
    package let numbersAdded: [String]
    package let counts: RevisionCounts

    /// The same paragraphs, numbers and titles as a revision says them of itself, of any two texts.
    init(article: ArticleID, from: RevisionState, to: RevisionState) {
        self.article = article
        self.from = from
        self.to = to
        let (earlier, later) = (from.content.text ?? [], to.content.text ?? [])
        let difference = TextDifference(
            from: TextDifference.Side(text: earlier, title: from.content.title),
            to: TextDifference.Side(text: later, title: to.content.title))
        let (old, new) = (ParagraphDiff.lines(earlier), ParagraphDiff.lines(later))
        passages = difference.paragraphs.passages.map { passage in
            let removed = passage.removed.map { old[$0.lowerBound - 1..<$0.upperBound].map(Array.init) } ?? []
            let added = passage.added.map { new[$0.lowerBound - 1..<$0.upperBound].map(Array.init) } ?? []
            return Passage(
                removed: passage.removed, added: passage.added, removedText: removed, addedText: added,
                words: WordDiff(
                    from: Array(removed.joined(separator: [0x0A])), to: Array(added.joined(separator: [0x0A]))
                ))
        }
        numbersRemoved = difference.numbersRemoved
        numbersAdded = difference.numbersAdded
        counts = RevisionCounts(
            paragraphsAdded: difference.paragraphs.addedCount,
            paragraphsRemoved: difference.paragraphs.removedCount,
            numbersAdded: numbersAdded.count, numbersRemoved: numbersRemoved.count,
            isRetitled: difference.isRetitled)
    }
}
