import SijillFormat
import SijillLog

/// Where a client goes on from, as it said it (contract: feed §1).
enum Start: Equatable {
    /// After this change.
    case cursor(Cursor)
    /// After this sequence; 0 is the beginning of the log.
    case sequence(SequenceNumber)
    /// With the oldest change kept.
    case earliest
    /// After the tip.
    case now
    /// With the first change at or after this moment.
    case time(Timestamp)

    /// Reads any of the forms.
    ///
    /// - Throws: `Problem` with status 400 when it is none of them.
    init(_ text: String, named name: String) throws(Problem) {
        if text == "earliest" {
            self = .earliest
        } else if text == "now" {
            self = .now
        } else if let value = Decimal.value(text.utf8), value <= SequenceNumber.max.value {
            self = .sequence(SequenceNumber(value))
        } else if let cursor = Cursor(text), cursor.sequence > .none {
            self = .cursor(cursor)
        } else if let time = Timestamp(rfc3339: text) {
            self = .time(time)
        } else {
            throw .badRequest(
                "'\(text)' in '\(name)' is no start; use a cursor, a sequence, earliest, now or an RFC 3339 time"
            )
        }
    }
}

extension Start {
    /// As it is written in a URL.
    var text: String {
        switch self {
        case .cursor(let cursor): cursor.description
        case .sequence(let sequence): String(sequence.value)
        case .earliest: "earliest"
        case .now: "now"
        case .time(let time): time.rfc3339
        }
    }
}

/// A start found in the log: what a page or a stream goes on after.
struct Position: Equatable {
    /// The last change that the client has; 0 when it has none.
    var sequence: SequenceNumber
    /// A mirror has not come so far yet: whether the change stands in its log shows only later.
    var isBeyondTip = false

    /// Finds `start` in the log.
    ///
    /// - Parameter isMirror: A cursor beyond the tip waits for its change.
    /// - Throws: `Problem` 409 for a cursor that does not stand in the log, 410 for one before its oldest change;
    ///   whatever reading the log throws.
    init(_ start: Start, in reader: LogReader, isMirror: Bool = false) throws {
        let tip = reader.tip
        let tipSequence = tip?.sequence ?? .none
        let oldest = try reader.oldest
        switch start {
        case .earliest:
            sequence = oldest.map { SequenceNumber($0.sequence.value - 1) } ?? .none
            return
        case .now:
            sequence = tipSequence
            return
        case .time(let time):
            let first = try reader.firstSequence(atOrAfter: time)
            sequence = first.map { SequenceNumber($0.value - 1) } ?? tipSequence
            return
        case .sequence(let asked):
            sequence = asked
        case .cursor(let cursor):
            sequence = cursor.sequence
        }
        if sequence > tipSequence {
            guard isMirror else { throw Self.ahead(start, tip: tip) }
            isBeyondTip = true
            return
        }
        if let oldest, sequence.next < oldest.sequence { throw Self.expired(oldest) }
        if case .cursor(let cursor) = start {
            // The change before the oldest one kept is not there to be compared with; going on is right.
            guard let standing = try reader.cursor(of: sequence) else { return }
            if standing != cursor { throw Self.diverged(cursor, standing: standing, tip: tip) }
        }
    }

    private static func ahead(_ start: Start, tip: Cursor?) -> Problem {
        var members = [JSONMember("tip", tip)]
        // Of the same run of the daemon: nothing but the missing end can differ.
        if case .cursor(let cursor) = start, let tip, cursor.epoch == tip.epoch {
            members.append(JSONMember("last_common", tip.sequence.value))
        }
        return Problem(
            "cursor-ahead", "The cursor is beyond the log", status: 409,
            detail:
                "the log ends at \(tip?.description ?? "0"), before what was asked for; the log was restored from"
                + " an older copy, or the cursor is of another log: compare, then begin again from a cursor of this one",
            members: members)
    }

    private static func diverged(_ cursor: Cursor, standing: Cursor, tip: Cursor?) -> Problem {
        Problem(
            "cursor-diverged", "The cursor names a change that is not in the log", status: 409,
            detail:
                "change \(cursor.sequence) is \(standing) here, not \(cursor); the log was restored from an older"
                + " copy, or the cursor is of another log: compare, then begin again from a cursor of this one",
            members: [JSONMember("tip", tip)])
    }

    private static func expired(_ oldest: Cursor) -> Problem {
        Problem(
            "cursor-expired", "The cursor is older than the log", status: 410,
            detail:
                "the oldest change kept here is \(oldest); begin with since=earliest, or ask a mirror that has more",
            members: [JSONMember("oldest", oldest)])
    }
}
