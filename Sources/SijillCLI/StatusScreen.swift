import Glibc
import Sijill
import SijillFiles

/// `sijill status --watch` on a terminal: one screen that is written over, without flicker.
///
/// The screen is the terminal's alternate one, so that what was there before comes back.
struct StatusScreen {
    private let terminal = Terminal.output

    func begin() { terminal.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[H\u{1B}[2J") }

    /// Gives the terminal back as it was.
    func end() { terminal.write("\u{1B}[?25h\u{1B}[?1049l") }

    /// Writes the lines over those before: each is cut at the width and cleared to its end, and the rest of the screen
    /// is cleared behind the last.
    func draw(_ lines: [String]) throws {
        let columns = terminal.columns
        var text = "\u{1B}[H"
        for (number, line) in lines.prefix(rows).enumerated() {
            text += (number > 0 ? "\r\n" : "") + Self.cut(line, to: columns) + "\u{1B}[K"
        }
        try terminal.write(Array((text + "\u{1B}[J").utf8))
    }

    /// Rows of the terminal now; 24 where that cannot be asked.
    private var rows: Int {
        var size = winsize()
        guard ioctl(terminal.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return 24 }
        return Int(size.ws_row)
    }

    static func cut(_ line: String, to columns: Int) -> String {
        guard line.cellWidth > columns else { return line }
        var cut = ""
        var width = 1
        for character in line {
            width += String(character).cellWidth
            if width > columns { break }
            cut.append(character)
        }
        // An isolate that was cut off would go on over the rest of the screen.
        return cut + (cut.unicodeScalars.contains("\u{2068}") ? "\u{2069}" : "") + "…"
    }
}
