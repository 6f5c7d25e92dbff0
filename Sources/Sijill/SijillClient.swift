import AsyncHTTPClient
import NIOCore
import SijillFormat

/// A client of one Sijill log: replay it, follow it, look at its articles.
///
/// ```swift
/// let log = try SijillClient()
/// for try await change in log.changes(since: .earliest) {
///     print(change.sequence, try change.decoded().title ?? "")
///     // Keep change.cursor with what you made of the change: the next run goes on from it.
/// }
/// ```
///
/// A client is a value without connections of its own: copy it freely, use it from any task.
public struct SijillClient: Sendable {
    /// Where a daemon on this machine listens unless it is told otherwise.
    public static let defaultURL = "http://127.0.0.1:8750"

    /// The URL as it was given.
    public let url: String
    /// What happens when a connection is lost.
    public var reconnection = Reconnection()
    let transport: Transport

    /// A client of the log at `url`.
    ///
    /// - Parameters:
    ///   - url: `http://…` or `https://…` without a path, or `unix:PATH` for a daemon that listens on a unix socket.
    ///   - token: the bearer token, where the daemon wants one.
    ///   - authorityFile: a PEM file with the certificates that an `https` server is trusted by, in place of those of
    ///     the system: for a daemon with a certificate of your own making.
    /// - Throws: `SijillClientError` with code `.invalidURL` or `.invalidCertificate`.
    public init(
        url: String = SijillClient.defaultURL, token: String? = nil, authorityFile: String? = nil
    ) throws {
        self.url = url
        transport = try Transport(url: url, token: token, authorityFile: authorityFile)
    }

    /// Every change after `start`, without end: first what the log holds, then each new change as it becomes durable.
    ///
    /// The sequence connects when it is iterated. When a connection is lost it goes on by itself behind the last
    /// change it gave, with pauses that grow. No change is given twice and none is left out: the sequence numbers are
    /// checked, and a server that breaks them ends the sequence with an error.
    ///
    /// It ends by throwing `SijillClientError`: `.unreachable` when the server cannot be reached at first,
    /// `.cursorAhead`, `.cursorDiverged` or `.cursorExpired` when the log cannot go on from `start`.
    public func changes(
        since start: LogStart = .earliest, filter: ChangeFilter = .none,
        omitting omission: Omission = .nothing
    ) -> Changes {
        sequence(start, filter, omission, isLive: true)
    }

    /// The changes after `start` up to the end that the log has when the iteration begins; otherwise as `changes`.
    public func replay(
        since start: LogStart = .earliest, filter: ChangeFilter = .none,
        omitting omission: Omission = .nothing
    ) -> Changes {
        sequence(start, filter, omission, isLive: false)
    }

    private func sequence(_ start: LogStart, _ filter: ChangeFilter, _ omission: Omission, isLive: Bool)
        -> Changes
    {
        Changes(
            request: ChangesRequest(
                transport: transport, start: start, omission: omission, filter: filter, isLive: isLive,
                reconnection: reconnection))
    }

    /// One page of changes, as the server cuts it.
    ///
    /// - Parameter limit: changes on the page, up to 10,000.
    public func page(
        since start: LogStart = .earliest, limit: Int = 100, filter: ChangeFilter = .none,
        omitting omission: Omission = .nothing
    ) async throws -> ChangePage {
        let response = try await transport.get(
            "/v1/changes?since=\(start.parameter)&limit=\(limit)\(omission.parameter)\(filter.parameter)",
            accept: "application/x-ndjson")
        var splitter = LineSplitter()
        var changes: [LogChange] = []
        try await transport.reading {
            for try await piece in response.body {
                splitter.append(piece)
                while let line = try splitter.next() { changes.append(try LogChange(line: line)) }
            }
        }
        return ChangePage(
            changes: changes, next: LogStart(header: response.headers.first(name: "Sijill-Next")))
    }

    /// Where the log begins and ends.
    public func status() async throws -> LogStatus {
        try LogStatus(json: await transport.small("/v1/log"))
    }

    /// As `status`, tried again as `reconnection` says: at once an error when the server has never answered, unless it
    /// is patient.
    public func statusWhenReachable() async throws -> LogStatus {
        var resumption = Resumption(start: .earliest, isLive: true, reconnection: reconnection)
        while true {
            do {
                return try await status()
            } catch let error as SijillClientError {
                guard let pause = resumption.pause(after: error, random: reconnection.jitter()) else {
                    throw error
                }
                reconnection.onFailure?(
                    Reconnection.Failure(error: error, count: resumption.failures, pause: pause))
                try await reconnection.sleep(pause)
            }
        }
    }

    /// The latest state of an article.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is none with that id.
    public func article(_ id: String) async throws -> Article {
        try Article(json: await transport.small(Article.path(id)))
    }

    /// The bytes that an article's latest revision came from. They stream; see `Original`.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is no such article or original.
    public func original(of id: String) async throws -> Original {
        Original(
            try await transport.get(Article.path(id) + "/original", accept: "*/*"),
            transport: transport)
    }
}
