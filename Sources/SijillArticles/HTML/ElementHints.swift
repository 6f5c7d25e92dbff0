import Glibc

/// What the class, id and other attributes of an element say about its place in the page.
///
/// Names are judged word by word (`article-share`, `articleShare`, `share_bar`), so that a part of a word
/// says nothing; only a few long stems also count at the beginning or end of a word (`sharebar`).
struct ElementHints: OptionSet {
    let rawValue: UInt8

    /// Navigation, sharing, comments, related articles, advertisement: what goes unless it holds the article.
    static let junk = ElementHints(rawValue: 1)
    /// Bylines, dates, captions, tags: short lines that belong to an article but not to its text.
    static let detail = ElementHints(rawValue: 2)
    /// Said to be the text of the article.
    static let body = ElementHints(rawValue: 4)
    /// Said to be the text of the article by schema.org's vocabulary.
    static let articleBody = ElementHints(rawValue: 8)
    /// Not shown.
    static let hidden = ElementHints(rawValue: 16)
    /// Comments of readers: goes even when it is longer than the article.
    static let comments = ElementHints(rawValue: 32)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// - Parameter names: the hints of a class or id.
    init(_ tag: HTMLTag, _ attributes: HTMLAttributes, names: (String) -> ElementHints) {
        var hints: ElementHints = []
        if tag == .html || tag == .body || tag == .meta || tag == .link || tag == .script || tag == .img {
            self = hints
            return
        }
        attributes.each { name, value in
            switch name {
            case "class", "id": hints.formUnion(names(value))
            case "itemprop": hints.formUnion(ElementHints.itemProperty(value))
            case "role": hints.formUnion(ElementHints.role(value))
            case "hidden": hints.insert(.hidden)
            case "aria-hidden": if value == "true" { hints.insert(.hidden) }
            case "style": if ElementHints.hides(value) { hints.insert(.hidden) }
            default: break
            }
        }
        self = hints
    }

    private static func itemProperty(_ value: String) -> ElementHints {
        switch value {
        case "articleBody": .articleBody
        case "comment": .comments
        case "author", "datePublished", "dateModified", "keywords", "publisher": .detail
        default: []
        }
    }

    private static func role(_ value: String) -> ElementHints {
        switch value {
        case "navigation", "complementary", "contentinfo", "search", "menu", "menubar", "banner", "alert",
            "dialog", "alertdialog":
            .junk
        default: []
        }
    }

    private static func hides(_ style: String) -> Bool {
        let plain = style.utf8.filter { $0 > 0x20 }.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        let text = String(decoding: plain, as: UTF8.self)
        return text.contains("display:none") || text.contains("visibility:hidden")
    }

    /// The hints of names that are separated by white space.
    init(names: String) {
        var hints: ElementHints = []
        for name in names.utf8.split(whereSeparator: { $0 <= 0x20 }).prefix(24) where name.count <= 64 {
            let words = ElementHints.words(name)
            // Classes that say what an article is about, or what is around, or which builder made it.
            if words.count > 1, ElementHints.describing.contains(words[0]) { continue }
            for word in words { hints.formUnion(ElementHints.hint(of: word)) }
            words.joined().withCString { joined in
                if ElementHints.bodies.contains(where: { ElementHints.holds(joined, $0) }) {
                    hints.insert(.body)
                }
                if ElementHints.pairs.contains(where: { ElementHints.holds(joined, $0) }) {
                    hints.insert(.junk)
                }
            }
        }
        self = hints
    }

