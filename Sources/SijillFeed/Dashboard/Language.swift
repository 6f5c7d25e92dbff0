import HTTPTypes

/// A language that the dashboard speaks. What articles say stands in their own.
enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case arabic = "ar"

    var direction: String { self == .arabic ? "rtl" : "ltr" }
    /// Its name in itself.
    var name: String { self == .arabic ? "العربية" : "English" }
    var other: Language { self == .arabic ? .english : .arabic }

    /// The word in this language.
    func callAsFunction(_ word: Word) -> String {
        let (english, arabic) = word.words
        return self == .arabic ? arabic : english
    }

    /// The one that a browser likes best (RFC 9110 §12.5.4); English where it says none of ours.
    init(accepting header: String?) {
        var best: (language: Language, weight: Double)?
        for range in (header ?? "").split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let tag = parts.first?.split(separator: "-").first?.lowercased(),
                let language = Language(rawValue: tag)
            else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }
            let weight = quality.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > best?.weight ?? 0 { best = (language, weight) }
        }
        self = best?.language ?? .english
    }
}

/// Light, dark, or what the system says.
enum Theme: String, CaseIterable, Sendable {
    case auto, light, dark
}

/// How someone wants the pages: asked for in the URL, kept in a cookie.
struct Taste: Sendable {
    static let parameters = ["ui", "theme"]
    private static let languageCookie = "sijill_ui"
    private static let themeCookie = "sijill_theme"

    let language: Language
    let theme: Theme
    /// What was asked for now, and is to be kept.
    let cookies: [String]

    /// - Throws: `Problem` with status 400 for a language or theme that there is not.
    init(_ asked: RoutedRequest) throws(Problem) {
        var cookies: [String] = []
        if let text = asked.query["ui"] {
            guard let language = Language(rawValue: text) else {
                throw .badRequest("'ui' can be 'en' or 'ar', not '\(text)'")
            }
            self.language = language
            cookies.append(Self.cookie(Self.languageCookie, language.rawValue))
        } else {
            language =
                Self.kept(Self.languageCookie, asked.headers).flatMap(Language.init)
                ?? Language(accepting: asked.headers[.acceptLanguage])
        }
        if let text = asked.query["theme"] {
            guard let theme = Theme(rawValue: text) else {
                throw .badRequest("'theme' can be 'auto', 'light' or 'dark', not '\(text)'")
            }
            self.theme = theme
            cookies.append(Self.cookie(Self.themeCookie, theme.rawValue))
        } else {
            theme = Self.kept(Self.themeCookie, asked.headers).flatMap(Theme.init) ?? .auto
        }
        self.cookies = cookies
    }

    private static func cookie(_ name: String, _ value: String) -> String {
        "\(name)=\(value); Path=/; Max-Age=31536000; SameSite=Strict"
    }

    private static func kept(_ name: String, _ headers: HTTPFields) -> String? {
        for field in headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let halves = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if halves.count == 2, halves[0] == name { return String(halves[1]) }
            }
        }
        return nil
    }
}
