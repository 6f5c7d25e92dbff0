import SijillFormat
import Testing

@testable import SijillArticles

private let arabicNews = """
    مطر غزير يعيد الحياة إلى وادي القرية
    قال مزارعون من أبناء الوادي إن الأمطار التي هطلت هذا الأسبوع ملأت الآبار القديمة بعد ثلاث سنوات من الجفاف، \
    وإن المجلس المحلي سيصلح السد الصغير قبل نهاية الشهر.
    """
private let persianNews = """
    كتابخانه سيار به روستاهاي شمال رسيد
    اين كتابخانه هر هفته دو روز در روستا مي ماند و كودكان مي توانند كتاب و پازل به امانت بگيرند، چون مدرسه نزديك نيست.
    """
private let russianNews = """
    Старый мост через реку снова открыт
    После ремонта, который длился два года, по мосту опять ходят автобусы. Жители посёлка говорят, что путь до школы \
    стал короче на полчаса.
    """
private let ukrainianNews = """
    Їжак оселився біля сільської бібліотеки, і діти приходять щодня, щоб принести йому яблука та подивитися.
    """
private let chineseNews = """
    山村的图书馆开门了
    村里的老人和孩子们一起把书搬进新的图书馆。他们说,这里从来没有过这么多的书,大家都很高兴,以后每个周末都要来看书。
    """
private let taiwaneseNews = """
    老街的麵包店重新開張,附近的居民一早就來排隊。老闆說,這是他父親留下來的店,他會用同樣的方法做麵包,不會改變。
    """
private let frenchNews = """
    La fête du village a été déplacée à cause de l’orage. Les élèves de l'école élémentaire, déçus, ont quand même \
    préparé des gâteaux « très sucrés » ; la mairie espère qu'il fera beau où que l'on aille dimanche.
    """
private let polishNews =
    "Dzieci z małej wsi zbierają książki; we wrześniu otworzą własną bibliotekę, żeby czytać częściej."
private let germanNews =
    "Der Bäcker öffnet früher, damit die Schüler vor der Prüfung noch ein süßes Brötchen bekommen."
private let japaneseNews = "山の村に小さな図書館ができました。子どもたちは毎日のように本を読みに来ています。"
private let koreanNews = "마을의 작은 도서관이 다시 문을 열었다. 아이들은 매일 학교가 끝나면 이곳에서 책을 읽고 있다고 한다."
private let greekNews =
    "Το παλιό σχολείο του χωριού άνοιξε ξανά και τα παιδιά διαβάζουν κάθε απόγευμα στη βιβλιοθήκη."

/// A text and an encoding that it can be written in.
private let written: [(String, String)] = [
    (arabicNews, "windows-1256"), (arabicNews, "iso-8859-6"), (persianNews, "windows-1256"),
    (russianNews, "windows-1251"), (russianNews, "koi8-r"), (russianNews, "ibm866"),
    (russianNews, "iso-8859-5"), (ukrainianNews, "windows-1251"), (ukrainianNews, "koi8-u"),
    (chineseNews, "gb18030"), (taiwaneseNews, "big5"), (frenchNews, "windows-1252"),
    (frenchNews, "macintosh"), (polishNews, "windows-1250"), (germanNews, "windows-1252"),
    (japaneseNews, "windows-31j"), (japaneseNews, "euc-jp"), (koreanNews, "euc-kr"),
    (greekNews, "windows-1253"),
]

private func encoded(_ text: String, _ encoding: String) throws -> [UInt8] {
    try #require(TextEncoding(encoding).encode(bytes(text)[...]))
}

@Suite("Other encodings than UTF-8")
struct EncodingTests {
    @Test("A text is read in the encoding that it was written in", arguments: written)
    func pages(_ text: String, _ encoding: String) throws {
        let draft = try reader.draft(try encoded(text, encoding), format: .text)
        #expect(draft.encoding == encoding)
        #expect(try decoded(try encoded(text, encoding)) == text)
    }

    @Test("An object and a line are read alike; the digest is that of the bytes", arguments: written)
    func objects(_ text: String, _ encoding: String) throws {
        var writer = ByteWriter()
        writer.json(.object([JSONMember(name: "text", value: .string(bytes(text)))]))
        let input = try encoded(String(decoding: writer.bytes, as: UTF8.self), encoding)
        for format in [ArticleFormat.json, .jsonl] {
            let draft = try reader.draft(input, format: format)
            #expect(draft.encoding == encoding)
            #expect(draft.content.textString == text)
            #expect(draft.raw == Digest.of(input))
        }
    }

    @Test("A beginning of a text is read right or not at all, however short", arguments: written)
    func short(_ text: String, _ encoding: String) throws {
        for count in 1...min(text.unicodeScalars.count, 60) {
            let part = String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
            let input = try encoded(part, encoding)
            guard let found = EncodingGuess.encoding(of: input) else { continue }
            let decoded = found.decode(input[...])
            #expect(decoded == .text(bytes(part)), "\(found.name) for \(encoding): \(part)")
        }
    }

    @Test("Words from anywhere in a text are read right or not at all", arguments: written)
    func words(_ text: String, _ encoding: String) throws {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        for length in [1, 2, 4, 8, 12] where words.count >= length {
            for start in 0...(words.count - length) {
                let part = words[start..<(start + length)].joined(separator: " ")
                let input = try encoded(part, encoding)
                guard let found = EncodingGuess.encoding(of: input) else { continue }
                #expect(
                    found.decode(input[...]) == .text(bytes(part)), "\(found.name) for \(encoding): \(part)")
            }
        }
    }
}