    /// The words of a name in lower case: at every other sign, and before a capital behind a small letter.
    private static func words(_ name: Substring.UTF8View) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var wasSmall = false
        for byte in name {
            let isCapital = byte >= 0x41 && byte <= 0x5A
            let isSmall = byte >= 0x61 && byte <= 0x7A
            if !word.isEmpty, (isCapital && wasSmall) || !(isCapital || isSmall || byte >= 0x80) {
                words.append(String(decoding: word, as: UTF8.self))
                word.removeAll(keepingCapacity: true)
            }
            if isCapital || isSmall || byte >= 0x80 { word.append(isCapital ? byte | 0x20 : byte) }
            wasSmall = isSmall
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    private static func hint(of word: String) -> ElementHints {
        if let hint = known[word] { return hint }
        guard word.utf8.count > 6, word != "commentary" else { return [] }
        for (stem, hint) in stems where word.hasPrefix(stem) || word.hasSuffix(stem) { return hint }
        return []
    }

    private static let known: [String: ElementHints] = {
        var hints: [String: ElementHints] = [:]
        let lists: [(ElementHints, String)] = [
            (.comments, commentWords), (.junk, junkWords), (.detail, detailWords),
        ]
        for (hint, words) in lists {
            for word in words.split(whereSeparator: \.isWhitespace) { hints[String(word)] = hint }
        }
        return hints
    }()

    private static let commentWords = """
        comment comments commentlist disqus livefyre respond replies
        commentaire commentaires kommentar kommentare comentario comentarios commenti yorum yorumlar
        komentar reacties تعليقات
        """
    private static let junkWords = """
        share shares sharing sharedaddy sharethis addthis addtoany social followus
        partage partager compartir compartilhar condividi teilen paylas delen bagikan
        related relatedposts recommended recommendation recommendations outbrain taboola zergnet recirc
        readmore readalso alsolike trending popular mostread mostpopular teaser teasers upnext
        relacionado relacionados relacionadas verwandt ilgili terkait correlati lireaussi
        nav navbar navigation menu submenu breadcrumb breadcrumbs pagination pager paging sidebar toolbar
        topbar masthead footer skip skiplink
        ad ads advert advertisement advertising adsbygoogle adsense banner dfp sponsor sponsored promo
        promoted promotion publicidad publicite werbung reklam iklan
        newsletter subscribe subscription signup signin login cookie cookies consent gdpr popup modal overlay
        widget widgets toast print printfriendly tooltip rating ratings poll survey
        bio aboutauthor tagcloud playlist ticker noprint
        """
    private static let detailWords = """
        byline author authors dateline timestamp pubdate postdate date tags tag credit credits caption
        captions copyright meta postmeta entrymeta published updated readtime kicker eyebrow
        legende bildunterschrift leyenda
        """
    private static let stems: [(String, ElementHints)] = [
        ("comment", .comments), ("related", .junk), ("share", .junk), ("social", .junk), ("sidebar", .junk),
        ("breadcrumb", .junk), ("newsletter", .junk), ("advert", .junk), ("footer", .junk), ("promo", .junk),
        ("recommend", .junk), ("navbar", .junk), ("widget", .junk), ("caption", .detail),
    ]
    /// Names of several words, joined, as strstr(3) wants them.
    private static let pairs = cStrings([
        "readmore", "readalso", "alsoread", "seealso", "youmaylike", "youmightlike", "mostread", "mostviewed",
        "authorbox", "authorbio", "abouttheauthor", "bacajuga", "lireaussi", "morestories", "morenews",
        "latestnews", "othernews", "screenreader", "visuallyhidden", "sronly", "followus", "tagslist",
        "taglist", "posttags", "articletags", "nextpost", "prevpost", "postnavigation", "topstories",
    ])
    private static let bodies = cStrings([
        "articlebody", "articlecontent", "articletext", "entrycontent", "postcontent", "postbody", "posttext",
        "storybody", "storycontent", "storytext", "newsbody", "newscontent", "newstext", "bodytext",
        "bodycontent", "contentbody", "entrybody", "articledetail", "newsdetail", "fulltext", "articlecopy",
        "bodycopy", "maintext", "detailcontent", "contentdetail", "articlemain", "articlefull",
    ])
    private static func holds(_ joined: UnsafePointer<CChar>, _ name: ContiguousArray<CChar>) -> Bool {
        // Both end in 0.
        name.withUnsafeBufferPointer { $0.baseAddress.map { strstr(joined, $0) != nil } ?? false }
    }

    private static func cStrings(_ names: [String]) -> [ContiguousArray<CChar>] {
        names.map { $0.utf8CString }
    }
    private static let describing: Set<String> = [
        "tag", "category", "has", "is", "no", "with", "without", "type", "status", "format", "js", "single",
        "elementor",
    ]
}
