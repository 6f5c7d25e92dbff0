import AsyncHTTPClient
import SijillFormat

extension SijillClient {
    /// All named consumers of the log.
    public func consumers() async throws -> [Consumer] {
        let json = try await transport.small("/v1/consumers")
        guard case .array(let all)? = try? JSONParser.parse(json)["consumers"] else {
            throw Consumer.unexpected
        }
        return try all.map { try Consumer($0, client: self) }
    }

    /// A named consumer as it stands now.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is none of that name.
    public func consumer(_ name: String) async throws -> Consumer {
        try Consumer(json: await transport.small(Consumer.path(name)), client: self)
    }

    /// Makes a named consumer: a place in the log that the server keeps. One that is there and the same is given back.
    ///
    /// - Parameter start: where it begins; kept as it is written, so "now" is the moment of this call.
    /// - Throws: `SijillClientError` with code `.conflict` when there is another one of that name.
    public func makeConsumer(
        _ name: String, start: LogStart = .earliest, filter: ChangeFilter = .none, description: String = ""
    ) async throws -> Consumer {
        var members = [
            JSONMember(name: "start", value: .string(Array(start.description.utf8))),
            JSONMember(name: "description", value: .string(Array(description.utf8))),
        ]
        if !filter.isEmpty { members.append(JSONMember(name: "filter", value: filter.json)) }
        let response = try await transport.send(
            .PUT, Consumer.path(name), accept: "application/json", body: Consumer.bytes(.object(members)))
        return try Consumer(json: try await transport.collected(response), client: self)
    }

    /// Removes a named consumer and its place.
    ///
    /// - Throws: `SijillClientError` with code `.notFound` when there is none of that name.
    public func deleteConsumer(_ name: String) async throws {
        let response = try await transport.send(.DELETE, Consumer.path(name), accept: "*/*")
        _ = try await transport.collected(response)
    }
}

/// A named consumer: how far someone has come with the log, kept by the server.
///
/// One reader at a time: whoever begins to read takes over, and the reader before is told so (`.fenced`). A consumer
/// never holds the log back. What was not acknowledged comes again, so each change is worked on at least once.
public struct Consumer: Sendable {
    /// The answer of the server, in JSON.
    public let json: [UInt8]
    public let name: String
    public let description: String
    public let filter: ChangeFilter
    /// The last change that was acknowledged; nil before the first.
    public let acked: LogCursor?
    /// The last change that was sent to the present reader.
    public let delivered: LogCursor?
    /// The end of the log.
    public let tip: LogCursor?
    /// Changes behind the acknowledged one, and how old the first of them is in seconds.
    public let lagChanges: UInt64
    public let lagSeconds: UInt64
    /// When a reader last read or acknowledged, RFC 3339 in UTC.
    public let lastSeen: String?
    /// The number of the present reader; each that begins has one more.
    public let generation: UInt64

    private let client: SijillClient

    init(json: [UInt8], client: SijillClient) throws {
        guard let value = try? JSONParser.parse(json) else { throw Self.unexpected }
        try self.init(value, client: client)
    }

    init(_ value: JSONValue, client: SijillClient) throws {
        guard let name = value["name"]?.text else { throw Self.unexpected }
        func cursor(_ name: String) -> LogCursor? { value[name]?.text.flatMap { LogCursor($0) } }
        json = Self.bytes(value)
        self.name = name
        description = value["description"]?.text ?? ""
        filter = ChangeFilter(value["filter"])
        acked = cursor("acked")
        delivered = cursor("delivered")
        tip = cursor("tip")
        lagChanges = value["lag_changes"]?.whole ?? 0
        lagSeconds = value["lag_seconds"]?.whole ?? 0
        lastSeen = value["last_seen"]?.text
        generation = value["generation"]?.whole ?? 0
        self.client = client
    }

    /// The changes behind what was acknowledged, in batches that can be acknowledged. Takes the consumer over.
    ///
    /// - Parameters:
    ///   - isLive: stays for new changes; otherwise it ends where the log ends when it begins.
    ///   - countMax: changes in a batch.
    public func batches(
        isLive: Bool = true, omitting omission: Omission = .nothing, upTo countMax: Int = 1_000
    )
        -> ConsumerBatches
    {
        ConsumerBatches(
            request: ChangesRequest(
                transport: client.transport, path: Self.path(name) + "/changes", start: .earliest,
                omission: omission, filter: filter, isLive: isLive, reconnection: client.reconnection),
            name: name, countMax: countMax)
    }

    static func path(_ name: String) -> String { "/v1/consumers/\(Transport.escaped(name))" }

    static func bytes(_ value: JSONValue) -> [UInt8] {
        var writer = ByteWriter()
        writer.json(value)
        return writer.bytes
    }

    static var unexpected: SijillClientError {
        SijillClientError(.brokenPromise, "the server's answer is no consumer; is the URL right?")
    }
}

/// What a consumer's reader is given. Made by `Consumer.batches`.
public struct ConsumerBatches: AsyncSequence, Sendable {
    public typealias Element = ConsumerBatch

    let request: ChangesRequest
    let name: String
    let countMax: Int

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            batches: ChangeBatches.AsyncIterator(reader: ChangeReader(request), countMax: countMax),
            transport: request.transport, name: name)
    }

    /// Reads one connection after the other; not to be shared between tasks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var batches: ChangeBatches.AsyncIterator
        let transport: Transport
        let name: String

        /// The next batch; nil at the end.
        ///
        /// - Throws: `SijillClientError` with code `.fenced` when another reader took over.
        public mutating func next() async throws -> ConsumerBatch? {
            guard let batch = try await batches.next() else { return nil }
            return ConsumerBatch(
                changes: batch.changes, next: batch.next, generation: batches.reader.generation ?? 0,
                transport: transport, name: name)
        }
    }
}

/// Changes for the reader of a consumer.
public struct ConsumerBatch: Sendable {
    /// In their order. Empty when only the place has moved.
    public let changes: [LogChange]
    /// Where the changes after these begin.
    public let next: LogStart
    /// The number of this reader.
    public let generation: UInt64

    let transport: Transport
    let name: String

    /// Says that everything up to the end of this batch is done with. Durable when it returns.
    ///
    /// - Throws: `SijillClientError` with code `.fenced` when another reader took over.
    public func acknowledge() async throws {
        guard next.firstSequence ?? 1 > 1 else { return }
        let body = JSONValue.object([
            JSONMember(name: "cursor", value: .string(Array(next.description.utf8))),
            JSONMember(name: "generation", value: .number(String(generation))),
        ])
        let response = try await transport.send(
            .POST, Consumer.path(name) + "/ack", accept: "application/json", body: Consumer.bytes(body))
        _ = try await transport.collected(response)
    }
}
