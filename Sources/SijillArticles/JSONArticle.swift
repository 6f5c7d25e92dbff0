import SijillFormat

/// One article out of a JSON value: the fields of the table, and `extra` for all that no field takes.
struct JSONArticle {
    let content: Content
    let text: [UInt8]

    /// - Throws: `bad-field`, `no-article-text`, `too-large`.
    init(_ value: JSONValue, notes: JSONNotes, limits: InputLimits) throws(Rejection) {
        guard let data = LinkedData(value) else {
            let what =
                if case .array = value { "an array without an article in it" } else { value.kind }
            throw Rejection(
                .badField, "the record is \(what), an object with the article's fields is expected")
        }
        var reader = FieldReader(data.article)
        reader.note(notes, data)
        guard let text = try reader.takeText(bytesMax: limits.textBytesMax) else {
            let names = Field.text.aliases.map(\.name).joined(separator: ", ")
            throw Rejection(.noArticleText, "the object has no text; give it one of \(names)")
        }
        var content = try JSONArticle.content(&reader, data.document, limits)
        content.text = text
        self.content = content
        self.text = text
    }

    /// The fields of an object that need not have a text: a mate's.
    static func mate(
        _ value: JSONValue, notes: JSONNotes, limits: InputLimits, givesText: Bool
    ) throws(Rejection) -> MateFields {
        guard let data = LinkedData(value) else { throw Rejection(.badField, "it is no object with fields") }
        var reader = FieldReader(data.article)
        reader.note(notes, data)
        let text = givesText ? try reader.takeText(bytesMax: limits.textBytesMax) : nil
        return MateFields(content: try content(&reader, data.document, limits), text: text)
    }

    /// All but the text: the fields of the table, what no field takes, and what was noticed.
    static func content(
        _ reader: inout FieldReader, _ document: JSONValue?, _ limits: InputLimits
    ) throws(Rejection) -> Content {
        var content = try fields(&reader, limits)
        content.extra = extra(&reader, document, bytesMax: limits.extraBytesMax)
        content.warnings = reader.warnings
        content.cut = reader.cut
        return content
    }

    /// `url` comes before `publisher`: both accept `source`.
    private static func fields(_ reader: inout FieldReader, _ limits: InputLimits) throws(Rejection)
        -> Content
    {
        var content = Content()
        content.title = try reader.takeString(.title, bytesMax: Limits.titleBytesMax)
        let address = try reader.takeAddress()
        content.url = address.map { reader.cut($0.text, of: .url, bytesMax: Limits.urlBytesMax) }
        content.publisher = try reader.takePublisher()
        let host = address.map { reader.cut($0.host, of: .site, bytesMax: Limits.fieldBytesMax) }
        content.site = try reader.takeString(.site) ?? host
        content.authors = try reader.takeList(
            .authors, separators: [";", "؛"], countMax: limits.listCountMax)
        content.published = try reader.takeDate(.published)
        content.modified = try reader.takeDate(.modified)
        content.fetched = try reader.takeDate(.fetched)
        content.lang = try reader.takeLanguage()
        content.description = try reader.takeString(.description, bytesMax: Limits.descriptionBytesMax)
        content.tags = try reader.takeList(
            .tags, separators: [",", "،", ";", "؛"], countMax: limits.listCountMax)
        content.section = try reader.takeSection()
        content.image = try reader.takeImage()
        content.license = try reader.takeString(.license)
        content.id = try reader.takeID()
        return content
    }

    /// What no field took, then what the document holds beside the article. Over `bytesMax`, members are kept
    /// from the first on as long as they fit; what does not fit is only in the original, and `cut` says so.
    private static func extra(
        _ reader: inout FieldReader, _ document: JSONValue?, bytesMax: Int
    ) -> [JSONMember] {
        var members = reader.rest
        if let document {
            var name = "@document"
            while members.contains(where: { $0.name == name }) { name += "_" }
            members.append(JSONMember(name: name, value: document))
        }
        // Two braces, and a comma less than there are members.
        var bytes = 1
        let kept = members.filter { member in
            var writer = ByteWriter()
            writer.json(.object([member]))
            // Without its own braces, with a comma.
            let memberBytes = writer.count - 1
            guard bytes + memberBytes <= bytesMax else { return false }
            bytes += memberBytes
            return true
        }
        if kept.count < members.count { reader.noteCut("extra") }
        return kept
    }
}

extension FieldReader {
    fileprivate mutating func note(_ notes: JSONNotes, _ data: LinkedData) {
        if notes.replacedSurrogates > 0 {
            warn("\(notes.replacedSurrogates) lone surrogates were replaced by U+FFFD")
        }
        for name in notes.duplicateNames {
            let short = UTF8Text.cut(name, bytesMax: Limits.nameBytesMax) ?? name
            warn("\(short) stands twice in one object, the last one counts")
        }
        if data.hasSeveralArticles {
            warn(
                "several articles in one document; the first with a text was taken, the others are in extra"
            )
        }
    }

    fileprivate mutating func cut(_ text: String, of field: Field, bytesMax: Int) -> String {
        guard let short = UTF8Text.cut(text, bytesMax: bytesMax) else { return text }
        noteCut(field.name)
        return short
    }
}
