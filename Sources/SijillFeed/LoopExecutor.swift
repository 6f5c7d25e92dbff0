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
    /// A body that is read in pieces while the client takes it; at most one piece is in memory.
    ///
    /// - Parameter then: Called when all of it was handed to the socket.
    static func pieces(
        of spans: Spans, _ reader: LogReader, on loop: any EventLoop,
        then: @escaping @Sendable () -> Void = {}
    ) -> ResponseBody {
        ResponseBody(contentLength: spans.byteCount) { writer in
            try await withTaskExecutorPreference(LoopExecutor(loop)) {
                try await write(SpanReader(spans, reader), to: &writer)
            }
            then()
            try await writer.finish(nil)
        }
    }

    static func write(_ source: SpanReader, to writer: inout any ResponseBodyWriter) async throws {
        var source = source
        while true {
            let (piece, rest) = try await offLoop { [source] in
                var source = source
                let piece = try source.piece()
                return (piece, source)
            }
            guard let piece else { return }
            source = rest
            try await writer.write(piece)
        }
    }
}
