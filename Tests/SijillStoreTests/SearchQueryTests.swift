import Testing

@testable import SijillStore

@Suite struct SearchQueryTests {
    @Test(
        "What cannot be understood is an error that says where and what to do",
        arguments: [
            ("", "no word"), ("   ", "no word"), ("؟ - !", "no word"), ("\"", "not closed"),
            ("a \"b", "character 3"),
            ("\"\"", "no word"), ("\"؟\"", "no word"), ("AND", "needs a word before"),
            ("OR x", "needs a word before"),
            ("x AND", "needs a word behind"), ("x OR", "needs a word behind"),
            ("x NOT", "needs a word behind"),
            ("NOT x", "needs a word before"), ("x AND OR y", "needs a word before"),
            ("x OR NOT y", "needs a word before"),
            ("(x", "not closed"), ("x)", "closes no bracket"), ("()", "before the ')'"),
            ("*", "follows no word"),
            ("x*y", "not at the end"), ("*xy", "not at the end"), ("x*", "fewer than 3"),
            ("ب*", "fewer than 3"),
            ("\"xy b\"*", "fewer than 3"),
        ])
    func errors(text: String, part: String) {
        let error = #expect(throws: SearchQueryError.self) { try SearchQuery(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "none")")
    }

    @Test("A query that is too long, too wide or too deep is refused")
    func limits() {
        #expect(throws: SearchQueryError.self) { try SearchQuery(String(repeating: "a", count: 2_049)) }
        #expect(throws: SearchQueryError.self) {
            try SearchQuery(Array(repeating: "ab", count: SearchQuery.tokensMax + 1).joined(separator: " "))
        }
        let deep = SearchQuery.depthMax
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "x" + String(repeating: ")", count: depth)
        }
        #expect(throws: Never.self) { try SearchQuery(nested(deep)) }
        #expect(throws: SearchQueryError.self) { try SearchQuery(nested(deep + 1)) }
    }

    @Test(
        "The expression holds words in quotation marks only",
        arguments: [
            ("a b", "(\"a\" AND \"b\")"), ("a OR b c", "(\"a\" OR (\"b\" AND \"c\"))"),
            ("a NOT b NOT c", "(\"a\" NOT (\"b\" OR \"c\"))"), ("abc*", "\"abc\" *"),
            ("state-of-the-art", "\"state-of-the-art\""), ("title:x", "\"title:x\""),
            ("NEAR(a b)", "(\"NEAR\" AND (\"a\" AND \"b\"))"), ("x';--", "\"x';--\""), ("北京*", "\"北京\" *"),
        ])
    func expression(text: String, expected: String) throws {
        #expect(try SearchQuery(text).expression == expected)
    }
}
