import Glibc
import HTTPTypes
import Hummingbird
import SijillFormat
import SijillLog
import SijillStore
import Synchronization

/// `/v1/consumers`: named consumers with cumulative acknowledgement (contract: feed §5).
///
/// What is acknowledged and the generation of the reader are durable before they are answered; how far a reader was
/// sent changes is known while the daemon runs. A reader whose generation is old is told so, and a stream of it ends.
final class ConsumerRoute: Sendable {
    private let consumers: ConsumerStore
    private let changes: ChangesRoute
    private let reading = Mutex<[String: Progress]>([:])

    /// How far the present reader was sent changes.
    private struct Progress {
        var generation: UInt64
        var delivered: SequenceNumber
    }

    static let changesParameters =
        ["generation", "since", "lastEventId", "last-event-id"] + ChangesRequest.deliveryParameters

    init(_ consumers: ConsumerStore, _ changes: ChangesRoute) {
        self.consumers = consumers
        self.changes = changes
    }

    private var reader: LogReader { changes.source.reader }

    // MARK: The consumer

    func list(_ routed: RoutedRequest) async throws -> Response {
        let consumers = consumers
        let all = try await offLoop { try consumers.all() }
        var states: [JSONValue] = []
        for consumer in all { states.append(try await state(of: consumer)) }
        return .json(
            .object([JSONMember(name: "consumers", value: .array(states))]), for: routed.request)
    }

    func get(_ routed: RoutedRequest) async throws -> Response {
        .json(try await state(of: try await find(routed)), for: routed.request)
    }

    func put(_ routed: RoutedRequest) async throws -> Response {
        let wanted = try await consumer(named: try Self.name(routed), from: try await routed.body())
        let consumers = consumers
        let (standing, isNew) = try await offLoop { try consumers.make(wanted) }
        guard standing.isSame(as: wanted) else {
            throw Problem(
                "consumer-exists", "There is another consumer of that name", status: 409,
                detail: "'\(wanted.name)' was made with another start, filter or description;"
                    + " delete it, or choose another name")
        }
        var response = Response.json(try await state(of: standing), for: routed.request)
        if isNew { response.status = .created }
        return response
    }

