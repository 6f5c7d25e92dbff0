import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import SijillFormat
import SijillLog
import Synchronization

/// `/v1/segments`: the sealed files of the log, as they are on disk (contract: feed §2).
///
/// The digest of a segment is worked out when it is first asked for and kept while the daemon runs; an erasure has it
/// worked out again.
final class SegmentRoute: Sendable {
    private let reader: LogReader
    private let known = Mutex<[SequenceNumber: Segment]>([:])

    private struct Segment {
        let version: UInt64
        let last: SequenceNumber
        let byteCount: UInt64
        let digest: Digest
    }

    init(_ reader: LogReader) { self.reader = reader }

    func list(_ routed: RoutedRequest) async throws -> Response {
        let items: [JSONValue] = try await offLoop { [self] in
            try sealed().map { first, last in
                let segment = try self.segment(first, last)
                return JSONValue.object([
                    JSONMember("first", first.value), JSONMember("last", last.value),
                    JSONMember("bytes", segment.byteCount), JSONMember("sha256", segment.digest.hex),
                    JSONMember("url", "/v1/segments/\(Self.name(first))"),
                ])
            }
        }
        return .json(.object([JSONMember(name: "segments", value: .array(items))]), for: routed.request)
    }

    func file(_ routed: RoutedRequest) async throws -> Response {
        let name = routed["file"]
        let digits = name.hasSuffix(".ndjson") ? name.dropLast(7) : ""
        guard let value = Decimal.value(digits.utf8),
            let (first, last) = sealed().first(where: { $0.0.value == value })
        else { throw Problem.notFound("'\(name)' is no sealed segment; /v1/segments lists them") }
        let segment: Segment = try await offLoop { [self] in try self.segment(first, last) }
        let total = Int(segment.byteCount)
        let etag = "\"\(segment.digest.hex)\""
        var headers: HTTPFields = [
            .contentType: "application/x-ndjson", .eTag: etag, .acceptRanges: "bytes",
            .cacheControl: "public, max-age=86400, immutable",
            .reprDigest: "sha-256=:\(Base64.encode(segment.digest.data)):",
        ]
        if routed.headers.names(etag) { return Response(status: .notModified, headers: headers) }
        let range = try ByteRange(routed.headers, total: total, etag: etag)
        let bytes = range?.bytes ?? 0..<total
        if range != nil {
            headers[.contentRange] = "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(total)"
        }
        headers[.contentLength] = String(bytes.count)
        let status: HTTPResponse.Status = range == nil ? .ok : .partialContent
        if routed.isHead { return Response(status: status, headers: headers) }
        let spans = Spans(segment: first, bytes)
        return Response(
            status: status, headers: headers,
            body: .pieces(of: spans, reader, over: routed.channel))
    }

    /// First and last sequences of the sealed segments.
    private func sealed() -> [(SequenceNumber, SequenceNumber)] {
        let segments = reader.segments
        return zip(segments, segments.dropFirst()).map { ($0, SequenceNumber($1.value - 1)) }
    }

    private static func name(_ first: SequenceNumber) -> String {
        Decimal.padded(first.value, width: 20) + ".ndjson"
    }

    /// Reads the whole file when it is not known. Blocks.
    private func segment(_ first: SequenceNumber, _ last: SequenceNumber) throws -> Segment {
        let version = reader.contentVersion
        if let segment = known.withLock({ $0[first] }), segment.version == version { return segment }
        guard let entry = try reader.entry(of: last)?.entry else {
            throw SijillError(.damaged, "the index of segment \(first) has no entry of \(last)")
        }
        var digest = DigestBuilder()
        var offset: UInt64 = 0
        while offset < entry.end {
            let count = Int(min(1 << 20, entry.end - offset))
            let bytes = try reader.read(segment: first, offset: offset, count: count)
            guard bytes.count == count else {
                throw SijillError(
                    .damaged, "segment \(first) is shorter than its index", remedy: "run 'sijilld check'")
            }
            digest.add(bytes)
            offset += UInt64(count)
        }
        let segment = Segment(
            version: version, last: last, byteCount: entry.end, digest: digest.finish())
        known.withLock { $0[first] = segment }
        return segment
    }
}

/// One range of bytes that a request asks for (RFC 9110 §14).
struct ByteRange: Equatable {
    let bytes: Range<Int>

    /// Nil where the whole is to be sent: no Range, several, one of another unit or form, or an If-Range that names
    /// something else.
    ///
    /// - Throws: `Problem` 416 when it lies behind the end.
    init?(_ headers: HTTPFields, total: Int, etag: String) throws(Problem) {
        guard let text = headers[.range], text.hasPrefix("bytes=") else { return nil }
        if let condition = headers[.ifRange], condition != etag { return nil }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let (first, last) = (Decimal.value(parts[0].utf8), Decimal.value(parts[1].utf8))
        let range: Range<Int>
        switch (first, last) {
        case (nil, let count?) where parts[0].isEmpty:
            range = (total - Int(min(count, UInt64(total))))..<total
        case (let first?, nil) where parts[1].isEmpty:
            range = Int(min(first, UInt64(total)))..<total
        case (let first?, let last?):
            guard first <= last else { return nil }
            range = Int(min(first, UInt64(total)))..<Int(min(last, UInt64(total) - 1) + 1)
        default: return nil
        }
        guard !range.isEmpty else {
            throw Problem(
                "range-not-satisfiable", "The range lies behind the end", status: 416,
                detail: "there are \(total) bytes", members: [JSONMember("bytes", UInt64(total))])
        }
        bytes = range
    }
}
