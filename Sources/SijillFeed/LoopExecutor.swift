import Hummingbird
import NIOCore
import NIOPosix
import SijillLog

/// Runs tasks on the event loop of a connection, so that a body is written without changing threads for each piece.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs what waits for a disk on a thread where waiting hurts no other connection.
func offLoop<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
}

extension ResponseBody {
    /// A body that is sent while the client takes it: long runs from the file by the kernel, where that can be, and the
    /// rest in pieces, of which `FeedLimits.piecesMax` are in memory.
    ///
    /// - Parameter then: Called when all of it was handed to the socket.
    static func pieces(
        of spans: Spans, _ reader: LogReader, over channel: any Channel,
        then: @escaping @Sendable () -> Void = {}
    ) -> ResponseBody {
        ResponseBody(contentLength: spans.byteCount) { writer in
            try await withTaskExecutorPreference(LoopExecutor(channel.eventLoop)) {
                let sendsFiles = FileSender.isPart(of: channel)
                try await write(SpanReader(spans, reader), to: &writer, files: sendsFiles ? channel : nil)
            }
            then()
            try await writer.finish(nil)
        }
    }

    /// Pieces are read on the connection's own thread as long as the page cache has them; what the disk must be waited for
    /// is read on another one. Buffers go round, so that memory is asked for once and not for each piece.
    ///
    /// - Parameter files: The connection, where long runs are sent from the file over it.
    static func write(
        _ source: SpanReader, to writer: inout any ResponseBodyWriter, files: (any Channel)? = nil
    ) async throws {
        var source = source
        var buffers = [ByteBuffer](repeating: ByteBuffer(), count: FeedLimits.piecesMax)
        var turn = 0
        while !source.isAtEnd {
            if let files, let run = try source.takeRun(bytesMin: FeedLimits.fileBytesMin) {
                try await FileSender.send(run, over: files)
                continue
            }
            // Taken out, so that it is not copied. One that the socket still has is left to it by `clear`.
            var buffer = ByteBuffer()
            swap(&buffer, &buffers[turn])
            buffer.clear()
            if try !source.fill(&buffer, waits: false) {
                (source, buffer) = try await offLoop { [source, buffer] in
                    var (source, buffer) = (source, buffer)
                    _ = try source.fill(&buffer, waits: true)
                    return (source, buffer)
                }
            }
            buffers[turn] = buffer
            turn = (turn + 1) % buffers.count
            try await writer.write(buffer)
        }
    }
}
