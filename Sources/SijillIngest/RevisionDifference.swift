import SijillArticles
import SijillFormat
import SijillText

/// What a revision changed: counts for the record part, places and numbers for the content part.
struct RevisionDifference {
    let counts: RevisionCounts
    /// Nil when the text has the same paragraphs and numbers.
    private(set) var changes: TextChanges?
    /// There was more than `Limits` lets a change say.
    private(set) var isCut = false

    init(from earlier: StandingText, to draft: Draft) {
        let difference = TextDifference(
            from: TextDifference.Side(
                text: earlier.content.text ?? [], title: earlier.content.title, figures: earlier.text.figures),
            to: TextDifference.Side(
                text: draft.content.text ?? [], title: draft.content.title, figures: draft.figures))
        counts = RevisionCounts(
            paragraphsAdded: difference.paragraphs.addedCount,
            paragraphsRemoved: difference.paragraphs.removedCount,
            numbersAdded: difference.numbersAdded.count, numbersRemoved: difference.numbersRemoved.count,
            isRetitled: difference.isRetitled)
        let passages = difference.paragraphs.passages.map {
            TextChanges.Passage(removed: $0.removed, added: $0.added)
        }
        if passages.isEmpty, difference.numbersRemoved.isEmpty, difference.numbersAdded.isEmpty { return }
        changes = TextChanges(
            passages: first(passages), numbersRemoved: short(first(difference.numbersRemoved)),
            numbersAdded: short(first(difference.numbersAdded)))
    }

    private mutating func first<Element>(_ list: [Element]) -> [Element] {
        if list.count > Limits.revisionChangesMax { isCut = true }
        return Array(list.prefix(Limits.revisionChangesMax))
    }

    private mutating func short(_ numbers: [String]) -> [String] {
        numbers.map { number in
            guard number.utf8.count > Limits.numberBytesMax else { return number }
            isCut = true
            var cut = number
            while cut.utf8.count > Limits.numberBytesMax { cut.removeLast() }
            return cut
        }
    }
}
