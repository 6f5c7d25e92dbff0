import Sijill
import SijillFiles
import SijillFormat

/// What an article was, and what it is to others, for people.
enum ArticleHistoryOutput {
    /// A line for each revision: number, time, words, what it was, title.
    static func lines(of revisions: [Revision], _ terminal: Terminal) -> [String] {
        revisions.map { revision in
            var notes: [String] = []
            if revision.isMajor { notes.append("major") }
            if revision.isReverted { notes.append("reverted") }
            let fields = [
                String(revision.revision), revision.time, "\(revision.words ?? 0) words",
                notes.joined(separator: ","), shown(revision.title ?? "", terminal),
            ]
            return fields.joined(separator: terminal.isTerminal ? "  " : "\t")
        }
    }

    /// A line for each relation: which of both came first, kind, J, C, figures, the other article and its title.
    static func lines(of found: ArticleRelations, _ terminal: Terminal) -> [String] {
        found.relations.map { relation in
            let fields = [
                relation.isEarlier ? "earlier" : "later", relation.kind, "J \(relation.jaccard)",
                "C \(relation.containment)", relation.figuresDiffer ? "figures differ" : "same figures",
                relation.article, shown(relation.title ?? "", terminal),
            ]
            return fields.joined(separator: terminal.isTerminal ? "  " : "\t")
        }
    }

    /// The passages that changed, their words marked: in colour where there is colour, else `[-went-]` and `{+came+}`.
    static func lines(of difference: RevisionDifference, _ terminal: Terminal) -> [String] {
        let (from, to) = (difference.from, difference.to)
        var lines = [
            terminal.dim("revision \(from.revision)  \(from.time)"),
            terminal.dim("revision \(to.revision)  \(to.time)"),
        ]
        if difference.isRetitled {
            lines.append(
                "title  " + removed(from.title ?? "", terminal) + " " + added(to.title ?? "", terminal))
        }
        if !difference.numbersRemoved.isEmpty || !difference.numbersAdded.isEmpty {
            let numbers =
                difference.numbersRemoved.map { removed($0, terminal) }
                + difference.numbersAdded.map { added($0, terminal) }
            lines.append("numbers  " + numbers.joined(separator: " "))
        }
        for passage in difference.passages {
            lines.append("")
            lines.append(terminal.bold(head(of: passage)))
            lines += text(of: passage, terminal)
        }
        if lines.count == 2 { lines.append("no paragraph, number or title changed") }
        return lines
    }

    private static func head(of passage: RevisionDifference.Passage) -> String {
        func range(_ sign: String, _ range: ClosedRange<Int>?) -> String? {
            range.map {
                $0.count == 1 ? "\(sign)\($0.lowerBound)" : "\(sign)\($0.lowerBound)-\($0.upperBound)"
            }
        }
        return "paragraph "
            + [range("-", passage.removed), range("+", passage.added)].compactMap { $0 }.joined(
                separator: " ")
    }

    private static func text(of passage: RevisionDifference.Passage, _ terminal: Terminal) -> [String] {
        var lines = [""]
        for piece in passage.words {
            // Each paragraph is a line of its own, and marks do not go over its end.
            for (place, part) in piece.text.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            {
                if place > 0 { lines.append("") }
                if part.isEmpty { continue }
                let shown =
                    switch piece.kind {
                    case .same: String(part).escapedForDisplay
                    case .removed: removed(String(part), terminal)
                    case .added: added(String(part), terminal)
                    }
                lines[lines.count - 1] += shown
            }
        }
        return terminal.isTerminal ? lines.map { "\u{2068}\($0)\u{2069}" } : lines
    }

    private static func shown(_ text: String, _ terminal: Terminal) -> String {
        terminal.isTerminal ? text.isolatedForDisplay : text.escapedForDisplay
    }

    private static func removed(_ text: String, _ terminal: Terminal) -> String {
        terminal.hasColour ? terminal.red(text.escapedForDisplay) : "[-\(text.escapedForDisplay)-]"
    }

    private static func added(_ text: String, _ terminal: Terminal) -> String {
        terminal.hasColour ? terminal.green(text.escapedForDisplay) : "{+\(text.escapedForDisplay)+}"
    }
}
