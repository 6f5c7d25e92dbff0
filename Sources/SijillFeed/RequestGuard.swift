import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import SijillFormat

/// Cuts off requests that come too slowly or have too large a head, and connections that lie idle (contract: feed §6).
///
/// The first request of a connection has to be there `requestMax` after it was accepted, so half-open connections and
/// heads that come a byte at a time hold nothing for long; the body of each request has the same time.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let requestMax: TimeAmount
    private let idleMax: TimeAmount
    private var timer: Scheduled<Void>?
    private var hasBegunAnswer = false
    private var isReceiving = true
    private var isCut = false

    init(requestMax: Duration, idleMax: Duration) {
        self.requestMax = TimeAmount(requestMax)
        self.idleMax = TimeAmount(idleMax)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // A connection keeps its read buffer; most requests are smaller than this, and longer ones make it grow.
        let buffers = AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 512, maximum: 65_536)
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: buffers)
        start(requestMax, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isCut { return }
        switch unwrapInboundIn(data) {
        case .head:
            isReceiving = true
            hasBegunAnswer = false
            start(requestMax, context)
        case .body: break
        case .end:
            isReceiving = false
            timer?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isCut {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head: hasBegunAnswer = true
        case .body: break
        case .end: if !isReceiving { start(idleMax, context) }
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case HTTPParserError.headerOverflow = error, !isCut else {
            context.fireErrorCaught(error)
            return
        }
        refuse(
            Problem(
                "head-too-large", "The head of the request is too large", status: 431,
                detail: "a head may have \(FeedLimits.requestHeadBytesMax) bytes"), context)
    }

    private func start(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { bound.value.timeIsUp(boundContext.value) }
    }

    private func timeIsUp(_ context: ChannelHandlerContext) {
        guard isReceiving, !hasBegunAnswer else {
            context.close(promise: nil)
            return
        }
        refuse(
            Problem(
                "request-too-slow", "The request came too slowly", status: 408,
                detail: "a request has \(requestMax.nanoseconds / 1_000_000_000) seconds"), context)
    }

    /// Answers and closes: the sending half at once, so that the answer arrives, the rest a moment later.
    private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
        isCut = true
        timer?.cancel()
        var head = HTTPResponse(status: .init(code: problem.status))
        head.headerFields[.contentType] = "application/problem+json"
        head.headerFields[.connection] = "close"
        head.headerFields[.cacheControl] = "no-store"
        let body = problem.body
        head.headerFields[.contentLength] = String(body.count)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            boundContext.value.close(mode: .output, promise: nil)
        }
        timer = context.eventLoop.scheduleTask(in: .seconds(1)) { boundContext.value.close(promise: nil) }
    }
}
