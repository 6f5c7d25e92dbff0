import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import SijillLog

/// Stands at the end of the pipeline that is next to the socket, where bytes of a file can be handed to the kernel as
/// such: past the handlers that make HTTP of what they are given, which must have it in memory.
///
/// Only for the body of an answer whose length stands in its head, which goes to the socket as it is; and not in a
/// connection with TLS, which must see every byte.
final class FileSender: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Whether files can be sent over a connection. On its event loop.
    static func isPart(of channel: any Channel) -> Bool { context(in: channel) != nil }

    private static func context(in channel: any Channel) -> ChannelHandlerContext? {
        try? channel.pipeline.syncOperations.context(handlerType: FileSender.self)
    }

    /// Sends bytes of a file behind what was written before, and returns when the socket has taken them. In a task on
    /// the connection's event loop; what the disk must be waited for is read on another thread.
    static func send(_ bytes: LogBytes, over channel: any Channel) async throws {
        var start = 0
        while start < bytes.count {
            let part = bytes.part(from: start, count: min(FeedLimits.filePartBytes, bytes.count - start))
            if !part.areCached { try await offLoop { try part.load() } }
            try await write(part, to: channel)
            start += part.count
        }
    }

    private static func write(_ part: LogBytes, to channel: any Channel) async throws {
        guard let sender = context(in: channel) else { throw ChannelError.ioOnClosedChannel }
        // The descriptor is the log's: the handle gives it back when the socket is done with it.
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: part.descriptor)
        defer { withExtendedLifetime(part) { _ = try? handle.takeDescriptorOwnership() } }
        let region = FileRegion(
            fileHandle: handle, readerIndex: part.place.lowerBound, endIndex: part.place.upperBound)
        let written = channel.eventLoop.makePromise(of: Void.self)
        sender.writeAndFlush(NIOAny(IOData.fileRegion(region)), promise: written)
        try await written.futureResult.get()
    }
}

/// A connection in clear, over which files can be sent.
struct PlainChannel: ServerChildChannel {
    private let http: HTTP1Channel

    init(_ http: HTTP1Channel) { self.http = http }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(FileSender())
        }.flatMap { http.setup(channel: channel, logger: logger) }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
