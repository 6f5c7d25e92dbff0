/// Why a line is not a change.
package struct ChangeError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension Change {
    /// Reads one line, with or without its newline. Members that this version does not know are passed over.
    ///
    /// The line must be strict JSON in valid UTF-8. It is not checked against any digest: see `VerifiedLine`.
    package init(line: [UInt8]) throws(ChangeError) {
        var options = JSONParser.Options()
        options.depthMax = Limits.changeDepthMax
        let value: JSONValue
        do {
            value = try JSONParser.parse(line, options: options)
        } catch {
            throw ChangeError("not strict JSON at byte \(error.offset): \(error.message)")
        }
        try self.init(value)
    }

    private init(_ value: JSONValue) throws(ChangeError) {
        let envelope = Members(value)
        guard try envelope.string("specversion") == SijillFormat.cloudEventsVersion,
            try envelope.string("dataschema") == SijillFormat.changeSchema
        else { throw ChangeError("a change of a schema that this version does not know") }
        guard let cursor = Cursor(try envelope.string("id")) else { throw ChangeError("'id' is no cursor") }
        guard try envelope.string("sequence") == cursor.sequence.padded else {
            throw ChangeError("'sequence' is not that of 'id'")
        }
        guard let log = LogID(urn: try envelope.string("source")) else {
            throw ChangeError("'source' names no log")
        }
        let timeText = try envelope.string("time")
        guard let time = Timestamp(rfc3339: timeText), time.rfc3339 == timeText else {
            throw ChangeError("'time' is not written as Sijill writes it")
        }
        guard let type = ChangeType(rawValue: try envelope.string("type")) else {
            throw ChangeError("a type that this version does not know")
        }
        let data = Members(try envelope.value("data"))
        let record =
            type == .withdrawn
            ? Record.withdrawn(try Withdrawn(try envelope.value("data"))) : try Record(type: type, data: data)
        guard try envelope.optionalString("subject") == record.article?.description else {
            throw ChangeError("'subject' is not the article")
        }
        self.init(cursor: cursor, log: log, time: time, record: record, content: try Content(data))
    }
}

extension Record {
    fileprivate init(type: ChangeType, data: Members) throws(ChangeError) {
        let file = try FileRecord(Members(try data.value("file")))
        guard file.sha256 != nil || type == .rejected else { throw ChangeError("'sha256' is missing") }
        switch type {
        case .added:
            self = .added(
                Added(
                    article: try data.article("article"), file: file, digests: try data.digests(),
                    words: Int(clamping: try data.number("words")), relations: try data.relations(),
                    cluster: try data.article("cluster")))
        case .revised:
            let revision = Int(clamping: try data.number("revision"))
            guard revision > 1 else { throw ChangeError("'revision' of a revised article is below 2") }
            self = .revised(
                Revised(
                    article: try data.article("article"), revision: revision, file: file,
                    digests: try data.digests(), words: Int(clamping: try data.number("words")),
                    relations: try data.relations(), cluster: try data.article("cluster"),
                    isMajor: try data.flag("major"), isReverted: try data.flag("reverted"),
                    changed: try data.revisionCounts()))
        case .duplicated:
            guard let of = Cursor(try data.string("of")) else { throw ChangeError("'of' is no cursor") }
            guard let match = Duplicated.Match(rawValue: try data.string("match")) else {
                throw ChangeError("'match' is neither raw nor canonical")
            }
            self = .duplicated(
                Duplicated(
                    article: try data.article("article"), of: of, match: match,
                    revision: Int(clamping: try data.number("revision")), file: file,
                    digests: try data.digests(), isKept: try data.kept()))
        case .withdrawn:
            throw ChangeError("a withdrawal has no file")
        case .rejected:
            guard let reason = RejectReason(rawValue: try data.string("reason")) else {
                throw ChangeError("a reason that this version does not know")
            }
            self = .rejected(Rejected(file: file, reason: reason, detail: try data.string("detail")))
        }
    }
}

extension FileRecord {
    fileprivate init(_ members: Members) throws(ChangeError) {
        self.init(
            name: try members.string("name"), nameBytes: try members.nameBytes(),
            source: try members.string("source"),
            bytes: try members.number("bytes"), sha256: try members.optionalDigest("sha256"),
            encoding: try members.optionalString("encoding"), format: try members.optionalString("format"),
            inode: try members.number("inode"), line: try members.optionalNumber("line"),
            offset: try members.optionalNumber("offset"), mates: try members.mates())
    }
}

extension Mate {
    fileprivate init(_ members: Members) throws(ChangeError) {
        guard let kind = Kind(rawValue: try members.string("kind")) else {
            throw ChangeError("a kind of mate that this version does not know")
        }
        guard let digest = try members.optionalDigest("sha256") else {
            throw ChangeError("a mate lacks its digest")
        }
        self.init(
            kind: kind, name: try members.string("name"), nameBytes: try members.nameBytes(),
            bytes: try members.number("bytes"), sha256: digest, isKept: members.members["kept"] == .bool(true)
        )
    }
}

extension Content {
    fileprivate init(_ data: Members) throws(ChangeError) {
        self.init()
        title = try data.nullableString("title")
        note = try data.optionalString("note")
        byline = try data.optionalString("byline")
        authors = try data.strings("authors")
        publisher = try data.optionalString("publisher")
        site = try data.optionalString("site")
        url = try data.optionalString("url")
        id = try data.optionalString("id")
        lang = try data.optionalString("lang")
        published = try data.optionalString("published")
        modified = try data.optionalString("modified")
        fetched = try data.optionalString("fetched")
        description = try data.optionalString("description")
        standfirst = try data.optionalString("standfirst")
        dateline = try data.optionalString("dateline")
        tags = try data.strings("tags")
        section = try data.optionalString("section")
        image = try data.optionalString("image")
        license = try data.optionalString("license")
        removed = try data.strings("removed")
        warnings = try data.strings("warnings")
        cut = try data.strings("cut")
        if let value = data.members["changes"] {
            guard let read = TextChanges(value) else {
                throw ChangeError("'changes' is not as it is written")
            }
            changes = read
        }
        if let value = data.members["extra"] {
            guard case .object(let members) = value else { throw ChangeError("'extra' is no object") }
            extra = members
        }
        switch try data.value("text") {
        case .null: text = nil
        case .string(let utf8): text = utf8
        default: throw ChangeError("'text' is neither a string nor null")
        }
    }
}

