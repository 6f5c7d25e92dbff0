import Glibc
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SijillFormat
import SijillTesting
import Synchronization
import Testing

@testable import SijillFeed

private let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// Over real sockets: streams, large pages, shutdown, addresses.
@Suite(.serialized) struct ServerTests {
    /// Runs the server while `body` runs, which gets its port, then shuts it down gracefully.
    private func serving(
        _ server: (@escaping @Sendable (FeedConfiguration.Address) -> Void) -> FeedServer,
        _ body: (FeedConfiguration.Address, ServiceGroup) async throws -> Void
    ) async throws {
        let (addresses, continuation) = AsyncStream.makeStream(of: FeedConfiguration.Address.self)
        let feed = server { continuation.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: [feed], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = addresses.makeAsyncIterator()
            let address = try #require(await iterator.next())
            try await body(address, group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func feed(
        _ fixture: FeedFixture, address: FeedConfiguration.Address = .host("127.0.0.1", port: 0),
        heartbeat: Duration = .seconds(15), stallMax: Duration = .seconds(60),
        onListening: @escaping @Sendable (FeedConfiguration.Address) -> Void = { _ in }
    ) -> FeedServer {
        var configuration = FeedConfiguration(address: address)
        configuration.heartbeat = heartbeat
        configuration.stallMax = stallMax
        return FeedServer(
            reader: fixture.reader, store: fixture.store, configuration: configuration, health: { .ready },
            logger: quiet, onListening: onListening)
    }

    @Test("A page of many pieces arrives byte for byte, as lines and as an array, with its length")
    func largePage() async throws {
        let fixture = try FeedFixture()
        try fixture.add(300, words: 4_000)
        let expected = fixture.lines.flatMap(\.self)
        #expect(expected.count > 8 * FeedLimits.pieceBytes)
        let app = feed(fixture).application
        try await app.test(.live) { client in
            let page = try await client.lines("/v1/changes?limit=1000&max_bytes=\(64 << 20)")
            #expect(page.bytes == expected)
            #expect(page.headers[.contentLength] == String(expected.count))
            let array = try await client.get("/v1/changes?limit=1000&max_bytes=\(64 << 20)")
            guard case .array(let elements) = array.json else {
                Issue.record("no array")
                return
            }
            #expect(elements.count == 300)
            let head = try await client.execute(
                uri: "/v1/changes?limit=1000&max_bytes=\(64 << 20)", method: .head,
                headers: [.accept: "application/x-ndjson"]
            ) { $0 }
            #expect(head.headers[.contentLength] == String(expected.count))
            #expect(head.bytes.isEmpty)
        }
    }

    @Test("A long segment, a range of it and a long original come from their files, byte for byte")
    func files() async throws {
        let fixture = try FeedFixture()
        try fixture.add(300, words: 4_000)
        let long = try fixture.add(1, words: 20_000)[0]
        let log = fixture.lines.flatMap(\.self)
        try fixture.seal()
        #expect(log.count > 3 * FeedLimits.filePartBytes)
        let original = long.content.text ?? []
        #expect(original.count > FeedLimits.fileBytesMin)
        try await serving {
            feed(fixture, onListening: $0)
        } _: { address, _ in
            // One that goes away while it is sent a file takes nothing from the others.
            let gone = try await Raw.connect(address, receiveBuffer: 4_096)
            try await gone.send("GET /v1/segments/\(segment).ndjson HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try await gone.close()
            let connection = try await Raw.connect(address)
            for _ in 0..<2 {
                let whole = try await connection.answer(to: "/v1/segments/\(segment).ndjson", log.count)
                #expect(whole.head.hasPrefix("HTTP/1.1 200"))
                #expect(whole.body == log)
                let range = 100..<(FeedLimits.filePartBytes + 200_000)
                let part = try await connection.answer(
                    to: "/v1/segments/\(segment).ndjson", range.count,
                    "Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)\r\n")
                #expect(part.head.hasPrefix("HTTP/1.1 206"))
                #expect(part.body == Array(log[range]))
                let article = try #require(long.record.article)
                let bytes = try await connection.answer(
                    to: "/v1/articles/\(article)/original", original.count)
                #expect(bytes.head.hasPrefix("HTTP/1.1 200"))
                #expect(bytes.body == original)
            }
            try await connection.close()
        }
    }

    /// The name of the first segment.
    private let segment = Decimal.padded(1, width: 20)

    @Test("A stream gives history, then each change as it is announced, and blank lines in between")
    func stream() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        try await serving {
            feed(fixture, heartbeat: .milliseconds(50), onListening: $0)
        } _: { address, _ in
            let connection = try await Raw.connect(address)
            try await connection.send(
                "GET /v1/changes?since=1&live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let head = try await connection.head()
            #expect(head.hasPrefix("HTTP/1.1 200"))
            for field in [
                "Cache-Control: no-store", "X-Accel-Buffering: no", "Content-Type: application/x-ndjson",
                "Sijill-Next: \(fixture.changes[0].cursor)",
            ] {
                #expect(head.lowercased().contains(field.lowercased()), "\(field)")
            }
            var expected = fixture.lines[1...].flatMap(\.self)
            #expect(try await connection.stream(expected.count) == expected)
            // Twice the same wait, so that a change after a heartbeat is seen too.
            for _ in 0..<2 {
                #expect(try await connection.blankLine())
                expected = try fixture.add(2).flatMap { $0.encoded().line }
                #expect(try await connection.stream(expected.count) == expected)
            }
            try await connection.close()
        }
    }

    @Test("A stream can leave out the text of each change")
    func streamWithoutText() async throws {
        let fixture = try FeedFixture()
        try fixture.add(2)
        try await serving {
            feed(fixture, onListening: $0)
        } _: { address, _ in
            let connection = try await Raw.connect(address)
            try await connection.send(
                "GET /v1/changes?text=omit&live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try await connection.head()
            let expected = fixture.lines.flatMap { line -> [UInt8] in
                line[..<LineLayout(scanning: line)!.textStart] + Array("}}\n".utf8)
            }
            #expect(try await connection.stream(expected.count) == expected)
            try await connection.close()
        }
    }

    @Test(
        "Events begin with where the client stands, carry the lines, and say again where it stands when idle")
    func events() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        try await serving {
            feed(fixture, heartbeat: .milliseconds(50), onListening: $0)
        } _: { address, _ in
            let connection = try await Raw.connect(address)
            try await connection.send(
                "GET /v1/changes?since=1 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            let head = try await connection.head().lowercased()
            for field in [
                "content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no",
                "content-encoding: identity",
            ] { #expect(head.contains(field), "\(field)") }
            func checkpoint(_ through: Change, _ tip: Change) -> String {
                "id: \(through.cursor)\nevent: checkpoint\n"
                    + "data: {\"through\":\"\(through.cursor)\",\"tip\":\"\(tip.cursor)\"}\n\n"
            }
            func event(_ change: Change) -> String {
                "id: \(change.cursor)\ndata: \(String(decoding: change.encoded().line, as: UTF8.self))\n"
            }
            func next(_ expected: String) async throws {
                let got = try await connection.stream(expected.utf8.count)
                #expect(String(decoding: got, as: UTF8.self) == expected)
            }
            let changes = fixture.changes
            try await next("retry: 2000\n" + checkpoint(changes[0], changes[2]))
            try await next(event(changes[1]) + event(changes[2]))
            try await next(checkpoint(changes[2], changes[2]))
            let more = try fixture.add(1)
            // It may have been said again, and again, before the change came.
            let idle = Array(checkpoint(changes[2], changes[2]).utf8)
            var got = try await connection.stream(idle.count)
            while got == idle { got = try await connection.stream(idle.count) }
            #expect(String(decoding: got, as: UTF8.self) == event(more[0]))
            try await next(checkpoint(more[0], more[0]))
            try await connection.close()
        }
    }

    @Test(
        "A long poll waits for a change that its filter lets through, or for its time",
        .timeLimit(.minutes(1)))
    func poll() async throws {
        let fixture = try FeedFixture()
        try fixture.add(2)
        let cursor = fixture.changes[1].cursor.description
        try await serving {
            feed(fixture, onListening: $0)
        } _: { address, _ in
            let connection = try await Raw.connect(address)
            let request = "HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"
            try await connection.send("GET /v1/changes?since=\(cursor)&live=poll&timeout=0 \(request)")
            let empty = try await connection.head().lowercased()
            #expect(empty.contains("sijill-next: \(cursor)") && empty.contains("cache-control: no-store"))
            #expect(empty.contains("content-length: 0"))
            try await connection.send("GET /v1/changes?since=\(cursor)&live=poll&source=other \(request)")
            try fixture.add(1)
            var content = Content()
            content.text = Array("one text".utf8)
            let wanted = fixture.entry(content, source: "other")
            let line = try fixture.commit([wanted])[0].encoded().line
            let head = try await connection.head().lowercased()
            #expect(head.contains("content-length: \(line.count)"))
            #expect(try await connection.bytes(line.count) == line)
            try await connection.close()
        }
    }

    @Test("A graceful shutdown ends waiting streams at once", .timeLimit(.minutes(1)))
    func shutdown() async throws {
        let fixture = try FeedFixture()
        try fixture.add(1)
        try await serving {
            feed(fixture, onListening: $0)
        } _: { address, group in
            var connections: [Raw] = []
            for _ in 0..<5 {
                let connection = try await Raw.connect(address)
                try await connection.send(
                    "GET /v1/changes?since=now&live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                _ = try await connection.head()
                connections.append(connection)
            }
            let began = ContinuousClock.now
            await group.triggerGracefulShutdown()
            for connection in connections {
                let hasEnded = try await connection.endsStream()
                #expect(hasEnded)
            }
            // Far below the heartbeat, the grace and any timeout.
            #expect(ContinuousClock.now - began < .seconds(4))
        }
    }

    @Test("A client that takes nothing is closed, however much waits for it", .timeLimit(.minutes(1)))
    func stalled() async throws {
        let fixture = try FeedFixture()
        try fixture.add(400, words: 6_000)
        let stallMax = Duration.milliseconds(300)
        try await serving {
            feed(fixture, stallMax: stallMax, onListening: $0)
        } _: { address, _ in
            let connection = try await Raw.connect(address, receiveBuffer: 4_096)
            try await connection.send("GET /v1/changes?live=stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let began = ContinuousClock.now
            try await connection.waitForPeerClose()
            #expect(ContinuousClock.now - began >= stallMax)
        }
    }

    @Test("An address in use ends with one clear error, on TCP and on a unix socket")
    func addressInUse() async throws {
        let fixture = try FeedFixture()
        let socket = FeedConfiguration.Address.unix(fixture.directory.path("feed.sock"))
        for address in [FeedConfiguration.Address.host("127.0.0.1", port: 0), socket] {
            try await serving {
                feed(fixture, address: address, onListening: $0)
            } _: { bound, _ in
                let second = feed(fixture, address: bound)
                let error = await #expect(throws: SijillError.self) { try await second.run() }
                #expect(error?.code == .unavailable)
                #expect(error?.message == "cannot listen on \(bound): the address is in use")
                #expect(error?.remedy.isEmpty == false)
            }
        }
    }

    @Test("A socket file that a killed daemon left behind is taken over")
    func staleSocket() async throws {
        let fixture = try FeedFixture()
        try fixture.add(1)
        let path = fixture.directory.path("feed.sock")
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        try await serving {
            feed(fixture, address: .unix(path), onListening: $0)
        } _: { address, _ in
            let connection = try await Raw.connect(address)
            try await connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(try await connection.head().hasPrefix("HTTP/1.1 200"))
            try await connection.close()
        }
    }

    @Test("An address that is not of this machine is named in the error")
    func foreignAddress() async throws {
        let fixture = try FeedFixture()
        let server = feed(fixture, address: .host("192.0.2.1", port: 8750))
        let error = await #expect(throws: SijillError.self) { try await server.run() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("192.0.2.1:8750") == true)
    }
}
