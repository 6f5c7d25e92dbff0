import SijillFormat
import SijillTesting
import Testing

@testable import Sijill

/// The client against a real server.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ClientTests {
    @Test("A replay gives every change once, with the bytes of the log, and ends at the tip")
    func replay() async throws {
        let live = try LiveLog()
        try await live.start()
        let client = try SijillClient(url: live.url)
        #expect(try await Self.lines(client.replay()).isEmpty)
        // More than one page.
        for _ in 0..<2 { try live.add(60, words: 4_000) }
        #expect(try await Self.lines(client.replay()) == live.lines)
        let cursor = LogCursor(live.changes[90].cursor)
        #expect(try await Self.lines(client.replay(since: .after(cursor))) == Array(live.lines[91...]))
        #expect(try await Self.lines(client.replay(since: .now)).isEmpty)
        try await live.stop()
    }

    @Test("A replay without text or content has the same cursors")
    func omissions() async throws {
        let live = try LiveLog()
        try live.add(5)
        try await live.start()
        let client = try SijillClient(url: live.url)
        for (omission, hasTitle) in [(Omission.text, true), (.content, false)] {
            var cursors: [String] = []
            for try await change in client.replay(omitting: omission) {
                let decoded = try change.decoded()
                #expect(decoded.text == nil)
                #expect((decoded.title != nil) == hasTitle)
                #expect(decoded.kind == .added)
                #expect(decoded.file.name == "خبر.txt")
                cursors.append(change.cursor.description)
            }
            #expect(cursors == live.changes.map(\.cursor.description))
        }
        try await live.stop()
    }

    @Test("Following over restarts of the server gives every change once and in order")
    func resume() async throws {
        let live = try LiveLog()
        try live.add(3)
        try await live.start()
        var iterator = try SijillClient(url: live.url).changes().makeAsyncIterator()
        var received: [[UInt8]] = []
        for round in 0..<4 {
            while received.count < live.lines.count {
                received.append(try #require(try await iterator.next()).line)
            }
            #expect(received == live.lines, "round \(round)")
            try await live.stop()
            try live.add(2)
            try await live.start()
            try live.add(1)
        }
        while received.count < live.lines.count {
            received.append(try #require(try await iterator.next()).line)
        }
        #expect(received == live.lines)
        try await live.stop()
    }

    @Test(
        "Batches come with the place to go on from, the first before any change, and lost connections pause by the clock"
    )
    func batches() async throws {
        let live = try LiveLog()
        try live.add(3)
        try await live.start()
        var client = try SijillClient(url: live.url)
        let pauses = Pauses()
        client.reconnection.jitter = { 1 }
        client.reconnection.sleep = { await pauses.add($0, restarting: live) }
        var iterator = client.changes(since: .now).batches().makeAsyncIterator()
        let first = try #require(try await iterator.next())
        #expect(first.changes.isEmpty)
        #expect(first.next == .after(LogCursor(live.changes[2].cursor)))
        try live.add(40)
        var received: [[UInt8]] = []
        var next = first.next
        while received.count < 40 {
            let batch = try #require(try await iterator.next())
            received += batch.changes.map(\.line)
            next = batch.next
        }
        #expect(received == Array(live.lines[3...]))
        #expect(next == .after(LogCursor(live.changes[42].cursor)))
        // The server goes away; the third pause is long enough for it to come back.
        try await live.stop()
        try live.add(1)
        let after = try #require(try await iterator.next())
        #expect(after.changes.map(\.line) == [live.lines[43]])
        let waited = await pauses.all
        #expect(waited == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        try await live.stop()
    }

    @Test("A cursor that the log does not have is an error of its own kind, with the tip")
    func cursors() async throws {
        let live = try LiveLog()
        try live.add(2)
        try await live.start()
        let client = try SijillClient(url: live.url)
        let tip = LogCursor(live.changes[1].cursor)
        for (cursor, code) in [
            ("0000000000000009-zzzzzzzz", SijillClientError.Code.cursorAhead),
            ("0000000000000001-zzzzzzzz", .cursorDiverged),
        ] {
            let changes = client.changes(since: .after(try #require(LogCursor(cursor))))
            let error = await #expect(throws: SijillClientError.self) { for try await _ in changes {} }
            #expect(error?.code == code)
            #expect(error?.tip == tip)
            #expect(error?.status == 409)
        }
        let error = await #expect(throws: SijillClientError.self) { try await client.page(limit: 0) }
        #expect(error?.code == .badRequest)
        let page = try await client.page(since: .after(sequence: 1), limit: 1)
        #expect(page.changes.map(\.cursor) == [tip])
        #expect(page.next == .after(tip))
        try await live.stop()
    }

    @Test("Status, article and original say what the log holds")
    func articles() async throws {
        let live = try LiveLog()
        try live.add(1)
        try await live.start()
        let client = try SijillClient(url: live.url)
        let status = try await client.status()
        #expect(status.log == live.log.id.description)
        #expect(status.tip == LogCursor(live.changes[0].cursor))
        #expect(status.articlesCount == 1)
        let id = try #require(live.changes[0].record.article).description
        let article = try await client.article(id)
        #expect(article.title == live.changes[0].content.title)
        var bytes: [UInt8] = []
        let original = try await client.original(of: id)
        #expect(original.sha256 == live.changes[0].record.file.sha256?.hex)
        for try await piece in original { bytes += piece }
        #expect(bytes == live.changes[0].content.text)
        let error = await #expect(throws: SijillClientError.self) { try await client.article("nothing") }
        #expect(error?.code == .notFound)
        try await live.stop()
    }

    @Test("A server that is not there is said so at once")
    func unreachable() async throws {
        let live = try LiveLog()
        try await live.start()
        let url = live.url
        try await live.stop()
        let client = try SijillClient(url: url)
        let error = await #expect(throws: SijillClientError.self) { try await client.status() }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains(url) == true)
        let following = await #expect(throws: SijillClientError.self) {
            for try await _ in client.changes() {}
        }
        #expect(following?.code == .unreachable)
    }

    @Test("Cancelling the task ends a follower that waits")
    func cancellation() async throws {
        let live = try LiveLog()
        try live.add(1)
        try await live.start()
        let changes = try SijillClient(url: live.url).changes()
        let (seen, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for try await _ in changes { continuation.yield() }
        }
        for await _ in seen { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await live.stop()
    }

    @Test("URLs that no log can be at are refused")
    func urls() throws {
        for url in [
            "", "localhost:8750", "ftp://localhost", "http://", "http://host/path", "http://a b",
            "unix:relative",
        ] {
            let error = #expect(throws: SijillClientError.self, "\(url)") { try SijillClient(url: url) }
            #expect(error?.code == .invalidURL)
        }
        for url in [
            "http://localhost:8750/", "https://log.example.org", "http://[::1]:8750", "unix:/run/sijill.sock",
        ] {
            #expect(throws: Never.self, "\(url)") { try SijillClient(url: url) }
        }
    }

    private static func lines(_ changes: Changes) async throws -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for try await change in changes { lines.append(change.line) }
        return lines
    }
}

/// The clock of a client: what it was asked to sleep, and a server that comes back in the third pause.
private actor Pauses {
    private(set) var all: [Duration] = []

    func add(_ pause: Duration, restarting live: LiveLog) async {
        all.append(pause)
        if all.count == 3 { try? await live.start() }
    }
}
