import ArgumentParser
import Sijill

/// `sijill follow`: the changes, and then each new one.
struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Print the changes of the log and stay for new ones, one JSON line each.",
        discussion: """
            A lost connection is taken up again behind the last line printed. Ends with Ctrl-C or SIGTERM, with exit \
            code 0, when the lines in hand are out and their place is kept.

            \(KeepingOptions.discussion)
            """)

    @OptionGroup var server: ServerOptions

    @Option(help: "Begin after this cursor or sequence, at this time (RFC 3339), at 'earliest' or 'now'.")
    var since: LogStart = .now

    @OptionGroup var filters: FilterOptions

    @OptionGroup var omitted: OmissionOptions

    @OptionGroup var keeping: KeepingOptions

    @OptionGroup var patience: PatienceOptions

    @Option(help: "Verifier key of the log: it is verified while it is followed.")
    var key: String?

    func run() async throws {
        let client = try patience.client(server)
        let sink = try keeping.sink()
        let changes = client.changes(
            since: sink.start ?? since, filter: filters.filter, omitting: omitted.omission)
        let follow: @Sendable () async throws -> Void = {
            // Each batch is written as it comes: whoever follows wants it now.
            for try await batch in changes.batches() {
                try sink.put(batch.changes.map(\.line), next: batch.next)
            }
        }
        let watch = try CheckpointWatch(client, key: key)
        do {
            try await untilInterrupted {
                guard let watch else { return try await follow() }
                try await watch.watching(follow)
            }
        } catch is Interruption {
            // Whoever follows has to end it: that is no failure.
        }
    }
}