/// The members of one JSON object by name, with typed access.
private struct Members {
    let members: [String: JSONValue]

    init(_ value: JSONValue) {
        guard case .object(let list) = value else {
            members = [:]
            return
        }
        members = Dictionary(list.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    func value(_ name: String) throws(ChangeError) -> JSONValue {
        guard let value = members[name] else { throw ChangeError("'\(name)' is missing") }
        return value
    }

    func string(_ name: String) throws(ChangeError) -> String {
        guard let text = try value(name).text else { throw ChangeError("'\(name)' is no string") }
        return text
    }

    func optionalString(_ name: String) throws(ChangeError) -> String? {
        members[name] == nil ? nil : try string(name)
    }

    func nullableString(_ name: String) throws(ChangeError) -> String? {
        try value(name).isNull ? nil : try string(name)
    }

    func strings(_ name: String) throws(ChangeError) -> [String] {
        guard let value = members[name] else { return [] }
        guard case .array(let elements) = value else { throw ChangeError("'\(name)' is no array") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.text else {
                throw ChangeError("'\(name)' holds something else than strings")
            }
            texts.append(text)
        }
        return texts
    }

    /// `kept` is written only where it is false.
    func kept() throws(ChangeError) -> Bool {
        guard let value = members["kept"] else { return true }
        guard value == .bool(false) else { throw ChangeError("'kept' is not false") }
        return false
    }

    func number(_ name: String) throws(ChangeError) -> UInt64 {
        guard case .number(let literal) = try value(name), let number = Decimal.value(Array(literal.utf8))
        else {
            throw ChangeError("'\(name)' is no whole number")
        }
        return number
    }

    func optionalNumber(_ name: String) throws(ChangeError) -> UInt64? {
        members[name] == nil ? nil : try number(name)
    }

    func optionalDigest(_ name: String) throws(ChangeError) -> Digest? {
        guard let text = try optionalString(name) else { return nil }
        guard let digest = Digest(hex: Array(text.utf8)) else { throw ChangeError("'\(name)' is no digest") }
        return digest
    }

    /// The bytes of a name that is not UTF-8.
    func nameBytes() throws(ChangeError) -> [UInt8]? {
        guard let base64 = try optionalString("name_b64") else { return nil }
        guard let bytes = Base64.decode(base64) else { throw ChangeError("'name_b64' is no base 64") }
        return bytes
    }

    func mates() throws(ChangeError) -> [Mate] {
        guard let value = members["mates"] else { return [] }
        guard case .array(let elements) = value else { throw ChangeError("'mates' is no array") }
        var mates: [Mate] = []
        for element in elements { mates.append(try Mate(Members(element))) }
        return mates
    }

    func article(_ name: String) throws(ChangeError) -> ArticleID {
        guard let article = ArticleID(try string(name)) else {
            throw ChangeError("'\(name)' is no article id")
        }
        return article
    }

    func flag(_ name: String) throws(ChangeError) -> Bool {
        guard case .bool(let flag) = try value(name) else {
            throw ChangeError("'\(name)' is neither true nor false")
        }
        return flag
    }

    func share(_ name: String) throws(ChangeError) -> Share {
        guard case .number(let literal) = try value(name), let share = Share(literal: literal) else {
            throw ChangeError("'\(name)' is no number from 0 to 1 of four decimals")
        }
        return share
    }

    func relations() throws(ChangeError) -> [Relation] {
        guard case .array(let elements) = try value("relations") else {
            throw ChangeError("'relations' is no array")
        }
        var relations: [Relation] = []
        for element in elements {
            let members = Members(element)
            guard let kind = Relation.Kind(rawValue: try members.string("kind")) else {
                throw ChangeError("a kind of relation that this version does not know")
            }
            relations.append(
                Relation(
                    kind: kind, article: try members.article("article"),
                    jaccard: try members.share("jaccard"),
                    containment: try members.share("containment"),
                    figuresDiffer: try members.flag("figures_differ")))
        }
        return relations
    }

    func revisionCounts() throws(ChangeError) -> RevisionCounts {
        let members = Members(try value("changed"))
        var counts = RevisionCounts()
        counts.paragraphsAdded = Int(clamping: try members.number("paragraphs_added"))
        counts.paragraphsRemoved = Int(clamping: try members.number("paragraphs_removed"))
        counts.numbersAdded = Int(clamping: try members.number("numbers_added"))
        counts.numbersRemoved = Int(clamping: try members.number("numbers_removed"))
        counts.isRetitled = try members.flag("retitled")
        return counts
    }

    func digests() throws(ChangeError) -> ArticleDigests {
        let members = Members(try value("digests"))
        var canonical: CanonicalDigest?
        if let text = try members.optionalString("canonical") {
            guard let digest = CanonicalDigest(text) else { throw ChangeError("'canonical' is no digest") }
            canonical = digest
        }
        guard let text = try members.optionalDigest("text"),
            let content = try members.optionalDigest("content")
        else {
            throw ChangeError("'digests' lacks one")
        }
        return ArticleDigests(canonical: canonical, text: text, content: content)
    }
}
