import ArgumentParser
import Glibc
import Sijill
import SijillFiles
import SijillFormat

/// `sijill show`: one article, what it was before, and what it is to others.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print an article as it stands, its revisions and its relations.",
        discussion: """
            With --diff only what came and went between two revisions: the last two, or those that --from and --to \
            name. Words that went are red, or [-so-] without colour; words that came are green, or {+so+}.
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "Id of the article: 'a' and 26 letters and digits.")
    var article: String

    @Flag(help: "Print what changed between two revisions.")
    var diff = false

    @Option(help: "With --diff: the earlier revision; the one before --to when left out.")
    var from: Int?

    @Option(help: "With --diff: the later revision; the one that stands when left out.")
    var to: Int?

    @Flag(help: "Print only the relations to other articles, and the cluster.")
    var relations = false

    @Flag(help: "Print only the list of revisions.")
    var revisions = false

    @Flag(help: "Print the JSON that the server sends; with --revisions a line for each page of them.")
    var json = false

    func validate() throws {
        if [diff, relations, revisions].count(where: { $0 }) > 1 {
            throw ValidationError("choose one of --diff, --relations and --revisions")
        }
        if !diff, from != nil || to != nil { throw ValidationError("--from and --to go with --diff") }
        if let number = [from, to].compactMap({ $0 }).min(), number < 1 {
            throw ValidationError("revisions are counted from 1")
        }
    }

    func run() async throws {
        let client = try server.client()
        if diff { return try await showDifference(client) }
        if relations { return try await showRelations(client) }
        if revisions { return try await showRevisions(client) }
        let found = try await client.article(article)
        if json { return try Terminal.output.write(found.json) }
        try show(found)
        let others = try await client.relations(of: found.id)
        let lines = ArticleHistoryOutput.lines(of: others, .output)
        if !lines.isEmpty {
            try print(["", Terminal.output.bold("relations, cluster of \(others.membersTotal):")] + lines)
        }
        guard found.revision > 1 else { return }
        let before = try await client.revisions(of: found.id, omittingText: true)
        try print(["", Terminal.output.bold("revisions:")] + ArticleHistoryOutput.lines(of: before, .output))
    }

    private func showDifference(_ client: SijillClient) async throws {
        let difference = try await client.difference(of: article, from: from, to: to)
        if json { return try Terminal.output.write(difference.json) }
        try print(ArticleHistoryOutput.lines(of: difference, .output))
    }

    private func showRelations(_ client: SijillClient) async throws {
        let found = try await client.relations(of: article)
        if json { return try Terminal.output.write(found.json) }
        try print(ArticleHistoryOutput.lines(of: found, .output))
    }

    private func showRevisions(_ client: SijillClient) async throws {
        if json {
            // A page a line, as `next` tells how they belong together.
            return try await client.revisionPages(of: article) { page in
                try Terminal.output.write(page.last == 0x0A ? page : page + [0x0A])
            }
        }
        let found = try await client.revisions(of: article, omittingText: true)
        try print(ArticleHistoryOutput.lines(of: found, .output))
    }

    private func print(_ lines: [String]) throws {
        try Terminal.output.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    private func show(_ found: Article) throws {
        let terminal = Terminal.output
        var listing = Listing()
        listing.add("article", found.id)
        listing.add("revision", String(found.revision))
        listing.add("title", found.title)
        listing.add("byline", found.byline)
        listing.add("publisher", found.publisher)
        listing.add("dateline", found.dateline)
        listing.add("url", found.url)
        listing.add("language", found.lang)
        listing.add("published", found.published)
        listing.add("added", found.added)
        listing.add("change", found.last?.description)
        listing.add("sightings", String(found.sightings))
        listing.add("words", found.words.map { String($0) })
        listing.add("file", "\(found.file.source)/\(found.file.name)")
        listing.add("bytes", String(found.file.bytes))
        listing.add("sha256", found.file.sha256)
        try terminal.write(Array(listing.text(for: terminal).utf8))
        guard let text = found.text else { return }
        // Line by line, so that the escapes keep the paragraphs.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0).escapedForDisplay
        }
        try terminal.write(Array("\n\(lines.joined(separator: "\n"))\n".utf8))
    }
}

/// `sijill original`: the bytes that an article came from.
struct OriginalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "original",
        abstract: "Write the original bytes of an article, exactly as they arrived.")

    @OptionGroup var server: ServerOptions

    @Argument(help: "Id of the article: 'a' and 26 letters and digits.")
    var article: String

    @Option(
        name: .shortAndLong, help: "File to write; nothing is overwritten. Standard output when left out.")
    var output: String?

    func run() async throws {
        let client = try server.client()
        guard let output else {
            if Terminal.output.isTerminal {
                throw SijillError(
                    .usage, "the original may hold anything and is not written to a terminal",
                    remedy: "use -o FILE or a pipe")
            }
            for try await piece in try await client.original(of: article) { try Terminal.output.write(piece) }
            return
        }
        let original = try await client.original(of: article)
        let (directory, name) = split(path: output)
        var file = try DroppedFile(directory: directory, name: name)
        do {
            for try await piece in original { try file.write(piece) }
            guard try file.publish(as: name) else {
                throw SijillError(.inputOutput, "\(output) exists", remedy: "choose another name")
            }
        } catch {
            file.discard()
            throw error
        }
    }
}

/// The directory and the last component of a path.
func split(path: String) -> (directory: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let directory = slash == path.startIndex ? "/" : String(path[..<slash])
    return (directory, String(path[path.index(after: slash)...]))
}
