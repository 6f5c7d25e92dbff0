import Foundation
import Glibc
import SijillFormat
import Testing

@testable import SijillArticles

/// The content of a page given as HTML.
private func page(_ html: String) throws -> Content {
    try reader.draft(bytes(html), format: .html).content
}

private let sentence =
    "قالت البلدية إن أعمال الترميم في الجسر القديم ستنتهي قبل حلول الشتاء، وإن المرور يبقى مفتوحا."

@Suite("Pages of the web")
struct HTMLPageTests {
    @Test("Paragraphs stand apart; lists and rows keep their lines; inline elements do not split words")
    func blocks() throws {
        let found = try page(
            """
            <html><body><h1>خبر</h1><p>\(sentence)</p>
            <p>كلمة<b>واحدة</b> <a href="x">رابط</a> هنا.<br>سطر ثان هنا.</p>
            <h2>عنوان فرعي</h2><ul><li>بند أول<li>بند ثان</ul><p>\(sentence)</p>
            <table><tr><td>المدينة<td>7</tr><tr><td>القرية<td>9</tr></table>
            <div>\(sentence)<br><br>\(sentence)</div>
            """)
        #expect(
            found.textString
                == [
                    sentence, "كلمةواحدة رابط هنا.\nسطر ثان هنا.", "عنوان فرعي", "بند أول\nبند ثان", sentence,
                    "المدينة\t7\nالقرية\t9", sentence, sentence,
                ].joined(separator: "\n\n"))
        #expect(found.title == "خبر")
    }

    @Test("A lead above the text is kept where JSON-LD gives the text without it")
    func leadBeforeGivenText() throws {
        let body = (1...4).map { "\(sentence) وهذه الفقرة رقم \($0)." }
        let lead = "أعمال الترميم في الجسر القديم تنتهي قبل الشتاء، والمرور يبقى مفتوحا في الاتجاهين."
        let given = body.joined(separator: " ")
        let found = try page(
            """
            <html><head><script type="application/ld+json">{"@type": "NewsArticle", "headline": "خبر الجسر",
            "articleBody": "\(given)"}</script></head><body><article><h1>خبر الجسر</h1>
            <div class="lead">\(lead)</div><div class="text">\(body.map { "<p>\($0)</p>" }.joined())</div></article>
            """)
        #expect(found.textString == ([lead] + body).joined(separator: "\n\n"))
    }

    @Test("A line of a gallery that stands there again and again is no text; a row of a table may be")
    func repeatedLines() throws {
        let card = "<p>صور من موقع الجسر</p>"
        let found = try page(
            "<article><h1>خبر</h1>" + String(repeating: "<p>\(sentence)</p>\(card)", count: 5) + "<table>"
                + String(repeating: "<tr><td>المدينة<td>7</tr>", count: 6)
                + "</table><p>\(sentence)</p></article>")
        let text = try #require(found.textString)
        #expect(!text.contains("صور من موقع"))
        #expect(text.components(separatedBy: "المدينة\t7").count == 7)
    }

    @Test("A page with only a short text is still an article; one without a word has no text")
    func short() throws {
        #expect(try page("<p>خبر قصير جدا.</p>").textString == "خبر قصير جدا.")
        #expect(
            rejection(bytes("<html><head><title>خبر</title></head><body> — </body></html>"), .html)?.reason
                == .noText)
        #expect(rejection(bytes("<script>var a = 'كلمات في برنامج';</script>"), .html)?.reason == .noText)
        #expect(rejection([], .html)?.reason == .empty)
    }

    @Test("JSON-LD goes before OpenGraph, OpenGraph before the page; the table's names decide")
    func fields() throws {
        let found = try page(
            """
            <html lang="ar"><head><title>جسر المدينة يفتح - صحيفة المثال</title>
            <meta property="og:title" content="جسر المدينة يفتح | صحيفة المثال">
            <meta property="og:site_name" content="صحيفة المثال">
            <meta property="og:url" content="https://news.example/og">
            <meta name="description" content="وصف">
            <link rel="canonical" href="https://news.example/bridge">
            <meta name="viewport" content="width=1">
            <meta property="article:published_time" content="2026-10-01T08:00:00Z">
            <meta property="article:tag" content="جسور">
            <meta property="article:tag" content="مدن">
            <meta property="og:image" content="https://news.example/a.jpg">
            <script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",
            "headline":"جسر المدينة
            يفتح","author":{"@type":"Person","name":"ليلى المثال"},
            "datePublished":"2026-10-01T07:30:00+03:00","articleBody":"نص آخر"}</script></head><body>
            <h1>جسر المدينة يفتح</h1><p>\(sentence)</p></body></html>
            """)
        #expect(found.title == "جسر المدينة يفتح")
        #expect(found.publisher == "صحيفة المثال")
        #expect(found.authors == ["ليلى المثال"])
        #expect(found.published == "2026-10-01T07:30:00+03:00")
        #expect(found.url == "https://news.example/og" && found.site == "news.example")
        #expect(found.description == "وصف" && found.lang == "ar" && found.tags == ["جسور", "مدن"])
        #expect(found.image == "https://news.example/a.jpg")
        #expect(found.textString == sentence)
        #expect(!extra(found).contains("articleBody") && !extra(found).contains("viewport"))
        #expect(extra(found).contains("canonical"), "an address that was not taken is kept")
    }

    @Test("Where the page shows no text, the text of JSON-LD is taken, without its markup")
    func givenText() throws {
        let found = try page(
            #"""
            <script type="application/ld+json">{"@type":"Article","headline":"ع &amp; غ",
            "articleBody":"<p>نص &quot;أول&quot;.</p><p>نص ثان.</p>"}</script>
            <nav><a href="/">الرئيسية</a></nav>
            """#)
        #expect(found.textString == "نص \"أول\".\n\nنص ثان.")
        #expect(found.title == "ع & غ")
    }

    @Test(
        "A page in another encoding is read as it declares",
        arguments: [("windows-1256", "WINDOWS-1256"), ("iso-8859-6", "ISO-8859-6"), ("gb2312", "GB18030")])
    func declared(_ name: String, _ table: String) throws {
        let text = name == "gb2312" ? "市政府周二表示，旧桥的修复工程将在冬季前完成。" : sentence
        let html = "<html><meta charset=\"\(name)\"><body><p>\(text)</p></body></html>"
        let converter = try #require(iconv_open(table, "UTF-8"))
        defer { iconv_close(converter) }
        var input = bytes(html).map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: 4_096)
        var (left, room) = (input.count, output.count)
        input.withUnsafeMutableBufferPointer { from in
            output.withUnsafeMutableBufferPointer { to in
                var (next, target) = (from.baseAddress, to.baseAddress)
                _ = iconv(converter, &next, &left, &target, &room)
            }
        }
        #expect(left == 0)
        let encoded = output.prefix(4_096 - room).map { UInt8(bitPattern: $0) }
        let draft = try reader.draft(Array(encoded), format: .html)
        #expect(draft.content.textString == text)
        #expect(draft.encoding == (name == "gb2312" ? "gb18030" : name))
    }

    @Test("Bytes that are not what the page declares are of an unknown encoding, valid UTF-8 is UTF-8")
    func wrongDeclaration() throws {
        let cut = bytes("<meta charset=euc-jp><p>") + [0xC7, 0xFF, 0xE1, 0x20, 0xFF]
        #expect(rejection(cut, .html)?.reason == .unknownEncoding)
        #expect(try page("<meta charset=windows-1256><p>\(sentence)</p>").textString == sentence)
        #expect(try page("\u{FEFF}<p>\(sentence)</p>").textString == sentence)
    }
}
