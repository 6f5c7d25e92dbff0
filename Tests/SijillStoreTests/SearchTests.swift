import Foundation
import GRDB
import SijillFormat
import SijillTesting
import Testing

@testable import SijillStore

@Suite struct SearchTests {
    @Test(
        "Words are found however they are written",
        arguments: [
            ("محمد", "قال مُحَمَّد إن الطريق مفتوح"), ("احمد", "وصل أحمد أمس"), ("الحسكة", "من دمشق والحسكة"),
            ("الحسكة", "بالحسكة مطر"), ("الحسكة", "الحسكه"), ("وبالحسكة", "حسكة"), ("٢٠١٩", "في عام 2019"),
            ("2019", "عام ٢٠١٩"), ("على", "قال علي"), ("علي", "على"), ("مدرسه", "المـــدرسة"),
            ("حسك*", "من والحسكة"), ("École", "une ecole"), ("strasse", "Die Straße"),
            ("МОСКВА", "в Москва был"),
            ("हिन्दी", "यह हिन्दी है"), ("北京", "在北京市民中心"), ("市民中", "在北京市民中心"), ("地震", "東京で地震があった"),
            ("サッカー", "昨日のｻｯｶｰの試合"), ("เมือง", "ในเมืองหลวง"), ("서울", "어제 서울에서 비가"), ("café", "cafe\u{301}"),
        ])
    func written(query: String, text: String) throws {
        let fixture = try SearchFixture()
        try fixture.add("لا شيء هنا nothing")
        let sequence = try fixture.add(text)
        try fixture.index()
        #expect(try fixture.found(query) == [sequence])
    }

    @Test(
        "Words that differ are not found",
        arguments: [("باب", "كتاب"), ("京北", "北京"), ("2019", "12019"), ("kat", "cat")])
    func different(query: String, text: String) throws {
        let fixture = try SearchFixture()
        try fixture.add(text)
        try fixture.index()
        #expect(try fixture.found(query) == [])
    }

    @Test("A phrase is found with and without marks, in its order only")
    func phrases() throws {
        let fixture = try SearchFixture()
        let first = try fixture.add("اِجْتَمَعَ مَجْلِسُ المَدِينَةِ يوم الأحد")
        let second = try fixture.add("اجتمع مجلس المدينة يوم الاثنين")
        let third = try fixture.add("المدينة مجلس اجتمع")
        try fixture.index()
        #expect(try fixture.found("\"مجلس المدينة\"") == [second, first])
        #expect(try fixture.found("\"مَجْلِسُ المَدِينَةِ\"") == [second, first])
        #expect(try fixture.found("“مجلس المدينة”") == [second, first])
        #expect(try fixture.found("مجلس المدينة") == [third, second, first])
        #expect(try fixture.found("\"مجلس المد\"*") == [second, first])
        #expect(try fixture.found("\"مجلس المد\"") == [])
    }

    @Test("AND, OR, NOT and brackets mean what they say; nothing between words means AND")
    func operators() throws {
        let fixture = try SearchFixture()
        let both = try fixture.add("زيتون قمح")
        let olives = try fixture.add("زيتون")
        let wheat = try fixture.add("قمح")
        let grapes = try fixture.add("عنب and")
        try fixture.index()
        #expect(try fixture.found("زيتون قمح") == [both])
        #expect(try fixture.found("زيتون AND قمح") == [both])
        #expect(try fixture.found("زيتون OR قمح") == [wheat, olives, both])
        #expect(try fixture.found("زيتون NOT قمح") == [olives])
        #expect(try fixture.found("زيتون AND NOT قمح") == [olives])
        #expect(try fixture.found("(زيتون OR عنب) NOT قمح") == [grapes, olives])
        #expect(try fixture.found("عنب OR زيتون قمح") == [grapes, both])
        #expect(try fixture.found("and") == [grapes])
        #expect(try fixture.found("\"AND\"") == [grapes])
        #expect(try fixture.found("زيتون — ، قمح") == [both])
    }

