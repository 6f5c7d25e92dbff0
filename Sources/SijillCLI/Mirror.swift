import Sijill
import SijillFiles
import SijillFormat
import SijillLog
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

/// Verified lines on their way from the task that reads to the one that writes: what waits is taken together. Bounded,
/// so that a slow disk slows the reading.
final class LineQueue: Sendable {
    private struct State {
        var lines: [MirrorLog.Line] = []
        var bytes = 0
        var isFinished = false
        var taker: CheckedContinuation<Void, Never>?
        var putter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let bytesMax = 32 << 20

    /// Adds lines; waits while too many bytes are waiting.
    func put(_ lines: [MirrorLog.Line]) async {
        guard !lines.isEmpty else { return }
        let taker = state.withLock { state in
            state.lines += lines
            state.bytes += lines.reduce(0) { $0 + $1.bytes.count }
            return state.taker.take()
        }
        taker?.resume()
        await withCheckedContinuation { continuation in
            let isFull = state.withLock { state in
                if state.bytes <= bytesMax || state.isFinished { return false }
                state.putter = continuation
                return true
            }
            if !isFull { continuation.resume() }
        }
    }

    var isEmpty: Bool { state.withLock { $0.lines.isEmpty } }

    /// All lines that wait, at least one; nil when there will be no more.
    func take() async -> [MirrorLog.Line]? {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.lines.isEmpty || state.isFinished { return false }
                state.taker = continuation
                return true
            }
            if !isEmpty { continuation.resume() }
        }
        let (lines, putter) = state.withLock { state in
            let lines = state.lines
            state.lines = []
            state.bytes = 0
            return (lines, state.putter.take())
        }
        putter?.resume()
        return lines.isEmpty ? nil : lines
    }

    /// No more lines come, or none are taken any more. Wakes both sides.
    func finish() {
        let (taker, putter) = state.withLock { state in
            state.isFinished = true
            return (state.taker.take(), state.putter.take())
        }
        taker?.resume()
        putter?.resume()
    }
}
