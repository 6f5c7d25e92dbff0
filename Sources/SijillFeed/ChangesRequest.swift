import HTTPTypes
import Hummingbird
import SijillFormat

/// What a request to `/v1/changes` asks for (contract: feed §1 and §2).
struct ChangesRequest: Equatable {
    /// How changes are written.
    enum Form: Equatable {
        /// The lines of the log, as they are.
        case lines(contentType: String)
        /// The same changes as one JSON array.
        case array(contentType: String)

        var contentType: String {
            switch self {
            case .lines(let type), .array(let type): type
            }
        }
    }

    /// What is left out of each change. Both are cuts at offsets that the index knows.
    enum Omission: Equatable {
        case none
        /// Ends before the last `,"text":`.
        case text
        /// Ends before the first `,"title":`: the leaf.
        case content
    }

    var start = Start.sequence(.none)
    /// The start came as Last-Event-ID, so it is not in the URL and no cache may keep the page.
    var startIsHeader = false
    var changesMax = FeedLimits.pageChangesDefault
    var bytesMax = FeedLimits.pageBytesDefault
    var omission = Omission.none
    var isLive = false
    var form = Form.array(contentType: "application/json")

    /// Names of all parameters.
    static let parameters = [
        "since", "lastEventId", "last-event-id", "limit", "max_bytes", "text", "content", "live",
    ]

    /// Reads query and headers.
    ///
    /// - Throws: `Problem` with status 400 for what is unknown, given twice or out of range, 406 for an Accept that
    ///   names nothing that is served.
    init(_ parameters: Query, headers: HTTPFields) throws(Problem) {
        var boundary: String?
        for (name, value) in parameters.pairs {
            switch name {
            case "since", "lastEventId", "last-event-id": break
            case "limit":
                changesMax = try Self.number(value, of: name, in: 1...FeedLimits.pageChangesMax)
                boundary = name
            case "max_bytes":
                bytesMax = try Self.number(value, of: name, in: 1...FeedLimits.pageBytesMax)
                boundary = name
            case "text":
                try Self.expect("omit", value, of: name)
                if omission == .none { omission = .text }
            case "content":
                try Self.expect("omit", value, of: name)
                omission = .content
            case "live":
                try Self.expect("stream", value, of: name)
                isLive = true
            default: preconditionFailure("'\(name)' is no parameter of changes, and its route let it through")
            }
        }
        if isLive, let boundary {
            throw .badRequest("'\(boundary)' has no meaning with live=stream; leave it out")
        }
        try readStart(parameters, headers)
        form = try Self.form(accept: headers[values: .accept], isLive: isLive)
    }

    private mutating func readStart(_ parameters: Query, _ headers: HTTPFields) throws(Problem) {
        if let header = headers[.lastEventID], !header.isEmpty {
            start = try Start(header, named: "Last-Event-ID")
            startIsHeader = true
            return
        }
        for alias in ["lastEventId", "last-event-id"] {
            guard let value = parameters[alias], !value.isEmpty else { continue }
            start = try Start(value, named: alias)
            return
        }
        if let since = parameters["since"] { start = try Start(since, named: "since") }
    }

    private static func number(_ text: String, of name: String, in range: ClosedRange<Int>) throws(Problem)
        -> Int
    {
        guard let value = Decimal.value(text.utf8), value <= UInt64(range.upperBound),
            value >= UInt64(range.lowerBound)
        else {
            throw .badRequest(
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return Int(value)
    }

    private static func expect(_ only: String, _ value: String, of name: String) throws(Problem) {
        if value != only { throw .badRequest("'\(name)' can only be '\(only)', not '\(value)'") }
    }

    /// The form that Accept prefers; an array where nothing is preferred, lines on a stream.
    private static func form(accept: [String], isLive: Bool) throws(Problem) -> Form {
        let lines = Form.lines(contentType: "application/x-ndjson")
        let ranges = MediaRange.preferred(accept)
        if ranges.isEmpty { return isLive ? lines : .array(contentType: "application/json") }
        for range in ranges {
            switch range {
            case "application/x-ndjson": return lines
            case "application/jsonl": return .lines(contentType: range)
            case "*/*", "application/*": return isLive ? lines : .array(contentType: "application/json")
            case "application/json", "application/cloudevents-batch+json":
                if !isLive { return .array(contentType: range) }
            default: continue
            }
        }
        throw .notAcceptable
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}

/// The media ranges of Accept (RFC 9110 §12.5.1).
enum MediaRange {
    /// Lower-case, without parameters, most preferred first; those of weight 0 left out.
    static func preferred(_ fields: [String]) -> [String] {
        var ranges: [(name: String, weight: Double)] = []
        for item in fields.joined(separator: ",").split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first, !name.isEmpty else { continue }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > 0 { ranges.append((name, weight)) }
        }
        // Equal weights stay in their order: a stable sort by position.
        return ranges.enumerated()
            .sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
            .map(\.element.name)
    }
}
