/// The content part of a change: what was in the input. Absent fields are nil or empty and are not written; `title`
/// and `text` are always written, as `null` where there is none.
package struct Content: Hashable, Sendable {
    package var title: String?
    /// Of a withdrawal: why.
    package var note: String?
    package var byline: String?
    package var authors: [String] = []
    package var publisher: String?
    package var site: String?
    package var url: String?
    /// The producer's own id of the article.
    package var id: String?
    package var lang: String?
    /// Dates as they were given: precision and offset are kept, an offset is never invented.
    package var published: String?
    package var modified: String?
    package var fetched: String?
    package var description: String?
    /// The sentence between title and article. It is in the text too.
    package var standfirst: String?
    /// Place, and agency or country, at the head of the article. It is in the text too.
    package var dateline: String?
    package var tags: [String] = []
    package var section: String?
    package var image: String?
    package var license: String?
    /// What stood in the input and is not in `text`: junk, and lines that became fields.
    package var removed: [String] = []
    /// What was noticed while reading and is no reason to reject.
    package var warnings: [String] = []
    /// Names of fields that were over their limit and were cut.
    package var cut: [String] = []
    /// Of a revision: what it brought and took.
    package var changes: TextChanges?
    /// What the input said and no field takes, as it was given.
    package var extra: [JSONMember] = []
    /// Valid UTF-8.
    package var text: [UInt8]?

    package init() {}

    /// The same without its text: what a duplicate delivery carries.
    package var withoutText: Content {
        var copy = self
        copy.text = nil
        copy.changes = nil
        return copy
    }
}

/// A content part as it stands in the log, from `,"title":` to before the closing `}}`.
package struct EncodedContent: Hashable, Sendable {
    package let bytes: [UInt8]
    /// Where the last `,"text":` begins.
    package let textStart: Int
    /// SHA-256 of `bytes`: `digests.content`.
    package let digest: Digest

    package init(_ content: Content) {
        var writer = ByteWriter(capacity: (content.text?.count ?? 0) * 17 / 16 + 512)
        writer.append(",\"title\":" as StaticString)
        writer.optional(content.title)
        writer.member("note", content.note)
        writer.member("byline", content.byline)
        writer.member("authors", content.authors)
        writer.member("publisher", content.publisher)
        writer.member("site", content.site)
        writer.member("url", content.url)
        writer.member("id", content.id)
        writer.member("lang", content.lang)
        writer.member("published", content.published)
        writer.member("modified", content.modified)
        writer.member("fetched", content.fetched)
        writer.member("description", content.description)
        writer.member("standfirst", content.standfirst)
        writer.member("dateline", content.dateline)
        writer.member("tags", content.tags)
        writer.member("section", content.section)
        writer.member("image", content.image)
        writer.member("license", content.license)
        writer.member("removed", content.removed)
        writer.member("warnings", content.warnings)
        writer.member("cut", content.cut)
        if let changes = content.changes {
            writer.memberName("changes")
            writer.json(changes.json)
        }
        if !content.extra.isEmpty {
            writer.append(",\"extra\":" as StaticString)
            writer.json(.object(content.extra))
        }
        textStart = writer.count
        writer.append(",\"text\":" as StaticString)
        if let text = content.text {
            writer.jsonString(text)
        } else {
            writer.append("null" as StaticString)
        }
        bytes = writer.bytes
        digest = Digest.of(bytes)
    }

    /// The content part of a change that carries nothing.
    package static let none = EncodedContent(Content())
}

extension ByteWriter {
    fileprivate mutating func optional(_ text: String?) {
        if let text { jsonString(text) } else { append("null" as StaticString) }
    }

    fileprivate mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        memberName(name)
        jsonString(text)
    }

    fileprivate mutating func member(_ name: StaticString, _ list: [String]) {
        guard !list.isEmpty else { return }
        memberName(name)
        byte("[")
        for (position, text) in list.enumerated() {
            if position > 0 { byte(",") }
            jsonString(text)
        }
        byte("]")
    }

    /// `,"name":`
    mutating func memberName(_ name: StaticString) {
        append(",\"" as StaticString)
        append(name)
        append("\":" as StaticString)
    }
}
