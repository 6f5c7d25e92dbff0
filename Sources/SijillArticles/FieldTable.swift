/// The names under which a field of an article is accepted; the first that is present wins (contract/inbox.md §6).
struct Field: Sendable {
    /// The field's own name, as warnings and `cut` say it.
    let name: String
    let aliases: [Alias]

    /// One accepted name: a member of that very name, else, when it has points, the path to a member inside.
    struct Alias: Sendable {
        let name: String
        let path: [String]
    }

    private init(_ name: String, _ aliases: String) {
        self.name = name
        self.aliases = aliases.split(separator: " ").map {
            Alias(name: String($0), path: $0.split(separator: ".").map(String.init))
        }
    }

    static let text = Field(
        "text", "text maintext content body articleBody raw_text text_content plaintext")
    static let title = Field("title", "title headline article_title title_page og:title")
    static let url = Field(
        "url", "url source original_url link u mainEntityOfPage.@id mainEntityOfPage og:url canonical")
    static let publisher = Field(
        "publisher", "publisher publisher.name source-hostname sitename og:site_name source")
    static let site = Field("site", "site hostname source_domain canonical_domain")
    static let authors = Field("authors", "authors author byline article:author")
    static let published = Field(
        "published",
        "published date_publish date datePublished publication_date publishing_date pub_date article:published_time"
    )
    static let modified = Field("modified", "modified date_modify dateModified article:modified_time")
    static let fetched = Field("fetched", "fetched date_download filedate fetch_date date_extracted")
    static let lang = Field("lang", "lang language inLanguage og:locale")
    static let description = Field("description", "excerpt description")
    static let tags = Field("tags", "tags categories keywords")
    static let section = Field("section", "section articleSection")
    static let image = Field("image", "image image_url og:image")
    static let license = Field("license", "license")
    static let id = Field("id", "id identifier")

    /// Members of these names that hold nothing say no more than absent ones.
    static let knownNames = Set(
        [
            text, title, url, publisher, site, authors, published, modified, fetched, lang, description, tags,
            section,
            image, license, id,
        ].flatMap { $0.aliases.map(\.name) })
}
