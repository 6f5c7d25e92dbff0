import HTTPTypes
import Hummingbird
import SijillFormat

/// A page with what all pages have: head, navigation, foot.
struct Shell: Sendable {
    /// The places of the navigation.
    enum Place: String, CaseIterable, Sendable {
        case live, search, timeline, sources

        var word: Word {
            switch self {
            case .live: .live
            case .search: .search
            case .timeline: .timeline
            case .sources: .sources
            }
        }

        var address: Address { self == .live ? Address("") : Address(rawValue) }
    }

    let title: String
    /// Nil for a page that is of none.
    let place: Place?
    let content: HTML
    var scripts: HTML = .nothing
    /// It is brought up to date while it is open.
    var isRefreshed: Bool { place == .sources || place == .timeline }
    /// Whoever sees the page has a token that can be given back.
    var mayLeave = false

    init(_ title: String, _ place: Place?, scripts: HTML = .nothing, @HTMLBuilder content: () -> HTML) {
        self.title = title
        self.place = place
        self.scripts = scripts
        self.content = content()
    }

    /// Nothing but what this server itself serves is loaded or run, and the page is shown in no frame.
    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
        "img-src 'self' data:", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    func response(_ taste: Taste, _ asked: RoutedRequest, status: Int = 200) -> Response {
        let bytes = Array(document(taste, asked).utf8)
        let etag = "\"\(Digest.of(bytes).hex.prefix(32))\""
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8",
            .contentSecurityPolicy: Self.policy,
            .xContentTypeOptions: "nosniff",
            .contentLanguage: taste.language.rawValue,
            .vary: "Accept-Language, Cookie",
            .cacheControl: status == 200 ? "private, no-cache" : "no-store",
        ]
        // Which article someone read is nobody's business.
        headers[.referrerPolicy] = "same-origin"
        headers[.openerPolicy] = "same-origin"
        headers[.resourcePolicy] = "same-origin"
        for cookie in taste.cookies { headers.append(HTTPField(name: .setCookie, value: cookie)) }
        if status == 200 {
            headers[.eTag] = etag
            if asked.headers.names(etag) { return Response(status: .notModified, headers: headers) }
        }
        headers[.contentLength] = String(bytes.count)
        return Response(
            status: .init(code: status), headers: headers,
            body: asked.isHead ? .init() : .init(byteBuffer: .init(bytes: bytes)))
    }

    private func document(_ taste: Taste, _ asked: RoutedRequest) -> String {
        let say = taste.language
        return tag(
            .html, Attribute(.lang, say.rawValue), Attribute(.dir, say.direction),
            .data("theme", taste.theme.rawValue)
        ) {
            tag(.head) {
                tag(.meta, Attribute(.charset, "utf-8"))
                tag(
                    .meta, Attribute(.name, "viewport"),
                    Attribute(.content, "width=device-width, initial-scale=1"))
                tag(.meta, Attribute(.name, "color-scheme"), Attribute(.content, "light dark"))
                tag(.title) { "\(title) · \(say == .arabic ? "سجل" : "Sijill")" }
                tag(.link, Attribute(.rel, "icon"), .href(Address("assets", "icon.svg")))
                tag(.link, Attribute(.rel, "stylesheet"), .href(Address("assets", "sijill.css")))
                tag(
                    .link, Attribute(.rel, "alternate"), Attribute(.type, "application/atom+xml"),
                    .href(Address("feed.atom")))
                HTML.script("page.js")
                scripts
            }
            tag(.body) {
                tag(.a, Attribute(.class, "skip"), .href(Address(fragment: "#main"))) { say(.skip) }
                header(taste, asked)
                let refresh = isRefreshed ? Attribute.data("refresh", "") : nil
                tag(.main, Attribute(.id, "main"), Attribute(.tabindex, "-1"), refresh) { content }
                footer(say)
            }
        }.document
    }

    private func header(_ taste: Taste, _ asked: RoutedRequest) -> HTML {
        let say = taste.language
        return tag(.header, Attribute(.class, "top")) {
            tag(.a, Attribute(.class, "brand"), .href(Address(""))) {
                tag(.span, Attribute(.class, "brand-ar"), Attribute(.lang, "ar")) { "سجل" }
                tag(.span, Attribute(.class, "brand-en"), Attribute(.lang, "en")) { "Sijill" }
            }
            tag(.nav, Attribute(.ariaLabel, say(.navigation))) {
                tag(.ul) {
                    for place in Place.allCases {
                        tag(.li) {
                            let current = place == self.place ? Attribute(.ariaCurrent, "page") : nil
                            tag(.a, .href(place.address), current) { say(place.word) }
                        }
                    }
                }
            }
            tag(.div, Attribute(.class, "tastes")) {
                let here = Self.query(asked)
                tag(
                    .a, Attribute(.class, "taste"), Attribute(.lang, say.other.rawValue),
                    .href(Self.here(asked, here + [("ui", say.other.rawValue)]))
                ) { say.other.name }
                tag(
                    .form, Attribute(.method, "get"), .action(Self.here(asked, [])),
                    Attribute(.class, "theme-form")
                ) {
                    for pair in here {
                        tag(
                            .input, Attribute(.type, "hidden"), Attribute(.name, pair.0),
                            Attribute(.value, pair.1))
                    }
                    tag(.label, Attribute(.class, "quiet"), Attribute(.for, "theme")) { say(.theme) }
                    tag(.select, Attribute(.id, "theme"), Attribute(.name, "theme")) {
                        for theme in Theme.allCases {
                            let chosen = theme == taste.theme ? Attribute(.selected) : nil
                            tag(.option, Attribute(.value, theme.rawValue), chosen) { say(theme.word) }
                        }
                    }
                    tag(.button, Attribute(.class, "without-program")) { say(.show) }
                }
                if mayLeave { Self.leaveForm(say) }
            }
        }
    }

    private static func leaveForm(_ say: Language) -> HTML {
        tag(.form, Attribute(.method, "post"), .action(Address("session"))) {
            tag(.input, Attribute(.type, "hidden"), Attribute(.name, "token"), Attribute(.value, ""))
            tag(.button, Attribute(.class, "plain")) { say(.signOut) }
        }
    }

    private func footer(_ say: Language) -> HTML {
        tag(.footer, Attribute(.class, "foot")) {
            tag(.p) { say(.footnote) }
            tag(.p) {
                tag(.a, .href(Address("feed.atom"))) { say(.feed) }
                tag(.a, .href(Address("openapi.json"))) { say(.api) }
            }
        }
    }

    /// What was asked for, without how it is to look.
    private static func query(_ asked: RoutedRequest) -> [(String, String)] {
        asked.query.pairs.filter { !Taste.parameters.contains($0.name) }.map { ($0.name, $0.value) }
    }

    private static func here(_ asked: RoutedRequest, _ query: [(String, String)]) -> Address {
        Address(path: asked.request.uri.path, query: query)
    }
}

