import HTTPTypes
import Hummingbird
import NIOCore
import SijillFormat
import SijillLog
import SijillStore

/// `/v1/changes`: pages, long polls and streams of the log (contract: feed §1 to §4).
struct ChangesRoute: Sendable {
    let source: ChangeSource
    let hub: FollowerHub
    let configuration: FeedConfiguration
    let limit: FollowerLimit

    /// What a named consumer adds to a request; the defaults are those of the log itself.
    struct Reading: Sendable {
        /// Headers of every answer.
        var headers: HTTPFields = [:]
        /// What the next page is asked with, besides the usual.
        var parameters: [String] = []
        /// Whether the filter is part of the URL.
        var writesFilter = true
        var isCurrent: @Sendable () -> Bool = { true }
        var delivered: @Sendable (SequenceNumber) -> Void = { _ in }
    }

    /// - Throws: `Problem`, or what reading the log throws.
    func respond(to routed: RoutedRequest) async throws -> Response {
        try await respond(to: routed, try ChangesRequest(routed.query, headers: routed.headers), Reading())
    }

    /// The same for a request that was read already.
    func respond(to routed: RoutedRequest, _ asked: ChangesRequest, _ reading: Reading) async throws
        -> Response
    {
        switch asked.life {
        case .stream: return try await stream(asked, reading, routed)
        case .page: return answer(try await page(asked), reading, routed)
        case .poll(let timeout):
            let place = try limit.enter(routed.token)
            defer { withExtendedLifetime(place) {} }
            let page = try await poll(asked, timeout: routed.isHead ? .zero : timeout)
            return answer(page, reading, routed)
        }
    }

    // MARK: Pages

    private func page(_ asked: ChangesRequest) async throws -> Page {
        let (source, isMirror) = (source, configuration.isMirror)
        return try await offLoop { try Page(asked, source, isMirror: isMirror) }
    }

    private func answer(_ page: Page, _ reading: Reading, _ routed: RoutedRequest) -> Response {
        var headers = page.headers(
            path: routed.request.uri.path, parameters: reading.parameters,
            writesFilter: reading.writesFilter, isPrivate: configuration.access.isRequired)
        for field in reading.headers { headers[field.name] = field.value }
        if let etag = headers[.eTag], routed.headers.names(etag) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentLength] = String(page.spans.byteCount)
        if routed.isHead { return Response(status: .ok, headers: headers) }
        let delivered = { @Sendable in reading.delivered(page.scanned) }
        return Response(
            status: .ok, headers: headers,
            body: .pieces(of: page.spans, source.reader, over: routed.channel, then: delivered))
    }

    /// A page with a change, or an empty one when none came in time. What the filter does not let through does not
    /// end the wait, and is not looked at again.
    private func poll(_ asked: ChangesRequest, timeout: Duration) async throws -> Page {
        let deadline = ContinuousClock.now + timeout
        var asked = asked
        while true {
            let waitAfter: SequenceNumber
            do {
                let page = try await page(asked)
                if page.count > 0 || ContinuousClock.now >= deadline { return page }
                if asked.until != nil, page.scanned < hub.announced { return page }
                waitAfter = page.scanned
                if let next = page.next { asked.start = .cursor(next) }
            } catch let problem as Problem where problem.name == "mirror-behind" {
                if ContinuousClock.now >= deadline { throw problem }
                waitAfter = hub.announced
            }
            switch await hub.wait(after: waitAfter, until: deadline) {
            case .look, .silence: continue
            case .end: throw Problem.notReady("the daemon is stopping; try again")
            }
        }
    }

    // MARK: Streams

    private func stream(_ asked: ChangesRequest, _ reading: Reading, _ routed: RoutedRequest) async throws
        -> Response
    {
        let (reader, isMirror) = (source.reader, configuration.isMirror)
        let (position, next, oldest) = try await offLoop {
            let position = try Position(asked.start, in: reader, isMirror: isMirror)
            return (position, try reader.cursor(of: position.sequence), try reader.oldest)
        }
        var headers: HTTPFields = [
            .contentType: asked.form.contentType, .cacheControl: "no-store", .vary: "Accept",
            .xAccelBuffering: "no", .sijillNext: next?.description ?? asked.start.text(at: position),
        ]
        if asked.form == .events { headers[.contentEncoding] = "identity" }
        headers.setLog(oldest: oldest, tip: reader.tip)
        for field in reading.headers { headers[field.name] = field.value }
        if routed.isHead { return Response(status: .ok, headers: headers) }
        let shape = FollowerShape(
            isEvents: asked.form == .events, omission: asked.omission, filter: asked.filter)
        let follower = Follower(
            source: source, hub: hub, shape: shape, start: position, cursor: asked.start.cursor,
            heartbeat: configuration.heartbeat, isCurrent: reading.isCurrent, delivered: reading.delivered)
        let loop = routed.channel.eventLoop
        let place = try limit.enter(routed.token)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await withTaskExecutorPreference(LoopExecutor(loop)) { try await follower.run(&writer) }
                withExtendedLifetime(place) {}
                try await writer.finish(nil)
            })
    }
}

extension Start {
    fileprivate var cursor: Cursor? {
        if case .cursor(let cursor) = self { cursor } else { nil }
    }

    /// What to go on from where no change stands at the position.
    fileprivate func text(at position: Position) -> String {
        cursor?.description ?? String(position.sequence.value)
    }
}
