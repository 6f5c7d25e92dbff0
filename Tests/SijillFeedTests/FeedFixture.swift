import Hummingbird
import HummingbirdTesting
import Logging
import SijillFormat
import SijillLog
import SijillStore
import SijillTesting
import Synchronization

@testable import SijillFeed

/// A real log and a real store in a directory of their own, and the feed over them.
final class FeedFixture {
    let directory: TemporaryDirectory
    private(set) var log: ChangeLog
    let store: Store
    private var maker = ArticleMaker(seed: 7)
    private(set) var changes: [Change] = []

    init() throws {
        directory = try TemporaryDirectory()
        log = try ChangeLog(DataDirectory(directory.path))
        store = try Store(path: DataDirectory(directory.path).store, log: log.id)
    }

    var reader: LogReader { log.reader }

    /// The lines as they stand in the log, each with its newline.
    var lines: [[UInt8]] { changes.map { $0.encoded().line } }

    /// Commits and announces `count` new articles in one batch, and returns them.
    @discardableResult
    func add(_ count: Int, words: Int = 40, at time: UInt64 = 1_795_000_000_000) throws -> [Change] {
        try commit((0..<count).map { _ in entry(maker.content(words: words)) }, at: time)
    }

    @discardableResult
    func commit(_ entries: [ChangeLog.Entry], at time: UInt64 = 1_795_000_000_000) throws -> [Change] {
        let committed = try log.commit(entries, now: Timestamp(milliseconds: time))
        try store.apply(committed)
        log.announce()
        changes += committed
        return committed
    }

    /// An article whose original is its own name and text.
    func entry(_ content: Content, name: String = "خبر.txt", source: String = "default") -> ChangeLog.Entry {
        let original = content.text ?? []
        let digest = Digest.of(original)
        let encoded = EncodedContent(content)
        let article = ArticleID(digest.high)
        let record = Record.added(
            Added(
                article: article,
                file: FileRecord(
                    name: name, source: source, bytes: UInt64(original.count), sha256: digest,
                    encoding: "utf-8",
                    format: "text", inode: 42),
                digests: ArticleDigests(canonical: nil, text: digest, content: encoded.digest),
                words: 40, cluster: article))
        return ChangeLog.Entry(record: record, content: content, encoded: encoded, original: original)
    }

    /// Seals what was committed so far: an unclean end, whose recovery begins a new segment.
    func seal() throws {
        try log.writeState()
        let last = try add(1)
        log = try ChangeLog(DataDirectory(directory.path))
        precondition(log.tip == last[0].cursor && reader.segments.count > 1)
        log.announce()
    }

    func server(
        heartbeat: Duration = .seconds(15), health: @escaping @Sendable () -> Health = { .ready }
    ) -> FeedServer {
        var configuration = FeedConfiguration(address: .host("127.0.0.1", port: 0))
        configuration.heartbeat = heartbeat
        return FeedServer(
            reader: reader, store: store, configuration: configuration, health: health,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Runs `body` with a client of the feed, over a real socket: the event loop that tests without one use loses
    /// jobs now and then, and a body of several pieces then waits for ever.
    func test(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        try await server().application.test(.live, body)
    }
}

extension TestClientProtocol {
    func get(_ uri: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await execute(uri: uri, method: .get, headers: headers) { $0 }
    }

    /// A page as raw lines.
    func lines(_ uri: String) async throws -> TestResponse {
        try await get(uri, [.accept: "application/x-ndjson"])
    }
}

extension TestResponse {
    var bytes: [UInt8] { Array(buffer: body) }

    /// The body as JSON; null when it is none.
    var json: JSONValue { (try? JSONParser.parse(bytes)) ?? .null }

    /// The last part of a problem's type.
    var problem: String? { json["type"]?.text?.split(separator: ":").last.map(String.init) }
}
