import Foundation
import SijillTesting

/// One way in which a text comes again, or seems to.
enum Variation: String, CaseIterable {
    // The same words, written in another way: must be duplicates.
    case whiteSpace, punctuation, harakat, tatweel, letters, presentationForms, digits, bidiMarks, pageJunk,
        wrapped
    // The same article: must be near, or duplicates.
    case boilerplate, siteSuffix, relatedTail, quotes, edited, cut, reordered, oneFigure, wireCopy
    // Texts in texts.
    case contains, within, withinEdited
    // A passage of another.
    case quoted
    // Other articles: must not be near, nor in one another.
    case template, sameTopic, sameFirstParagraph

    /// How many of the pairs must be right.
    var shareMin: Double {
        switch self {
        // What is a line matters to a page, so these are not the same in every case.
        case .wrapped, .pageJunk: 0.98
        default: expectation == .duplicated ? 1 : 0.98
        }
    }

    enum Expectation { case duplicated, near, contained, related, apart }

    var expectation: Expectation {
        switch self {
        case .whiteSpace, .punctuation, .harakat, .tatweel, .letters, .presentationForms, .digits, .bidiMarks,
            .pageJunk, .wrapped:
            .duplicated
        case .boilerplate, .siteSuffix, .relatedTail, .quotes, .edited, .cut, .reordered, .oneFigure,
            .wireCopy:
            .near
        case .contains, .within, .withinEdited: .contained
        case .quoted: .related
        case .template, .sameTopic, .sameFirstParagraph: .apart
        }
    }
}

extension PageMaker {
    /// Two texts: an article, and what a variation makes of it.
    mutating func pair(_ variation: Variation) -> (base: String, variant: String) {
        switch variation {
        case .template: return templates()
        case .sameTopic: return sameTopic()
        case .sameFirstParagraph: return sameFirstParagraph()
        case .contains, .within, .withinEdited, .quoted: return parts(variation)
        default:
            let page = page(60...900)
            return (page.text, variant(of: page, variation))
        }
    }

    private mutating func variant(of page: Page, _ variation: Variation) -> String {
        switch variation {
        case .boilerplate: boilerplate(page)
        case .siteSuffix: suffixed(page).text
        case .relatedTail: page.text + relatedTail()
        case .quotes: quoted(page).text
        case .edited: edited(page, oneIn: 25).text
        case .cut: page.replacingWords(Array(page.words.prefix(page.words.count * 7 / 10 + 1))).text
        case .reordered: Page(title: page.title, paragraphs: page.paragraphs.shuffled(using: &generator)).text
        case .oneFigure: otherFigure(page).text
        case .wireCopy: boilerplate(quoted(suffixed(edited(page, oneIn: 60)))) + relatedTail()
        default: rewritten(page.text, variation)
        }
    }

    // MARK: The same words

    private mutating func rewritten(_ text: String, _ variation: Variation) -> String {
        let blanks = ["  ", "\u{A0}", " \t", "\u{2003}", "\u{202F} "]
        let signs = ["، ", " «", "» ", "! ", " … ", "؛ ", " - ", " “"]
        let marks = ["\u{64B}", "\u{64E}", "\u{64F}", "\u{650}", "\u{651}", "\u{652}", "\u{670}", "\u{6D6}"]
        let invisible = [
            "\u{200F}", "\u{200E}", "\u{202B}", "\u{202C}", "\u{2067}", "\u{2069}", "\u{FEFF}", "\u{AD}",
        ]
        switch variation {
        case .whiteSpace: return replacing(" ", in: text, oneIn: 3, by: blanks)
        case .punctuation: return replacing(" ", in: text, oneIn: 6, by: signs)
        case .harakat: return inserting(marks, in: text, oneIn: 2)
        case .tatweel: return inserting(["ـ", "ـــ"], in: text, oneIn: 5)
        case .bidiMarks: return inserting(invisible, in: text, oneIn: 9)
        case .letters: return mapped(text, Spelling.letters)
        case .presentationForms: return mapped(text, Spelling.presented)
        case .wrapped:
            return text.split(separator: "\n").map { wrapped($0, 72) }.joined(separator: "\r\n\r\n")
        case .digits:
            let digits = Spelling.digits(Bool.random(using: &generator) ? 0x660 : 0x6F0)
            return String(text.map { digits[$0]?.first ?? $0 })
        default:
            return "fbpx\n" + text + "\nالتعليقات (0)\nمقالات ذات صلة\nاترك رد\nTranslate »\n"
        }
    }