    @Test("Title and text are both searched, and filters leave what they name")
    func filters() throws {
        let fixture = try SearchFixture()
        let one = try fixture.add("نص", title: "فيضان", publisher: "صحيفة الميناء", lang: "ar-SY")
        let two = try fixture.add("فيضان", publisher: "La \"Dépêche\"", lang: "fr")
        try fixture.index()
        #expect(try fixture.found("فيضان") == [two, one])
        var request = try fixture.request("فيضان OR نص")
        request.publisher = "صحيفة الميناء"
        #expect(try fixture.store.search(request).hits.map(\.cursor.sequence.value) == [one])
        request.publisher = "La \"Dépêche\""
        #expect(try fixture.store.search(request).hits.map(\.cursor.sequence.value) == [two])
        request.publisher = "La"
        #expect(try fixture.store.search(request).hits.isEmpty)
        for (lang, expected) in [("ar", [one]), ("AR_sy", [one]), ("ar-EG", []), ("fr", [two]), ("s", [])] {
            var request = try fixture.request("فيضان OR نص")
            request.lang = lang
            #expect(
                try fixture.store.search(request).hits.map(\.cursor.sequence.value) == expected, "\(lang)")
        }
        for change in fixture.history.changes {
            var request = try fixture.request("فيضان OR نص")
            request.source = change.record.file.source
            let found = try fixture.store.search(request).hits
            #expect(found.contains { $0.cursor == change.cursor })
            #expect(found.allSatisfy { $0.source == change.record.file.source })
        }
    }

    @Test("since is inclusive and until is not; neither misses a change or takes one too many")
    func times() throws {
        let fixture = try SearchFixture(seed: 72)
        for number in 0..<40 { try fixture.add("مطر \(number)") }
        try fixture.index()
        let changes = fixture.history.changes
        let moments = changes.map(\.time.milliseconds)
        for moment in [0, moments[0], moments[7], moments[7] + 1, moments[39], moments[39] + 1] {
            var request = try fixture.request("مطر")
            request.limit = 100
            request.since = Timestamp(milliseconds: moment)
            let after = Set(try fixture.store.search(request).hits.map(\.cursor))
            #expect(after == Set(changes.filter { $0.time.milliseconds >= moment }.map(\.cursor)))
            request.since = nil
            request.until = Timestamp(milliseconds: moment)
            let before = Set(try fixture.store.search(request).hits.map(\.cursor))
            #expect(before == Set(changes.filter { $0.time.milliseconds < moment }.map(\.cursor)))
        }
    }

    @Test(
        "Pages follow each other without a gap or a repetition, while articles come in",
        arguments: [
            SearchRequest.Order.newest, .best,
        ])
    func pages(order: SearchRequest.Order) throws {
        let fixture = try SearchFixture()
        var expected: Set<UInt64> = []
        for number in 0..<57 {
            expected.insert(try fixture.add("ميناء " + String(repeating: "سفينة ", count: number % 9)))
        }
        try fixture.index()
        var request = try fixture.request("ميناء OR سفينة")
        request.order = order
        request.limit = 10
        var seen: [UInt64] = []
        repeat {
            let page = try fixture.store.search(request)
            if request.page == nil { #expect(page.total == 57 && page.isTotalExact) }
            seen += page.hits.map(\.cursor.sequence.value)
            let next = page.next.map(\.description)
            request.page = next.flatMap { SearchPosition($0) }
            #expect((request.page == nil) == (next == nil))
            // In the order of time nothing moves; by rank only what is newer than the first page comes too late.
            if order == .newest {
                try fixture.add("ميناء")
                try fixture.index()
            }
        } while request.page != nil
        #expect(seen.count == 57 && Set(seen) == expected)
        if order == .newest { #expect(seen == seen.sorted(by: >)) }
    }

    @Test("The best come first: more of the word in less text, and the title counts more")
    func ranks() throws {
        let fixture = try SearchFixture()
        let filler = String(repeating: "كلام كثير لا يقول شيئا ", count: 20)
        let long = try fixture.add(filler + "زلزال")
        let often = try fixture.add("زلزال وزلزال وبعد الزلزال زلزال")
        let titled = try fixture.add(filler, title: "زلزال زلزال")
        try fixture.add(filler)
        try fixture.index()
        var request = try fixture.request("زلزال")
        request.order = .best
        let hits = try fixture.store.search(request).hits
        #expect(hits.map(\.cursor.sequence.value).last == long)
        #expect(Set(hits.map(\.cursor.sequence.value)) == [long, often, titled])
        let scores = hits.compactMap(\.score)
        #expect(scores.count == 3 && scores == scores.sorted(by: >) && scores.allSatisfy { $0 > 0 })
        #expect(try fixture.search("زلزال").hits.allSatisfy { $0.score == nil })
    }

    @Test("A rare word weighs more than a common one, and what must not be there weighs nothing")
    func weights() throws {
        let fixture = try SearchFixture()
        for number in 0..<40 { try fixture.add("خبر عن المطر رقم \(number) من المدينة") }
        let common = try fixture.add("المطر والمطر ثم المطر في المدينة")
        let rare = try fixture.add("الزلزال الذي لم يسبقه في المدينة شيء")
        try fixture.index()
        var request = try fixture.request("المطر OR الزلزال")
        request.order = .best
        let found = try fixture.store.search(request).hits
        #expect(found.first?.cursor.sequence.value == rare)
        #expect(found.dropFirst().first?.cursor.sequence.value == common)
        request = try fixture.request("المدينة NOT الزلزال")
        request.order = .best
        let without = try fixture.store.search(request).hits
        #expect(without.count == 20 && !without.contains { $0.cursor.sequence.value == rare })
        #expect(without.allSatisfy { ($0.score ?? 0) > 0 })
        #expect(fixture.store.searches().searches >= 2)
    }

    @Test("Beyond what is counted the total is a lower bound")
    func bounded() throws {
        let fixture = try SearchFixture()
        var content = Content()
        content.text = Array("كلمة واحدة".utf8)
        var history = fixture.history
        let count = SearchLimits.countedMax + 5
        for _ in 0..<count { history.add(content) }
        try fixture.store.apply(history.changes)
        try fixture.store.indexAll()
        let page = try fixture.search("كلمة")
        #expect(page.total == SearchLimits.countedMax && !page.isTotalExact)
        #expect(page.hits.first?.cursor.sequence.value == UInt64(count))
    }

    @Test("No query of random pieces reaches FTS5 as anything it cannot read")
    func random() throws {
        let fixture = try SearchFixture()
        try fixture.add("زيتون قمح olive 北京 NEAR")
        try fixture.index()
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SijillStoreTests.SeededGenerator(seed: seed)
        let pieces = [
            "زيتون", "قمح", "olive", "北京", "\"", "“", "(", ")", "*", "AND", "OR", "NOT", "NEAR(", "^", "+",
            "-", ":",
            "{", "}", ",", "title:", "'", ";", "--", "\0", "\\", " ", " ", " ", "ab*", "x", "1", "\u{202E}",
            "rank", "%",
        ]
        var understood = 0
        for _ in 0..<3_000 {
            let count = Int.random(in: 0...8, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator)! }.joined(
                separator: Bool.random(using: &generator) ? " " : "")
            guard let query = try? SearchQuery(text) else { continue }
            understood += 1
            for order in SearchRequest.Order.allCases {
                var request = SearchRequest(query)
                request.order = order
                #expect(throws: Never.self, "\(text.debugDescription) seed \(seed)") {
                    try fixture.store.search(request)
                }
            }
        }
        #expect(understood > 300)
    }
}
