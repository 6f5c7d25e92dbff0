import ArgumentParser
import Sijill
import SijillFiles
import SijillFormat

extension Search.Order: ExpressibleByArgument {}

/// `sijill search`: articles in which something stands.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find articles by their words.",
        discussion: """
            Words are found however they are written: with or without harakat and tatweel, with any alef, in any case, \
            behind an article or a particle. All words must be there; "words in a row" go into quotation marks, which \
            the shell wants quoted too; حسك* finds what begins so; OR, NOT and brackets say what they say.

            On a terminal hits come as a table, with what was looked for in bold. In a pipe each hit is a line of \
            article, time, publisher, title and URL, separated by tabs.
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "What to look for; several words are one query.")
    var query: [String]

    @Option(help: "Only what this source delivered: a first-level folder of the inbox.")
    var source: String?

    @Option(help: "Only of this publisher, as the articles have it.")
    var publisher: String?

    @Option(help: "Only in this language, such as ar or ar-SY.")
    var lang: String?

    @Option(help: "Only what was taken in at this time (RFC 3339) or after it.")
    var since: String?

    @Option(help: "Only what was taken in before this time (RFC 3339).")
    var until: String?

    @Option(help: "In which order: newest or best first.")
    var sort: Search.Order = .newest

    @Option(help: "Print at most this many hits.")
    var limit = 20

    @Flag(help: "Print the JSON that the server sends, a line for each page.")
    var json = false

    /// Hits of a page, at most: a limit of the server.
    private static let pageHitsMax = 100

    func validate() throws {
        if query.isEmpty { throw ValidationError("say what to look for") }
        if limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        let client = try server.client()
        var search = Search(query.joined(separator: " "))
        search.source = source
        search.publisher = publisher
        search.lang = lang
        search.since = since
        search.until = until
        search.order = sort
        var left = limit
        var table = HitTable(terminal: .output)
        var output = LineOutput()
        var results: SearchResults
        repeat {
            search.limit = min(left, Self.pageHitsMax)
            results = try await client.search(search)
            left -= results.hits.count
            search.next = results.next
            if json {
                try output.append(results.json.filter { $0 != UInt8(ascii: "\n") })
            } else {
                for hit in results.hits {
                    for line in Terminal.output.isTerminal ? table.rows(of: hit) : [Self.line(of: hit)] {
                        try output.append(Array(line.utf8))
                    }
                }
            }
        } while left > 0 && results.next != nil
        try output.flush()
        if !json, Terminal.output.isTerminal {
            Terminal.output.write(table.footer(shown: limit - left, results) + "\n")
        }
    }

    /// A hit for a program: nothing in a field can end the field or the line.
    private static func line(of hit: SearchHit) -> String {
        [hit.article, hit.time, hit.publisher ?? "", hit.title ?? "", hit.url ?? ""]
            .map(\.escapedForDisplay).joined(separator: "\t")
    }
}
