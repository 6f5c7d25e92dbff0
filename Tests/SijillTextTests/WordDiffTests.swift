import SijillTesting
import Testing

@testable import SijillText

@Suite struct WordDiffTests {
    private func pieces(_ earlier: String, _ later: String) -> [String] {
        WordDiff(from: Array(earlier.utf8), to: Array(later.utf8)).pieces.map { piece in
            let text = String(decoding: piece.text, as: UTF8.self)
            return switch piece.kind {
            case .same: text
            case .removed: "[-\(text)-]"
            case .added: "{+\(text)+}"
            }
        }
    }

    @Test("The words that went and came are shown as they are written")
    func words() {
        #expect(
            pieces("افتُتح المتحف بحضور 200 زائر.", "افتتح المتحف أمس بحضور ٢٥٠ زائر.")
                == ["افتتح المتحف", "{+ أمس+}", " بحضور", "[- 200-]", "{+ ٢٥٠+}", " زائر."])
    }

    @Test("Harakat, spaces, digits and punctuation are no difference, and the later text is shown")
    func folded() {
        #expect(pieces("مُحَمَّد في عام ٢٠١٩", "محمد، في  عام 2019!") == ["محمد، في  عام 2019!"])
    }

    @Test("What has nothing in common goes and comes whole; nothing against nothing is nothing")
    func whole() {
        #expect(pieces("one two", "ثلاثة أربعة") == ["[-one two-]", "{+ثلاثة أربعة+}"])
        #expect(pieces("", "") == [])
        #expect(pieces("", "كلمة.") == ["{+كلمة.+}"])
        #expect(pieces("كلمة.", "") == ["[-كلمة.-]"])
    }

    @Test("In scripts without spaces letters are compared")
    func unspaced() {
        #expect(pieces("上海市民中心", "上海新市中心") == ["上海", "{+新+}", "市", "[-民-]", "中心"])
    }

    @Test("Going over the pieces gives back both texts' words, whatever the texts are")
    func random() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            func text() -> [UInt8] {
                let count = Int.random(in: 0...40, using: &generator)
                return Array(
                    (0..<count).map { _ in "ك\(Int.random(in: 0...6, using: &generator))" }.joined(
                        separator: " "
                    ).utf8)
            }
            let (earlier, later) = (text(), text())
            let pieces = WordDiff(from: earlier, to: later).pieces
            let old = pieces.filter { $0.kind != .added }.flatMap(\.text)
            let new = pieces.filter { $0.kind != .removed }.flatMap(\.text)
            #expect(CanonicalWords(old).bytes == CanonicalWords(earlier).bytes, "seed \(seed)")
            #expect(new == later, "seed \(seed)")
        }
    }

    @Test("Texts with too many differences are compared in bounded time: all goes, all comes")
    func bounded() {
        let earlier = (0..<6_000).map { "a\($0)" }.joined(separator: " ")
        let later = (0..<6_000).map { "b\($0)" }.joined(separator: " ")
        #expect(pieces(earlier, later) == ["[-\(earlier)-]", "{+\(later)+}"])
    }
}
