import HTTPTypes
import Hummingbird
import SijillFormat
import SijillLog
import SijillStore

/// One page of changes: what is on it, and what a cache may do with it.
struct Page {
    let request: ChangesRequest
    /// The last change before the page.
    let after: SequenceNumber
    /// Changes on the page; 0 at the tip.
    let count: Int
    /// The last change that was looked at; with a filter it need not be on the page.
    let scanned: SequenceNumber
    /// The cursor to go on from; nil on an empty log, or where the change before an empty page is not kept.
    let next: Cursor?
    let oldest: Cursor?
    let tip: Cursor?
    /// Asking again gives the same changes, and all are in sealed segments.
    let isSettled: Bool
    let spans: Spans
    private let log: LogID
    /// The last erasure before the page was looked up: it changes bytes in place.
    private let contentVersion: UInt64

    /// Looks up the page. Reads indexes, no changes.
    ///
    /// - Throws: `Problem` for a start that does not stand in the log; what reading log and store throws.
    init(_ request: ChangesRequest, _ source: ChangeSource, isMirror: Bool = false) throws {
        let reader = source.reader
        self.request = request
        log = reader.log
        contentVersion = reader.contentVersion
        oldest = try reader.oldest
        // Before the entries are: what comes while the page is made is on the next one.
        let tip = reader.tip
        self.tip = tip
        let position = try Position(request.start, in: reader, isMirror: isMirror)
        if position.isBeyondTip { throw Problem.mirrorBehind(tip) }
        after = position.sequence
        let end = try Self.end(request.until, tip: tip, reader, isMirror: isMirror)
        let found = try source.entries(
            request.filter, after: after, through: end, limit: request.changesMax,
            bytesMax: request.bytesMax, omission: request.omission)
        count = found.entries.count
        scanned = found.scanned
        next = try reader.cursor(of: found.scanned)
        isSettled = Self.isSettled(request, found.entries, scanned: found.scanned, end: end, reader)
        spans = Spans(found.entries, form: request.form, omission: request.omission)
    }

    private static func end(
        _ until: Start?, tip: Cursor?, _ reader: LogReader, isMirror: Bool
    ) throws -> SequenceNumber {
        let tip = tip?.sequence ?? .none
        guard let until else { return tip }
        // A bare number may lie ahead: it names no change that could be missing.
        if case .sequence(let number) = until, number > tip { return tip }
        return min(tip, try Position(until, in: reader, isMirror: isMirror).sequence)
    }

    private static func isSettled(
        _ request: ChangesRequest, _ entries: [LocatedEntry], scanned: SequenceNumber, end: SequenceNumber,
        _ reader: LogReader
    ) -> Bool {
        guard !entries.isEmpty, scanned <= reader.sealedThrough, !request.filter.isLatestOnly else {
            return false
        }
        if entries.count == request.changesMax || scanned < end { return true }
        if case .cursor? = request.until { return true }
        return false
    }

    /// Strong: the last cursor names the branch of the log, so it and the first sequence fix every byte, until content is
    /// erased.
    var etag: String {
        let form =
            switch request.form {
            case .lines: "l"
            case .array, .events: "a"
            }
        let omission =
            switch request.omission {
            case .none: ""
            case .text: "t"
            case .content: "c"
            }
        let latest = request.filter.isLatestOnly ? "-\(tip?.sequence ?? .none)" : ""
        let erased = contentVersion > 0 && request.omission != .content ? "-e\(contentVersion)" : ""
        return "\"\(log)-\(form)\(omission)-\(after)-\(count)-\(next?.description ?? "0")\(latest)\(erased)\""
    }

    /// What `Sijill-Next` says.
    var nextText: String { next?.description ?? String(scanned.value) }

    /// - Parameters:
    ///   - parameters: What the next page is asked with besides the usual, each `name=value`.
    ///   - writesFilter: Whether the filter is part of the URL.
    ///   - isPrivate: Whether a token was needed, so that shared caches must not keep it.
    func headers(path: String, parameters: [String] = [], writesFilter: Bool = true, isPrivate: Bool)
        -> HTTPFields
    {
        let query = nextQuery(nextText, (writesFilter ? request.filter.query : []) + parameters)
        var headers: HTTPFields = [
            .contentType: request.form.contentType, .vary: "Accept", .sijillNext: nextText,
            .link: "<\(path)?\(query)>; rel=\"next\"", .cacheControl: cacheControl(isPrivate: isPrivate),
        ]
        if headers[.cacheControl] != "no-store" { headers[.eTag] = etag }
        headers.setLog(oldest: oldest, tip: tip)
        return headers
    }

    /// The page after this one, asked in the same way.
    private func nextQuery(_ cursor: String, _ parameters: [String]) -> String {
        var parts = ["since=\(cursor)"]
        if let until = request.until { parts.append("until=\(until.text)") }
        if request.changesMax != FeedLimits.pageChangesDefault { parts.append("limit=\(request.changesMax)") }
        if request.bytesMax != FeedLimits.pageBytesDefault { parts.append("max_bytes=\(request.bytesMax)") }
        switch request.omission {
        case .none: break
        case .text: parts.append("text=omit")
        case .content: parts.append("content=omit")
        }
        if case .poll(let timeout) = request.life {
            parts += ["live=poll", "timeout=\(Int(timeout / .milliseconds(1)))"]
        }
        return (parts + parameters).joined(separator: "&")
    }

    private func cacheControl(isPrivate: Bool) -> String {
        if request.startIsHeader || request.life != .page { return "no-store" }
        guard case .cursor = request.start, isSettled else { return "no-cache" }
        let who = isPrivate ? "private" : "public"
        // Leaves never change; content can be erased, and what a filter finds with it.
        let isForEver = request.omission == .content && request.filter.isEmpty
        return isForEver ? "\(who), max-age=31536000, immutable" : "\(who), max-age=86400"
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
