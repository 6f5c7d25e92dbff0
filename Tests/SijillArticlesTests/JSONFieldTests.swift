import SijillFormat
import Testing

@testable import SijillArticles

@Suite("The fields of a JSON article")
struct JSONFieldTests {
    @Test("A news-please object gives its fields, the rest is extra")
    func newsPlease() throws {
        let input = try fixture("library.json")
        let draft = try reader.draft(input, format: .json)
        let found = draft.content
        #expect(found.title == "مكتبة متنقلة تصل إلى الواحة")
        #expect(found.url == "https://www.example.org/ar/2026/11/library?id=7")
        #expect(found.site == "example.org")
        #expect(found.authors == ["هدى المثال", "سليم التجربة"])
        #expect(found.published == "2026-11-03 08:15:00")
        #expect(found.modified == nil)
        #expect(found.fetched == "2026-11-04T09:00:00+03:00")
        #expect(found.lang == "ar-EG")
        #expect(found.image == "https://www.example.org/books.jpg")
        #expect(found.publisher == nil)
        #expect(found.textString?.hasSuffix("وتعود الشاحنة كل شهر.") == true)
        #expect(extra(found) == #"{"localpath":"/data/library.html"}"#)
        #expect(found.warnings.isEmpty && found.cut.isEmpty)
        #expect(draft.raw == Digest.of(input))
        #expect(draft.textDigest == Digest.of(found.text ?? []))
    }

