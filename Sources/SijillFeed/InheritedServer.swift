import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves on sockets that are open already. Hummingbird's own server opens its sockets itself; everything behind the
/// accept is the same here as there.
struct InheritedServer: Service {
    let descriptors: [Int32]
    let connection: any ServerChildChannel
    let logger: Logger
    /// Called when connections are accepted.
    let onListening: @Sendable () async -> Void

    /// How long the request of a client that is connected may take to arrive once no more clients are accepted.
    private static let arrivalTime = TimeAmount.milliseconds(200)

    /// Ends when the task is cancelled, or after a graceful shutdown: then the sockets are let go, and each connection has
    /// as long as its own guards give it.
    func run() async throws {
        try await serve(connection)
    }

    private func serve<Connection: ServerChildChannel>(_ connection: Connection) async throws {
        let open = OpenChannels()
        var listeners: [NIOAsyncChannel<Connection.Value, Never>] = []
        for descriptor in descriptors {
            listeners.append(
                try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    .bind(descriptor) { channel in
                        open.add(channel)
                        return connection.setup(channel: channel, logger: logger)
                    })
        }
        let accepting = listeners
        for listener in accepting { open.add(listener.channel) }
        await onListening()
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for listener in accepting {
                    group.addTask { await accept(listener, connection) }
                }
            }
        } onGracefulShutdown: {
            // Clients wait at the socket from now on. One that was accepted just now has its request on the way, or is
            // being handed over; closing would lose it.
            for listener in accepting { _ = listener.channel.setOption(.autoRead, value: false) }
            MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.arrivalTime) {
                for listener in accepting { listener.channel.close(promise: nil) }
                open.quiesce()
            }
        }
    }

    private func accept<Connection: ServerChildChannel>(
        _ listener: NIOAsyncChannel<Connection.Value, Never>, _ connection: Connection
    ) async {
        await withDiscardingTaskGroup { group in
            do {
                try await listener.executeThenClose { accepted in
                    for try await value in accepted {
                        group.addTask { await connection.handle(value: value, logger: logger) }
                    }
                }
            } catch {
                logger.error("a socket accepts no more", metadata: ["feed.error": "\(error)"])
            }
        }
    }
}

/// The connections there are, so that each can be told to come to its end.
private final class OpenChannels: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isQuiescing = false
    }

    private let state = Mutex(State())

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isQuiescing = state.withLock { state in
            state.channels[id] = channel
            return state.isQuiescing
        }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.channels[id] = nil } }
        if isQuiescing { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// From now on a connection closes when it has answered what was asked.
    func quiesce() {
        let channels = state.withLock { state in
            state.isQuiescing = true
            return Array(state.channels.values)
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}

/// The time as a header says it: IMF-fixdate (RFC 9110 §5.6.7).
private enum HTTPDate {
    static var now: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        // The program never sets a locale, so names are English.
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension FeedResponder {
    /// Answers one request as Hummingbird's application does, with the headers that it adds.
    func serve(
        _ request: Request, _ writer: consuming ResponseWriter, on channel: any Channel, _ logger: Logger
    ) async throws {
        let context = FeedContext(source: .init(channel: channel, logger: logger))
        var response: Response
        do {
            response = try await respond(to: request, context: context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            logger.debug("an error nobody handled", metadata: ["feed.error": "\(error)"])
            response = Response(status: .internalServerError)
        }
        response.headers[.date] = HTTPDate.now
        response.headers[.server] = FeedServer.name
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch let error as HTTPParserError {
            throw AnswerBroken(cause: error)
        }
    }
}

/// A request was cut off or spoiled while it was answered. Of another type than the parser's error, which would be
/// answered: a second answer in the middle of the first.
private struct AnswerBroken: Error {
    let cause: HTTPParserError
}
