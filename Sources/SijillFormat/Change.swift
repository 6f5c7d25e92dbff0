/// One record of the log: what happened to one input, and what was in it (DESIGN §5).
///
/// A change is encoded once, when it is committed, and its bytes are never made again.
package struct Change: Hashable, Sendable {
    package var cursor: Cursor
    package var log: LogID
    /// Commit time; never before that of the change in front of it.
    package var time: Timestamp
    package var record: Record
    package var content: Content

    package init(cursor: Cursor, log: LogID, time: Timestamp, record: Record, content: Content) {
        self.cursor = cursor
        self.log = log
        self.time = time
        self.record = record
        self.content = content
    }

    package var sequence: SequenceNumber { cursor.sequence }
}

/// The kind of a change, as in its `type`.
package enum ChangeType: String, CaseIterable, Hashable, Sendable {
    case added = "org.sijill.article.added"
    case revised = "org.sijill.article.revised"
    case duplicated = "org.sijill.article.duplicated"
    case withdrawn = "org.sijill.article.withdrawn"
    case rejected = "org.sijill.file.rejected"

    /// `added`, `revised`, `duplicated`, `rejected`: what people type and see.
    package var shortName: String { String(rawValue[rawValue.index(after: rawValue.lastIndex(of: ".")!)...]) }
}

/// The record part of a change: what happened.
package enum Record: Hashable, Sendable {
    // Apart: their many parts would be copied with every change.
    indirect case added(Added)
    indirect case revised(Revised)
    indirect case duplicated(Duplicated)
    case withdrawn(Withdrawn)
    case rejected(Rejected)

    package var type: ChangeType {
        switch self {
        case .added: .added
        case .revised: .revised
        case .duplicated: .duplicated
        case .withdrawn: .withdrawn
        case .rejected: .rejected
        }
    }

    /// The input that the change came from; `.none` for a withdrawal, which came from no input.
    package var file: FileRecord {
        switch self {
        case .added(let added): added.file
        case .revised(let revised): revised.file
        case .duplicated(let duplicated): duplicated.file
        case .withdrawn: .none
        case .rejected(let rejected): rejected.file
        }
    }

    package var article: ArticleID? {
        switch self {
        case .added(let added): added.article
        case .revised(let revised): revised.article
        case .duplicated(let duplicated): duplicated.article
        case .withdrawn(let withdrawn): withdrawn.article
        case .rejected: nil
        }
    }

    package var digests: ArticleDigests? {
        switch self {
        case .added(let added): added.digests
        case .revised(let revised): revised.digests
        case .duplicated(let duplicated): duplicated.digests
        case .withdrawn, .rejected: nil
        }
    }

    /// The mates whose bytes went to the originals with this change.
    package var keptMates: [Mate] { file.mates.filter(\.isKept) }

    /// Whether the input's bytes went to the originals with this change. Bytes that a change before it brought are
    /// not stored twice; rejected bytes are kept in quarantine.
    package var storesOriginal: Bool {
        switch self {
        case .added, .revised: true
        case .duplicated(let duplicated): duplicated.match == .canonical && duplicated.isKept
        case .withdrawn, .rejected: false
        }
    }
}

/// A text that was not there before: revision 1 of a new article.
package struct Added: Hashable, Sendable {
    package var article: ArticleID
    package var file: FileRecord
    package var digests: ArticleDigests
    /// Canonical words of the text.
    package var words: Int
    /// What it is to earlier articles, the closest first.
    package var relations: [Relation]
    /// The head of the article's cluster: the article itself, or an earlier one that it is near to.
    package var cluster: ArticleID

    package init(
        article: ArticleID, file: FileRecord, digests: ArticleDigests, words: Int, relations: [Relation] = [],
        cluster: ArticleID
    ) {
        self.article = article
        self.file = file
        self.digests = digests
        self.words = words
        self.relations = relations
        self.cluster = cluster
    }
}