    func delete(_ routed: RoutedRequest) async throws -> Response {
        let (name, consumers) = (try Self.name(routed), consumers)
        guard try await offLoop({ try consumers.remove(name) }) else { throw Self.unknown(name) }
        _ = reading.withLock { $0.removeValue(forKey: name) }
        changes.hub.wakeAll()
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    // MARK: Reading

    /// Changes behind what was acknowledged, or, with the reader's generation, behind what it was sent.
    func changes(_ routed: RoutedRequest) async throws -> Response {
        var asked = try ChangesRequest(routed.query, headers: routed.headers)
        let name = try Self.name(routed)
        let consumer: Consumer
        if let text = routed.query["generation"] {
            guard let generation = Decimal.value(text.utf8) else {
                throw Problem.badRequest("'generation' must be a whole number, not '\(text)'")
            }
            consumer = try await find(routed)
            guard consumer.generation == generation else { throw Self.fenced(consumer.generation) }
        } else {
            // HEAD looks and takes nothing over.
            consumer = try await routed.isHead ? find(routed) : begin(name)
        }
        if !asked.hasStart { asked.start = try start(of: consumer) }
        asked.filter = try ChangeFilter(Query(consumer.filter))
        // Never for a cache: the same URL goes on from elsewhere the next time.
        asked.startIsHeader = true
        let generation = consumer.generation
        let how = ChangesRoute.Reading(
            headers: [.sijillGeneration: String(generation), .cacheControl: "no-store"],
            parameters: ["generation=\(generation)"], writesFilter: false,
            isCurrent: { [self] in reading.withLock { $0[name]?.generation == generation } },
            delivered: { [self] in delivered($0, by: name, generation) })
        return try await changes.respond(to: routed, asked, how)
    }

    private func begin(_ name: String) async throws -> Consumer {
        let (consumers, now) = (consumers, Self.now())
        guard let consumer = try await offLoop({ try consumers.begin(name, at: now) }) else {
            throw Self.unknown(name)
        }
        reading.withLock {
            $0[name] = Progress(generation: consumer.generation, delivered: consumer.ackedSequence)
        }
        // A stream of the reader before ends now.
        changes.hub.wakeAll()
        return consumer
    }

    /// Where a reader goes on that does not say so itself.
    private func start(of consumer: Consumer) throws(Problem) -> Start {
        let progress = reading.withLock { readings in
            if readings[consumer.name]?.generation != consumer.generation {
                // The daemon was restarted: what the reader was sent is not known any more, what it has
                // acknowledged is.
                readings[consumer.name] = Progress(
                    generation: consumer.generation, delivered: consumer.ackedSequence)
            }
            return readings[consumer.name]!
        }
        if progress.delivered > consumer.ackedSequence { return .sequence(progress.delivered) }
        return try Start(consumer.acked, named: "acked")
    }

    private func delivered(_ sequence: SequenceNumber, by name: String, _ generation: UInt64) {
        reading.withLock { readings in
            guard readings[name]?.generation == generation else { return }
            readings[name]?.delivered = sequence
        }
    }

    // MARK: Acknowledging

    func acknowledge(_ routed: RoutedRequest) async throws -> Response {
        let name = try Self.name(routed)
        let body = try Self.object(try await routed.body(), members: ["cursor", "generation"])
        guard let text = body["cursor"]?.text else {
            throw Problem.badRequest("'cursor' is missing: the last change that is done with")
        }
        guard case .number(let digits)? = body["generation"], let generation = Decimal.value(digits.utf8)
        else {
            throw Problem.badRequest("'generation' is missing: the number that Sijill-Generation gave")
        }
        let start = try Start(text, named: "cursor")
        switch start {
        case .cursor, .sequence: break
        default: throw Problem.badRequest("'cursor' must be a cursor, not '\(text)'")
        }
        let (consumers, reader, now) = (consumers, reader, Self.now())
        let result = try await offLoop {
            let position: Position
            do {
                position = try Position(start, in: reader)
            } catch let problem as Problem where problem.name == "cursor-ahead" {
                throw Problem(
                    "cursor-ahead", problem.title, status: 422, detail: problem.detail,
                    members: problem.members)
            }
            let cursor = try reader.cursor(of: position.sequence)?.description
            return try consumers.acknowledge(
                name, position.sequence, cursor: cursor ?? String(position.sequence.value),
                generation: generation, at: now)
        }
        let headers: HTTPFields = [.cacheControl: "no-store"]
        switch result {
        case .moved: return Response(status: .noContent, headers: headers)
        case .notNewer: return .json(try await state(of: try await find(routed)), for: routed.request)
        case .fenced(let current): throw Self.fenced(current)
        case .unknown: throw Self.unknown(name)
        }
    }

    // MARK: Words

    private func find(_ routed: RoutedRequest) async throws -> Consumer {
        let (name, consumers) = (try Self.name(routed), consumers)
        guard let consumer = try await offLoop({ try consumers.find(name) }) else { throw Self.unknown(name) }
        return consumer
    }

    private static func name(_ routed: RoutedRequest) throws(Problem) -> String {
        let name = routed["name"]
        let isPlain = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || "-._".contains(character))
        }
        guard isPlain, (1...64).contains(name.utf8.count) else {
            throw .badRequest("'\(name)' is no name of a consumer: 1 to 64 letters, digits, '-', '.' and '_'")
        }
        return name
    }

    private static func unknown(_ name: String) -> Problem {
        .notFound("there is no consumer '\(name)'; make it with PUT")
    }

    private static func fenced(_ current: UInt64) -> Problem {
        Problem(
            "fenced", "Another reader has taken over", status: 409,
            detail:
                "the consumer is read by generation \(current) now; begin again without 'generation' to take"
                + " it back",
            members: [JSONMember("generation", current)])
    }

    private static func object(_ body: [UInt8], members: Set<String>) throws(Problem) -> JSONValue {
        if body.isEmpty { return .object([]) }
        guard let value = try? JSONParser.parse(body), case .object(let given) = value else {
            throw .badRequest("the body must be a JSON object")
        }
        if let unknown = given.first(where: { !members.contains($0.name) }) {
            throw .badRequest(
                "'\(unknown.name)' is no member; there are \(members.sorted().joined(separator: ", "))")
        }
        return value
    }

    private func consumer(named name: String, from bytes: [UInt8]) async throws -> Consumer {
        let body = try Self.object(bytes, members: ["start", "filter", "description"])
        for member in ["start", "description"] {
            if let value = body[member], value != .null, value.text == nil {
                throw Problem.badRequest("'\(member)' must be a text")
            }
        }
        let text = body["start"]?.text ?? "0"
        let start = try Start(text, named: "start")
        let filter = try Self.filter(body["filter"])
        let reader = reader
        return try await offLoop {
            let position = try Position(start, in: reader)
            let cursor = try reader.cursor(of: position.sequence)?.description
            return Consumer(
                name: name, start: text, filter: filter, description: body["description"]?.text ?? "",
                ackedSequence: position.sequence, acked: cursor ?? String(position.sequence.value))
        }
    }

    /// The filter as a query, in one order.
    private static func filter(_ value: JSONValue?) throws(Problem) -> String {
        guard let value, value != .null else { return "" }
        guard case .object(let members) = value else { throw .badRequest("'filter' must be an object") }
        var parts: [String] = []
        for member in members {
            guard ChangeFilter.parameters.contains(member.name), member.name != "latest" else {
                throw .badRequest(
                    "'\(member.name)' is no filter; there are type, source, publisher, lang and article")
            }
            var text = member.value.text
            if case .array(let several) = member.value, member.name == "type" {
                text = several.map { $0.text ?? "" }.joined(separator: ",")
            }
            guard let text else { throw .badRequest("'\(member.name)' of the filter must be a text") }
            parts.append("\(member.name)=\(PercentEncoding.encoded(text))")
        }
        return try ChangeFilter(Query(parts.joined(separator: "&"))).query.joined(separator: "&")
    }

    private func state(of consumer: Consumer) async throws -> JSONValue {
        let (reader, now) = (reader, Self.now())
        let progress = reading.withLock { $0[consumer.name] }
        let delivered = max(consumer.ackedSequence, progress?.delivered ?? .none)
        return try await offLoop {
            let tip = reader.tip
            let lag = try ConsumerLag(of: consumer, behind: reader, at: now)
            let deliveredText = try reader.cursor(of: delivered)?.description ?? String(delivered.value)
            let filter = try Query(consumer.filter).pairs.map { JSONMember($0.name, $0.value) }
            return .object([
                JSONMember("name", consumer.name), JSONMember("start", consumer.start),
                JSONMember(name: "filter", value: filter.isEmpty ? .null : .object(filter)),
                JSONMember("description", consumer.description), JSONMember("acked", consumer.acked),
                JSONMember("delivered", deliveredText), JSONMember("tip", tip),
                JSONMember("lag_changes", lag.changes), JSONMember("lag_seconds", lag.milliseconds / 1_000),
                JSONMember("last_seen", consumer.lastSeen?.rfc3339),
                JSONMember("generation", consumer.generation),
            ])
        }
    }

    private static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000)
    }
}

/// How far a consumer is behind the end of the log.
package struct ConsumerLag: Hashable, Sendable {
    package let changes: UInt64
    /// Age of the first change that it has not acknowledged; 0 when there is none.
    package let milliseconds: UInt64

    package init(of consumer: Consumer, behind reader: LogReader, at now: Timestamp) throws {
        let tip = reader.tip?.sequence.value ?? 0
        changes = tip - min(consumer.ackedSequence.value, tip)
        let next = changes == 0 ? nil : try reader.entry(of: consumer.ackedSequence.next)
        milliseconds =
            next.map { now.milliseconds - min(now.milliseconds, $0.entry.time.milliseconds) } ?? 0
    }
}

extension HTTPField.Name {
    static let sijillGeneration = HTTPField.Name("Sijill-Generation")!
}
