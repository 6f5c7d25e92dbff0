import HTTPTypes
import Hummingbird
import NIOCore
import SijillFormat
import SijillLog

/// `/v1/changes`: pages and streams of the log (contract: feed §1 to §3).
struct ChangesRoute: Sendable {
    let reader: LogReader
    let heartbeat: Duration

    /// - Throws: `Problem`, or what reading the log throws.
    func respond(to routed: RoutedRequest) async throws -> Response {
        let (request, channel, isHead) = (routed.request, routed.channel, routed.isHead)
        let asked = try ChangesRequest(routed.query, headers: request.headers)
        if asked.isLive { return try await stream(asked, isHead: isHead, on: channel) }
        let reader = reader
        let page = try await offLoop { try Page(asked, reader) }
        var headers = page.headers(path: request.uri.path)
        if !asked.startIsHeader, request.headers.names(page.etag) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentLength] = String(page.spans.byteCount)
        return Response(
            status: .ok, headers: headers,
            body: isHead ? .init() : .pieces(of: page.spans, reader, on: channel.eventLoop))
    }

    private func stream(_ asked: ChangesRequest, isHead: Bool, on channel: any Channel) async throws
        -> Response
    {
        let reader = reader
        let (position, next, oldest) = try await offLoop {
            let position = try Position(asked.start, in: reader)
            return (position, try reader.cursor(of: position.sequence), try reader.oldest)
        }
        var headers: HTTPFields = [
            .contentType: asked.form.contentType, .cacheControl: "no-store", .vary: "Accept",
            .xAccelBuffering: "no", .sijillNext: next?.description ?? String(position.sequence.value),
        ]
        headers.setLog(oldest: oldest, tip: reader.tip)
        if isHead { return Response(status: .ok, headers: headers) }
        let follower = Follower(
            reader: reader, request: asked, position: position.sequence, heartbeat: heartbeat)
        let loop = channel.eventLoop
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await withTaskExecutorPreference(LoopExecutor(loop)) { try await follower.run(&writer) }
                try await writer.finish(nil)
            })
    }
}

/// One page of changes: what is on it, and what a cache may do with it.
struct Page {
    let request: ChangesRequest
    /// The last change before the page.
    let after: SequenceNumber
    /// Sequences on the page; empty at the tip.
    let count: Int
    /// The cursor to go on from; nil on an empty log, or where the change before an empty page is not kept.
    let next: Cursor?
    let oldest: Cursor?
    let tip: Cursor?
    /// The page ends because of a limit, so that asking again gives the same changes, and all are in sealed segments.
    let isSettled: Bool
    let spans: Spans
    private let log: LogID

    /// Looks up the page. Reads indexes, no changes.
    init(_ request: ChangesRequest, _ reader: LogReader) throws {
        self.request = request
        log = reader.log
        oldest = try reader.oldest
        // Before the entries are: what comes while the page is made is on the next one.
        let tip = reader.tip
        self.tip = tip
        after = try Position(request.start, in: reader).sequence
        // What is left out does not count, so with an omission the page is cut here and not by the log.
        let found = try reader.entries(
            after: after, limit: request.changesMax,
            maxBytes: request.omission == .none ? request.bytesMax : Int.max)
        let entries = Self.cut(found, to: request)
        count = entries.count
        let last = entries.last?.sequence ?? after
        next = try reader.cursor(of: last)
        let isFull = entries.count == request.changesMax || last < tip?.sequence ?? .none
        isSettled = isFull && !entries.isEmpty && last <= reader.sealedThrough
        spans = Spans(entries, form: request.form, omission: request.omission)
    }

    private static func cut(_ entries: [LocatedEntry], to request: ChangesRequest) -> ArraySlice<LocatedEntry>
    {
        var bytes = 0
        for (position, entry) in entries.enumerated() {
            bytes += Spans.lineBytes(entry.entry, request.omission)
            if bytes > request.bytesMax, position > 0 { return entries[..<position] }
        }
        return entries[...]
    }

    /// Strong: the last cursor names the branch of the log, so it and the first sequence fix every byte.
    var etag: String {
        let form =
            switch request.form {
            case .lines: "l"
            case .array: "a"
            }
        let omission =
            switch request.omission {
            case .none: ""
            case .text: "t"
            case .content: "c"
            }
        return "\"\(log)-\(form)\(omission)-\(after)-\(count)-\(next?.description ?? "0")\""
    }

    func headers(path: String) -> HTTPFields {
        let nextText = next?.description ?? String(after.value)
        var headers: HTTPFields = [
            .contentType: request.form.contentType, .vary: "Accept", .sijillNext: nextText,
            .link: "<\(path)?\(nextQuery(nextText))>; rel=\"next\"", .cacheControl: cacheControl,
        ]
        if !request.startIsHeader { headers[.eTag] = etag }
        headers.setLog(oldest: oldest, tip: tip)
        return headers
    }

    /// The page after this one, asked in the same way.
    private func nextQuery(_ cursor: String) -> String {
        var parts = ["since=\(cursor)"]
        if request.changesMax != FeedLimits.pageChangesDefault { parts.append("limit=\(request.changesMax)") }
        if request.bytesMax != FeedLimits.pageBytesDefault { parts.append("max_bytes=\(request.bytesMax)") }
        switch request.omission {
        case .none: break
        case .text: parts.append("text=omit")
        case .content: parts.append("content=omit")
        }
        return parts.joined(separator: "&")
    }

    private var cacheControl: String {
        if request.startIsHeader { return "no-store" }
        guard case .cursor = request.start, isSettled else { return "no-cache" }
        // Leaves never change; content can be erased.
        return request.omission == .content ? "public, max-age=31536000, immutable" : "public, max-age=86400"
    }
}

extension HTTPFields {
    /// The two ends of the log, where it has any.
    mutating func setLog(oldest: Cursor?, tip: Cursor?) {
        self[.sijillOldest] = oldest?.description
        self[.sijillTip] = tip?.description
    }
}

extension HTTPField.Name {
    static let sijillOldest = HTTPField.Name("Sijill-Oldest")!
    static let sijillTip = HTTPField.Name("Sijill-Tip")!
    static let sijillNext = HTTPField.Name("Sijill-Next")!
    static let link = HTTPField.Name("Link")!
    static let xAccelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
