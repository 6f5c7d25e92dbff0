/// A piece of a page.
///
/// There is no way to make one from text that keeps the text's `<`: names of elements and attributes are closed lists,
/// everything else is escaped, and addresses are checked (`Address`). So what an article says can never become markup.
struct HTML: Hashable, Sendable {
    /// Well-formed by construction.
    let markup: String

    private init(markup: String) { self.markup = markup }

    static let nothing = HTML(markup: "")

    /// Text as it stands.
    static func text(_ text: String) -> HTML { HTML(markup: escaped(text)) }

    static func joined(_ parts: [HTML]) -> HTML { HTML(markup: parts.map(\.markup).joined()) }

    /// An element with what is in it.
    static func element(_ tag: Tag, _ attributes: [Attribute], _ content: HTML) -> HTML {
        let start = "<\(tag.rawValue)\(attributes.map(\.markup).joined())>"
        if tag.isVoid { return HTML(markup: start) }
        return HTML(markup: "\(start)\(content.markup)</\(tag.rawValue)>")
    }

    /// A program of this server; a page holds none itself.
    static func script(_ file: StaticString) -> HTML {
        HTML(markup: "<script type=\"module\" src=\"/assets/\(file)\"></script>")
    }

    /// The whole document.
    var document: String { "<!DOCTYPE html>\n" + markup + "\n" }

    /// Text that is text inside an element and inside a quoted attribute (HTML §13.1.2.3, §13.5). Characters that may
    /// not stand in HTML at all become U+FFFD.
    static func escaped(_ text: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): result += "&amp;".utf8
            case UInt8(ascii: "<"): result += "&lt;".utf8
            case UInt8(ascii: ">"): result += "&gt;".utf8
            case UInt8(ascii: "\""): result += "&quot;".utf8
            case UInt8(ascii: "'"): result += "&#39;".utf8
            case 0x0D: result += "&#13;".utf8
            case 0x09, 0x0A, 0x20..<0x7F, 0x80...: result.append(byte)
            default: result += "\u{FFFD}".utf8
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// The elements that pages are made of. None of them has content that is not ordinary text.
enum Tag: String, CaseIterable, Sendable {
    case html, head, title, body, header, nav, main, footer, section, article, aside, div, p, span, a, h1, h2,
        h3
    case ul, ol, li, dl, dt, dd, table, caption, thead, tbody, tr, th, td
    case form, label, select, option, button, datalist, dialog, fieldset, legend, details, summary, output
    case b, i, em, strong, small, code, mark, ins, del, bdi, time, abbr, progress, meter, kbd, template
    case svg, g, rect, line, polyline, polygon, path, circle
    case meta, link, input, br, hr

    var isVoid: Bool {
        switch self {
        case .meta, .link, .input, .br, .hr: true
        default: false
        }
    }
}

/// One attribute of an element. Those that hold an address or a program are not in `Name`.
struct Attribute: Hashable, Sendable {
    enum Name: String, CaseIterable, Sendable {
        case id, `class`, lang, dir, title, role, hidden, tabindex, charset, name, content, type, value,
            placeholder
        case `for`, list, min, max, low, high, optimum, step, required, disabled, selected, checked,
            autocomplete
        case autofocus, method, scope, colspan, open, datetime, download, rel, media, translate, enctype,
            spellcheck
        case inputmode, multiple, maxlength, size
        case viewBox, preserveAspectRatio, width, height, x, y, x1, x2, y1, y2, rx, d, points, fill, stroke
        case cx, cy, r, focusable
        case enterkeyhint
        case ariaLabel = "aria-label"
        case ariaLabelledby = "aria-labelledby"
        case ariaDescribedby = "aria-describedby"
        case ariaLive = "aria-live"
        case ariaAtomic = "aria-atomic"
        case ariaCurrent = "aria-current"
        case ariaHidden = "aria-hidden"
        case ariaPressed = "aria-pressed"
        case ariaBusy = "aria-busy"
        case ariaControls = "aria-controls"
    }

    let markup: String

    init(_ name: Name, _ value: String) { markup = " \(name.rawValue)=\"\(HTML.escaped(value))\"" }

    init(_ name: Name, _ value: some BinaryInteger) { self.init(name, "\(value)") }

    private init(address: Address, in name: StaticString) {
        markup = " \(name)=\"\(HTML.escaped(address.text))\""
    }

    /// An attribute that is there or not.
    init(_ flag: Name) { markup = " \(flag.rawValue)" }

    /// For the programs of a page.
    static func data(_ name: StaticString, _ value: String) -> Attribute {
        Attribute(markup: " data-\(name)=\"\(HTML.escaped(value))\"")
    }

    private init(markup: String) { self.markup = markup }

    static func href(_ address: Address) -> Attribute { Attribute(address: address, in: "href") }
    static func action(_ address: Address) -> Attribute { Attribute(address: address, in: "action") }
}

/// Where a link leads.
struct Address: Hashable, Sendable {
    let text: String

    /// A place of this server: parts of a path, each encoded, and parameters.
    init(_ parts: String..., query: [(String, String)] = [], fragment: StaticString = "") {
        var text = "/" + parts.map(PercentEncoding.encoded).joined(separator: "/")
        if !query.isEmpty {
            let pairs = query.map { "\(PercentEncoding.encoded($0.0))=\(PercentEncoding.encoded($0.1))" }
            text += "?" + pairs.joined(separator: "&")
        }
        self.text = text + "\(fragment)"
    }

    /// A place of this server whose path is encoded already, as a request had it.
    init(path: String, query: [(String, String)]) {
        // Two slashes would name another server.
        let rest = path.drop { $0 == "/" }
        self.init("", query: query)
        self = Address(raw: "/" + rest + text.dropFirst())
    }

    private init(raw: String) { text = raw }

    /// A place in the page.
    init(fragment: StaticString) { text = "\(fragment)" }

    /// An address that an article gives. Nil unless it leads to the web: `javascript:` and its like are no links.
    init?(web text: String) {
        let lower = text.prefix(8).lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://"),
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F })
        else { return nil }
        self.text = text
    }
}

/// Pieces one after the other; a string is text.
@resultBuilder
enum HTMLBuilder {
    static func buildExpression(_ html: HTML) -> HTML { html }
    static func buildExpression(_ html: HTML?) -> HTML { html ?? .nothing }
    static func buildExpression(_ text: String) -> HTML { .text(text) }
    static func buildBlock(_ parts: HTML...) -> HTML { .joined(parts) }
    static func buildOptional(_ part: HTML?) -> HTML { part ?? .nothing }
    static func buildEither(first part: HTML) -> HTML { part }
    static func buildEither(second part: HTML) -> HTML { part }
    static func buildArray(_ parts: [HTML]) -> HTML { .joined(parts) }
}

/// An element; attributes that are nil are left out.
func tag(
    _ tag: Tag, _ attributes: Attribute?..., @HTMLBuilder content: () -> HTML = { HTML.nothing }
) -> HTML {
    .element(tag, attributes.compactMap { $0 }, content())
}

/// An element of a class with a text in it.
func tag(_ tag: Tag, class name: String, _ text: String) -> HTML {
    .element(tag, [Attribute(.class, name)], .text(text))
}
