import Glibc
import Sijill
import SijillFiles
import SijillFormat

/// Hits of a search for people: time, publisher and title in columns, below them the id and the snippet.
///
/// Text of others is escaped, so that nothing in it moves the cursor, and isolated (Unicode's U+2068 and U+2069), so
/// that a title from right to left keeps to its column and numbers beside it stay where they are.
struct HitTable {
    private let terminal: Terminal
    /// Cells of a line.
    private let width: Int
    private var hasHead = false

    private static let timeWidth = 16
    private static let publisherWidth = 18
    private static let gap = "  "

    init(terminal: Terminal, width: Int? = nil) {
        self.terminal = terminal
        self.width = max(60, width ?? terminal.columns)
    }

    /// The lines of a hit; before the first of them the heads of the columns.
    mutating func rows(of hit: SearchHit) -> [String] {
        var rows: [String] = []
        if !hasHead {
            hasHead = true
            let head =
                Cell.padded("taken in", to: Self.timeWidth) + Self.gap
                + Cell.padded("publisher", to: Self.publisherWidth) + Self.gap + "title"
            rows.append(terminal.dim(head))
        }
        let titleWidth = width - Self.timeWidth - Self.publisherWidth - 2 * Self.gap.count
        let title =
            hit.titleExcerpt.isEmpty
            ? [SearchFragment(plain: hit.title ?? "(no title)")] : hit.titleExcerpt
        rows.append(
            Cell.padded(String(hit.time.replacing("T", with: " ").prefix(Self.timeWidth)), to: Self.timeWidth)
                + Self.gap
                + Cell.text(
                    [SearchFragment(plain: hit.publisher ?? hit.source ?? "")], cells: Self.publisherWidth,
                    isPadded: true, terminal)
                + Self.gap + Cell.text(title, cells: titleWidth, isPadded: false, terminal))
        let snippetWidth = width - Self.gap.count * 2 - hit.article.count
        rows.append(
            Self.gap + terminal.dim(hit.article) + Self.gap
                + Cell.text(hit.excerpt, cells: snippetWidth, isPadded: false, terminal))
        return rows
    }

    /// How many there are, and how to see more.
    func footer(shown: Int, _ results: SearchResults) -> String {
        if results.total == 0 { return "nothing found" }
        let total = results.isTotalExact ? String(results.total) : "more than \(results.total)"
        let more = results.next == nil ? "" : "; --limit shows more"
        return terminal.dim("\(shown) of \(total) articles\(more)")
    }
}

extension SearchFragment {
    fileprivate init(plain text: String) { self.init(text: text, isMarked: false) }
}

/// Text in a number of cells of a terminal.
enum Cell {
    /// `fragments` in at most `cells` cells, what was looked for in bold.
    static func text(
        _ fragments: [SearchFragment], cells: Int, isPadded: Bool, _ terminal: Terminal
    ) -> String {
        var shown = ""
        var left = cells
        let total = fragments.reduce(0) { $0 + $1.text.escapedForDisplay.cellWidth }
        // The ellipsis has a cell of its own.
        if total > cells { left -= 1 }
        for fragment in fragments where left > 0 {
            let piece = cut(fragment.text.escapedForDisplay, to: left)
            left -= piece.cellWidth
            shown += fragment.isMarked ? terminal.bold(piece) : piece
            if piece.count < fragment.text.escapedForDisplay.count { break }
        }
        if total > cells { shown += "…" }
        let used = total > cells ? cells - max(0, left) : total
        return "\u{2068}\(shown)\u{2069}"
            + (isPadded ? String(repeating: " ", count: max(0, cells - used)) : "")
    }

    /// ASCII text with spaces behind it.
    static func padded(_ text: String, to cells: Int) -> String {
        text + String(repeating: " ", count: max(0, cells - text.count))
    }

    /// The beginning of `text` that fits, cut between characters.
    static func cut(_ text: String, to cells: Int) -> String {
        var left = cells
        var end = text.startIndex
        while end < text.endIndex {
            let cells = String(text[end]).cellWidth
            if cells > left { break }
            left -= cells
            end = text.index(after: end)
        }
        return String(text[..<end])
    }
}

extension Terminal {
    /// Cells of a line of the terminal; 80 where it does not say.
    var columns: Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment("COLUMNS").flatMap { Int($0) } ?? 80
    }
}
