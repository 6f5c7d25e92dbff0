import SijillFormat
import SijillText

/// The fields of a page: those of its JSON-LD article first, then what meta elements and the page itself say.
///
/// All are put under the names of the field table (contract/inbox.md §6), so that one table decides; what no
/// field takes goes to `extra`.
struct PageFields {
    /// Shown by the page, without the name of the site.
    let title: String?
    /// The text that JSON-LD gives, without markup.
    let givenText: [UInt8]?
    private var members: [JSONMember]
    private let document: JSONValue?
    private let limits: InputLimits

    init(_ tree: HTMLTree, _ blocks: [TextBlock], _ limits: InputLimits) {
        self.limits = limits
        let data = PageFields.linkedData(tree.statements.linkedData, limits)
        document = data?.document
        let statements = tree.statements
        members = data?.article ?? []
        let body = PageFields.takeText(&members)
        givenText = body.map { PageFields.plain($0, limits) }
        PageFields.add(statements, to: &members)
        title = PageFields.title(members, statements, heading: PageFields.heading(tree, blocks))
        members.removeAll { ["title", "headline", "og:title"].contains($0.name) }
        if let title { members.insert(JSONMember(name: "title", value: .string(Array(title.utf8))), at: 0) }
    }

    /// The content without its text.
    func content() throws(Rejection) -> Content {
        var reader = FieldReader(members)
        return try JSONArticle.content(&reader, document, limits)
    }

    // MARK: JSON-LD

    /// The article of the first script that has one; one that is no JSON says nothing.
    private static func linkedData(_ scripts: [[UInt8]], _ limits: InputLimits) -> LinkedData? {
        var options = JSONParser.Options()
        options.depthMax = limits.jsonDepthMax
        options.valuesMax = limits.jsonValuesMax
        options.replacesLoneSurrogates = true
        var found: LinkedData?
        for script in scripts.prefix(16) {
            // Line ends stand unescaped inside strings on many pages: outside a string a blank is the same.
            var parser = JSONParser(script.map { $0 < 0x20 ? 0x20 : $0 }, range: nil, options: options)
            guard let value = try? parser.value(), let data = article(in: value) else { continue }
            if Field.text.aliases.contains(where: { alias in
                data.article.contains { $0.name == alias.name && !$0.value.holdsNothing }
            }) {
                return data
            }
            if found == nil { found = data }
        }
        return found
    }

    /// The article in a value, or in the page that the value describes.
    private static func article(in value: JSONValue) -> LinkedData? {
        if let data = LinkedData(value), JSONValue.object(data.article).isArticle { return data }
        guard let entity = value["mainEntity"], entity.isArticle else { return nil }
        return LinkedData(entity)
    }

    private static func takeText(_ members: inout [JSONMember]) -> [UInt8]? {
        for alias in Field.text.aliases {
            guard let place = members.lastIndex(where: { $0.name == alias.name }),
                case .string(let text) = members[place].value, !members[place].value.holdsNothing
            else { continue }
            members.remove(at: place)
            return text
        }
        return nil
    }

    /// Without markup, which some sites leave in.
    private static func plain(_ text: [UInt8], _ limits: InputLimits) -> [UInt8] {
        guard
            ByteSearch.first(UInt8(ascii: "<"), in: text) != nil
                || ByteSearch.first(UInt8(ascii: "&"), in: text) != nil,
            let tree = try? HTMLParser.parse(text[...], limits: limits)
        else { return text }
        return Array(TextBlocks.of(tree).map(\.text).joined(separator: [0x0A, 0x0A]))
    }

    // MARK: meta and page

    /// Members of these beginnings are kept even when no field takes them.
    private static let kept = [
        "og:", "article:", "dc.", "dcterms.", "citation_", "parsely-", "news_keywords",
    ]

    /// Names of meta elements that stand for names of the field table.
    private static let names: [String: String] = [
        "author": "author", "description": "description", "keywords": "keywords", "news_keywords": "keywords",
        "og:description": "description", "twitter:description": "description", "twitter:title": "og:title",
        "dc.title": "og:title", "twitter:image": "og:image", "og:article:author": "author",
        "dc.creator": "author", "parsely-author": "author", "sailthru.author": "author",
        "citation_author": "author", "og:article:published_time": "article:published_time",
        "og:article:modified_time": "article:modified_time", "og:updated_time": "article:modified_time",
        "datepublished": "datePublished", "pubdate": "datePublished", "publishdate": "datePublished",
        "date": "date", "dc.date": "datePublished", "dc.date.issued": "datePublished",
        "dcterms.created": "datePublished", "parsely-pub-date": "datePublished",
        "citation_publication_date": "datePublished", "datemodified": "dateModified",
        "last-modified": "dateModified", "application-name": "sitename", "dc.publisher": "sitename",
        "article:section": "section", "parsely-section": "section", "language": "language",
        "content-language": "language",
    ]

