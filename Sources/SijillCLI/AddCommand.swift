import ArgumentParser
import Glibc
import Sijill
import SijillFiles
import SijillFormat

/// `sijill add`: files into the inbox.
struct AddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Copy files into the inbox.",
        discussion: """
            A file appears in the inbox when it is whole and durable; nothing there is overwritten. The inbox is \
            --inbox, else 'inbox' in --data, else SIJILL_INBOX, else ./var/inbox, else /var/lib/sijill/inbox.
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "Files to copy.", completion: .file())
    var files: [String]

    @Option(help: "Who delivers: the folder of the inbox that the files go into.")
    var source: String?

    @Option(help: "The inbox folder.", completion: .directory)
    var inbox: String?

    @Option(help: "The data directory; its folder 'inbox' is used.", completion: .directory)
    var data: String?

    @Flag(help: "Stay until the daemon has taken each file, and print what came of it.")
    var wait = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() async throws {
        let sizes = try files.map(Self.size)
        let inbox = try Inbox(inbox: inbox, data: data, source: source)
        // Asked before the first file is there, so that no outcome can be missed.
        let client = wait ? try server.client() : nil
        let tip = try await client?.status().tip
        var bar = ProgressBar(total: sizes.reduce(0, +))
        var drops: [Drop] = []
        for file in files {
            drops.append(try inbox.add(file) { bar.advance(by: $0) })
            if !wait { try printDropped(drops.last!, &bar) }
        }
        bar.clear()
        guard let client else { return }
        if try await outcomes(of: drops, after: tip, client) { throw ExitCode(1) }
    }

    private static func size(_ path: String) throws -> UInt64 {
        var status = stat()
        try system("stat", path) { stat(path, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SijillError(.usage, "\(path) is no regular file", remedy: "name the files themselves")
        }
        return UInt64(status.st_size)
    }

    /// Prints each outcome; whether one was a rejection.
    private func outcomes(of drops: [Drop], after tip: LogCursor?, _ client: SijillClient) async throws
        -> Bool
    {
        let start = tip.map { LogStart.after($0) } ?? .after(sequence: 0)
        let outcomes = Shared(Outcomes(drops, after: tip?.sequence ?? 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await change in client.changes(since: start, omitting: .content) {
                    if let outcome = try await outcomes.received(change) { try printOutcome(outcome) }
                    if await outcomes.isComplete { return }
                }
            }
            group.addTask { try await watch(outcomes, client) }
            // Either the last change came, or the last file left behind changes that had all come.
            try await group.next()
            group.cancelAll()
        }
        return await outcomes.hasRejects
    }

    /// Looks which files have left the inbox, until all outcomes are there.
    private func watch(_ outcomes: Shared, _ client: SijillClient) async throws {
        while await !outcomes.isComplete {
            for drop in await outcomes.open where !File.exists(drop.place) {
                let tip = try await client.status().tip
                await outcomes.left(drop, tip: tip?.sequence ?? 0)
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func printDropped(_ drop: Drop, _ bar: inout ProgressBar) throws {
        bar.clear()
        if json {
            try printJSON([
                ("file", drop.path), ("source", drop.source), ("name", drop.name),
                ("sha256", drop.digest.hex),
            ])
        } else if drop.name != split(path: drop.path).name || Terminal.output.isTerminal {
            try Terminal.output.write(
                Array("\(drop.path.escapedForDisplay) → \(drop.place.escapedForDisplay)\n".utf8))
        }
    }

    private func printOutcome(_ outcome: Outcomes.Outcome) throws {
        let decoded = outcome.decoded
        let kind = decoded.kind.shortName
        if json {
            return try printJSON([
                ("file", outcome.drop.path), ("source", outcome.drop.source), ("name", outcome.drop.name),
                ("line", decoded.file.line.map { String($0) }), ("outcome", kind),
                ("article", decoded.article), ("reason", decoded.reason), ("detail", decoded.detail),
                ("cursor", outcome.change.cursor.description),
            ])
        }
        let terminal = Terminal.output
        let coloured =
            switch decoded.kind {
            case .added: terminal.green(kind)
            case .rejected: terminal.red(kind)
            default: kind
            }
        let padding = String(repeating: " ", count: max(0, 10 - kind.count))
        let line = decoded.file.line.map { ":\($0)" } ?? ""
        let what =
            decoded.article ?? [decoded.reason, decoded.detail].compactMap(\.self).joined(separator: ": ")
        let name =
            terminal.isTerminal ? outcome.drop.path.isolatedForDisplay : outcome.drop.path.escapedForDisplay
        try terminal.write(Array("\(coloured)\(padding)  \(name)\(line)  \(what.escapedForDisplay)\n".utf8))
    }

    private func printJSON(_ members: [(String, String?)]) throws {
        let known = members.filter { $0.1 != nil }.map { JSONMember($0.0, $0.1) }
        try Terminal.output.write(JSONValue.object(known))
    }
}

/// The outcomes, shared between the task that follows the log and the one that watches the files.
private actor Shared {
    private var outcomes: Outcomes

    init(_ outcomes: Outcomes) { self.outcomes = outcomes }

    var isComplete: Bool { outcomes.isComplete }
    var hasRejects: Bool { outcomes.hasRejects }
    var open: [Drop] { outcomes.open }

    func received(_ change: LogChange) throws -> Outcomes.Outcome? { try outcomes.received(change) }
    func left(_ drop: Drop, tip: UInt64) { outcomes.left(drop, tip: tip) }
}
