import Hummingbird
import HummingbirdTesting
import SijillFormat
import SijillTesting
import Testing

@testable import SijillFeed

@Suite struct CursorTests {
    @Test("Every form of a start begins where it says")
    func starts() async throws {
        let fixture = try FeedFixture()
        try fixture.add(2, at: 1_795_000_000_000)
        try fixture.add(2, at: 1_795_000_060_000)
        let cursors = fixture.changes.map(\.cursor.description)
        let first = Timestamp(milliseconds: 1_795_000_060_000).rfc3339
        try await fixture.test { client in
            let starts: [(String, [UInt64])] = [
                ("since=0", [1, 2, 3, 4]), ("since=earliest", [1, 2, 3, 4]), ("", [1, 2, 3, 4]),
                ("since=2", [3, 4]), ("since=0000000000000002", [3, 4]), ("since=\(cursors[2])", [4]),
                ("since=now", []), ("since=\(cursors[3])", []), ("since=4", []), ("since=\(first)", [3, 4]),
                ("since=2000-01-01T00:00:00Z", [1, 2, 3, 4]), ("since=2100-01-01T00:00:00%2B03:00", []),
                ("since=2000-01-01T00:00:00+03:00", [1, 2, 3, 4]), ("lastEventId=\(cursors[0])", [2, 3, 4]),
                ("since=now&last-event-id=3", [4]), ("since=3&lastEventId=", [4]),
            ]
            for (query, expected) in starts {
                let page = try await client.get("/v1/changes?\(query)")
                guard case .array(let changes) = page.json else {
                    Issue.record("\(query): \(page.status)")
                    continue
                }
                #expect(changes.map { UInt64($0["sequence"]?.text ?? "") } == expected, "\(query)")
                // Whatever came, the answer says where to go on.
                #expect(page.headers[.sijillNext] == cursors[3], "\(query)")
            }
        }
    }

    @Test("The header Last-Event-ID wins over since, is nothing when it is empty, and keeps caches out")
    func lastEventID() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        let cursor = fixture.changes[1].cursor.description
        let lines = fixture.lines
        try await fixture.test { client in
            let accept: HTTPFields = [.accept: "application/x-ndjson"]
            var headers = accept
            headers[.lastEventID] = cursor
            let page = try await client.get("/v1/changes?since=0", headers)
            #expect(page.bytes == lines[2])
            #expect(page.headers[.cacheControl] == "no-store")
            #expect(page.headers[.eTag] == nil)
            headers[.lastEventID] = ""
            #expect(try await client.get("/v1/changes?since=0", headers).bytes == lines.flatMap(\.self))
        }
    }

    @Test("A cursor beyond the tip is 409 cursor-ahead with the tip, as a sequence too")
    func ahead() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        let tip = try #require(fixture.log.tip)
        let same = Cursor(sequence: SequenceNumber(9), epoch: tip.epoch)
        try await fixture.test { client in
            for start in ["4", "0000000000000009-zzzzzzzz", same.description] {
                let answer = try await client.get("/v1/changes?since=\(start)")
                #expect(answer.status == .conflict)
                #expect(answer.problem == "cursor-ahead")
                #expect(answer.json["tip"]?.text == tip.description)
                #expect(answer.headers[.cacheControl] == "no-store")
            }
            let known = try await client.get("/v1/changes?since=\(same)")
            #expect(known.json["last_common"] == .number("3"))
            let stream = try await client.get("/v1/changes?since=4&live=stream")
            #expect(stream.status == .conflict)
        }
    }

    @Test("A cursor of another branch is 409 cursor-diverged with the tip")
    func diverged() async throws {
        let fixture = try FeedFixture()
        try fixture.add(3)
        let tip = try #require(fixture.log.tip)
        try await fixture.test { client in
            let answer = try await client.get("/v1/changes?since=0000000000000002-zzzzzzzz")
            #expect(answer.status == .conflict)
            #expect(answer.problem == "cursor-diverged")
            #expect(answer.json["tip"]?.text == tip.description)
        }
    }

    @Test("An empty log has an empty page, and every cursor is ahead of it")
    func empty() async throws {
        let fixture = try FeedFixture()
        try await fixture.test { client in
            for start in ["0", "earliest", "now", "2026-01-01T00:00:00Z"] {
                let page = try await client.get("/v1/changes?since=\(start)")
                #expect(page.json == .array([]))
                #expect(page.headers[.sijillNext] == "0")
                #expect(page.headers[.sijillTip] == nil)
            }
            let ahead = try await client.get("/v1/changes?since=0000000000000001-abcdefgh")
            #expect(ahead.problem == "cursor-ahead")
            #expect(ahead.json["tip"] == .null)
        }
    }

    @Test("Caches may keep a full page of sealed changes whose URL names a cursor, and nothing else")
    func caching() async throws {
        let fixture = try FeedFixture()
        try fixture.add(6)
        try fixture.seal()
        try fixture.add(2)
        let cursors = fixture.changes.map(\.cursor.description)
        try await fixture.test { client in
            func cacheControl(_ query: String) async throws -> String? {
                let page = try await client.get("/v1/changes?\(query)")
                #expect(page.headers[.vary] == "Accept")
                #expect(page.headers[.eTag] != nil)
                return page.headers[.cacheControl]
            }
            let sealed = try await cacheControl("since=\(cursors[0])&limit=3")
            #expect(sealed == "public, max-age=86400")
            let leaves = try await cacheControl("since=\(cursors[0])&limit=3&content=omit")
            #expect(leaves == "public, max-age=31536000, immutable")
            // A number may name a change of another branch tomorrow.
            #expect(try await cacheControl("since=1&limit=3") == "no-cache")
            // Past the sealed segment, and up to the tip.
            #expect(try await cacheControl("since=\(cursors[4])&limit=3") == "no-cache")
            #expect(try await cacheControl("since=\(cursors[4])") == "no-cache")
        }
    }

    @Test("A page that the client has already is 304, until a change is added")
    func notModified() async throws {
        let fixture = try FeedFixture()
        try fixture.add(2)
        let server = fixture.server()
        let app = server.application
        try await app.test(.live) { client in
            let page = try await client.get("/v1/changes")
            let etag = try #require(page.headers[.eTag])
            let again = try await client.get("/v1/changes", [.ifNoneMatch: "\"x\", W/\(etag)"])
            #expect(again.status == .notModified)
            #expect(again.bytes.isEmpty)
            #expect(again.headers[.eTag] == etag)
            #expect(again.headers[.sijillNext] == page.headers[.sijillNext])
            for other in ["/v1/changes?text=omit", "/v1/changes?limit=1", "/v1/changes?since=1"] {
                #expect(try await client.get(other, [.ifNoneMatch: etag]).status == .ok, "\(other)")
            }
            #expect(try await client.lines("/v1/changes").headers[.eTag] != etag)
        }
        let old = try await app.test(.live) { try await $0.get("/v1/changes").headers[.eTag] ?? "" }
        try fixture.add(1)
        try await app.test(.live) { client in
            let page = try await client.get("/v1/changes", [.ifNoneMatch: old])
            #expect(page.status == .ok)
        }
    }
}