    /// Line ends where a line would be longer.
    private func wrapped(_ line: Substring, _ columns: Int) -> String {
        var (result, column) = ("", 0)
        for word in line.split(separator: " ") {
            let fits = column + word.count < columns
            if column > 0 { result += fits ? " " : "\r\n" }
            column = (column > 0 && fits ? column + 1 : 0) + word.count
            result += word
        }
        return result
    }

    private mutating func replacing(_ letter: Character, in text: String, oneIn: Int, by others: [String])
        -> String
    {
        var result = ""
        for character in text {
            let hit = character == letter && Int.random(in: 0..<oneIn, using: &generator) == 0
            if hit { result += others.randomElement(using: &generator)! } else { result.append(character) }
        }
        return result
    }

    /// Behind letters.
    private mutating func inserting(_ signs: [String], in text: String, oneIn: Int) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar)
            guard (0x621...0x64A).contains(scalar.value), Int.random(in: 0..<oneIn, using: &generator) == 0
            else {
                continue
            }
            result += signs.randomElement(using: &generator)!
        }
        return result
    }

    private mutating func mapped(_ text: String, _ table: [Character: [Character]]) -> String {
        var result = ""
        for character in text {
            result.append(table[character]?.randomElement(using: &generator) ?? character)
        }
        return result
    }

    // MARK: The same article

    private mutating func suffixed(_ page: Page) -> Page {
        var page = page
        page.title += ["-", vocabulary.name(&generator), vocabulary.name(&generator)]
        return page
    }

    private mutating func quoted(_ page: Page) -> Page {
        var page = page
        for place in page.paragraphs.indices {
            page.paragraphs[place][0] = "“" + page.paragraphs[place][0]
            page.paragraphs[place][page.paragraphs[place].count - 1] += "”"
        }
        return page
    }

    /// Here and there another word.
    private mutating func edited(_ page: Page, oneIn: Int) -> Page {
        var words = page.words
        for _ in 0..<max(1, words.count / oneIn) {
            words[Int.random(in: words.indices, using: &generator)] = vocabulary.name(&generator)
        }
        return page.replacingWords(words)
    }

    private mutating func otherFigure(_ page: Page) -> Page {
        var words = page.words
        let place = words.indices.filter { Int(words[$0]) != nil }.randomElement(using: &generator)
        words[place ?? words.count / 2] = String(10_000 + Int.random(in: 0..<1_000, using: &generator))
        return page.replacingWords(words)
    }

    private mutating func boilerplate(_ page: Page) -> String {
        let site = vocabulary.name(&generator)
        return """
            fbpx
            الرئيسية
            مشاركة
            \(page.text)
            تابعوا آخر أخبار \(site) عبر تطبيقنا على الهاتف أو عبر النشرة البريدية اليومية
            حقوق النشر محفوظة لصالح \(site) 2026
            زر الذهاب إلى الأعلى

            """
    }

    private mutating func relatedTail() -> String {
        let titles = (0..<6).map { _ in
            (0..<7).map { _ in vocabulary.word(&generator) }.joined(separator: " ")
        }
        return "\nمقالات ذات صلة\n" + titles.joined(separator: "\n") + "\n"
    }

    // MARK: Texts in texts

    private mutating func parts(_ variation: Variation) -> (String, String) {
        switch variation {
        case .contains:
            let page = page(80...300)
            let around = page.words.count * Int.random(in: 8...20, using: &generator) / 10
            let other = Page(
                title: (0..<8).map { _ in vocabulary.word(&generator) },
                paragraphs: paragraphs(around / 2) + page.paragraphs + paragraphs(around / 2))
            return (page.text, other.text)
        case .within, .withinEdited:
            let page = page(200...900)
            let words = page.words
            let length = max(80, words.count * Int.random(in: 30...55, using: &generator) / 100)
            let start = Int.random(in: 0...words.count - length, using: &generator)
            let part = page.replacingWords(Array(words[start..<start + length]))
            return (page.text, (variation == .within ? part : edited(part, oneIn: 18)).text)
        default:
            let page = page(200...500)
            let words = page.words
            let length = words.count * Int.random(in: 40...55, using: &generator) / 100
            let passage = Array(words[words.count / 4..<words.count / 4 + length])
            let own = Page(
                title: page.title.reversed(), paragraphs: paragraphs(words.count * 3 / 4) + [passage])
            return (page.text, own.text)
        }
    }

    // MARK: Other articles

    /// Two notices after one pattern about different people: the pattern's words, names, places, dates and numbers of
    /// their own, and a passage of their own.
    private mutating func templates() -> (String, String) {
        let pattern = paragraphs(Int.random(in: 90...180, using: &generator)).flatMap { $0 }
        let slots = Set((0..<9).map { _ in Int.random(in: 0..<pattern.count, using: &generator) })
        // Every notice has a date and a number of its own.
        let dated = Set(slots.sorted().prefix(2))
        func notice() -> String {
            let name = (0..<4).map { _ in vocabulary.name(&generator) }
            var words: [String] = []
            for (place, word) in pattern.enumerated() {
                words.append(word)
                guard slots.contains(place) else { continue }
                switch dated.contains(place) ? 1 : place % 3 {
                case 0: words += name
                case 1: words += [figure(), vocabulary.name(&generator), figure()]
                default: words.append(vocabulary.name(&generator))
                }
            }
            let own = Int.random(in: 18...40, using: &generator)
            words += sentence(own)
            return Page(title: Array(pattern.prefix(5)) + name, paragraphs: [words]).text
        }
        return (notice(), notice())
    }

    /// Half of the words come from a few hundred that both have, and two sentences are in both.
    private mutating func sameTopic() -> (String, String) {
        let topic = (0..<300).map { _ in vocabulary.name(&generator) }
        let said = sentence(14) + sentence(14)
        func report() -> String {
            let words = page(150...600).words.map { word in
                Bool.random(using: &generator) ? topic.randomElement(using: &generator)! : word
            }
            return Page(
                title: Array(topic.prefix(7)), paragraphs: [Array(words[..<40]), said, Array(words[40...])]
            ).text
        }
        return (report(), report())
    }

    private mutating func sameFirstParagraph() -> (String, String) {
        let (one, two) = (page(150...600), page(150...600))
        let first = sentence(20) + sentence(18)
        let texts = [one, two].map { Page(title: one.title, paragraphs: [first] + $0.paragraphs).text }
        return (texts[0], texts[1])
    }
}

