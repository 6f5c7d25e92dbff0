import Sijill
import SijillFiles
import SijillFormat
import SijillLog
import SijillMerkle
import SijillStore
import Synchronization

/// A copy of a log and its store in a directory of its own. Holds the directory's lock.
///
/// `@unchecked Sendable`: it is written by one task at a time, that of `MirrorCommand.copy`.
final class Mirror: @unchecked Sendable {
    let directory: DataDirectory
    private let lock: DirectoryLock
    private let log: MirrorLog
    private let store: Store
    private let tree: MirrorTree
    /// What is known of the source from before.
    let known: CheckpointStore
    /// A checkpoint of the source that covers more than the copy has.
    private var awaited: ServerVerification.Verified?

    private static let batchCount = 1_000
    private static let batchBytes = 16 << 20
    private static let indexStep = Duration.milliseconds(50)
    private static let mergePages = 64

    /// Opens the copy of the log `source`, or makes an empty one, and brings its store in step with its log.
    ///
    /// - Throws: `SijillError`, `SystemError`, `StoreError`.
    init(_ directory: DataDirectory, source: String) throws {
        guard let source = LogID(source) else {
            throw SijillError(.damaged, "'\(source.escapedForDisplay)' is no id of a log")
        }
        try Durable.createDirectory(directory.root)
        self.directory = directory
        lock = try DirectoryLock(directory)
        log = try MirrorLog(directory, source: source)
        store = try Self.openStore(directory, log.reader)
        tree = try MirrorTree(directory, reader: log.reader)
        known = CheckpointStore(folder: directory.verified)
        if File.exists(directory.erasing) { try erase(try erasures()) }
    }

    var id: LogID { log.id }
    /// The last change that is durable and in the store.
    var tip: Cursor? { log.tip }
    var cutBytes: UInt64 { log.cutBytes }

    /// A change of the source as the mirror writes it. Verifies all that the line says about itself.
    static func line(_ change: LogChange) throws -> MirrorLog.Line {
        do {
            return try MirrorLog.Line(change.line + [UInt8(ascii: "\n")])
        } catch {
            throw SijillError(
                .damaged, "the source sent change \(change.cursor), which is not whole: \(error)",
                remedy: "run 'sijilld check' there")
        }
    }

    /// The one place where changes of the source become part of the copy: durable in the log, said so in its state,
    /// written to the store. In this order, so that a copy that is killed in between has a store that is behind its
    /// log, and never one that is ahead.
    func apply(_ lines: [MirrorLog.Line]) throws {
        for start in stride(from: 0, to: lines.count, by: Self.batchCount) {
            let batch = Array(lines[start..<min(start + Self.batchCount, lines.count)])
            let erased = batch.compactMap(\.erasing)
            // The marker says to the next start, should this one be killed, that there is something to erase.
            if !erased.isEmpty { try Durable.replace(directory.erasing, []) }
            let changes = try log.append(batch) { _, bytes in bytes >= UInt64(Limits.segmentBytes) }
            try log.publish()
            try store.apply(changes)
            if !erased.isEmpty { try erase(erased) }
        }
    }

    /// Holds the copy against a checkpoint that the source has signed, now or as soon as it has all that it covers.
    ///
    /// - Throws: `SijillError` when the copy is not what the source signs; both checkpoints are kept then.
    func hold(against verified: ServerVerification.Verified, _ verification: ServerVerification) throws {
        awaited = verified
        try holdAgainstAwaited(verification)
    }

    /// The same with a checkpoint that came before its changes.
    func holdAgainstAwaited(_ verification: ServerVerification) throws {
        guard let verified = awaited, verified.checkpoint.size <= log.tip?.sequence.value ?? 0 else { return }
        awaited = nil
        do {
            try tree.take(verified.checkpoint.note)
        } catch let error as EvidenceError {
            try verification.reject(verified.checkpoint.note, verified.old)
            throw SijillError(
                .checkFailed, "the source contradicts itself: \(error)",
                remedy: "both checkpoints are kept in \(known.folder); ask whoever runs the source")
        }
        try known.keep(verified.checkpoint, keys: verified.keys)
    }

    /// Changes that are held against a signature.
    var verifiedSize: UInt64 { tree.size }

    /// Lets search find what was applied, for as long as `isIdle` says that there is nothing better to do, but a little
    /// in any case.
    func index(whileIdle isIdle: () -> Bool) throws {
        var isBehind = true
        repeat { isBehind = try store.indexTexts(for: Self.indexStep).isBehind } while isBehind && isIdle()
        guard !isBehind else { return }
        while isIdle(), try store.mergeSearchIndex(pages: Self.mergePages).more {}
    }

    /// Erases here what a withdrawal of the source erased there. May be repeated.
    private func erase(_ withdrawals: [Withdrawn]) throws {
        let eraser = try LogEraser(directory)
        for withdrawn in withdrawals { try eraser.erase(withdrawn) }
        do {
            try store.purge()
        } catch let error as StoreError where error.code == .blocked {
            // A reader keeps an older state of the store; the marker stays, and the next start does it again.
            return
        }
        try Durable.remove(directory.erasing)
        try Durable.syncDirectory(directory.log)
    }

    /// All that erase in the log.
    private func erasures() throws -> [Withdrawn] {
        try store.erasures().compactMap { sequence in
            try log.reader.line(of: sequence).flatMap { try? MirrorLog.Line($0).erasing }
        }
    }

    func close() throws {
        try log.publish()
        try store.checkpoint()
        try store.close()
    }

    // MARK: The store

    /// Opens the store and applies what it lacks; makes it anew when it is no view of this log.
    private static func openStore(_ directory: DataDirectory, _ reader: LogReader) throws -> Store {
        do {
            let store = try Store(path: directory.store, log: reader.log)
            if try isView(store, of: reader) {
                try catchUp(store, with: reader)
                return store
            }
            try store.close()
        } catch let error as StoreError where error.code == .unusable {
            Terminal.error.write("sijill: \(error.message); it is made again from the log\n")
        }
        for file in Store.files(path: directory.store) { try Durable.remove(file) }
        let store = try Store(path: directory.store, log: reader.log)
        try catchUp(store, with: reader)
        return store
    }

    /// Whether the last change that the store has applied stands in the log under the same cursor.
    private static func isView(_ store: Store, of reader: LogReader) throws -> Bool {
        guard store.applied > .none else { return true }
        guard let cursor = try reader.cursor(of: store.applied) else { return false }
        return try store.appliedEpoch() == cursor.epoch
    }

    private static func catchUp(_ store: Store, with reader: LogReader) throws {
        while true {
            let located = try reader.entries(after: store.applied, limit: batchCount, maxBytes: batchBytes)
            if located.isEmpty { return }
            try store.apply(
                try located.map { place in
                    let line = try reader.read(
                        segment: place.segment, offset: place.entry.offset, count: place.entry.layout.length)
                    do {
                        return try Change(line: line)
                    } catch {
                        throw SijillError(
                            .damaged, "change \(place.sequence) cannot be read: \(error)",
                            remedy: "run 'sijilld check'")
                    }
                })
        }
    }
}

extension MirrorLog.Line {
    /// The withdrawal that this is, when it erases.
    fileprivate var erasing: Withdrawn? {
        guard case .withdrawn(let withdrawn) = change.record, withdrawn.erases else { return nil }
        return withdrawn
    }
}

extension StoreError: Endable {
    var line: String { description.escapedForDisplay }
    var exitCode: EndCode { sijillError.code }
}
