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

    /// Reads and verifies on one task while the other writes: whatever has come in the meantime is the next batch.
    private func copy(_ client: SijillClient, to mirror: Mirror, _ report: MirrorReport) async throws {
        let start = mirror.tip.flatMap { LogStart($0.description) } ?? .after(sequence: 0)
        let changes = once ? client.replay(since: start) : client.changes(since: start)
        let lines = LineQueue()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { lines.finish() }
                do {
                    for try await batch in changes.batches() {
                        await lines.put(try batch.changes.map(Mirror.line))
                    }
                } catch is CancellationError {
                    // What is in the queue is written still.
                }
            }
            group.addTask {
                let isIdle = { lines.isEmpty && !Task.isCancelled }
                try mirror.index(whileIdle: isIdle)
                while let batch = await lines.take() {
                    try mirror.apply(batch)
                    try report.moved(mirror)
                    try mirror.index(whileIdle: isIdle)
                }
            }
            do {
                while try await group.next() != nil {}
            } catch {
                // The other one may wait at the queue.
                lines.finish()
                group.cancelAll()
                throw error
            }
        }
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
