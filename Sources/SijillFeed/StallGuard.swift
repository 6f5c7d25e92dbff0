import NIOCore

/// Closes a connection whose client takes nothing, and, once the server shuts down, one that takes too long.
///
/// A client that takes a byte now and then is slow, not stalled, and is served on (contract: feed §3).
final class StallGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias OutboundIn = Any

    private let stallMax: TimeAmount
    private let shutdownGrace: TimeAmount
    private var check: Scheduled<Void>?
    private var closing: Scheduled<Void>?
    /// Bytes that were waiting at the last check.
    private var waiting = 0

    init(stallMax: Duration, shutdownGrace: Duration) {
        self.stallMax = TimeAmount(stallMax)
        self.shutdownGrace = TimeAmount(shutdownGrace)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            check?.cancel()
            check = nil
        } else if check == nil {
            scheduleCheck(context)
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, closing == nil {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            closing = context.eventLoop.scheduleTask(in: shutdownGrace) { bound.value.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    private func cancel() {
        check?.cancel()
        closing?.cancel()
        check = nil
        closing = nil
    }

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        waiting = Self.waitingBytes(context)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let boundContext = NIOLoopBound(context, eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(in: stallMax) { bound.value.checkNow(boundContext.value) }
    }

    /// Not writable for the whole time: bytes were taken iff fewer wait now. A writer that was waiting for the
    /// socket adds none in between.
    private func checkNow(_ context: ChannelHandlerContext) {
        check = nil
        if Self.waitingBytes(context) < waiting {
            scheduleCheck(context)
        } else {
            context.close(promise: nil)
        }
    }

    private static func waitingBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
