import Logging
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// Brings the store in step with the log: the log is the truth, the store is a view that can be made again.
struct StoreOpening {
    private let directory: DataDirectory
    private let logger: Logger

    private static let batchCount = 1_000
    private static let batchBytes = 16 << 20

    init(_ directory: DataDirectory, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// Opens the store and applies what it lacks; makes it anew when it is not a view of this log.
    func open(for reader: LogReader) throws -> Store {
        do {
            let store = try Store(path: directory.store, log: reader.log)
            if try isView(store, of: reader) {
                try apply(reader, to: store) { _ in }
                return store
            }
            try store.close()
            logger.notice("the store has changes that the log does not have: it is made again from the log")
        } catch let error as StoreError where error.code == .unusable {
            logger.notice(
                "the store cannot be used and is made again from the log", metadata: ["reason": "\(error)"])
        }
        return try rebuild(from: reader) { _ in }
    }

    /// Makes the store again from the first change on, beside the old one, and puts it in its place.
    ///
    /// - Parameter progress: told the last sequence that was applied.
    func rebuild(from reader: LogReader, progress: (SequenceNumber) -> Void) throws -> Store {
        let temporary = directory.store + ".rebuild"
        try remove(temporary)
        do {
            let store = try Store(path: temporary, log: reader.log)
            try apply(reader, to: store, progress: progress)
            try store.checkpoint()
            try store.close()
        }
        // The write-ahead log of the old store must not meet the new one.
        try remove(directory.store)
        try Durable.rename(temporary, directory.store)
        try remove(temporary)
        return try Store(path: directory.store, log: reader.log)
    }

    /// Whether the last change that the store has applied stands in the log under the same cursor.
    private func isView(_ store: Store, of reader: LogReader) throws -> Bool {
        guard store.applied > .none else { return true }
        guard let cursor = try reader.cursor(of: store.applied) else { return false }
        return try store.appliedEpoch() == cursor.epoch
    }

    private func apply(_ reader: LogReader, to store: Store, progress: (SequenceNumber) -> Void) throws {
        while true {
            let located = try reader.entries(
                after: store.applied, limit: Self.batchCount, maxBytes: Self.batchBytes)
            guard let last = located.last else { return }
            let changes = try located.map { place in
                let line = try reader.read(
                    segment: place.segment, offset: place.entry.offset, count: place.entry.layout.length)
                return try change(line, place)
            }
            try store.apply(changes)
            progress(last.sequence)
        }
    }

    private func change(_ line: [UInt8], _ place: LocatedEntry) throws -> Change {
        do {
            return try Change(line: line)
        } catch {
            throw SijillError(
                .damaged,
                "\(directory.segment(place.segment)) is damaged at byte \(place.entry.offset): \(error)",
                remedy: "run 'sijilld check'")
        }
    }

    private func remove(_ path: String) throws {
        for file in Store.files(path: path) { try Durable.remove(file) }
    }
}
