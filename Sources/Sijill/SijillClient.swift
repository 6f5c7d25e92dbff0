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
    let transport: Transport

    /// A client of the log at `url`.
    ///
    /// - Parameters:
    ///   - url: `http://…` or `https://…` without a path, or `unix:PATH` for a daemon that listens on a unix socket.
    ///   - token: the bearer token, where the daemon wants one.
    /// - Throws: `SijillClientError` with code `.invalidURL`.
    public init(url: String = SijillClient.defaultURL, token: String? = nil) throws {
        self.url = url
        transport = try Transport(url: url, token: token)
    }

    /// Every change after `start`, without end: first what the log holds, then each new change as it becomes durable.
    ///
    /// The sequence connects when it is iterated. When a connection is lost it goes on by itself behind the last
    /// change it gave, with pauses that grow. No change is given twice and none is left out: the sequence numbers are
    /// checked, and a server that breaks them ends the sequence with an error.
    ///
    /// It ends by throwing `SijillClientError`: `.unreachable` when the server cannot be reached at first,
    /// `.cursorAhead`, `.cursorDiverged` or `.cursorExpired` when the log cannot go on from `start`.
    public func changes(since start: LogStart = .earliest, omitting omission: Omission = .nothing) -> Changes
    {
        Changes(transport: transport, start: start, omission: omission, isLive: true)
    }

    /// The changes after `start` up to the end that the log has when the iteration begins; otherwise as `changes`.
    public func replay(since start: LogStart = .earliest, omitting omission: Omission = .nothing) -> Changes {
        Changes(transport: transport, start: start, omission: omission, isLive: false)
    }

    /// One page of changes, as the server cuts it.
    ///
    /// - Parameter limit: changes on the page, up to 10,000.
    public func page(
        since start: LogStart = .earliest, limit: Int = 100, omitting omission: Omission = .nothing
    ) async throws -> ChangePage {
        let response = try await transport.get(
            "/v1/changes?since=\(start.parameter)&limit=\(limit)\(omission.parameter)",
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

    /// The latest state of an article.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is none with that id.
    public func article(_ id: String) async throws -> Article {
        try Article(json: await transport.small("/v1/articles/\(Transport.escaped(id))"))
    }

    /// The bytes that an article's latest revision came from. They stream; see `Original`.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is no such article or original.
    public func original(of id: String) async throws -> Original {
        Original(
            try await transport.get("/v1/articles/\(Transport.escaped(id))/original", accept: "*/*"),
            transport: transport)
    }
}

/// Where to begin in a log.
public struct LogStart: Hashable, Sendable {
    let parameter: String
    /// What the sequence of the first change must be, where that follows from the start.
    let firstSequence: UInt64?

    /// The oldest change that the server keeps.
    public static let earliest = LogStart(parameter: "earliest", firstSequence: nil)
    /// After the newest change: only what is still to come.
    public static let now = LogStart(parameter: "now", firstSequence: nil)

    /// After the change that `cursor` names.
    public static func after(_ cursor: LogCursor) -> LogStart {
        LogStart(parameter: cursor.description, firstSequence: cursor.sequence + 1)
    }

    /// After the change with this sequence; 0 is the beginning of the log.
    public static func after(sequence: UInt64) -> LogStart {
        LogStart(parameter: String(sequence), firstSequence: sequence + 1)
    }

    /// What people write: a cursor, a sequence, `earliest`, `now`, or an RFC 3339 time, which means the first change
    /// at or after it. Nil for anything else.
    public init?(_ text: String) {
        if let cursor = LogCursor(text) {
            self = .after(cursor)
        } else if let sequence = Decimal.value(Array(text.utf8)), sequence <= SequenceNumber.max.value {
            self = .after(sequence: sequence)
        } else if text == "earliest" {
            self = .earliest
        } else if text == "now" {
            self = .now
        } else if Timestamp(rfc3339: text) != nil {
            self.init(parameter: Transport.escaped(text), firstSequence: nil)
        } else {
            return nil
        }
    }

    private init(parameter: String, firstSequence: UInt64?) {
        self.parameter = parameter
        self.firstSequence = firstSequence
    }

    /// Reads the header Sijill-Next: a cursor, or the sequence where there is no change to name.
    init?(header: String?) {
        guard let header, let start = LogStart(header), start.firstSequence != nil else { return nil }
        self = start
    }
}

/// Names one change of a log: its sequence and the run of the daemon that wrote it.
public struct LogCursor: Hashable, Comparable, Sendable, CustomStringConvertible {
    let cursor: Cursor

    /// Reads `0000000000000042-k3f9a1c2`; nil for anything else.
    public init?(_ text: String) {
        guard let cursor = Cursor(text), cursor.sequence > .none else { return nil }
        self.init(cursor)
    }

    init(_ cursor: Cursor) { self.cursor = cursor }

    /// The 1-based number of the change in its log.
    public var sequence: UInt64 { cursor.sequence.value }

    public var description: String { cursor.description }

    public static func < (a: LogCursor, b: LogCursor) -> Bool { a.description < b.description }
}

/// What the server leaves out of each change.
public enum Omission: Hashable, Sendable {
    case nothing
    /// The article's text.
    case text
    /// Everything that was in the input: only what happened is left.
    case content

    var parameter: String {
        switch self {
        case .nothing: ""
        case .text: "&text=omit"
        case .content: "&content=omit"
        }
    }
}

/// Some changes in their order, and where to go on.
public struct ChangePage: Sendable {
    public let changes: [LogChange]
    /// Where the next page begins.
    public let next: LogStart?
}
