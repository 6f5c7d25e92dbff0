import Glibc
import SijillFiles
import Testing

@testable import Sijill
@testable import SijillCLI

@Suite struct HitTableTests {
    private let terminal = Terminal(descriptor: -1)

    @Test(
        "Cells are counted as a terminal draws them",
        arguments: [("abc", 3), ("مُحَمَّد", 4), ("北京", 4), ("e\u{301}", 1), ("ที่", 1), ("", 0)])
    func width(text: String, cells: Int) {
        #expect(text.cellWidth == cells)
    }

    @Test("Text is cut to its cells between characters, and what is cut ends in an ellipsis")
    func cuts() {
        #expect(Cell.cut("مُحَمَّد علي", to: 4) == "مُحَمَّد")
        #expect(Cell.cut("北京市", to: 5) == "北京")
        func shown(_ text: String, _ cells: Int) -> String {
            Cell.text([SearchFragment(text: text, isMarked: false)], cells: cells, isPadded: true, terminal)
        }
        #expect(shown("abc", 5) == "\u{2068}abc\u{2069}  ")
        #expect(shown("abcdef", 5) == "\u{2068}abcd…\u{2069}")
        #expect(shown("北京市", 5) == "\u{2068}北京…\u{2069}")
        #expect(shown("北京市", 4) == "\u{2068}北…\u{2069} ")
    }

    @Test("Nothing in a text of others moves the cursor or turns the line")
    func escapes() {
        let evil = "a\u{1B}[2J\u{202E}b\u{2069}\n"
        let cell = Cell.text(
            [SearchFragment(text: evil, isMarked: false)], cells: 60, isPadded: false, terminal)
        let isSafe = cell.unicodeScalars.dropFirst().dropLast().allSatisfy {
            $0.value >= 0x20 && $0.value != 0x202E && $0.value != 0x2069
        }
        #expect(isSafe, "\(cell.debugDescription)")
    }
}
