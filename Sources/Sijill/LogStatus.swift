import SijillFormat

/// Where a log begins and ends, and what came of what was dropped.
public struct LogStatus: Sendable {
    /// The answer of the server as it came, in JSON.
    public let json: [UInt8]
    /// The random id of the log.
    public let log: String
    /// The oldest change kept; nil when the log is empty.
    public let oldest: LogCursor?
    /// The newest change; nil when the log is empty.
    public let tip: LogCursor?
    /// The present run of the daemon.
    public let epoch: String
    /// The last change in a segment that will never be written again.
    public let sealedThrough: UInt64
    /// Distinct articles.
    public let articlesCount: UInt64?
    /// Deliveries of articles: first ones and repetitions.
    public let sightingsCount: UInt64?
    /// Files that could not be taken in.
    public let rejectsCount: UInt64?

    init(json: [UInt8]) throws {
        guard let value = try? JSONParser.parse(json), let log = value["log"]?.text else {
            throw SijillClientError(
                .brokenPromise, "the server's answer is not the status of a log; is the URL right?")
        }
        self.json = json
        self.log = log
        oldest = value["oldest"]?.text.flatMap { LogCursor($0) }
        tip = value["tip"]?.text.flatMap { LogCursor($0) }
        epoch = value["epoch"]?.text ?? ""
        sealedThrough = value["sealed_through"]?.whole ?? 0
        let counts = value["counts"]
        articlesCount = counts?["articles"]?.whole
        sightingsCount = counts?["sightings"]?.whole
        rejectsCount = counts?["rejects"]?.whole
    }
}
