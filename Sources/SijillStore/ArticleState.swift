import SijillFormat

/// An article as it stands now.
package struct ArticleState: Hashable, Sendable {
    package let id: ArticleID
    /// The revision that stands; the ones before it are in the log.
    package let revision: Int
    /// The head of its cluster.
    package let cluster: ArticleID
    /// Canonical words of the text.
    package let words: Int
    /// The change that added the article.
    package let first: Cursor
    package let firstTime: Timestamp
    /// The change that brought the revision.
    package let current: Cursor
    package let currentTime: Timestamp
    /// The last change that is about the article, a delivery of the same text included.
    package let last: Cursor
    package let lastTime: Timestamp
    /// Deliveries of its texts, the first included.
    package let sightings: Int
    /// The input that brought the revision.
    package let file: FileRecord
    package let digests: ArticleDigests
    /// The content of the revision, text and all.
    package let content: Content
}

/// One delivery of a text: an `added`, `revised` or `duplicated` change.
package struct Sighting: Hashable, Sendable {
    package let cursor: Cursor
    package let time: Timestamp
    package let article: ArticleID
    /// The revision whose text it is.
    package let revision: Int
    /// Nil when the delivery brought the text.
    package let match: Duplicated.Match?
    /// Of a duplicate: the change that first brought these bytes or words.
    package let duplicateOf: SequenceNumber?
    package let file: FileRecord
    package let digests: ArticleDigests
}