/// The same text again.
package struct Duplicated: Hashable, Sendable {
    package enum Match: String, Hashable, Sendable {
        /// The same bytes.
        case raw
        /// Other bytes with the same canonical words.
        case canonical
    }

    package var article: ArticleID
    /// The change that first brought these bytes or this text.
    package var of: Cursor
    package var match: Match
    /// The revision of the article whose text it is.
    package var revision: Int
    package var file: FileRecord
    package var digests: ArticleDigests
    /// False where the text was erased before: neither its bytes nor its content are kept again.
    package var isKept = true

    package init(
        article: ArticleID, of: Cursor, match: Match, revision: Int, file: FileRecord,
        digests: ArticleDigests,
        isKept: Bool = true
    ) {
        self.article = article
        self.of = of
        self.match = match
        self.revision = revision
        self.file = file
        self.digests = digests
        self.isKept = isKept
    }
}

/// An input that could not become an article.
package struct Rejected: Hashable, Sendable {
    package var file: FileRecord
    package var reason: RejectReason
    /// For people: what was wrong, never quoting the content.
    package var detail: String

    package init(file: FileRecord, reason: RejectReason, detail: String) {
        self.file = file
        self.reason = reason
        self.detail = detail
    }
}

/// The input that a change came from: a whole file, or one record of a file of many.
package struct FileRecord: Hashable, Sendable {
    /// The name as UTF-8, with U+FFFD for bytes that are not.
    package var name: String
    /// The name's bytes, when they are not valid UTF-8; written as base 64.
    package var nameBytes: [UInt8]?
    package var source: String
    /// Bytes of the input that were read.
    package var bytes: UInt64
    /// Nil only when the input was rejected unread.
    package var sha256: Digest?
    /// The encoding it was read as; nil when that was never found out.
    package var encoding: String?
    /// `text`, `json`, `jsonl`; nil for a type that is not taken in.
    package var format: String?
    package var inode: UInt64
    /// In a file of many records, 1-based: the line, or the element of an array.
    package var line: UInt64?
    /// In a file of many records: the byte at which the record begins.
    package var offset: UInt64?
    /// Files that came with it.
    package var mates: [Mate] = []

    package init(
        name: String, nameBytes: [UInt8]? = nil, source: String, bytes: UInt64, sha256: Digest?,
        encoding: String? = nil, format: String? = nil, inode: UInt64, line: UInt64? = nil,
        offset: UInt64? = nil, mates: [Mate] = []
    ) {
        self.name = name
        self.nameBytes = nameBytes
        self.source = source
        self.bytes = bytes
        self.sha256 = sha256
        self.encoding = encoding
        self.format = format
        self.inode = inode
        self.line = line
        self.offset = offset
        self.mates = mates
    }
}

/// The digests of an article's text.
package struct ArticleDigests: Hashable, Sendable {
    /// Of the canonical words; nil for a text with too few words to be compared.
    package var canonical: CanonicalDigest?
    /// Of the text as UTF-8.
    package var text: Digest
    /// Of the content part, as it stands in the change.
    package var content: Digest

    package init(canonical: CanonicalDigest?, text: Digest, content: Digest) {
        self.canonical = canonical
        self.text = text
        self.content = content
    }
}

/// A digest of canonical words with the version of the rules that made them. Versions are never compared.
package struct CanonicalDigest: Hashable, Sendable, CustomStringConvertible {
    package enum Version: String, CaseIterable, Hashable, Sendable {
        /// Words of the whole text, not cleaned. No longer written; read for ever.
        case c0
        /// Words of the body, a page of text being cleaned before.
        case c1
    }

    package let version: Version
    package let digest: Digest

    package init(version: Version, digest: Digest) {
        self.version = version
        self.digest = digest
    }

    package var description: String { "\(version.rawValue):\(digest.hex)" }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let version = Version(rawValue: String(parts[0])),
            let digest = Digest(hex: Array(parts[1].utf8))
        else { return nil }
        self.init(version: version, digest: digest)
    }
}
