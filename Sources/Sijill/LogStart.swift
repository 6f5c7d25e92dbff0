import SijillFormat

/// Where to begin in a log.
public struct LogStart: Hashable, Sendable, CustomStringConvertible {
    /// As people write it, and as `init(_:)` reads it.
    public let description: String
    /// What the sequence of the first change must be, where that follows from the start.
    let firstSequence: UInt64?

    /// The oldest change that the server keeps.
    public static let earliest = LogStart(description: "earliest", firstSequence: nil)
    /// After the newest change: only what is still to come.
    public static let now = LogStart(description: "now", firstSequence: nil)

    /// After the change that `cursor` names.
    public static func after(_ cursor: LogCursor) -> LogStart {
        LogStart(description: cursor.description, firstSequence: cursor.sequence + 1)
    }

    /// After the change with this sequence; 0 is the beginning of the log.
    public static func after(sequence: UInt64) -> LogStart {
        LogStart(description: String(sequence), firstSequence: sequence + 1)
    }

    /// What people write: a cursor, a sequence, `earliest`, `now`, or an RFC 3339 time, which means the first change
    /// at or after it. Nil for anything else.
    public init?(_ text: String) {
        if let cursor = LogCursor(text) {
            self = .after(cursor)
        } else if let sequence = Decimal.value(Array(text.utf8)), sequence <= SequenceNumber.max.value {
            self = .after(sequence: sequence)
        } else if text == "earliest" {
            self = .earliest
        } else if text == "now" {
            self = .now
        } else if Timestamp(rfc3339: text) != nil {
            self.init(description: text, firstSequence: nil)
        } else {
            return nil
        }
    }

    private init(description: String, firstSequence: UInt64?) {
        self.description = description
        self.firstSequence = firstSequence
    }

    /// For a query.
    var parameter: String { Transport.escaped(description) }

    /// Reads the header Sijill-Next: a cursor, or the sequence where there is no change to name.
    init?(header: String?) {
        guard let header, let start = LogStart(header), start.firstSequence != nil else { return nil }
        self = start
    }
}

/// Names one change of a log: its sequence and the run of the daemon that wrote it.
public struct LogCursor: Hashable, Comparable, Sendable, CustomStringConvertible {
    let cursor: Cursor

    /// Reads `0000000000000042-k3f9a1c2`; nil for anything else.
    public init?(_ text: String) {
        guard let cursor = Cursor(text), cursor.sequence > .none else { return nil }
        self.init(cursor)
    }

    init(_ cursor: Cursor) { self.cursor = cursor }

    /// The 1-based number of the change in its log.
    public var sequence: UInt64 { cursor.sequence.value }

    public var description: String { cursor.description }

    public static func < (a: LogCursor, b: LogCursor) -> Bool { a.description < b.description }
}

/// What the server leaves out of each change.
public enum Omission: Hashable, Sendable {
    case nothing
    /// The article's text.
    case text
    /// Everything that was in the input: only what happened is left.
    case content

    var parameter: String {
        switch self {
        case .nothing: ""
        case .text: "&text=omit"
        case .content: "&content=omit"
        }
    }
}

/// Some changes in their order, and where to go on.
public struct ChangePage: Sendable {
    public let changes: [LogChange]
    /// Where the next page begins.
    public let next: LogStart?
}
