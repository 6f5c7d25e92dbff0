import SijillFormat

/// What went wrong, where, and what to do about it.
public struct SijillClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error. Further kinds may come with later versions.
    public struct Code: Hashable, Sendable {
        private let name: String
        private init(_ name: String) { self.name = name }

        /// The URL is none that a log can be at.
        public static let invalidURL = Code("invalidURL")
        /// No connection, or no answer on it.
        public static let unreachable = Code("unreachable")
        /// The cursor is beyond the end of the log.
        public static let cursorAhead = Code("cursorAhead")
        /// The cursor's change is not the one that stands in the log.
        public static let cursorDiverged = Code("cursorDiverged")
        /// The log begins after the cursor.
        public static let cursorExpired = Code("cursorExpired")
        /// The server did not understand the request.
        public static let badRequest = Code("badRequest")
        /// The server wants a token, or another one.
        public static let unauthorized = Code("unauthorized")
        /// The token does not allow this.
        public static let forbidden = Code("forbidden")
        public static let notFound = Code("notFound")
        /// Another reader has taken over the consumer.
        public static let fenced = Code("fenced")
        /// There is one of that name already, and it is another.
        public static let conflict = Code("conflict")
        /// The certificates of `authorityFile` cannot be used.
        public static let invalidCertificate = Code("invalidCertificate")
        /// The server could not answer; trying again may help.
        public static let server = Code("server")
        /// The server answered something that a log does not: a gap, a repetition, bytes that are no change.
        public static let brokenPromise = Code("brokenPromise")
        /// A signature or a proof does not hold: the log is not what it was, or not what the change says.
        public static let evidence = Code("evidence")
    }

    public let code: Code
    /// One sentence for people, with the remedy where there is one.
    public let message: String
    /// With `.cursorAhead` and `.cursorDiverged`: the end of the log, nil when it is empty.
    public let tip: LogCursor?
    /// With `.cursorExpired`: the oldest change that is kept.
    public let oldest: LogCursor?
    /// With `.cursorAhead` and `.cursorDiverged`: the last sequence that the cursor's branch and the log are known to
    /// share, where it is known.
    public let lastCommon: UInt64?
    /// The HTTP status, where the server answered.
    public let status: Int?
    /// How long the server asks to be left alone, where it says so.
    public let retryAfter: Duration?

    public var description: String { message }

    init(
        _ code: Code, _ message: String, tip: LogCursor? = nil, oldest: LogCursor? = nil,
        lastCommon: UInt64? = nil, status: Int? = nil, retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.tip = tip
        self.oldest = oldest
        self.lastCommon = lastCommon
        self.status = status
        self.retryAfter = retryAfter
    }

    /// Reads an answer that is no success (RFC 9457).
    init(status: Int, body: [UInt8], url: String, retryAfter: String? = nil) {
        let problem = try? JSONParser.parse(body)
        func cursor(_ name: String) -> LogCursor? { problem?[name]?.text.flatMap { LogCursor($0) } }
        let name = problem?["type"]?.text?.split(separator: ":").last
        let detail = problem?["detail"]?.text ?? "\(url) answered with status \(status)"
        let code: Code =
            switch (status, name) {
            case (409, "cursor-ahead"), (422, _): .cursorAhead
            case (409, "cursor-diverged"): .cursorDiverged
            case (409, "fenced"): .fenced
            case (409, _): .conflict
            case (410, _): .cursorExpired
            case (401, _): .unauthorized
            case (403, _): .forbidden
            case (404, _): .notFound
            case (500..., _), (429, _): .server
            default: .badRequest
            }
        // Seconds; the other form of the header, a date, is not used by any server of ours.
        let seconds = retryAfter.flatMap { Decimal.value($0.utf8) }.map { min($0, 3_600) }
        self.init(
            code, detail, tip: cursor("tip"), oldest: cursor("oldest"),
            lastCommon: problem?["last_common"]?.whole, status: status,
            retryAfter: seconds.map { .seconds(Int64($0)) })
    }

    /// Trying again later can help: the connection or the server failed, not the request.
    var isTransient: Bool { code == .unreachable || code == .server }
}
