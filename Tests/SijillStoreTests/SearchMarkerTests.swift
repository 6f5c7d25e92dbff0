import Testing

@testable import SijillStore

@Suite struct SearchMarkerTests {
    private func snippet(_ query: String, _ text: String) throws -> String {
        var marker = SearchMarker(try SearchQuery(query))
        return marker.snippet(Array(text.utf8)).bracketed
    }

    @Test(
        "Marks are on the words as they are written",
        arguments: [
            ("محمد", "قال مُحَمَّد إن", "قال [مُحَمَّد] إن"), ("الحسكة", "من والحَسَكة.", "من [والحَسَكة]."),
            ("حسك*", "بالحسكة", "[بالحسكة]"),
            ("\"مجلس المدينة\"", "مجلس مَجْلِسُ المدينةِ مجلس", "مجلس [مَجْلِسُ] [المدينةِ] مجلس"),
            ("a NOT b", "a b c", "[a] b c"), ("北京", "在北京市", "在[北京]市"), ("2019", "عام ٢٠١٩م", "عام ٢٠١٩م"),
            ("٢٠١٩", "عام 2019 م", "عام [2019] م"), ("x", "nothing here", "nothing here"),
            ("a", "<a>&", "<[a]>&"),
            ("a b", "b\n\n\ta", "[b] [a]"), ("x", "x\u{202E} y", "[x] y"),
        ])
    func marks(query: String, text: String, expected: String) throws {
        #expect(try snippet(query, text) == expected)
    }

    @Test("A long text is cut at words around the place that says most")
    func window() throws {
        let filler = String(repeating: "كلمة أخرى ", count: 60)
        let found = try snippet("زيتون قمح", filler + "زيتون " + filler + "القمح والزيتون معا " + filler)
        #expect(found.contains("[القمح] [والزيتون]"))
        #expect(found.hasPrefix("…") && found.hasSuffix("…"))
        let plain = found.filter { !"[]…".contains($0) }
        #expect(plain.count <= SearchLimits.snippetCharacters && plain.count > 150)
        #expect((filler + "زيتون " + filler + "القمح والزيتون معا " + filler).contains(plain))
        for word in plain.split(separator: " ") {
            #expect(["كلمة", "أخرى", "القمح", "والزيتون", "معا"].contains(word), "\(word)")
        }
    }

    @Test("One word without end, and a text of nothing, have a snippet too")
    func extremes() throws {
        let endless = try snippet("x", String(repeating: "x", count: 5_000))
        #expect(endless.count <= SearchLimits.snippetCharacters + 3)
        #expect(try snippet("x", "") == "")
        let chinese = try snippet("京", String(repeating: "北京市", count: 1_000))
        #expect(chinese.contains("[京]") && chinese.count < 500)
    }

    @Test("A title is marked as a whole, and not at all when nothing is in it")
    func title() throws {
        var marker = SearchMarker(try SearchQuery("زيتون"))
        #expect(marker.title(Array("موسم الزَّيتون".utf8)).bracketed == "موسم [الزَّيتون]")
        #expect(marker.title(Array("قمح".utf8)) == [])
    }
}
