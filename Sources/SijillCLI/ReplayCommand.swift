import ArgumentParser
import Sijill
import SijillFormat

/// What is left out of each change.
struct OmissionOptions: ParsableArguments {
    enum Omitted: String, ExpressibleByArgument, CaseIterable { case omit }

    @Option(help: "'omit' leaves out the text of each change.")
    var text: Omitted?

    @Option(help: "'omit' leaves out everything that was in the input: only what happened is left.")
    var content: Omitted?

    @Flag(help: "As without it: changes are always printed as JSON lines.")
    var json = false

    var omission: Omission {
        if content != nil { return .content }
        return text != nil ? .text : .nothing
    }
}

/// Which changes are wanted.
struct FilterOptions: ParsableArguments {
    @Option(help: "Only changes of this type: added, duplicated, rejected, …")
    var type: String?

    @Option(help: "Only changes from this source, the folder of the inbox that the file came by.")
    var source: String?

    @Option(help: "Only changes of articles that this publisher published.")
    var publisher: String?

    @Option(help: "Only changes of articles in this language, as the article gives it: ar.")
    var lang: String?

    @Option(help: "Only changes of the article with this id.")
    var article: String?

    var filter: ChangeFilter {
        ChangeFilter(type: type, source: source, publisher: publisher, lang: lang, article: article)
    }
}

/// `sijill replay`: the changes up to now, one JSON line each.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Print the changes of the log, one JSON line each, and end.",
        discussion: """
            The lines are the bytes of the log. For example: sijill replay --text omit | jq .data.title

            \(KeepingOptions.discussion)
            """)

    @OptionGroup var server: ServerOptions

    @Option(help: "Begin after this cursor or sequence, at this time (RFC 3339), or 'earliest'.")
    var since: LogStart = .earliest

    @Option(help: "End with this cursor or sequence; it is printed too.")
    var until: String?

    @Option(help: "Print at most this many changes.")
    var limit: Int?

    @OptionGroup var filters: FilterOptions

    @OptionGroup var omitted: OmissionOptions

    @OptionGroup var keeping: KeepingOptions

    @OptionGroup var patience: PatienceOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
        if let until, ReplayEnd(until: until, limit: nil) == nil {
            throw ValidationError("'\(until)' is neither a cursor nor a sequence")
        }
    }

    func run() async throws {
        let client = try patience.client(server)
        let sink = try keeping.sink()
        let start = sink.start ?? since
        var bar = try await progressBar(client, from: start)
        guard var end = ReplayEnd(until: until, limit: limit) else { return }
        let changes = client.replay(since: start, filter: filters.filter, omitting: omitted.omission)
        for try await batch in changes.batches() {
            let taken = try end.take(batch.changes)
            let isWhole = taken.count == batch.changes.count
            let next = isWhole ? batch.next : taken.last.map { .after($0.cursor) }
            if let next { try sink.put(taken.map(\.line), next: next) }
            bar?.set((taken.last?.sequence ?? 0))
            if end.isReached { break }
        }
        bar?.clear()
    }

    /// For people who wait at a terminal while the lines go elsewhere.
    private func progressBar(_ client: SijillClient, from start: LogStart) async throws -> ProgressBar? {
        guard Terminal.error.isTerminal, !Terminal.output.isTerminal || keeping.output != nil,
            let tip = try? await client.status().tip
        else { return nil }
        return ProgressBar(from: LogCursor(start.description)?.sequence ?? 0, total: tip.sequence)
    }
}

/// Where a replay ends before the tip. Pure.
struct ReplayEnd {
    private let last: UInt64
    private let cursor: LogCursor?
    private var left: Int
    private(set) var isReached = false

    /// Nil when `until` is neither a cursor nor a sequence.
    init?(until: String?, limit: Int?) {
        left = limit ?? .max
        cursor = until.flatMap { LogCursor($0) }
        guard let until else {
            last = .max
            return
        }
        guard let sequence = cursor?.sequence ?? Decimal.value(Array(until.utf8)) else { return nil }
        last = sequence
    }

    /// The changes from the front that still belong.
    ///
    /// - Throws: `SijillError` when the change that it ends with is another one than was named.
    mutating func take(_ changes: [LogChange]) throws -> [LogChange] {
        let taken = Array(changes.prefix { $0.sequence <= last }.prefix(left))
        left -= taken.count
        isReached = left == 0 || taken.count < changes.count || taken.last?.sequence == last || last == 0
        if let cursor, let found = taken.last, found.sequence == last, found.cursor != cursor {
            throw SijillError(
                .damaged, "change \(last) is \(found.cursor), not \(cursor)",
                remedy: "the log was restored from an older copy, or the cursor is of another log")
        }
        return taken
    }
}