    @Test(
        "Every accepted name of a text field gives that field",
        arguments: [
            ("title", "title headline article_title title_page og:title"),
            ("publisher", "publisher source-hostname sitename og:site_name source"),
            ("site", "site hostname source_domain canonical_domain"),
            ("lang", "lang language inLanguage og:locale"),
            ("description", "excerpt description"), ("section", "section articleSection"),
            ("image", "image image_url og:image"), ("license", "license"), ("id", "id identifier"),
            ("authors", "authors author byline article:author"), ("tags", "tags categories keywords"),
        ])
    func names(_ field: String, _ names: String) throws {
        for name in names.split(separator: " ") {
            let found = try content(#"{"text":"نص","\#(name)":"قيمة"}"#)
            let value: String? =
                switch field {
                case "title": found.title
                case "publisher": found.publisher
                case "site": found.site
                case "lang": found.lang
                case "description": found.description
                case "section": found.section
                case "image": found.image
                case "license": found.license
                case "id": found.id
                case "authors": found.authors.first
                default: found.tags.first
                }
            #expect(value == "قيمة", "\(name) as \(field)")
            #expect(found.extra.isEmpty, "\(name)")
        }
    }

    @Test("Every accepted name of the text, the address and the dates gives that field")
    func otherNames() throws {
        for name in "text maintext content body articleBody raw_text text_content plaintext".split(
            separator: " ")
        {
            #expect(try content(#"{"\#(name)":"نص"}"#).textString == "نص")
        }
        for name in "url source original_url link u mainEntityOfPage og:url canonical".split(separator: " ") {
            let found = try content(#"{"text":"نص","\#(name)":"HTTPS://News.Example:8080/a"}"#)
            #expect(found.url == "HTTPS://News.Example:8080/a", "\(name)")
            #expect(found.site == "news.example")
            #expect(found.publisher == nil)
        }
        let published =
            "published date_publish date datePublished publication_date publishing_date pub_date article:published_time"
        for name in published.split(separator: " ") {
            #expect(
                try content(#"{"text":"نص","\#(name)":"2026-11-03"}"#).published == "2026-11-03", "\(name)")
        }
        for name in ["modified", "date_modify", "dateModified", "article:modified_time"] {
            #expect(
                try content(#"{"text":"نص","\#(name)":"2026-11-03"}"#).modified == "2026-11-03", "\(name)")
        }
        for name in ["fetched", "date_download", "filedate", "fetch_date", "date_extracted"] {
            #expect(try content(#"{"text":"نص","\#(name)":"2026-11-03"}"#).fetched == "2026-11-03", "\(name)")
        }
    }

    @Test("The first name that is present wins; the others stay in extra, those that hold nothing go")
    func firstWins() throws {
        let found = try content(
            #"{"headline":"ثان","body":"آخر","text":"نص","title":"أول","article_title":"None","og:title":""}"#
        )
        #expect(found.title == "أول")
        #expect(found.textString == "نص")
        #expect(extra(found) == #"{"headline":"ثان","body":"آخر"}"#)
        #expect(try content(#"{"title":"null","headline":"ثان","text":null,"content":"نص"}"#).title == "ثان")
    }

    @Test("A name with points is that very name, or leads into an object, whose rest stays")
    func paths() throws {
        #expect(try content(#"{"text":"نص","publisher.name":"صحيفة"}"#).publisher == "صحيفة")
        let nested = try content(
            #"{"text":"نص","publisher":{"name":"صحيفة","logo":1.50},"mainEntityOfPage":{"@id":"http://a.example/1"}}"#
        )
        #expect(nested.publisher == "صحيفة")
        #expect(nested.url == "http://a.example/1")
        #expect(extra(nested) == #"{"publisher":{"logo":1.50}}"#)
        #expect(nested.warnings.isEmpty)
    }

    @Test("A source is the address when it is one, else who published")
    func source() throws {
        let address = try content(#"{"text":"نص","source":"http://a.example/1"}"#)
        #expect(address.url == "http://a.example/1" && address.publisher == nil)
        let name = try content(#"{"text":"نص","source":"صحيفة","link":"http://a.example/2"}"#)
        #expect(name.url == "http://a.example/2" && name.publisher == "صحيفة")
        let both = try content(#"{"text":"نص","source":"http://a.example/1","url":"http://a.example/2"}"#)
        #expect(both.url == "http://a.example/2" && both.publisher == nil)
        #expect(extra(both) == #"{"source":"http://a.example/1"}"#)
    }

    @Test(
        "Only http and https are addresses",
        arguments: ["ftp://a.example/", "/2026/1", "http://", "a b", "http:/a"])
    func badAddresses(_ address: String) throws {
        let found = try content(#"{"text":"نص","url":"\#(address)"}"#)
        #expect(found.url == nil && found.site == nil)
        #expect(extra(found) == #"{"url":"\#(address)"}"#)
        #expect(found.warnings == ["url: url is no http or https address; it is kept in extra"])
    }

    @Test("The host of an address is its site, without user and port")
    func hosts() throws {
        let hosts = [
            "https://U:p@WWW.a.example:8443/x@y": "www.a.example",
            "http://[2001:db8::1]:80/": "[2001:db8::1]",
            "http://خبر.example?q=1": "خبر.example",
        ]
        for (address, host) in hosts {
            #expect(try content(#"{"text":"نص","url":"\#(address)"}"#).site == host)
        }
        #expect(
            try content(#"{"text":"نص","url":"http://a.example","hostname":"b.example"}"#).site == "b.example"
        )
    }

    @Test("Authors are one text, an array, or objects with a name")
    func authors() throws {
        let expected = ["هدى المثال", "سليم"]
        for value in [
            #""هدى المثال; سليم""#, #"" هدى المثال ؛ سليم ;""#, #"["هدى المثال","", "سليم"]"#,
            #"[{"name":"هدى المثال"},"سليم",null]"#,
        ] {
            let found = try content(#"{"text":"نص","author":\#(value)}"#)
            #expect(found.authors == expected, "\(value)")
            #expect(found.extra.isEmpty)
        }
        let more = try content(
            #"{"text":"نص","author":{"@type":"Person","name":"هدى","url":"http://a.example"}}"#)
        #expect(more.authors == ["هدى"])
        #expect(extra(more) == #"{"author":{"@type":"Person","url":"http://a.example"}}"#)
    }

    @Test("More authors than the limit are cut, and that is said")
    func manyAuthors() throws {
        let names = (1...300).map { "\"كاتب \($0)\"" }.joined(separator: ",")
        let found = try content("{\"text\":\"نص\",\"authors\":[\(names)]}")
        #expect(found.authors.count == 256)
        #expect(found.authors.last == "كاتب 256")
        #expect(found.cut == ["authors"])
    }

    @Test(
        "Keywords are split at commas of either script; an image is an address, an object or the first of several"
    )
    func tagsAndImages() throws {
        #expect(
            try content(#"{"text":"نص","keywords":"زيتون، زراعة, حصاد"}"#).tags == ["زيتون", "زراعة", "حصاد"])
        #expect(try content(#"{"text":"نص","tags":["a, b","c"]}"#).tags == ["a, b", "c"])
        #expect(
            try content(#"{"text":"نص","image":{"url":"http://a.example/1"}}"#).image == "http://a.example/1")
        let several = try content(
            #"{"text":"نص","image":[{"url":"http://a.example/1","width":5},"http://a.example/2"]}"#)
        #expect(several.image == "http://a.example/1")
        #expect(extra(several) == #"{"image":[{"width":5},"http://a.example/2"]}"#)
        #expect(try content(#"{"text":"نص","articleSection":["محليات","طقس"]}"#).section == "محليات; طقس")
        #expect(try content(#"{"text":"نص","id":9007199254740993}"#).id == "9007199254740993")
    }

    @Test("A wrong type on an optional field goes to extra with a warning, and the next name is tried")
    func wrongTypes() throws {
        let found = try content(
            #"{"title":5,"headline":"عنوان","lang":["ar"],"authors":[7],"date":1600000000,"image":true,"text":"نص"}"#
        )
        #expect(found.title == "عنوان")
        #expect(extra(found) == #"{"title":5,"lang":["ar"],"authors":[7],"date":1600000000,"image":true}"#)
        #expect(found.warnings.count == 5)
        #expect(found.warnings.first == "title: title is a number, a string is expected; it is kept in extra")
    }

    @Test("A wrong type on the text rejects the record", arguments: ["5", "true", "[\"نص\"]", "{\"a\":1}"])
    func wrongText(_ value: String) {
        let found = rejection(bytes("{\"text\":\(value),\"body\":\"نص\"}"), .json)
        #expect(found?.reason == .badField)
        #expect(found?.detail.contains("text") == true)
    }

    @Test(
        "Without a text there is no article",
        arguments: ["{}", "{\"title\":\"ع\"}", "{\"text\":\" None \",\"body\":null}"])
    func noText(_ json: String) {
        #expect(rejection(bytes(json), .json)?.reason == .noArticleText)
    }

    @Test("A text without words is no text, a long one is too large")
    func textLimits() {
        #expect(rejection(bytes(#"{"text":"… ؟"}"#), .json)?.reason == .noText)
        var limits = InputLimits()
        limits.textBytesMax = 4
        #expect(rejection(bytes(#"{"text":"نص"}"#), .json, limits: limits) == nil)
        #expect(rejection(bytes(#"{"text":"نص1"}"#), .json, limits: limits)?.reason == .tooLarge)
    }

    @Test("Numbers, order and unknown members are kept as they were given")
    func extraAsGiven() throws {
        let found = try content(
            #"{"z":1.0e+05,"text":"نص","a":{"b":[null,true,-0]},"None":null,"n":123456789012345678901234567890}"#
        )
        #expect(
            extra(found)
                == #"{"z":1.0e+05,"a":{"b":[null,true,-0]},"None":null,"n":123456789012345678901234567890}"#)
    }

    @Test("Of a name that stands twice the last counts, with a warning")
    func duplicates() throws {
        let found = try content(#"{"text":"قديم","a":1,"text":"نص","a":2}"#)
        #expect(found.textString == "نص")
        #expect(extra(found) == #"{"a":2}"#)
        #expect(found.warnings.count == 2)
    }

    @Test("Lone surrogates are replaced with a warning, pairs are not")
    func surrogates() throws {
        let found = try content(#"{"text":"a\ud83d b\udE00 \ud83d\ude00"}"#)
        #expect(found.textString == "a\u{FFFD} b\u{FFFD} 😀")
        #expect(found.warnings == ["2 lone surrogates were replaced by U+FFFD"])
    }

    @Test("Fields over their limit are cut between characters and named")
    func cuts() throws {
        let long = String(repeating: "م", count: 5_000)
        let found = try content(
            #"{"text":"\#(long)","title":"\#(long)","description":"\#(long)","license":"\#(long)","tags":["\#(long)"]}"#
        )
        #expect(found.title?.utf8.count == Limits.titleBytesMax)
        #expect(found.description?.utf8.count == Limits.descriptionBytesMax)
        #expect(found.license?.utf8.count == Limits.fieldBytesMax)
        #expect(found.tags.first?.utf8.count == Limits.fieldBytesMax)
        #expect(found.cut == ["title", "description", "tags", "license"])
        #expect(found.text?.count == 10_000)
    }

    @Test("Extra over its limit keeps what fits and is named")
    func bigExtra() throws {
        let big = String(repeating: "م", count: 20_000)
        let found = try content(#"{"a":1,"html":"\#(big)","text":"نص","b":2}"#)
        #expect(extra(found) == #"{"a":1,"b":2}"#)
        #expect(found.cut == ["extra"])
        let exact = Limits.extraBytesMax - #"{"a":""}"#.utf8.count
        let fits = try content(#"{"text":"نص","a":"\#(String(repeating: "x", count: exact))"}"#)
        #expect(extra(fits).utf8.count == Limits.extraBytesMax)
        #expect(fits.cut.isEmpty)
        let over = try content(#"{"text":"نص","a":"\#(String(repeating: "x", count: exact + 1))"}"#)
        #expect(over.extra.isEmpty && over.cut == ["extra"])
    }

    @Test("Of a locale only the underscore changes")
    func languages() throws {
        let languages = [
            " ar ": "ar", "en_US": "en-US", "zh_Hant_TW": "zh-Hant-TW", "اللغة_العربية": "اللغة_العربية",
        ]
        for (given, kept) in languages {
            #expect(try content(#"{"text":"نص","lang":"\#(given)"}"#).lang == kept)
        }
    }
}
