import Hummingbird
import HummingbirdTesting
import SijillFormat
import SijillLog
import SijillTesting
import Testing

@testable import SijillFeed

@Suite struct PageTests {
    @Test("A page of lines is the bytes of the segment")
    func lines() async throws {
        let fixture = try FeedFixture()
        try fixture.add(7)
        let expected = fixture.lines
        let segment = try fixture.reader.read(segment: SequenceNumber(1), offset: 0, count: 1 << 20)
        try await fixture.test { client in
            for type in ["application/x-ndjson", "application/jsonl"] {
                let page = try await client.get("/v1/changes", [.accept: type])
                #expect(page.status == .ok)
                #expect(page.headers[.contentType] == type)
                #expect(page.bytes == segment)
            }
            let middle = try await client.lines("/v1/changes?since=2&limit=3")
            #expect(middle.bytes == expected[2..<5].flatMap(\.self))
        }
    }

    @Test("A page is a JSON array of the same changes unless lines are asked for")
    func array() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        let expected = JSONValue.array(try fixture.lines.map { try JSONParser.parse($0) })
        try await fixture.test { client in
            for accept in ["*/*", "application/json", "text/html, application/*;q=0.5"] {
                let page = try await client.get("/v1/changes", [.accept: accept])
                #expect(page.headers[.contentType] == "application/json")
                #expect(page.json == expected)
            }
            let batch = try await client.get("/v1/changes", [.accept: "application/cloudevents-batch+json"])
            #expect(batch.headers[.contentType] == "application/cloudevents-batch+json")
            #expect(batch.json == expected)
            let empty = try await client.get("/v1/changes?since=3")
            #expect(empty.json == .array([]))
        }
    }

    @Test("Weights in Accept decide, and a type that is not served alone is 406")
    func accept() async throws {
        let fixture = try FeedFixture()
        try fixture.add(1)
        try await fixture.test { client in
            let weighed = try await client.get(
                "/v1/changes", [.accept: "application/json;q=0.1, application/x-ndjson;q=0.9"])
            #expect(weighed.headers[.contentType] == "application/x-ndjson")
            let refused = try await client.get("/v1/changes", [.accept: "text/html"])
            #expect(refused.status.code == 406)
            #expect(refused.problem == "not-acceptable")
        }
    }

    @Test("Leaving out text or content cuts each change and keeps it strict JSON")
    func omissions() async throws {
        let fixture = try FeedFixture()
        try fixture.add(4)
        let lines = fixture.lines
        try await fixture.test { client in
            let withoutText = try await client.lines("/v1/changes?text=omit")
            let leaves = try await client.lines("/v1/changes?content=omit")
            let leavesAgain = try await client.lines("/v1/changes?text=omit&content=omit")
            #expect(leaves.bytes == leavesAgain.bytes)
            for (page, name) in [(withoutText, "text"), (leaves, "title")] {
                let cut = page.bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) }
                #expect(cut.count == lines.count)
                for (short, line) in zip(cut, lines) {
                    #expect(line.starts(with: short.dropLast(2)))
                    let data = try JSONParser.parse(short)["data"]
                    #expect(data?[name] == nil)
                    #expect(data?["digests"] != nil)
                }
            }
            for (short, line) in zip(leaves.bytes.split(separator: UInt8(ascii: "\n")), lines) {
                let layout = try #require(LineLayout(scanning: line))
                #expect(Array(short) == line[..<layout.leafEnd] + Array("}}".utf8))
            }
            let array = try await client.get("/v1/changes?content=omit")
            guard case .array(let elements) = array.json else { return #expect(Bool(false), "no array") }
            #expect(elements.count == 4)
        }
    }

    @Test("max_bytes bounds a page by what is sent, but one change always comes")
    func maxBytes() async throws {
        let fixture = try FeedFixture()
        try fixture.add(5)
        let lines = fixture.lines
        let two = lines[0].count + lines[1].count
        try await fixture.test { client in
            #expect(try await client.lines("/v1/changes?max_bytes=\(two)").bytes == lines[0] + lines[1])
            #expect(try await client.lines("/v1/changes?max_bytes=\(two - 1)").bytes == lines[0])
            #expect(try await client.lines("/v1/changes?max_bytes=1").bytes == lines[0])
            let leaf = try await client.lines("/v1/changes?content=omit&limit=1").bytes.count
            let leaves = try await client.lines("/v1/changes?content=omit&max_bytes=\(leaf * 2)")
            #expect(leaves.bytes.count { $0 == UInt8(ascii: "\n") } == 2)
        }
    }

    @Test("Following Sijill-Next or Link page by page gives every change once")
    func paging() async throws {
        let fixture = try FeedFixture()
        try fixture.add(6)
        try fixture.seal()
        try fixture.add(4)
        let expected = fixture.lines.flatMap(\.self)
        let tip = try #require(fixture.log.tip)
        try await fixture.test { client in
            var uri = "/v1/changes?since=0&limit=4"
            var received: [UInt8] = []
            var pages = 0
            while true {
                let page = try await client.lines(uri)
                #expect(page.headers[.sijillTip] == tip.description)
                if page.bytes.isEmpty { break }
                received += page.bytes
                pages += 1
                let link = try #require(page.headers[.link])
                uri = String(link.dropFirst().prefix { $0 != ">" })
                let next = try #require(page.headers[.sijillNext])
                #expect(uri.contains(next))
            }
            #expect(received == expected)
            #expect(pages == 3)
        }
    }

    @Test("What is unknown, out of range or given twice is refused with 400 and never ignored")
    func refusals() async throws {
        let fixture = try FeedFixture()
        try fixture.add(1)
        try await fixture.test { client in
            let queries = [
                "limit=0", "limit=10001", "limit=-1", "limit=ten", "limit=", "limit=1&limit=1", "max_bytes=0",
                "max_bytes=67108865", "text=yes", "content=1", "live=sse", "live=stream&limit=3",
                "live=stream&latest=1", "timeout=10", "live=poll&timeout=300001", "until=", "until=soon",
                "type=nothing", "type=added,", "article=x", "latest=0", "source=",
                "colour=red", "since=",
                "since=tomorrow", "since=1-2", "since=0000000000000001-SHOUTING",
                "since=0000000000000000-abcdefgh",
                "since=2026-13-01T00:00:00Z", "since=%ff", "since=%2", "since=99999999999999999", "Since=1",
            ]
            for query in queries {
                let answer = try await client.get("/v1/changes?\(query)")
                #expect(answer.status == .badRequest, "\(query)")
                #expect(answer.headers[.contentType] == "application/problem+json")
                #expect(answer.headers[.cacheControl] == "no-store")
                #expect(answer.json["status"] == .number("400"))
                #expect(answer.json["title"]?.text?.isEmpty == false)
                #expect(answer.json["detail"]?.text?.isEmpty == false)
            }
            #expect(try await client.get("/v1/changes?limit=10000&max_bytes=67108864").status == .ok)
        }
    }
}
