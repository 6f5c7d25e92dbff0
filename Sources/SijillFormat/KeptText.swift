/// A text that a change before brought, with what a decision about a later one needs of it.
package struct KeptText: Hashable, Sendable {
    /// The change that brought it.
    package let change: Cursor
    package let article: ArticleID
    package let revision: Int
    /// The article's cluster.
    package let cluster: ArticleID
    /// Its fields and the text; nil text where it was erased.
    package let content: Content

    package init(
        change: Cursor, article: ArticleID, revision: Int, cluster: ArticleID, content: Content
    ) {
        self.change = change
        self.article = article
        self.revision = revision
        self.cluster = cluster
        self.content = content
    }
}
