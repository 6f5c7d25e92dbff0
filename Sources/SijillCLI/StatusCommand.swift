import ArgumentParser
import Sijill
import SijillFormat

/// `sijill status`: where the log stands, and what the inbox is doing.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Print where the log begins and ends, what it holds, and what the inbox is doing.")

    @OptionGroup var server: ServerOptions

    @Flag(help: "Print JSON: what the server says of the log, and its metrics.")
    var json = false

    func run() async throws {
        let client = try server.client()
        let status = try await client.status()
        let metrics = try await client.metrics()
        if json { return try Terminal.output.write(Self.json(status, metrics)) }
        var listing = Listing()
        listing.add("server", client.url)
        listing.add("log", status.log)
        listing.add("oldest", status.oldest?.description ?? "the log is empty")
        listing.add("tip", status.tip?.description)
        listing.add("sealed through", String(status.sealedThrough))
        listing.add("articles", status.articlesCount.map { String($0) })
        listing.add("sightings", status.sightingsCount.map { String($0) })
        listing.add("rejected", status.rejectsCount.map { String($0) })
        if !metrics.samples.isEmpty { add(metrics, to: &listing) }
        try Terminal.output.write(Array(listing.text(for: .output).utf8))
    }

    private func add(_ metrics: ServerMetrics, to listing: inout Listing) {
        let states = metrics.samples.filter { $0.name == "sijill_inbox_files" && $0.value > 0 }
        let files = states.map { "\(Int($0.value)) \($0.labels["state"] ?? "")" }
        listing.add("inbox", files.isEmpty ? "empty" : files.joined(separator: ", "))
        if let oldest = metrics["sijill_inbox_oldest_seconds"], oldest > 0 {
            listing.add("oldest file", "\(Int(oldest)) s")
        }
        listing.add("paused", metrics["sijill_inbox_paused"] == 1 ? "yes; see the daemon's messages" : nil)
        listing.add(
            "degraded", metrics["sijill_inbox_degraded"] == 1 ? "yes; see the daemon's messages" : nil)
        let quarantine = metrics.samples.filter { $0.name == "sijill_quarantine_files" }
        let reasons = quarantine.map { "\(Int($0.value)) \($0.labels["reason"] ?? "")" }
        listing.add("quarantine", reasons.isEmpty ? "empty" : reasons.joined(separator: ", "))
        listing.add("searchable", metrics["sijill_search_position"].map { String(Int($0)) })
    }

    /// The log's own JSON with the metrics beside it.
    private static func json(_ status: LogStatus, _ metrics: ServerMetrics) throws -> [UInt8] {
        guard case .object(var members)? = try? JSONParser.parse(status.json) else { return status.json }
        let samples = metrics.samples.map { sample in
            JSONMember(name: sample.id, value: .number(sample.text))
        }
        members.append(JSONMember(name: "metrics", value: .object(samples)))
        return Array((JSONValue.object(members).line + "\n").utf8)
    }
}
