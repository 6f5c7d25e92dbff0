import Logging
import ServiceLifecycle
import SijillFeed
import SijillFormat
import SijillLog
import SijillStore
import SijillTesting

/// A real log and store behind a real server, which can be stopped and started again on its port.
///
/// `@unchecked Sendable`: a test uses it from one task at a time, or from a callback that the task waits for.
final class LiveLog: @unchecked Sendable {
    let directory: TemporaryDirectory
    private(set) var log: ChangeLog
    private var store: Store
    private var maker = ArticleMaker(seed: 11)
    private(set) var changes: [Change] = []
    /// Below those that the kernel gives to outgoing connections: one of them could take it while the server is away.
    private(set) var port = Int.random(in: 12_000..<32_000)
    private var serving: (group: ServiceGroup, task: Task<Void, any Error>)?

    init() throws {
        directory = try TemporaryDirectory()
        log = try ChangeLog(DataDirectory(directory.path))
        store = try Store(path: DataDirectory(directory.path).store, log: log.id)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Lines as they stand in the log, without newlines.
    var lines: [[UInt8]] { changes.map { $0.encoded().line.dropLast() } }

    /// Commits and announces `count` new articles.
    func add(_ count: Int, words: Int = 30) throws {
        let entries = (0..<count).map { _ in
            let content = maker.content(words: words)
            let original = content.text!
            let digest = Digest.of(original)
            let encoded = EncodedContent(content)
            let added = Added(
                article: ArticleID(digest.high),
                file: FileRecord(
                    name: "خبر.txt", source: "default", bytes: UInt64(original.count), sha256: digest,
                    format: "text", inode: 9),
                digests: ArticleDigests(canonical: nil, text: digest, content: encoded.digest), words: 30,
                cluster: ArticleID(digest.high))
            return ChangeLog.Entry(
                record: .added(added), content: content, encoded: encoded, original: original)
        }
        let committed = try log.commit(entries, now: Timestamp(milliseconds: 1_795_000_000_000))
        try store.apply(committed)
        log.announce()
        changes += committed
    }

    /// Starts the server, on the port it had before if there was one.
    ///
    /// A child process of another suite holds a copy of the old socket between fork and exec: then it tries again.
    func start() async throws {
        for _ in 0..<200 {
            do {
                return try await listen()
            } catch let error as SijillError where error.code == .unavailable {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await listen()
    }

    private func listen() async throws {
        let (addresses, continuation) = AsyncStream.makeStream(of: FeedConfiguration.Address.self)
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        var configuration = FeedConfiguration(address: .host("127.0.0.1", port: port))
        configuration.consumers = try ConsumerStore(path: DataDirectory(directory.path).consumers)
        let server = FeedServer(
            reader: log.reader, store: store, configuration: configuration, health: { .ready },
            logger: quiet, onListening: { continuation.yield($0) })
        let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
        let task = Task {
            defer { continuation.finish() }
            try await group.run()
        }
        serving = (group, task)
        for await case .host(_, let bound) in addresses {
            port = bound
            return
        }
        try await task.value
    }

    /// Stops the server; the log is opened anew, as a daemon that starts again does.
    func stop() async throws {
        guard let (group, task) = serving else { return }
        serving = nil
        await group.triggerGracefulShutdown()
        try await task.value
        try log.close()
        log = try ChangeLog(DataDirectory(directory.path))
        log.announce()
    }
}
