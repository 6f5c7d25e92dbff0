import ArgumentParser
import Glibc
import Sijill
import SijillFiles
import SijillFormat

/// `sijill show`: one article.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print the latest state of an article.")

    @OptionGroup var server: ServerOptions

    @Argument(help: "Id of the article: 'a' and 26 letters and digits.")
    var article: String

    @Flag(help: "Print the JSON that the server sends.")
    var json = false

    func run() async throws {
        let found = try await server.client().article(article)
        if json { return try Terminal.output.write(found.json) }
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
