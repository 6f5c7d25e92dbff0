/// A text that stands in the log already: the change that first brought it, and where it belongs.
package struct SeenText: Hashable, Sendable {
    package let cursor: Cursor
    package let article: ArticleID
    package let revision: Int
    /// False where the text was erased and must not be kept again.
    package let isKept: Bool

    package init(cursor: Cursor, article: ArticleID, revision: Int, isKept: Bool = true) {
        self.isKept = isKept
        self.cursor = cursor
        self.article = article
        self.revision = revision
    }
}
