import SijillFormat

/// What is known of an input besides its bytes.
package struct InputHints: Hashable, Sendable {
    /// The encoding that its source is configured with, used where none can be told from the bytes.
    package var encoding: String?
    /// What its `<name>.meta.json` says.
    package var sidecar: MateFields?
    /// What the `<page>.html.json` beside a page says.
    package var pair: MateFields?

    package init(encoding: String? = nil, sidecar: MateFields? = nil, pair: MateFields? = nil) {
        self.encoding = encoding
        self.sidecar = sidecar
        self.pair = pair
    }

    /// Whether this machine can read that encoding.
    package static func isKnown(encoding: String) -> Bool { TextEncoding(label: encoding).isKnown }
}

/// The fields of an article that a file beside it gives.
package struct MateFields: Hashable, Sendable {
    let content: Content
    /// Of a pair mate, where it gives one.
    let text: [UInt8]?
}

extension ArticleReader {
    /// Reads a mate: one JSON object with the fields of the table (contract/inbox.md §6). The text that a sidecar may
    /// hold is no field of its: it stays in `extra`.
    ///
    /// - Throws: `truncated` when it is cut, `bad-sidecar` for everything else.
    package func mate(_ bytes: [UInt8], kind: Mate.Kind) throws(Rejection) -> MateFields {
        do throws(Rejection) {
            guard bytes.count <= limits.lineBytesMax else {
                throw .tooLarge("it", bytes: UInt64(bytes.count), max: UInt64(limits.lineBytesMax))
            }
            if bytes.isEmpty { throw Rejection(.empty, "it has no bytes") }
            let text = try InputText(bytes, depthMax: limits.jsonDepthMax)
            let (value, notes) = try parse(text.bytes, range: text.range, format: .json)
            guard case .object = value else {
                throw Rejection(.badField, "it is \(value.kind), an object is expected")
            }
            return try JSONArticle.mate(value, notes: notes, limits: limits, givesText: kind == .pair)
        } catch {
            if error.reason == .truncated { throw error }
            throw Rejection(
                .badSidecar,
                "the \(kind.rawValue) cannot be used (\(error.reason.rawValue)): \(error.detail)",
                offset: error.offset)
        }
    }
}

extension InputHints {
    /// The content of an input as its mates complete it. `limits` bound what they add to `extra`.
    func completed(_ content: Content, limits: InputLimits) -> Content {
        var content = content
        if let pair {
            let text = pair.text ?? content.text
            content = pair.content.filled(from: content, limits)
            content.text = text
        }
        if let sidecar { content = content.completed(bySidecar: sidecar.content, limits) }
        return content
    }
}

extension Content {
    /// The same with what it lacks taken from another: the first has the say in every field.
    fileprivate func filled(from other: Content, _ limits: InputLimits) -> Content {
        var filled = self
        filled.title = title ?? other.title
        filled.byline = byline ?? other.byline
        if authors.isEmpty { filled.authors = other.authors }
        filled.publisher = publisher ?? other.publisher
        if url == nil {
            filled.url = other.url
            filled.site = site ?? other.site
        }
        filled.id = id ?? other.id
        filled.lang = lang ?? other.lang
        filled.published = published ?? other.published
        filled.modified = modified ?? other.modified
        filled.fetched = fetched ?? other.fetched
        filled.description = description ?? other.description
        filled.standfirst = standfirst ?? other.standfirst
        filled.dateline = dateline ?? other.dateline
        if tags.isEmpty { filled.tags = other.tags }
        filled.section = section ?? other.section
        filled.image = image ?? other.image
        filled.license = license ?? other.license
        filled.text = text ?? other.text
        filled.takeNotes(of: other, limits)
        return filled
    }

    /// A sidecar fills what is lacking, and wins for url (with its site), fetched and publisher.
    fileprivate func completed(bySidecar sidecar: Content, _ limits: InputLimits) -> Content {
        var completed = self.filled(from: sidecar, limits)
        func win(_ name: String, _ path: WritableKeyPath<Content, String?>) {
            guard let given = sidecar[keyPath: path] else { return }
            if let own = self[keyPath: path], own != given {
                completed.warn("\(name): that of the sidecar was taken, the text's own is in the original")
            }
            completed[keyPath: path] = given
        }
        win("url", \.url)
        win("fetched", \.fetched)
        win("publisher", \.publisher)
        if sidecar.url != nil { completed.site = sidecar.site }
        return completed
    }

    /// What was removed, noticed, cut or kept aside in another becomes part of this.
    private mutating func takeNotes(of other: Content, _ limits: InputLimits) {
        removed += other.removed.prefix(max(0, Limits.notesCountMax - removed.count))
        for warning in other.warnings { warn(warning) }
        for name in other.cut where !cut.contains(name) { cut.append(name) }
        var bytes = ByteWriter.count(of: extra)
        for var member in other.extra {
            if let same = extra.first(where: { $0.name == member.name }) {
                if same.value == member.value { continue }
                while extra.contains(where: { $0.name == member.name }) {
                    member = JSONMember(name: member.name + "_", value: member.value)
                }
            }
            let added = ByteWriter.count(of: [member])
            guard bytes + added <= limits.extraBytesMax else {
                if !cut.contains("extra") { cut.append("extra") }
                continue
            }
            bytes += added
            extra.append(member)
        }
    }

    private mutating func warn(_ warning: String) {
        if warnings.count < Limits.notesCountMax { warnings.append(warning) }
    }
}

extension ByteWriter {
    /// Bytes of an object with these members as it is written.
    fileprivate static func count(of members: [JSONMember]) -> Int {
        var writer = ByteWriter()
        writer.json(.object(members))
        return writer.count
    }
}
