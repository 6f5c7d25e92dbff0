import HTTPTypes
import Hummingbird
import SijillFormat
import SijillStore

/// What a request for changes asks for (contract: feed §1 and §2).
struct ChangesRequest: Equatable {
    /// How changes are written.
    enum Form: Hashable {
        /// The lines of the log, as they are.
        case lines(contentType: String)
        /// The same changes as one JSON array.
        case array(contentType: String)
        /// Server-sent events (WHATWG HTML §9.2), which never end.
        case events

        var contentType: String {
            switch self {
            case .lines(let type), .array(let type): type
            case .events: "text/event-stream"
            }
        }
    }

    /// How long the answer lasts.
    enum Life: Equatable {
        /// What is there now.
        case page
        /// As a page, but an empty one waits for a change this long.
        case poll(Duration)
        /// For ever.
        case stream
    }

    /// What is left out of each change. Both are cuts at offsets that the index knows.
    enum Omission: Hashable {
        case none
        /// Ends before the last `,"text":`.
        case text
        /// Ends before the first `,"title":`: the leaf.
        case content
    }

    var start = Start.sequence(.none)
    /// Whether the request says at all where to start.
    var hasStart = false
    /// The start came as Last-Event-ID, so it is not in the URL and no cache may keep the page.
    var startIsHeader = false
    /// The last change that is wanted; nil for no end.
    var until: Start?
    var filter = ChangeFilter()
    var changesMax = FeedLimits.pageChangesDefault
    var bytesMax = FeedLimits.pageBytesDefault
    var omission = Omission.none
    var life = Life.page
    var form = Form.array(contentType: "application/json")

    /// Names of all parameters.
    static let parameters =
        ["since", "lastEventId", "last-event-id", "until"] + deliveryParameters + ChangeFilter.parameters

    /// Those that say how changes are given, and not which.
    static let deliveryParameters = ["limit", "max_bytes", "text", "content", "live", "timeout"]

    /// Reads query and headers. Parameters that the route does not have never come here.
    ///
    /// - Throws: `Problem` with status 400 for what is out of range or has no meaning here, 406 for an Accept that
    ///   names nothing that is served.
    init(_ parameters: Query, headers: HTTPFields) throws(Problem) {
        if let limit = try parameters.number("limit", in: 1...FeedLimits.pageChangesMax) {
            changesMax = limit
        }
        if let bytes = try parameters.number("max_bytes", in: 1...FeedLimits.pageBytesMax) {
            bytesMax = bytes
        }
        if try parameters.has("text", only: "omit") { omission = .text }
        if try parameters.has("content", only: "omit") { omission = .content }
        if let until = parameters["until"] { self.until = try Start(until, named: "until") }
        filter = try ChangeFilter(parameters)
        try readStart(parameters, headers)
        try readLife(parameters)
        form = try Self.form(accept: headers[values: .accept], life: life)
        if form == .events { life = .stream }
        guard life == .stream else { return }
        for name in ["limit", "max_bytes", "until", "latest"] where parameters[name] != nil {
            throw .badRequest("'\(name)' has no meaning on a stream; leave it out, or ask for pages")
        }
    }

    private mutating func readLife(_ parameters: Query) throws(Problem) {
        switch parameters["live"] {
        case nil: break
        case "stream": life = .stream
        case "poll": life = .poll(FeedLimits.pollDefault)
        case let other?: throw .badRequest("'live' can be 'stream' or 'poll', not '\(other)'")
        }
        guard parameters["timeout"] != nil else { return }
        guard case .poll = life else { throw .badRequest("'timeout' has a meaning with live=poll only") }
        let range = 0...Int(FeedLimits.pollMax / .milliseconds(1))
        if let timeout = try parameters.number("timeout", in: range) { life = .poll(.milliseconds(timeout)) }
    }

    private mutating func readStart(_ parameters: Query, _ headers: HTTPFields) throws(Problem) {
        if let header = headers[.lastEventID], !header.isEmpty {
            start = try Start(header, named: "Last-Event-ID")
            (hasStart, startIsHeader) = (true, true)
            return
        }
        for alias in ["lastEventId", "last-event-id"] {
            guard let value = parameters[alias], !value.isEmpty else { continue }
            start = try Start(value, named: alias)
            hasStart = true
            return
        }
        guard let since = parameters["since"] else { return }
        start = try Start(since, named: "since")
        hasStart = true
    }

    /// The form that Accept prefers; an array where nothing is preferred, lines on a stream.
    private static func form(accept: [String], life: Life) throws(Problem) -> Form {
        let usual: Form =
            life == .stream
            ? .lines(contentType: "application/x-ndjson") : .array(contentType: "application/json")
        let ranges = MediaRange.preferred(accept)
        if ranges.isEmpty { return usual }
        for range in ranges {
            switch range {
            case "application/x-ndjson", "application/jsonl": return .lines(contentType: range)
            case "*/*", "application/*": return usual
            case "application/json", "application/cloudevents-batch+json":
                if life != .stream { return .array(contentType: range) }
            case "text/event-stream":
                if life == .page || life == .stream { return .events }
            default: continue
            }
        }
        throw .notAcceptable
    }
}

extension ChangeFilter {
    /// Names of the parameters that say which changes are wanted.
    static let parameters = ["type", "source", "publisher", "lang", "article", "latest"]

    init(_ parameters: Query) throws(Problem) {
        self.init()
        if let type = parameters["type"] { types = try Self.types(type) }
        source = try parameters.text("source")
        publisher = try parameters.text("publisher")
        lang = try parameters.text("lang")
        if let article = parameters["article"] {
            guard let id = ArticleID(article) else {
                throw .badRequest(
                    "'\(article)' in 'article' is no article id; an id is 'a' and 26 letters and digits")
            }
            self.article = id
        }
        isLatestOnly = try parameters.has("latest", only: "1")
    }

    /// One type or several with commas between, each in full or by its short name.
    private static func types(_ text: String) throws(Problem) -> Set<ChangeType> {
        var types: Set<ChangeType> = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let type = ChangeType.allCases.first(where: { $0.rawValue == name || $0.shortName == name })
            else {
                let known = ChangeType.allCases.map(\.shortName).joined(separator: ", ")
                throw .badRequest("'\(name)' in 'type' is no type of change; there are \(known)")
            }
            types.insert(type)
        }
        return types
    }

    /// The same as it is written in a URL, in the order of `parameters`.
    var query: [String] {
        var parts: [String] = []
        if !types.isEmpty { parts.append("type=" + types.map(\.shortName).sorted().joined(separator: ",")) }
        for (name, value) in [("source", source), ("publisher", publisher), ("lang", lang)] {
            if let value { parts.append("\(name)=\(PercentEncoding.encoded(value))") }
        }
        if let article { parts.append("article=\(article)") }
        if isLatestOnly { parts.append("latest=1") }
        return parts
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
