import ArgumentParser
import Sijill
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijill mirror`: a full copy of log and store.
struct MirrorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Keep a full copy of the log and its store in a directory.",
        discussion: """
            Every line is verified and written as it stands, so the copy has the same bytes and the same cursors. It \
            may be killed at any moment and goes on where it was. 'sijilld --read-only --data DIR' serves the copy, \
            also while this runs, and 'sijilld check --data DIR' verifies it; the copy can be mirrored again.

            The copy is held against the checkpoints that the source signs, and shows them with tiles and proofs of its \
            own. Without --key the key that the source names is trusted the first time. A source that contradicts what \
            it signed before, or signs another log than it sends, ends the mirror with exit code 1; both checkpoints are \
            kept in DIR/verified.

            The originals, the files as they arrived, are not mirrored: for them ask the source.

            Ends with Ctrl-C or SIGTERM, with exit code 0, when what is in hand is durable.
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "The directory of the copy; made when it is not there.", completion: .directory)
    var directory: String

    @Flag(help: "End when the copy has reached the end that the log has now.")
    var once = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Option(help: "Verifier key of the log: what 'sijilld key show' prints.")
    var key: String?

    @OptionGroup var patience: PatienceOptions

    func run() async throws {
        let client = try patience.client(server)
        do {
            try await untilInterrupted {
                let status = try await client.statusWhenReachable()
                let mirror = try Mirror(DataDirectory(directory), source: status.log)
                let report = MirrorReport(isJSON: json, tip: once ? status.tip?.sequence : nil)
                try report.begin(mirror, source: client.url)
                try await copy(client, to: mirror, report)
                try report.end(mirror)
                try mirror.close()
                try Task.checkCancellation()
            }
        } catch is Interruption {
            // Whoever lets it follow has to end it. With --once the copy is not what was asked for.
            if once { throw Interruption() }
        }
    }

    /// Copies, and holds the source against what it has signed before, all the while.
    private func copy(_ client: SijillClient, to mirror: Mirror, _ report: MirrorReport) async throws {
        let queue = MirrorQueue()
        var source = SourceWatch(client, mirror, key: key)
        // Of what the source has now, so that a copy that ends is held against a signature too.
        if let first = try await source.newer() { try mirror.hold(against: first, source.verification) }
        let watch = source
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await copyLines(client, to: mirror, queue, watch.verification, report)
                    return true
                }
                group.addTask {
                    var watch = watch
                    try await watch.run(into: queue)
                    return false
                }
                while let isCopied = try await group.next() {
                    if isCopied { group.cancelAll() }
                }
            }
        } catch let error as SijillClientError where error.code != .evidence {
            // A log that was rewritten breaks off in other ways too.
            _ = try await source.newer()
            throw error
        }
    }

    /// Reads and verifies on one task while the other writes: whatever has come in the meantime is the next batch.
    private func copyLines(
        _ client: SijillClient, to mirror: Mirror, _ queue: MirrorQueue, _ verification: ServerVerification,
        _ report: MirrorReport
    ) async throws {
        let start = mirror.tip.flatMap { LogStart($0.description) } ?? .after(sequence: 0)
        let changes = once ? client.replay(since: start) : client.changes(since: start)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { queue.finish() }
                do {
                    for try await batch in changes.batches() {
                        await queue.put(try batch.changes.map(Mirror.line))
                    }
                } catch is CancellationError {
                    // What is in the queue is written still.
                }
            }
            group.addTask {
                let isIdle = { queue.isEmpty && !Task.isCancelled }
                try mirror.index(whileIdle: isIdle)
                while let taken = await queue.take() {
                    try mirror.apply(taken.lines)
                    if let checkpoint = taken.checkpoint {
                        try mirror.hold(against: checkpoint, verification)
                    } else {
                        try mirror.holdAgainstAwaited(verification)
                    }
                    try report.moved(mirror)
                    try mirror.index(whileIdle: isIdle)
                }
            }
            do {
                while try await group.next() != nil {}
            } catch {
                // The other one may wait at the queue.
                queue.finish()
                group.cancelAll()
                throw error
            }
        }
    }
}

/// Asks the source of a mirror for its newest checkpoint, again and again.
struct SourceWatch {
    private(set) var verification: ServerVerification
    private let client: SijillClient
    private let known: CheckpointStore
    private var size: UInt64?
    private var hasSaidNone = false

    /// While there are changes that no checkpoint covers yet; a daemon signs within a second.
    private static let shortPause = Duration.seconds(1)
    private static let longPause = Duration.seconds(10)

    init(_ client: SijillClient, _ mirror: Mirror, key: String?) {
        self.client = client
        known = mirror.known
        verification = ServerVerification(client: client, store: known, key: key)
    }

    /// Until the task is cancelled.
    ///
    /// - Throws: `SijillClientError` `.evidence`, both checkpoints shown and kept, when the source contradicts what it
    ///   signed before.
    mutating func run(into queue: MirrorQueue) async throws {
        while !Task.isCancelled {
            let isBehind = queue.lastSequence > size ?? 0
            do { try await Task.sleep(for: isBehind ? Self.shortPause : Self.longPause) } catch { return }
            if let newer = try await newer() { queue.put(newer) }
        }
    }

    /// A checkpoint that was not seen yet; nil when there is none now. A source that cannot be reached is asked later.
    mutating func newer() async throws -> ServerVerification.Verified? {
        do {
            if try verification.key == nil && known.keys.isEmpty {
                guard let claimed = try await client.claimedKey() else { return try sayNone() }
                Terminal.error.write(
                    "sijill: trusting the key that the source names, as there is none from before: \(claimed)\n"
                )
                verification = ServerVerification(client: client, store: known, key: claimed)
            }
            let verified = try await verification.newest()
            guard verified.checkpoint.size != size else { return nil }
            size = verified.checkpoint.size
            return verified
        } catch let error as SijillClientError where error.code != .evidence {
            if error.code == .notFound, try known.checkpoint != nil { throw error }
            return nil
        } catch is CancellationError {
            return nil
        }
    }

    private mutating func sayNone() throws -> ServerVerification.Verified? {
        if !hasSaidNone {
            Terminal.error.write("sijill: the source shows no checkpoint; its signature is not verified\n")
        }
        hasSaidNone = true
        return nil
    }
}

/// What is said while it goes on: a bar on a terminal, lines elsewhere.
final class MirrorReport: @unchecked Sendable {
    // Invariant: used by the task that writes only, or before and after it runs.
    private let isJSON: Bool
    private var bar: ProgressBar?
    private let tip: UInt64?
    private var written = ContinuousClock.now
    private var writtenSequence: UInt64 = 0

    /// At most this often a line is printed while there is much to do.
    private static let interval = Duration.seconds(5)

    /// - Parameter tip: where it ends, when it does.
    init(isJSON: Bool, tip: UInt64?) {
        self.isJSON = isJSON
        self.tip = tip
    }

    func begin(_ mirror: Mirror, source: String) throws {
        if !isJSON {
            try line("mirroring \(mirror.id) of \(source) into \(mirror.directory.root.escapedForDisplay)")
            try line("originals are not mirrored; ask the source for them")
            if mirror.cutBytes > 0 { try line("cut \(mirror.cutBytes) bytes that were not complete") }
        }
        writtenSequence = mirror.tip?.sequence.value ?? 0
        if let tip { bar = ProgressBar(from: writtenSequence, total: tip) }
    }

    func moved(_ mirror: Mirror) throws {
        bar?.set(mirror.tip?.sequence.value ?? 0)
        guard ContinuousClock.now - written >= Self.interval else { return }
        try say(mirror)
    }

    func end(_ mirror: Mirror) throws {
        bar?.clear()
        try say(mirror)
    }

    private func say(_ mirror: Mirror) throws {
        let sequence = mirror.tip?.sequence.value ?? 0
        let cursor = mirror.tip?.description ?? "0"
        written = .now
        if isJSON {
            try line(
                #"{"log":"\#(mirror.id)","tip":"\#(cursor)","sequence":\#(sequence),"#
                    + #""new":\#(sequence - writtenSequence)}"#)
        } else {
            try line("at \(cursor), \(sequence - writtenSequence) changes new")
        }
        writtenSequence = sequence
    }

    private func line(_ text: String) throws { try Terminal.output.write(Array((text + "\n").utf8)) }
}