    private static func add(_ statements: HTMLTree.Statements, to members: inout [JSONMember]) {
        var present = Set(members.filter { !$0.value.holdsNothing }.map(\.name))
        var added: [JSONMember] = []
        func add(_ name: String, _ text: String) {
            let value = JSONValue.string(Array(text.utf8))
            guard !value.holdsNothing, present.insert(name).inserted else { return }
            added.append(JSONMember(name: name, value: value))
        }
        var tags: [JSONValue] = []
        for (name, text) in statements.metas {
            if name == "article:tag" {
                tags.append(.string(Array(text.utf8)))
            } else if name == "article:author", WebAddress(text) != nil {
                // The address of a profile is no name.
                continue
            } else if let known = names[name] {
                if isDate(known), !GivenDate.isDate(UTF8Text.trimmedString(Array(text.utf8))) { continue }
                if known == "author", WebAddress(text) != nil { continue }
                add(known, text)
            } else if kept.contains(where: { name.hasPrefix($0) }) {
                add(name, text)
            }
        }
        if !tags.isEmpty, present.insert("tags").inserted, !present.contains("keywords") {
            added.append(JSONMember(name: "tags", value: .array(tags)))
        }
        for (relation, address) in statements.links where relation == "canonical" {
            if WebAddress(address) != nil { add("canonical", address) }
        }
        if let language = statements.language, !present.contains("inLanguage") { add("lang", language) }
        if present.isDisjoint(with: Field.published.aliases.map(\.name)),
            let time = statements.times.first(where: GivenDate.isDate)
        {
            add("datePublished", time)
        }
        members.removeAll { $0.value.holdsNothing && Field.knownNames.contains($0.name) }
        members += added
    }

    private static func isDate(_ name: String) -> Bool {
        Field.published.aliases.contains { $0.name == name }
            || Field.modified.aliases.contains { $0.name == name }
    }

    // MARK: title

    /// The only h1 of the page, or the first of several.
    private static func heading(_ tree: HTMLTree, _ blocks: [TextBlock]) -> [String] {
        blocks.filter { $0.kind == .heading && $0.weight < 400 && PageMap.isInH1(tree, $0.node) }
            .prefix(8).map { String(decoding: $0.text.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self) }
    }

    /// What the page states as its title, without the site's name; where an h1 says its beginning, that h1.
    private static func title(
        _ members: [JSONMember], _ statements: HTMLTree.Statements, heading: [String]
    ) -> String? {
        let site = ["og:site_name", "sitename", "publisher"].compactMap { name -> String? in
            guard let value = members.last(where: { $0.name == name })?.value else { return nil }
            if case .string(let text) = value { return UTF8Text.trimmedString(text) }
            if case .string(let text)? = value["name"] { return UTF8Text.trimmedString(text) }
            return nil
        }
        let stated = ["headline", "title", "og:title"].compactMap { name -> String? in
            guard case .string(let text)? = members.last(where: { $0.name == name })?.value else {
                return nil
            }
            return collapsed(decoded(text))
        }
        let own = collapsed(statements.title)
        for title in stated + (own.isEmpty ? [] : [own]) where !title.isEmpty {
            if let same = heading.first(where: { isBeginning($0, of: title) }) { return same }
            return withoutSite(title, site)
        }
        return heading.first
    }

    /// A whole title, or its part before a line or dash.
    private static func isBeginning(_ heading: String, of title: String) -> Bool {
        let words = CanonicalWords(Array(heading.utf8)).bytes
        let all = CanonicalWords(Array(title.utf8)).bytes
        return words.count >= 8 && all.starts(with: words)
            && (all.count == words.count || all[words.count] == 0x20)
    }

    /// ` - Site`, ` | Site`: cut when it is the site's name, or short behind a title that is long enough.
    private static func withoutSite(_ title: String, _ site: [String]) -> String {
        for mark in [" | ", " - ", " – ", " — ", " :: ", " » "] {
            let pieces = title.components(splitBy: mark)
            guard pieces.count > 1, let last = pieces.last else { continue }
            let rest = pieces.dropLast().joined(separator: mark)
            if site.contains(last) || last.count <= 25 && rest.count >= 20 { return rest }
        }
        return title
    }

    private static func collapsed(_ utf8: [UInt8]) -> String {
        utf8.split { $0 <= 0x20 }.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    /// Entities that were left in JSON.
    private static func decoded(_ utf8: [UInt8]) -> [UInt8] {
        guard ByteSearch.first(UInt8(ascii: "&"), in: utf8) != nil else { return utf8 }
        return plain(utf8, InputLimits())
    }
}

extension String {
    /// The parts between one string and the next.
    fileprivate func components(splitBy mark: String) -> [String] {
        split(separator: mark, omittingEmptySubsequences: false).map(String.init)
    }
}
