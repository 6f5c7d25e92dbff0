import AsyncHTTPClient
import NIOCore
import SijillFormat

/// The changes of a log in their order, each once. Made by `SijillClient.changes` and `SijillClient.replay`.
public struct Changes: AsyncSequence, Sendable {
    public typealias Element = LogChange

    let transport: Transport
    let start: LogStart
    let omission: Omission
    /// Whether it goes on at the end of the log.
    let isLive: Bool

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// Reads one connection after the other; not to be shared between tasks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// Bytes of a page of a replay: enough that the pauses between pages do not count, little enough to begin again.
        static let pageBytes = 4 << 20

        private let transport: Transport
        private let omission: Omission
        private let isLive: Bool
        private var resumption: Resumption
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var splitter = LineSplitter()

        init(_ changes: Changes) {
            transport = changes.transport
            omission = changes.omission
            isLive = changes.isLive
            resumption = Resumption(start: changes.start, isLive: changes.isLive)
        }

        /// The next change; nil at the end of a replay.
        public mutating func next() async throws -> LogChange? {
            while true {
                try Task.checkCancellation()
                do {
                    if let line = try splitter.next() {
                        let change = try LogChange(line: line)
                        try resumption.received(change.cursor)
                        return change
                    }
                    if resumption.isComplete { return nil }
                    try await read()
                } catch let error as SijillClientError {
                    body = nil
                    splitter = LineSplitter()
                    guard let pause = resumption.pause(after: error, random: .random(in: 0.5...1)) else {
                        throw error
                    }
                    try await Task.sleep(for: pause)
                }
            }
        }

        /// Takes the next bytes of the connection, or makes one.
        private mutating func read() async throws {
            guard var body else { return try await connect() }
            // The iterator goes back in even when it throws: then it is dropped by the caller.
            let piece = try await transport.reading { try await body.next() }
            self.body = body
            if let piece { return splitter.append(piece) }
            self.body = nil
            if splitter.restCount > 0 {
                throw SijillClientError(.unreachable, "the connection ended in the middle of a change")
            }
            if isLive { throw SijillClientError(.unreachable, "the server ended the stream") }
            resumption.pageEnded()
        }

        private mutating func connect() async throws {
            let limits = isLive ? "&live=stream" : "&limit=10000&max_bytes=\(Self.pageBytes)"
            let response = try await transport.get(
                "/v1/changes?since=\(resumption.start.parameter)\(limits)\(omission.parameter)",
                accept: "application/x-ndjson")
            resumption.connected(
                next: isLive ? LogStart(header: response.headers.first(name: "Sijill-Next")) : nil,
                tip: response.headers.first(name: "Sijill-Tip").flatMap { LogCursor($0) })
            body = response.body.makeAsyncIterator()
        }
    }
}

/// Where a sequence of changes stands, and what it does after an error. Pure: the iterator acts on it.
struct Resumption {
    /// Where the next request begins.
    private(set) var start: LogStart
    /// A replay has reached the end that the log had when it began.
    private(set) var isComplete = false

    private let isLive: Bool
    /// Sequence of the next change; nil while any may be the first.
    private var expected: UInt64?
    /// A replay ends here; nil until the first answer.
    private var end: UInt64?
    private var wasConnected = false
    private var failures = 0
    /// Changes received from the present page.
    private var received = 0

    /// Pauses in seconds double from the first to the last.
    static let pauseMin = 0.25
    static let pauseMax = 30.0
    /// Failures in a row after which a replay gives up; a follower never does.
    static let replayFailuresMax = 8

    init(start: LogStart, isLive: Bool) {
        self.start = start
        self.isLive = isLive
        expected = start.firstSequence
    }

    /// The server has answered.
    ///
    /// - Parameters:
    ///   - next: where it says that this stream begins, so that a lost connection resumes there even when no change
    ///     has come yet.
    mutating func connected(next: LogStart?, tip: LogCursor?) {
        wasConnected = true
        received = 0
        if let next, expected == nil {
            start = next
            expected = next.firstSequence
        }
        if !isLive, end == nil {
            end = tip?.sequence ?? 0
            complete()
        }
    }

    /// A change has come.
    ///
    /// - Throws: `.brokenPromise` when it is not the one that must come now.
    mutating func received(_ cursor: LogCursor) throws {
        if let expected, cursor.sequence != expected {
            throw SijillClientError(
                .brokenPromise,
                "the server sent change \(cursor.sequence) where change \(expected) belongs; the log would not be"
                    + " complete: report it to whoever runs the server")
        }
        expected = cursor.sequence + 1
        start = .after(cursor)
        failures = 0
        received += 1
        complete()
    }

    /// A page of a replay has ended.
    mutating func pageEnded() {
        // Nothing on a page: whatever the server says of its tip, there is no more.
        if received == 0 { isComplete = true }
    }

    /// How long to wait before the next try; nil when `error` ends the sequence.
    mutating func pause(after error: SijillClientError, random: Double) -> Duration? {
        guard wasConnected, error.isTransient else { return nil }
        failures += 1
        if !isLive, failures > Self.replayFailuresMax { return nil }
        let seconds = min(Self.pauseMax, Self.pauseMin * Double(1 << min(failures - 1, 10)))
        return .seconds(seconds * random)
    }

    private mutating func complete() {
        if !isLive, let end, (expected ?? 1) > end { isComplete = end == 0 || expected != nil }
    }
}
