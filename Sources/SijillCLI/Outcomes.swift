import Sijill

/// Which drops have their outcome in the log. Pure: `add --wait` feeds it changes and what became of the files.
///
/// A file of one article has one change. A file of many records has one a record and none that says "the last one";
/// such a file is through when it has left the inbox and every change up to the tip of that moment was seen, because
/// a file leaves only after all its changes.
struct Outcomes {
    /// What happened to one input.
    struct Outcome {
        let drop: Drop
        let change: LogChange
        let decoded: DecodedChange
    }

    private var waiting: [String: Drop] = [:]
    /// Files of many records that have left the inbox, with the sequence up to which changes must be seen.
    private var leaving: [String: UInt64] = [:]
    private(set) var hasRejects = false
    private var seen: UInt64

    /// - Parameter tip: the log before the first drop.
    init(_ drops: [Drop], after tip: UInt64) {
        seen = tip
        for drop in drops { waiting[Self.key(drop.source, drop.name)] = drop }
    }

    var isComplete: Bool { waiting.isEmpty }

    /// Drops without their last outcome: their files are to be watched.
    var open: [Drop] { waiting.filter { leaving[$0.key] == nil }.map(\.value) }

    /// A change has come: the outcome that it is, or nil when it belongs to something else.
    mutating func received(_ change: LogChange) throws -> Outcome? {
        seen = change.sequence
        defer { settle() }
        let decoded = try change.decoded()
        let key = Self.key(decoded.file.source, decoded.file.name)
        guard let drop = waiting[key] else { return nil }
        let isRecord = decoded.file.line != nil
        if !isRecord {
            // Another file that had the name before: its bytes differ.
            if let sha256 = decoded.file.sha256, sha256 != drop.digest.hex { return nil }
            waiting[key] = nil
            leaving[key] = nil
        }
        if decoded.kind == .rejected { hasRejects = true }
        return Outcome(drop: drop, change: change, decoded: decoded)
    }

    /// The file has left the inbox, and now the log ends at `tip`.
    mutating func left(_ drop: Drop, tip: UInt64) {
        let key = Self.key(drop.source, drop.name)
        guard waiting[key] != nil else { return }
        leaving[key] = tip
        settle()
    }

    private mutating func settle() {
        for (key, tip) in leaving where tip <= seen {
            leaving[key] = nil
            waiting[key] = nil
        }
    }

    private static func key(_ source: String, _ name: String) -> String { "\(source)/\(name)" }
}
