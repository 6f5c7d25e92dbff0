import Hummingbird
import NIOCore
import ServiceLifecycle
import SijillFormat
import SijillLog

/// One client of a stream: read at its position, write, wait at the tip, again (contract: feed §3).
///
/// There is no queue for it and no difference between history and live, so nothing can be missed in between; how
/// fast it goes is the client's choice, through the socket.
struct Follower: Sendable {
    let reader: LogReader
    let request: ChangesRequest
    /// The last change that the client has.
    let position: SequenceNumber
    let heartbeat: Duration

    private enum Wake { case changes, silence, end }

    /// Writes until the client goes, which throws, or the server shuts down, which returns.
    func run(_ writer: inout any ResponseBodyWriter) async throws {
        var position = position
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let after = position
            let (source, last) = try await offLoop { try read(after: after) }
            if let last {
                position = last
                try await ResponseBody.write(source, to: &writer)
                continue
            }
            switch await wait(after: position) {
            case .changes: continue
            case .silence: try await writer.write(ByteBuffer(string: "\n"))
            case .end: return
            }
        }
    }

    private func read(after position: SequenceNumber) throws -> (SpanReader, SequenceNumber?) {
        let entries = try reader.entries(
            after: position, limit: FeedLimits.streamChanges, maxBytes: FeedLimits.streamBytes)
        let spans = Spans(entries, form: request.form, omission: request.omission)
        return (SpanReader(spans, reader), entries.last?.sequence)
    }

    /// Waits for a change, for the time of a heartbeat, or for the end of the server, whichever comes first.
    private func wait(after position: SequenceNumber) async -> Wake {
        await withTaskGroup(of: Wake.self) { group in
            group.addTask { await reader.wait(after: position) ? .changes : .end }
            group.addTask {
                do {
                    try await Task.sleep(for: heartbeat)
                    return .silence
                } catch {
                    return .end
                }
            }
            let first = await group.next() ?? .end
            group.cancelAll()
            return first
        }
    }
}
