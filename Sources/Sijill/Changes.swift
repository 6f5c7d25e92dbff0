import AsyncHTTPClient
import NIOCore
import SijillFormat

/// The changes of a log in their order, each once. Made by `SijillClient.changes` and `SijillClient.replay`.
public struct Changes: AsyncSequence, Sendable {
    public typealias Element = LogChange

    let request: ChangesRequest

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: ChangeReader(request)) }

    /// The same changes, as many at a time as have arrived: for whoever does work once a batch, such as a transaction
    /// of a database or a sync of a file.
    ///
    /// - Parameter countMax: changes in a batch.
    public func batches(upTo countMax: Int = 1_000) -> ChangeBatches {
        precondition(countMax > 0, "a batch holds at least one change")
        return ChangeBatches(request: request, countMax: countMax)
    }

    /// Reads one connection after the other; not to be shared between tasks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var reader: ChangeReader

        /// The next change; nil at the end of a replay.
        public mutating func next() async throws -> LogChange? {
            while true {
                switch try await reader.next() {
                case .change(let change): return change
                case .moved: continue
                case .end: return nil
                }
            }
        }
    }
}

/// Changes in batches. Made by `Changes.batches`.
public struct ChangeBatches: AsyncSequence, Sendable {
    public typealias Element = ChangeBatch

    let request: ChangesRequest
    let countMax: Int

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reader: ChangeReader(request), countMax: countMax)
    }

    /// Reads one connection after the other; not to be shared between tasks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var reader: ChangeReader
        let countMax: Int

        /// The next batch; nil at the end of a replay.
        public mutating func next() async throws -> ChangeBatch? {
            let first: LogChange
            switch try await reader.next() {
            case .change(let change): first = change
            case .moved: return ChangeBatch(changes: [], next: reader.start)
            case .end: return nil
            }
            var changes = [first]
            while changes.count < countMax, let change = reader.arrived() { changes.append(change) }
            return ChangeBatch(changes: changes, next: reader.start)
        }
    }
}

/// Changes that arrived together, and where to go on behind them.
public struct ChangeBatch: Sendable {
    /// In their order. Empty when only `next` has moved: at the start, which may have been "now", and under a filter
    /// that nothing has fitted for a while.
    public let changes: [LogChange]
    /// Where the changes after these begin. Keep it with what you made of them, in one transaction where you can.
    public let next: LogStart
}

/// What is asked for: everything but how far it has come.
struct ChangesRequest: Sendable {
    let transport: Transport
    /// Of a consumer, which knows where to begin and has its filter, where it is not that of the log.
    var path = "/v1/changes"
    let start: LogStart
    let omission: Omission
    let filter: ChangeFilter
    /// Whether it goes on at the end of the log.
    let isLive: Bool
    let reconnection: Reconnection
}

/// Reads changes over as many connections as it takes.
struct ChangeReader {
    /// What the next bytes bring.
    enum Step {
        case change(LogChange)
        /// No change, but the place to go on from is another.
        case moved
        case end
    }

    /// Bytes of a page of a replay: enough that the pauses between pages do not count, little enough to begin again.
    static let pageBytes = 4 << 20

    private let request: ChangesRequest
    private var resumption: Resumption
    private var body: HTTPClientResponse.Body.AsyncIterator?
    private var splitter = LineSplitter()
    /// Where the page that is being read says that the next one begins.
    private var pageNext: LogStart?
    /// An error that was met while changes in front of it had not been given yet.
    private var failure: SijillClientError?
    /// The number of this reader of a consumer, once it has one.
    private(set) var generation: UInt64?
    /// What the caller was last told to go on from.
    private var told: LogStart?

    init(_ request: ChangesRequest) {
        self.request = request
        resumption = Resumption(
            start: request.start, isLive: request.isLive, isFiltered: !request.filter.isEmpty,
            reconnection: request.reconnection)
    }

    /// Where the changes after the last one given begin.
    var start: LogStart { resumption.start }

    /// The next change, over a new connection when it must be.
    mutating func next() async throws -> Step {
        while true {
            try Task.checkCancellation()
            do {
                if let failure {
                    self.failure = nil
                    throw failure
                }
                if let change = try takeLine() {
                    told = start
                    return .change(change)
                }
                if told != start, start.firstSequence != nil {
                    told = start
                    return .moved
                }
                if resumption.isComplete { return .end }
                try await read()
            } catch let error as SijillClientError {
                body = nil
                splitter = LineSplitter()
                guard let pause = resumption.pause(after: error, random: request.reconnection.jitter())
                else { throw error }
                request.reconnection.onFailure?(
                    Reconnection.Failure(error: error, count: resumption.failures, pause: pause))
                try await request.reconnection.sleep(pause)
            }
        }
    }

    /// A further change whose bytes have come already; nil when there is none. An error is kept for `next`.
    mutating func arrived() -> LogChange? {
        guard failure == nil else { return nil }
        do {
            let change = try takeLine()
            if change != nil { told = start }
            return change
        } catch let error as SijillClientError {
            failure = error
        } catch {
            failure = SijillClientError(.brokenPromise, "\(error)")
        }
        return nil
    }

    private mutating func takeLine() throws -> LogChange? {
        guard let line = try splitter.next() else { return nil }
        let change = try LogChange(line: line)
        try resumption.received(change.cursor)
        return change
    }

    /// Takes the next bytes of the connection, or makes one.
    private mutating func read() async throws {
        guard var body else { return try await connect() }
        // The iterator goes back in even when it throws: then it is dropped by the caller.
        let piece = try await request.transport.reading { try await body.next() }
        self.body = body
        if let piece { return splitter.append(piece) }
        self.body = nil
        if splitter.restCount > 0 {
            throw SijillClientError(.unreachable, "the connection ended in the middle of a change")
        }
        if request.isLive { throw SijillClientError(.unreachable, "the server ended the stream") }
        resumption.pageEnded(next: pageNext)
    }

    private mutating func connect() async throws {
        let limits = request.isLive ? "live=stream" : "limit=10000&max_bytes=\(Self.pageBytes)"
        let response = try await request.transport.get(
            "\(request.path)?\(limits)\(place)\(request.omission.parameter)", accept: "application/x-ndjson")
        generation = response.headers.first(name: "Sijill-Generation").flatMap { Decimal.value($0.utf8) }
        let next = LogStart(header: response.headers.first(name: "Sijill-Next"))
        pageNext = request.isLive ? nil : next
        resumption.connected(
            next: request.isLive ? next : nil,
            tip: response.headers.first(name: "Sijill-Tip").flatMap { LogCursor($0) })
        body = response.body.makeAsyncIterator()
    }
    /// The parameters that say where to begin. A consumer knows it, until its reader does.
    private var place: String {
        if let generation, start.firstSequence != nil {
            return "&generation=\(generation)&since=\(start.parameter)"
        }
        if let generation { return "&generation=\(generation)" }
        return isConsumer ? "" : "&since=\(start.parameter)\(request.filter.parameter)"
    }

    private var isConsumer: Bool { request.path != "/v1/changes" }
}
