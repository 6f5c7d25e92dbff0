import SijillArticles
import SijillFormat
import SijillText

/// What a revision changed: counts for the record part, places and numbers for the content part.
struct RevisionDifference {
    private(set) var counts = RevisionCounts()
    /// Nil when the text has the same paragraphs and numbers.
    private(set) var changes: TextChanges?
    /// There was more than `Limits` lets a change say.
    private(set) var isCut = false

    init(from earlier: StandingText, to draft: Draft) {
        let paragraphs = ParagraphDiff(from: earlier.content.text ?? [], to: draft.content.text ?? [])
        let removed = earlier.text.figures.subtracting(draft.figures)
        let added = draft.figures.subtracting(earlier.text.figures)
        counts.paragraphsAdded = paragraphs.addedCount
        counts.paragraphsRemoved = paragraphs.removedCount
        counts.numbersAdded = added.count
        counts.numbersRemoved = removed.count
        counts.isRetitled = !earlier.hasTitle(of: draft)
        let passages = paragraphs.passages.map { TextChanges.Passage(removed: $0.removed, added: $0.added) }
        if passages.isEmpty, removed.isEmpty, added.isEmpty { return }
        changes = TextChanges(
            passages: first(passages), numbersRemoved: short(first(removed)),
            numbersAdded: short(first(added)))
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
