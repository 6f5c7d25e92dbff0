import ArgumentParser
import Sijill
import SijillFormat

/// `sijill consumers`: places in the log that the server keeps by name.
struct ConsumersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consumers",
        abstract: "List, make, read and delete named consumers.",
        discussion: """
            A consumer is a place in the log that the server keeps. A reader prints changes and acknowledges each batch \
            once it is printed, so one that is killed goes on without a gap, and at most a batch comes again. Whoever \
            begins to read takes over from the reader before, which ends with exit code 75.
            """,
        subcommands: [List.self, Show.self, Create.self, Read.self, Follow.self, Delete.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the consumers.")

        @OptionGroup var server: ServerOptions

        @Flag(help: "Print one JSON object a line.")
        var json = false

        func run() async throws {
            for consumer in try await server.client().consumers() {
                if json {
                    try Terminal.output.write(consumer.json + [UInt8(ascii: "\n")])
                } else {
                    let name = consumer.name.padding(to: 24)
                    let text =
                        "\(name)  \(consumer.acked?.description ?? "0")  \(consumer.lagChanges) behind\n"
                    try Terminal.output.write(Array(text.utf8))
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print one consumer.")

        @OptionGroup var server: ServerOptions

        @Argument(help: "Name of the consumer.")
        var name: String

        @Flag(help: "Print the JSON that the server sends.")
        var json = false

        func run() async throws {
            try ConsumersCommand.print(try await server.client().consumer(name), json: json)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a consumer; one that is there and the same is fine.")

        @OptionGroup var server: ServerOptions

        @Argument(help: "Name: letters, digits, '-', '.' and '_'.")
        var name: String

        @Option(help: "Begin after this cursor or sequence, at this time (RFC 3339), at 'earliest' or 'now'.")
        var since: LogStart = .earliest

        @Option(help: "What it is for.")
        var description = ""

        @OptionGroup var filters: FilterOptions

        @Flag(help: "Print the JSON that the server sends.")
        var json = false

        func run() async throws {
            let consumer = try await server.client().makeConsumer(
                name, start: since, filter: filters.filter, description: description)
            try ConsumersCommand.print(consumer, json: json)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a consumer and its place.")

        @OptionGroup var server: ServerOptions

        @Argument(help: "Name of the consumer.")
        var name: String

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            try await server.client().deleteConsumer(name)
            if json { try Terminal.output.write(.object([JSONMember("deleted", name)])) }
        }
    }

    struct Read: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the changes that were not acknowledged, acknowledge them, and end.")

        @OptionGroup var server: ServerOptions

        @Argument(help: "Name of the consumer.")
        var name: String

        @OptionGroup var omitted: OmissionOptions

        func run() async throws {
            try await ConsumersCommand.read(try await server.client().consumer(name), isLive: false, omitted)
        }
    }

    struct Follow: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "As read, and stay for new changes. Ends with Ctrl-C or SIGTERM, with exit code 0.")

        @OptionGroup var server: ServerOptions

        @Argument(help: "Name of the consumer.")
        var name: String

        @OptionGroup var omitted: OmissionOptions

        func run() async throws {
            let consumer = try await server.client().consumer(name)
            do {
                try await untilInterrupted {
                    try await ConsumersCommand.read(consumer, isLive: true, self.omitted)
                }
            } catch is Interruption {
                // Whoever follows has to end it.
            }
        }
    }

    fileprivate static func print(_ consumer: Consumer, json: Bool) throws {
        if json { return try Terminal.output.write(consumer.json + [UInt8(ascii: "\n")]) }
        var listing = Listing()
        listing.add("consumer", consumer.name)
        listing.add("description", consumer.description)
        listing.add("acknowledged", consumer.acked?.description ?? "0")
        listing.add("delivered", consumer.delivered?.description)
        listing.add("tip", consumer.tip?.description)
        listing.add("behind", "\(consumer.lagChanges) changes, \(consumer.lagSeconds) seconds")
        listing.add("last seen", consumer.lastSeen)
        listing.add("generation", String(consumer.generation))
        try Terminal.output.write(Array(listing.text(for: .output).utf8))
    }

    fileprivate static func read(_ consumer: Consumer, isLive: Bool, _ omitted: OmissionOptions) async throws
    {
        for try await batch in consumer.batches(isLive: isLive, omitting: omitted.omission) {
            try StandardOutput().put(batch.changes.map(\.line), next: batch.next)
            try await batch.acknowledge()
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
