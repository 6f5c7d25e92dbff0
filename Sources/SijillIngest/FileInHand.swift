import SijillFiles
import SijillFormat

/// A file between its reading and its removal.
///
/// `@unchecked Sendable`: it belongs to the inbox's queue, and to the removal's from the moment it is handed there
/// until that answers.
final class FileInHand: @unchecked Sendable {
    /// An input that was handed to the ledger and is not durable yet.
    struct Pending {
        let file: FileRecord
        let detail: String
        /// A rejected record's bytes, to be kept in quarantine.
        let bytes: [UInt8]?
        let weight: Int
    }

    let work: Work
    let taken: TakenFile
    var pending: [UInt64: Pending] = [:]
    var nextRecord: UInt64 = 0
    /// Nothing more is read of it.
    var isReadToEnd = false
    /// Reading was broken off: it is put back instead of removed.
    var failure: IntakeResult?
    var sequences = SequenceRanges()
    /// Its one change, when the whole file is one input.
    var whole: OpenChange?
    /// Of a file of many records, the durable one that lies furthest behind.
    var last: OpenChange?
    /// Rejected records that are durable in the log and not yet in quarantine.
    private(set) var rejects: [(change: OpenChange, bytes: [UInt8]?)] = []
    /// Bytes that `rejects` holds.
    private(set) var rejectsBytes = 0
    var rejectsFiles: [RejectReason: RejectsFile] = [:]
    /// It lies under its removal name.
    var isSetAside = false
    /// Its removal has been noted in the journal.
    var isJournaled = false
    /// Its lag has been counted.
    var isMeasured = false
    /// Mates that lie under their removal names, with those names.
    var matesAside: [(mate: TakenMate, aside: NameBytes)] = []

    init(work: Work, taken: TakenFile) {
        self.work = work
        self.taken = taken
    }

    /// It was rejected while it was being changed: whatever it holds by now goes.
    var isTakenAsItIs: Bool { whole?.reason == .truncated && whole?.file.sha256 == nil }

    var isFinished: Bool { isReadToEnd && pending.isEmpty }

    /// The directory it lies in, relative to the inbox.
    var directoryPath: [UInt8] { work.directoryPath }

    /// Notes that a pending input is durable.
    func committed(_ input: Pending, _ outcome: Outcome) {
        sequences.insert(outcome.sequence)
        let change = OpenChange(
            sequence: outcome.sequence, file: input.file, reason: outcome.reason, detail: input.detail)
        guard input.file.offset != nil else {
            whole = change
            return
        }
        if (change.file.offset ?? 0) >= (last?.file.offset ?? 0) { last = change }
        if outcome.reason != nil {
            keep(change, bytes: input.bytes)
        }
    }

    func keep(_ change: OpenChange, bytes: [UInt8]?) {
        rejects.append((change, bytes))
        rejectsBytes += bytes?.count ?? 0
    }

    /// Appends the rejected records that are durable in the log to their files in quarantine.
    func writeRejects(_ quarantine: Quarantine) throws(SystemError) {
        while let (change, bytes) = rejects.first {
            let reason = change.reason ?? .readError  // only rejected changes are in `rejects`
            if rejectsFiles[reason] == nil { rejectsFiles[reason] = try quarantine.rejects(of: change) }
            try rejectsFiles[reason]?.add(change, bytes: bytes)
            rejects.removeFirst()
            rejectsBytes -= bytes?.count ?? 0
        }
    }

    /// Makes the rejected records in quarantine durable.
    func syncRejects() throws(SystemError) {
        for file in rejectsFiles.values { try file.sync() }
    }
}
