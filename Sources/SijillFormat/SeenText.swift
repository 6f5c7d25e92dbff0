/// A text that stands in the log already: the change that first brought it, and where it belongs.
package struct SeenText: Hashable, Sendable {
    package let cursor: Cursor
    package let article: ArticleID
    package let revision: Int

    package init(cursor: Cursor, article: ArticleID, revision: Int) {
        self.cursor = cursor
        self.article = article
        self.revision = revision
    }
}
