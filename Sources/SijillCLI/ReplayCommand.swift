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

    var omission: Omission {
        if content != nil { return .content }
        return text != nil ? .text : .nothing
    }
}

/// `sijill replay`: the changes up to now, one JSON line each.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Print the changes of the log, one JSON line each, and end.",
        discussion:
            "The lines are the bytes of the log. For example: sijill replay --text omit | jq .data.title")

    @OptionGroup var server: ServerOptions

    @Option(help: "Begin after this cursor or sequence, at this time (RFC 3339), or 'earliest'.")
    var since: LogStart = .earliest

    @Option(help: "End with this cursor or sequence; it is printed too.")
    var until: String?

    @Option(help: "Print at most this many changes.")
    var limit: Int?

    @OptionGroup var omitted: OmissionOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
        if let until, lastSequence == nil {
            throw ValidationError("'\(until)' is neither a cursor nor a sequence")
        }
    }

    private var lastSequence: UInt64? {
        guard let until else { return nil }
        return LogCursor(until)?.sequence ?? Decimal.value(Array(until.utf8))
    }

    func run() async throws {
        let client = try server.client()
        let last = lastSequence ?? .max
        let until = until.flatMap { LogCursor($0) }
        var output = LineOutput()
        var left = limit ?? .max
        for try await change in client.replay(since: since, omitting: omitted.omission) {
            guard change.sequence <= last else { break }
            if let until, change.sequence == last, change.cursor != until {
                try output.flush()
                throw SijillError(
                    .damaged, "change \(last) is \(change.cursor), not \(until)",
                    remedy: "the log was restored from an older copy, or the cursor is of another log")
            }
            try output.append(change.line)
            left -= 1
            if left == 0 || change.sequence == last { break }
        }
        try output.flush()
    }
}

/// `sijill follow`: the changes, and then each new one.
struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Print the changes of the log and stay for new ones, one JSON line each.",
        discussion: "A lost connection is taken up again behind the last line printed. Ends with Ctrl-C.")

    @OptionGroup var server: ServerOptions

    @Option(help: "Begin after this cursor or sequence, at this time (RFC 3339), at 'earliest' or 'now'.")
    var since: LogStart = .now

    @OptionGroup var omitted: OmissionOptions

    @Option(help: "Verifier key of the log: it is verified while it is followed.")
    var key: String?

    func run() async throws {
        let client = try server.client()
        let changes = client.changes(since: since, omitting: omitted.omission)
        let follow: @Sendable () async throws -> Void = {
            // Each line is written as it comes: whoever follows wants it now.
            for try await change in changes { try Terminal.output.write(change.line + [UInt8(ascii: "\n")]) }
        }
        guard let watch = try CheckpointWatch(client, key: key) else { return try await follow() }
        try await watch.watching(follow)
    }
}
