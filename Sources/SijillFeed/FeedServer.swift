import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SijillFormat
import SijillLog
import SijillStore

/// The HTTP side of the daemon: changes from the log, articles from the store (contract: feed).
///
/// A service: `run` ends when the task is cancelled or its service group shuts down gracefully. Then no connection
/// is accepted any more, streams end at once, and pages in progress have `shutdownGrace` to end.
package struct FeedServer: Service {
    private let configuration: FeedConfiguration
    private let responder: FeedResponder
    private let reader: LogReader
    private let hub: FollowerHub
    private let logger: Logger
    private let onListening: @Sendable (FeedConfiguration.Address) async -> Void

    /// - Parameters:
    ///   - additional: routes that stand beside those of this module.
    ///   - health: asked by `/readyz`; called on any thread, so it must not wait for anything.
    ///   - onListening: called once, with the address that was bound, when connections are accepted.
    package init(
        reader: LogReader,
        store: Store,
        configuration: FeedConfiguration = FeedConfiguration(),
        additional: [Route] = [],
        health: @escaping @Sendable () -> Health,
        logger: Logger = Logger(label: "sijill.feed"),
        onListening: @escaping @Sendable (FeedConfiguration.Address) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.reader = reader
        self.logger = logger
        self.onListening = onListening
        let source = ChangeSource(reader: reader, store: store)
        hub = FollowerHub(source, logger: logger)
        let services = FeedServices(
            reader: reader, store: store, hub: hub, consumers: configuration.consumers,
            limit: FollowerLimit(configuration), configuration: configuration, health: health, logger: logger)
        responder = FeedResponder(services, additional: additional)
    }

    /// Listens and serves until it is told to stop.
    ///
    /// - Throws: `SijillError` `.unavailable` when the address is in use, `.permission` or `.configuration` when it
    ///   cannot be listened on at all.
    package func run() async throws {
        if case .unix(let path) = configuration.address { try await refuseLiveSocket(path) }
        let (reader, hub) = (reader, hub)
        let service: any Service =
            if case .inherited(let descriptors, _) = configuration.address {
                try inheritedServer(descriptors)
            } else { try ownServer() }
        do {
            // A follower that waits at the tip would hold the server for ever, even when its client has gone.
            try await withGracefulShutdownHandler {
                try await service.run()
            } onGracefulShutdown: {
                hub.shutDown()
                reader.shutDown()
            }
        } catch let error as IOError {
            throw bindError(error)
        } catch let error as SocketAddressError {
            throw SijillError(
                .configuration, "cannot listen on \(configuration.address): \(error)",
                remedy: "give an address of this machine")
        }
    }

    /// Opens its socket itself. Not Hummingbird's application: that makes the text of a date every second, also while
    /// nobody asks for anything, and an idle daemon is to sleep.
    private func ownServer() throws -> any Service {
        let (responder, logger, configuration) = (responder, quiet, configuration)
        let server = try HTTPServerBuilder { [self] in try connection($0) }.buildServer(
            configuration: ServerConfiguration(
                address: bindAddress, serverName: Self.name, backlog: Self.backlog),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
            responder: { try await responder.serve($0, $1, on: $2, logger) },
            onServerRunning: { [onListening] channel in await onListening(configuration.bound(channel)) })
        return ServiceGroup(configuration: .init(services: [hub, server], logger: logger))
    }

    /// The application by itself, for tests in process. It opens its socket itself.
    package var application: Application<FeedResponder> {
        let configuration = configuration
        return Application(
            responder: responder,
            server: HTTPServerBuilder { [self] in try connection($0) },
            configuration: ApplicationConfiguration(
                address: bindAddress, serverName: Self.name, backlog: Self.backlog),
            services: [hub],
            onServerRunning: { [onListening] channel in await onListening(configuration.bound(channel)) },
            logger: quiet)
    }

    /// What stands in the header `Server`.
    static let name = "sijill"
    /// Connections that may wait to be accepted.
    private static let backlog = 1_024

    /// The same on sockets that are open already.
    private func inheritedServer(_ descriptors: [Int32]) throws -> any Service {
        let (responder, logger, address) = (responder, quiet, configuration.address)
        let server = InheritedServer(
            descriptors: descriptors,
            connection: try connection { try await responder.serve($0, $1, on: $2, logger) },
            logger: logger, onListening: { [onListening] in await onListening(address) })
        return ServiceGroup(configuration: .init(services: [hub, server], logger: logger))
    }

    /// Hummingbird says at info where it listens; the daemon says so itself, once.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .notice)
        return quiet
    }

    /// What a connection is made of.
    private func connection(_ responder: @escaping HTTPChannelHandler.Responder) throws
        -> any ServerChildChannel
    {
        let configuration = configuration
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                RequestGuard(requestMax: configuration.requestMax, idleMax: configuration.idleMax),
                StallGuard(stallMax: configuration.stallMax, shutdownGrace: configuration.shutdownGrace),
            ],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: FeedLimits.requestHeadBytesMax,
                maxHeaderListSize: FeedLimits.requestHeadBytesMax, maxHeaderFieldCount: 100))
        let plain = HTTP1Channel(responder: responder, configuration: http)
        guard let security = configuration.security else { return PlainChannel(plain) }
        return try TLSChannel(plain, tlsConfiguration: security.configuration)
    }

    private var bindAddress: BindAddress {
        switch configuration.address {
        case .host(let host, let port): .hostname(host, port: port)
        case .unix(let path): .unixDomainSocket(path: path)
        case .inherited: preconditionFailure("sockets that are open already are not opened")
        }
    }

    /// A socket file is taken over only when no one answers behind it.
    private func refuseLiveSocket(_ path: String) async throws {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        guard let channel = try? await bootstrap.connect(unixDomainSocketPath: path).get() else { return }
        try? await channel.close()
        throw inUse
    }

    private var inUse: SijillError {
        SijillError(
            .unavailable, "cannot listen on \(configuration.address): the address is in use",
            remedy: "stop the program that has it, or choose another address with --listen")
    }

    private func bindError(_ error: IOError) -> SijillError {
        switch error.errnoCode {
        case EADDRINUSE: inUse
        case EACCES, EPERM:
            SijillError(
                .permission, "cannot listen on \(configuration.address): permission denied",
                remedy: "choose a port from 1024 on, or a directory that the daemon may write")
        default:
            SijillError(
                .configuration, "cannot listen on \(configuration.address): \(error)",
                remedy: "choose an address of this machine with --listen")
        }
    }
}

extension FeedConfiguration {
    /// The address with the port that was taken.
    fileprivate func bound(_ channel: any Channel) -> Address {
        switch address {
        case .host(let host, let port): .host(host, port: channel.localAddress?.port ?? port)
        case .unix, .inherited: address
        }
    }
}

/// Whether the daemon can do its work, as `/readyz` says it.
package enum Health: Hashable, Sendable {
    case ready
    /// It does, but less well than it should; why, and what to do, in one sentence.
    case degraded(String)
    /// Why not, and what to do, in one sentence.
    case notReady(String)
}
