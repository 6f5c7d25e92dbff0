import Hummingbird
import NIOCore
import SijillFormat
import SijillLog

/// One client of a stream: read at its position, write, wait at the tip, again (contract: feed §3).
///
/// There is no queue for it and no difference between history and live, so nothing can be missed in between; how
/// fast it goes is the client's choice, through the socket.
struct Follower: Sendable {
    let source: ChangeSource
    let hub: FollowerHub
    let shape: FollowerShape
    /// Where it begins.
    let start: Position
    /// The cursor that `start` came from, to be compared once a mirror has come so far.
    let cursor: Cursor?
    let heartbeat: Duration
    /// Whether it may go on; asked before each change of its position.
    var isCurrent: @Sendable () -> Bool = { true }
    /// Told how far the client was sent changes.
    var delivered: @Sendable (SequenceNumber) -> Void = { _ in }

    /// Writes until the client goes, which throws, or the server shuts down, which returns.
    func run(_ writer: inout any ResponseBodyWriter) async throws {
        hub.join(shape)
        defer { hub.leave(shape) }
        guard try await reach(start, &writer) else { return }
        var position = start.sequence
        // How far the client knows that it has come.
        var known = position
        if shape.isEvents { try await writer.write(try await checkpoint(position, isFirst: true)) }
        while !hub.isShutDown, !Task.isCancelled, isCurrent() {
            let announced = hub.announced
            if position < announced {
                let wrote = try await advance(&position, to: announced, &writer)
                delivered(position)
                if wrote { known = position }
                guard shape.isEvents, position.value - known.value >= UInt64(FeedLimits.streamChanges) else {
                    continue
                }
                try await writer.write(try await checkpoint(position))
                known = position
                continue
            }
            switch await hub.wait(after: position, until: .now + heartbeat) {
            case .look: continue
            case .silence:
                let silence = ByteBuffer(string: "\n")
                try await writer.write(shape.isEvents ? try await checkpoint(position) : silence)
                known = position
            case .end: return
            }
        }
    }

    /// Sends what comes behind `position`, and moves it to the last change that was looked at. False when nothing was
    /// to be sent.
    private func advance(
        _ position: inout SequenceNumber, to announced: SequenceNumber,
        _ writer: inout any ResponseBodyWriter
    ) async throws -> Bool {
        if let (buffer, through) = hub.newest(after: position, shape) {
            position = through
            if buffer.readableBytes == 0 { return false }
            try await writer.write(buffer)
            return true
        }
        let (after, source, shape) = (position, source, shape)
        let (spans, scanned) = try await offLoop {
            let end = min(announced.value, after.value + UInt64(FeedLimits.streamChanges))
            let found = try source.entries(
                shape.filter, after: after, through: SequenceNumber(end), limit: FeedLimits.streamChanges,
                bytesMax: FeedLimits.streamBytes, omission: shape.omission)
            return (Spans(found.entries, form: shape.form, omission: shape.omission), found.scanned)
        }
        let reader = SpanReader(spans, source.reader, pieceBytes: FeedLimits.streamPieceBytes)
        try await ResponseBody.write(reader, to: &writer)
        position = scanned
        return spans.byteCount > 0
    }

    /// Waits until a mirror has come to where the client stands. False when it never does, or has another change
    /// there: the client comes again and is told.
    private func reach(_ start: Position, _ writer: inout any ResponseBodyWriter) async throws -> Bool {
        guard start.isBeyondTip else { return true }
        let before = SequenceNumber(start.sequence.value - 1)
        while hub.announced < start.sequence {
            switch await hub.wait(after: before, until: .now + heartbeat) {
            case .look: continue
            case .silence: try await writer.write(ByteBuffer(string: shape.isEvents ? ":\n\n" : "\n"))
            case .end: return false
            }
        }
        let source = source
        let standing = try await offLoop { try source.reader.cursor(of: start.sequence) }
        return cursor == nil || standing == cursor
    }

    /// Tells an EventSource where it stands, in a block that sets its last event id (contract: feed §4).
    private func checkpoint(_ position: SequenceNumber, isFirst: Bool = false) async throws -> ByteBuffer {
        let tip = source.reader.tip
        let reader = source.reader
        let cursor = tip?.sequence == position ? tip : try await offLoop { try reader.cursor(of: position) }
        let through = cursor?.description ?? String(position.value)
        let end = tip.map { "\"\($0)\"" } ?? "null"
        return ByteBuffer(
            string: (isFirst ? "retry: 2000\n" : "")
                + "id: \(through)\nevent: checkpoint\ndata: {\"through\":\"\(through)\",\"tip\":\(end)}\n\n")
    }
}