extension Shell {
    static func problem(_ problem: Problem, _ taste: Taste) -> Shell {
        let say = taste.language
        return Shell(problem.title, nil) {
            tag(.section, Attribute(.class, "notice")) {
                tag(.p, class: "status", "\(problem.status)")
                tag(.h1) { say == .english ? problem.title : say(.problem) }
                tag(.p, Attribute(.dir, "auto"), Attribute(.lang, "en")) { problem.detail }
                tag(.p) { tag(.a, Attribute(.class, "button"), .href(Address(""))) { say(.goHome) } }
            }
        }
    }

    static func signIn(_ taste: Taste, failed: Bool = false) -> Shell {
        let say = taste.language
        return Shell(say(.signIn), nil) {
            tag(.section, Attribute(.class, "notice")) {
                tag(.h1) { say(.signIn) }
                tag(.p) { say(.signInHint) }
                tag(
                    .form, Attribute(.method, "post"), .action(Address("session")),
                    Attribute(.class, "sign-in")
                ) {
                    tag(.label, Attribute(.for, "token")) { say(.token) }
                    tag(
                        .input, Attribute(.id, "token"), Attribute(.name, "token"),
                        Attribute(.type, "password"), Attribute(.autocomplete, "current-password"),
                        Attribute(.required), Attribute(.autofocus), Attribute(.dir, "ltr"),
                        failed ? Attribute(.ariaDescribedby, "failed") : nil)
                    if failed {
                        tag(.p, Attribute(.id, "failed"), Attribute(.class, "bad"), Attribute(.role, "alert"))
                        {
                            say(.wrongToken)
                        }
                    }
                    tag(.button) { say(.signIn) }
                }
            }
        }
    }
}

extension Theme {
    fileprivate var word: Word {
        switch self {
        case .auto: .auto
        case .light: .light
        case .dark: .dark
        }
    }
}

extension HTTPField.Name {
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy")!
}
