import ArgumentParser
import Sijill
import SijillFiles
import SijillFormat

/// `sijill status`: where the log stands, and what the inbox is doing.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Print where the log begins and ends, what it holds, and what the inbox is doing.",
        discussion: """
            With --watch it does so again and again, on a screen of its own where that is a terminal, until Ctrl-C or \
            SIGTERM ends it with exit code 0. A daemon that does not answer is waited for.
            """)

    @OptionGroup var server: ServerOptions

    @Flag(
        help:
            "Print JSON: what the server says of the log, and its metrics. With --watch, one line each time.")
    var json = false

    @Flag(help: "Go on, and show it anew each time.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between two times, 0.1 to 3600.", valueName: "seconds"))
    var interval = 2.0

    func validate() throws {
        guard interval >= 0.1, interval <= 3_600 else {
            throw ValidationError("--interval has to be from 0.1 to 3600 seconds")
        }
    }

    func run() async throws {
        let client = try server.client()
        guard watch else {
            let report = try await Self.report(client)
            if json { return try Terminal.output.write(Self.json(report)) }
            return try Terminal.output.write(Array(report.listing.text(for: .output).utf8))
        }
        let screen = Terminal.output.isTerminal && !json ? StatusScreen() : nil
        screen?.begin()
        defer { screen?.end() }
        do {
            try await untilInterrupted { [self] in try await follow(client, screen) }
        } catch is Interruption {
            // Whoever watches has to end it.
        }
    }

    /// Shows it again and again until the task is cancelled.
    private func follow(_ client: SijillClient, _ screen: StatusScreen?) async throws {
        var earlier: StatusReport.Figures?
        while true {
            var (report, reason) = try await Self.attempt(client)
            report?.earlier = earlier
            earlier = report?.figures ?? earlier
            try Task.checkCancellation()
            try show(report, waiting: reason, url: client.url, screen)
            try await Task.sleep(for: .seconds(interval))
        }
    }

    /// A report, or why there is none for now.
    private static func attempt(_ client: SijillClient) async throws -> (StatusReport?, String) {
        do {
            return (try await report(client), "")
        } catch let error as SijillClientError {
            guard [.unreachable, .server].contains(error.code) else { throw error }
            return (nil, "\(error)")
        }
    }

    private func show(_ report: StatusReport?, waiting reason: String, url: String, _ screen: StatusScreen?)
        throws
    {
        if json {
            let waiting = JSONValue.object([JSONMember("waiting", reason)])
            return try Terminal.output.write(report.map(Self.json) ?? Array((waiting.line + "\n").utf8))
        }
        var listing = Listing()
        listing.add("server", url)
        listing.add("waiting", reason)
        let text = (report?.listing ?? listing).text(for: .output)
        guard let screen else { return try Terminal.output.write(Array((text + "\n").utf8)) }
        let head = "sijill status, every \(interval) s    \(WallClock.timestamp().rfc3339.prefix(19))Z"
        let lines = text.split(separator: "\n").map { String($0) }
        try screen.draw([Terminal.output.dim(head), ""] + lines + ["", Terminal.output.dim("Ctrl-C ends")])
    }

    private static func report(_ client: SijillClient) async throws -> StatusReport {
        let status = try await client.status()
        let metrics = try await client.metrics()
        // A mirror has none, and a token may not be allowed to see them.
        let consumers = (try? await client.consumers()) ?? []
        return StatusReport(url: client.url, status: status, metrics: metrics, consumers: consumers)
    }

    /// The log's own JSON with the metrics beside it.
    private static func json(_ report: StatusReport) -> [UInt8] {
        guard case .object(var members)? = try? JSONParser.parse(report.status.json) else {
            return report.status.json
        }
        let samples = report.metrics.samples.map { sample in
            JSONMember(name: sample.id, value: .number(sample.text))
        }
        members.append(JSONMember(name: "metrics", value: .object(samples)))
        return Array((JSONValue.object(members).line + "\n").utf8)
    }
}
