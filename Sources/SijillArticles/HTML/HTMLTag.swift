/// The elements that reading a page tells apart; all others are `other`, and only their text counts.
enum HTMLTag: String, CaseIterable {
    case a, address, article, aside, base, blockquote, body, br, button, canvas, caption, center, cite, code
    case dd, details, dialog, div, dl, dt, em, embed, fieldset, figcaption, figure, font, footer, form
    case frameset, h1, h2, h3, h4, h5, h6, head, header, hgroup, hr, html, iframe, img, input, label, legend
    case li, link, main, map, menu, meta, nav, noframes, noscript, object, ol, option, p, pre, script
    case section, select, small, span, strong, style, summary, svg, table, tbody, td, template, textarea
    case tfoot, th, thead, time, title, tr, ul, video, audio, math
    case other

    /// The element of that name, which libxml2 gives in lower case.
    init(_ name: UnsafePointer<UInt8>) {
        var key: UInt64 = 0
        var length = 0
        while name[length] != 0 {
            if length < 7 { key = key << 8 | UInt64(name[length]) }
            length += 1
        }
        self = HTMLTag.byKey[key << 8 | UInt64(min(length, 255))] ?? .other
    }

    /// Its first seven letters and its length tell every name above from the others.
    private static let byKey: [UInt64: HTMLTag] = {
        var tags: [UInt64: HTMLTag] = [:]
        for tag in HTMLTag.allCases where tag != .other {
            let letters = tag.rawValue.utf8
            let key = letters.prefix(7).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            tags[key << 8 | UInt64(letters.count)] = tag
        }
        return tags
    }()

    /// Begins and ends a block of text.
    var isBlock: Bool {
        switch self {
        case .address, .article, .aside, .blockquote, .body, .caption, .center, .dd, .details, .dialog, .div,
            .dl, .dt, .fieldset, .figcaption, .figure, .footer, .form, .frameset, .h1, .h2, .h3, .h4, .h5,
            .h6, .header, .hgroup, .hr, .html, .legend, .li, .main, .menu, .nav, .ol, .p, .pre, .section,
            .summary, .table, .tbody, .td, .tfoot, .th, .thead, .tr, .ul:
            true
        default: false
        }
    }

    /// What is inside is no text of the page.
    var hidesText: Bool {
        switch self {
        case .head, .script, .style, .noscript, .template, .iframe, .object, .embed, .svg, .math, .canvas,
            .audio, .video, .button, .select, .option, .textarea, .input, .map, .dialog, .noframes, .title:
            true
        default: false
        }
    }

    /// Navigation and what stands beside the text.
    var isAside: Bool {
        switch self {
        case .nav, .aside, .footer, .menu, .figcaption, .caption, .label, .legend: true
        default: false
        }
    }

    var isHeading: Bool {
        switch self {
        case .h1, .h2, .h3, .h4, .h5, .h6: true
        default: false
        }
    }
}
