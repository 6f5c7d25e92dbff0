import SijillArticles
import SijillFiles
import SijillFormat

/// Names one input that was handed to the ledger: a file by its ticket, a record by its place among its file's.
package struct ArrivalID: Hashable, Sendable {
    package let ticket: UInt64
    /// Counts the file's inputs from 0; always 0 for a file that is one input.
    package let record: UInt64

    package init(ticket: UInt64, record: UInt64) {
        self.ticket = ticket
        self.record = record
    }
}

/// A file that was read, where it lies and what it was then, so that exactly it can be removed.
package struct TakenFile: Hashable, Sendable {
    package let key: FileKey
    /// Relative to the inbox.
    package let path: [UInt8]
    package let status: FileStatus
    /// What leaves the inbox with it.
    package var mates: [TakenMate] = []

    package init(key: FileKey, path: [UInt8], status: FileStatus) {
        self.key = key
        self.path = path
        self.status = status
    }
}

/// A mate as it was when its file was read. It lies in the same directory.
package struct TakenMate: Hashable, Sendable {
    package let kind: MateKey.Kind
    package let name: NameBytes
    package let status: FileStatus
    /// Nil of a marker, and of one that is no file to read.
    package let sha256: Digest?
}

/// One input on its way to the ledger: a whole file, or one record of a file of many.
///
/// A class, as it goes from queue to queue and all its parts would be copied each time.
package final class Arrival: Sendable {
    package enum Outcome: Sendable {
        /// `bytes` are exactly what was read: the original.
        case draft(Draft, bytes: [UInt8])
        case rejected(Rejection)
    }

    package let id: ArrivalID
    package let file: FileRecord
    package let outcome: Outcome
    package let taken: TakenFile
    /// The bytes of each of the file's mates, in their order; empty where the change is to keep none of them.
    package let mates: [[UInt8]]
    /// No further input of the file follows.
    package let isLastOfFile: Bool

    package init(
        id: ArrivalID, file: FileRecord, outcome: Outcome, taken: TakenFile, mates: [[UInt8]] = [],
        isLastOfFile: Bool
    ) {
        self.id = id
        self.file = file
        self.outcome = outcome
        self.taken = taken
        self.mates = mates
        self.isLastOfFile = isLastOfFile
    }

    package var ticket: UInt64 { id.ticket }
}

/// Where arrivals go: the ledger.
package protocol ArrivalSink: AnyObject, Sendable {
    /// Takes arrivals in the order in which they are to be decided. Called on the inbox's queue: hand them on and
    /// return. Each is answered once, through `Inbox.committed`, when its change is durable.
    func submit(_ arrivals: [Arrival])
}

/// The ledger's answer: the change of this arrival is durable.
package struct Outcome: Hashable, Sendable {
    package let id: ArrivalID
    package let sequence: SequenceNumber
    /// Why, when the change is `rejected`.
    package let reason: RejectReason?

    package init(id: ArrivalID, sequence: SequenceNumber, reason: RejectReason? = nil) {
        self.id = id
        self.sequence = sequence
        self.reason = reason
    }
}

/// A change whose file may still lie in the inbox when the daemon starts.
package struct OpenChange: Hashable, Sendable {
    package let sequence: SequenceNumber
    package let file: FileRecord
    /// Nil unless the change is `rejected`.
    package let reason: RejectReason?
    package let detail: String
    /// Whether it is a text that is kept, so that what came beside its file was kept with it or an earlier one.
    package private(set) var keepsText = false

    package init(sequence: SequenceNumber, file: FileRecord, reason: RejectReason? = nil, detail: String = "")
    {
        self.sequence = sequence
        self.file = file
        self.reason = reason
        self.detail = detail
    }

    /// The change as one that may be open.
    package init(_ change: Change) {
        self.init(sequence: change.sequence, file: change.record.file)
        switch change.record {
        case .rejected(let rejected):
            self = OpenChange(
                sequence: change.sequence, file: rejected.file, reason: rejected.reason,
                detail: rejected.detail)
        case .duplicated(let duplicated): keepsText = duplicated.isKept
        case .added, .revised: keepsText = true
        case .withdrawn: break
        }
    }
}

/// What the inbox needs of the log, besides the sink.
package struct RemovalHooks: Sendable {
    /// Notes in `log/removals` that the files of these changes are about to go; called before any unlink, so that
    /// an inode that is used again is never taken for one of them after a kill. Appending is enough, no sync.
    package var removed: @Sendable ([ClosedRange<SequenceNumber>]) throws -> Void
    /// The files of these changes are gone: `done` may advance.
    package var closed: @Sendable ([ClosedRange<SequenceNumber>]) -> Void
    /// The change of that sequence, from the log; asked at start for each left `.sijill-<sequence>`.
    package var change: @Sendable (SequenceNumber) -> OpenChange?

    package init(
        removed: @escaping @Sendable ([ClosedRange<SequenceNumber>]) throws -> Void,
        closed: @escaping @Sendable ([ClosedRange<SequenceNumber>]) -> Void,
        change: @escaping @Sendable (SequenceNumber) -> OpenChange?
    ) {
        self.removed = removed
        self.closed = closed
        self.change = change
    }
}

/// Sequences as ranges, joined where they touch.
package struct SequenceRanges: Hashable, Sendable {
    package fileprivate(set) var ranges: [ClosedRange<SequenceNumber>] = []

    package init() {}

    package var last: SequenceNumber? { ranges.map(\.upperBound).max() }

    /// Sequences come upward almost always; then this is O(1).
    package mutating func insert(_ sequence: SequenceNumber) {
        if let last = ranges.last, last.upperBound.next == sequence {
            ranges[ranges.count - 1] = last.lowerBound...sequence
        } else if !ranges.contains(where: { $0.contains(sequence) }) {
            ranges.append(sequence...sequence)
        }
    }

    package mutating func insert(_ range: ClosedRange<SequenceNumber>) {
        if let last = ranges.last, last.upperBound.next == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound...range.upperBound
        } else {
            ranges.append(range)
        }
    }
}
