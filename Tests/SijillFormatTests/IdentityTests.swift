import Testing

@testable import SijillFormat

@Suite("Canonical URLs and identities")
struct IdentityTests {
    private func canonical(_ url: String) -> String? {
        CanonicalURL(url).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test("Addresses of one page have one canonical form")
    func samePage() {
        let page = "example.org/news/7?a=1&b=2"
        let addresses = [
            "http://example.org/news/7?a=1&b=2", "https://www.example.org/news/7/?b=2&a=1",
            "HTTPS://M.Example.ORG:443/news/7/amp?a=1&b=2#top",
            "http://amp.example.org:80/news/7/amp/?a=1&b=2",
            "https://example.org/news/7?utm_source=x&a=1&fbclid=q&b=2&gclid=z&UTM_medium=y",
            "https://user:pass@www.m.example.org./news/7//?a=1&&b=2",
            "https://example.org/n%65ws/%37?a=1&b=2",
        ]
        for address in addresses { #expect(canonical(address) == page, "\(address)") }
        #expect(canonical("http://example.org") == "example.org")
        #expect(canonical("http://example.org/") == "example.org")
        #expect(canonical("https://example.org/?utm_source=x") == "example.org")
    }

    @Test("Arabic in an address is the same written out and in percent signs, in either case")
    func arabic() {
        #expect(canonical("https://example.org/خبر") == "example.org/خبر")
        #expect(canonical("https://example.org/%D8%AE%D8%A8%D8%B1") == "example.org/خبر")
        #expect(canonical("https://example.org/%d8%ae%d8%a8%d8%b1/") == "example.org/خبر")
    }

    @Test("Addresses of different pages stay different")
    func otherPages() {
        let addresses = [
            "http://example.org/a", "http://example.org/A", "http://example.org/a%2Fb",
            "http://example.org/a/b",
            "http://example.org/a?x=1", "http://example.org/a?x=2", "http://example.org:8080/a",
            "http://news.example.org/a", "http://example.com/a", "http://example.org/a?x=1%26y=2",
            "http://example.org/a?x=1&y=2", "http://example.org/damp", "http://m.co/a", "http://www.co/a",
            "http://example.org/a%zz",
        ]
        #expect(Set(addresses.map { canonical($0) }).count == addresses.count)
        #expect(canonical("http://example.org/damp") == "example.org/damp")
        #expect(canonical("http://m.co/a") == "m.co/a")
    }

    @Test("What is no web address has no canonical form")
    func noAddress() {
        for text in ["", "example.org/a", "ftp://example.org/a", "http:/a", "http://", "http:///a", "x:y"] {
            #expect(canonical(text) == nil, "\(text)")
        }
    }

    @Test("An identity is the address, else the source with the producer's id; nothing gives none")
    func identity() {
        var content = Content()
        #expect(Identity(content, source: "s") == nil)
        content.id = "7"
        let byID = Identity(content, source: "s")
        #expect(byID != nil && byID != Identity(content, source: "t"))
        content.url = "no address"
        #expect(Identity(content, source: "s") == byID)
        content.url = "https://example.org/7"
        let byURL = Identity(content, source: "s")
        #expect(byURL != byID && byURL == Identity(content, source: "t"))
        content.id = nil
        #expect(Identity(content, source: "s") == byURL)
        #expect(byURL.flatMap { Identity(data: $0.data) } == byURL)
        #expect(Identity(data: [1, 2]) == nil)
    }

    @Test("A share is written with one to four decimals, rounded down, and read back")
    func shares() {
        let cases: [(Int, Int, String)] = [
            (0, 7, "0.0"), (0, 0, "0.0"), (7, 7, "1.0"), (5_999, 10_000, "0.5999"),
            (59_999, 100_000, "0.5999"),
            (1, 2, "0.5"), (83, 100, "0.83"), (1, 10_000, "0.0001"), (2, 3, "0.6666"),
        ]
        for (part, all, literal) in cases {
            #expect(Share(part, of: all).literal == literal)
            #expect(Share(literal: literal) == Share(part, of: all))
        }
        for literal in ["", "1", "0", ".5", "0.50", "0.12345", "1.1", "-0.5", "0.5e0", "1.00"] {
            #expect(Share(literal: literal) == nil, "\(literal)")
        }
    }
}
