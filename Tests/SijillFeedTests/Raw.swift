import NIOCore
import NIOPosix

@testable import SijillFeed

/// A bare connection, so that tests see when bytes come and can stop reading.
final class Raw: Sendable {
    private let channel: any Channel
    private let collector: Collector

    private init(_ channel: any Channel, _ collector: Collector) {
        self.channel = channel
        self.collector = collector
    }

    /// Connects; with a receive buffer given, nothing is ever read.
    static func connect(_ address: FeedConfiguration.Address, receiveBuffer: Int? = nil) async throws -> Raw {
        let collector = Collector()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: receiveBuffer == nil)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(CollectorHandler(collector))
                }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let channel =
            switch address {
            case .host(let host, let port): try await bootstrap.connect(host: host, port: port).get()
            case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
            case .inherited: preconditionFailure("no address to connect to")
            }
        return Raw(channel, collector)
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

    func close() async throws { try? await channel.close().get() }

    /// The head of the answer, up to its blank line.
    func head() async throws -> String {
        let end = Array("\r\n\r\n".utf8)
        let bytes = try await collector.take { bytes in
            guard bytes.count >= 4 else { return nil }
            return (0...bytes.count - 4).first { bytes[$0..<$0 + 4].elementsEqual(end) }.map { $0 + 4 }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The answer to a GET, whose body has `count` bytes.
    func answer(to path: String, _ count: Int, _ fields: String = "") async throws -> (
        head: String, body: [UInt8]
    ) {
        try await send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
        return (try await head(), try await bytes(count))
    }

    /// The next `count` bytes as they come.
    func bytes(_ count: Int) async throws -> [UInt8] {
        try await collector.take { $0.count >= count ? count : nil }
    }

    /// The next `count` bytes of a chunked body, blank lines left out.
    func stream(_ count: Int) async throws -> [UInt8] {
        var body: [UInt8] = []
        while body.count < count {
            let chunk = try await chunk()
            if chunk != [UInt8(ascii: "\n")] { body += chunk }
            if chunk.isEmpty { break }
        }
        return body
    }

    /// Whether the next chunk is a blank line alone.
    func blankLine() async throws -> Bool { try await chunk() == [UInt8(ascii: "\n")] }

    /// Whether the body ends properly now.
    func endsStream() async throws -> Bool { try await chunk().isEmpty }

    private func chunk() async throws -> [UInt8] {
        let line = try await collector.take { bytes in bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        }
        let count = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) ?? 0
        return Array(try await collector.take { $0.count >= count + 2 ? count + 2 : nil }.dropLast(2))
    }

    /// Waits, without reading, until the other side has closed: writing to it fails then.
    func waitForPeerClose() async throws {
        while true {
            do {
                try await channel.writeAndFlush(ByteBuffer(string: " ")).get()
                try await channel.eventLoop.scheduleTask(in: .milliseconds(20)) {}.futureResult.get()
            } catch { return }
        }
    }
}

/// The bytes that have come and not been taken.
private actor Collector {
    private var bytes: [UInt8] = []
    private var isClosed = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    struct Closed: Error {}

    func append(_ more: [UInt8]) {
        bytes += more
        wake()
    }

    func close() {
        isClosed = true
        wake()
    }

    /// Takes as many bytes as `length` says once it says a number.
    func take(_ length: ([UInt8]) -> Int?) async throws -> [UInt8] {
        while true {
            if let count = length(bytes) {
                defer { bytes.removeFirst(count) }
                return Array(bytes[..<count])
            }
            if isClosed { throw Closed() }
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func wake() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

private final class CollectorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let stream: AsyncStream<[UInt8]?>.Continuation

    init(_ collector: Collector) {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8]?.self)
        self.stream = continuation
        Task {
            for await piece in stream {
                if let piece { await collector.append(piece) } else { await collector.close() }
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        stream.yield(Array(buffer: unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        stream.yield(nil)
        stream.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
