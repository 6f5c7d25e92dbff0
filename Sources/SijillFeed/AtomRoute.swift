import HTTPTypes
import Hummingbird
import SijillFormat
import SijillLog
import SijillStore

/// `/feed.atom`: the newest articles for feed readers (RFC 4287), and all older ones in archive pages (RFC 5005 §4).
///
/// An archive page holds the articles that were added among 100 sequences, so its bounds never move. The document that
/// readers subscribe to holds what came after the newest whole archive page, and that page too.
struct AtomRoute: Sendable {
    let source: ChangeSource

    static let parameters = ["archive"]

    /// Sequences that one archive page covers.
    private static let archiveSequences: UInt64 = 100

    func respond(to routed: RoutedRequest) async throws -> Response {
        let tip = source.reader.tip?.sequence.value ?? 0
        let wholeArchives = tip / Self.archiveSequences
        let archive = try Self.archive(routed.query["archive"], wholeArchives: wholeArchives)
        let first = archive ?? max(wholeArchives, 1) - 1
        let end = archive.map { ($0 + 1) * Self.archiveSequences } ?? tip
        let changes = try await added(after: first * Self.archiveSequences, through: end)
        let version = source.reader.contentVersion
        let etag = "\"\(source.reader.log)-\(first)-\(end)-\(version)\""
        var headers: HTTPFields = [
            .contentType: "application/atom+xml; charset=utf-8", .eTag: etag, .cacheControl: "no-cache",
        ]
        if routed.headers.names(etag) { return Response(status: .notModified, headers: headers) }
        var links = [("self", archive.map(Self.address) ?? "/feed.atom")]
        if archive != nil { links.append(("current", "/feed.atom")) }
        if first > 0 { links.append(("prev-archive", Self.address(first - 1))) }
        if let archive, archive + 1 < wholeArchives {
            links.append(("next-archive", Self.address(archive + 1)))
        }
        let text = document(changes, links: links, isArchive: archive != nil)
        headers[.contentLength] = String(text.utf8.count)
        return Response(
            status: .ok, headers: headers,
            body: routed.isHead ? .init() : .init(byteBuffer: .init(string: text)))
    }

    private static func address(_ archive: UInt64) -> String { "/feed.atom?archive=\(archive)" }

    private static func archive(_ text: String?, wholeArchives: UInt64) throws(Problem) -> UInt64? {
        guard let text else { return nil }
        guard let number = Decimal.value(text.utf8) else {
            throw .badRequest("'archive' must be a whole number, not '\(text)'")
        }
        guard number < wholeArchives else { throw .notFound("there is no archive page \(number) yet") }
        return number
    }

    /// The changes that added the articles of a range and are still shown, newest first.
    private func added(after: UInt64, through: UInt64) async throws -> [Change] {
        let source = source
        return try await offLoop {
            var filter = ChangeFilter()
            filter.types = [.added]
            let sequences = try source.store.sequences(
                matching: filter, after: SequenceNumber(after), through: SequenceNumber(through), limit: 200)
            return try sequences.reversed().compactMap { sequence in
                guard let line = try source.reader.line(of: sequence) else { return nil }
                let change = try Change(line: line)
                guard let id = change.record.article, change.content.text != nil,
                    try source.store.withdrawalState(of: id)?.isGone != true
                else { return nil }
                return change
            }
        }
    }

    private func document(_ changes: [Change], links: [(String, String)], isArchive: Bool) -> String {
        let log = source.reader.log.urn
        let updated = changes.first?.time.rfc3339 ?? Timestamp(milliseconds: 0).rfc3339
        var text = """
            <?xml version="1.0" encoding="utf-8"?>
            <feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="http://purl.org/syndication/history/1.0">
            <id>\(log)</id><title>Sijill</title><updated>\(updated)</updated>\(isArchive ? "<fh:archive/>" : "")

            """
        for (relation, address) in links {
            text +=
                "<link rel=\"\(relation)\" type=\"application/atom+xml\" href=\"\(Self.escaped(address))\"/>\n"
        }
        for change in changes { text += entry(change) }
        return text + "</feed>\n"
    }

    private func entry(_ change: Change) -> String {
        let content = change.content
        let id = change.record.article?.description ?? ""
        var text =
            "<entry><id>\(source.reader.log.urn):\(id)</id><title>\(Self.escaped(content.title ?? id))</title>"
        text += "<updated>\(change.time.rfc3339)</updated>"
        text += "<author><name>\(Self.escaped(content.byline ?? content.publisher ?? "?"))</name></author>"
        text += "<link rel=\"alternate\" href=\"\(Self.escaped(content.url ?? "/v1/articles/\(id)"))\"/>"
        if let summary = content.description { text += "<summary>\(Self.escaped(summary))</summary>" }
        let body = String(decoding: content.text ?? [], as: UTF8.self)
        return text + "<content type=\"text\">\(Self.escaped(body))</content></entry>\n"
    }

    /// Text for XML 1.0; what it cannot hold at all is replaced.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\t", "\n": escaped.unicodeScalars.append(scalar)
            case "\r": escaped += "&#13;"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