/// Letters that are written one for the other.
enum Spelling {
    static let letters: [Character: [Character]] = [
        "ا": ["أ", "إ", "آ", "ٱ", "ا"], "أ": ["ا", "إ"], "إ": ["ا"], "آ": ["ا"], "ي": ["ى", "ی", "ي"],
        "ى": ["ي", "ی"], "ة": ["ه"], "ه": ["ة", "ہ", "ه"], "ك": ["ک", "ك"], "ؤ": ["و"], "ئ": ["ي"],
    ]

    /// Forms of letters that Unicode keeps for old code pages: isolated and final ones.
    static let presented: [Character: [Character]] = [
        "ا": ["\u{FE8D}", "\u{FE8E}"], "ب": ["\u{FE8F}", "\u{FE92}"], "ت": ["\u{FE95}", "\u{FE98}"],
        "ج": ["\u{FE9D}", "\u{FEA0}"], "ح": ["\u{FEA1}", "\u{FEA4}"], "د": ["\u{FEA9}"],
        "ر": ["\u{FEAD}", "\u{FEAE}"],
        "س": ["\u{FEB1}", "\u{FEB4}"], "ع": ["\u{FEC9}", "\u{FECC}"], "ل": ["\u{FEDD}", "\u{FEE0}"],
        "م": ["\u{FEE1}", "\u{FEE4}"], "ن": ["\u{FEE5}", "\u{FEE8}"], "ه": ["\u{FEE9}", "\u{FEEC}"],
        "و": ["\u{FEED}", "\u{FEEE}"], "ي": ["\u{FEF1}", "\u{FEF4}"], "ى": ["\u{FEEF}"], "ة": ["\u{FE93}"],
    ]

    static func digits(_ first: UInt32) -> [Character: [Character]] {
        var digits: [Character: [Character]] = [:]
        for value in UInt32(0)...9 {
            digits[Character(Unicode.Scalar(0x30 + value)!)] = [Character(Unicode.Scalar(first + value)!)]
        }
        return digits
    }
}
