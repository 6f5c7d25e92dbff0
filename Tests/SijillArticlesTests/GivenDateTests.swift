import Testing

@testable import SijillArticles

@Suite("Dates as they are given")
struct GivenDateTests {
    @Test(
        "The common forms are dates",
        arguments: [
            "2026-11-03", "2026-11-03T08:15:00Z", "2026-11-03T08:15:00+03:00", "2026-11-03t08:15:00.123456z",
            "2026-11-03T08:15:00", "2026-11-03 08:15", "2026-11-03 08:15:00", "2026-11-03 08:15:00+00:00",
            "2026-11-03 08:15:00 +0300", "2026-11-03T08:15+0300", "2024-02-29", "2016-12-31T23:59:60Z",
            "Tue, 03 Nov 2026 08:15:00 +0300", "3 Nov 2026 08:15 GMT", "Tue, 3 Nov 2026 08:15:00",
        ])
    func dates(_ text: String) throws {
        #expect(GivenDate.isDate(text))
        let found = try content(#"{"text":"نص","date":"\#(text)"}"#)
        #expect(found.published == text, "kept as it was given")
    }

    @Test(
        "Everything else is none, and stays in extra with a warning",
        arguments: [
            "2026", "2026-13-01", "2026-02-29", "1900-02-29", "2026-11-03T25:00:00Z",
            "2026-11-03T08:15:00+25:00",
            "2026-11-03T", "2026-11-03T08:15:00Z ثم", "03/11/2026", "٣ نوفمبر", "yesterday",
            "Tue, 31 Feb 2026 08:15 GMT",
            "Foo, 03 Nov 2026 08:15:00 GMT", "2026-11-03T08:15:00+", "1604391300",
        ])
    func others(_ text: String) throws {
        #expect(!GivenDate.isDate(text))
        let found = try content(#"{"text":"نص","published":"\#(text)"}"#)
        #expect(found.published == nil)
        #expect(extra(found) == #"{"published":"\#(text)"}"#)
        #expect(found.warnings.count == 1)
    }
}
