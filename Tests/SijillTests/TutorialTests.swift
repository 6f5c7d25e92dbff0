import Foundation
import SijillTesting
import Testing

@testable import Sijill

// The code of Sijill.docc/FollowALog.md, as it stands there.

func titles(_ log: SijillClient) async throws -> [String] {
    var titles: [String] = []
    for try await change in log.replay(filter: ChangeFilter(type: "added"), omitting: .text) {
        if let title = try change.decoded().title { titles.append(title) }
    }
    return titles
}

func collect(_ log: SijillClient, into file: URL, placeIn place: URL, until count: Int) async throws {
    let start = try? String(contentsOf: place, encoding: .utf8)
    var lines = (try? Data(contentsOf: file)) ?? Data()
    var collected = lines.count { $0 == UInt8(ascii: "\n") }
    for try await batch in log.changes(since: start.flatMap { LogStart($0) } ?? .earliest).batches() {
        for change in batch.changes { lines += change.line + [UInt8(ascii: "\n")] }
        try lines.write(to: file, options: .atomic)
        try batch.next.description.write(to: place, atomically: true, encoding: .utf8)
        collected += batch.changes.count
        if collected >= count { return }
    }
}

func drain(_ log: SijillClient, as name: String) async throws -> Int {
    let consumer = try await log.makeConsumer(name, start: .earliest, filter: .none, description: "tutorial")
    var count = 0
    for try await batch in consumer.batches(isLive: false) {
        count += batch.changes.count
        try await batch.acknowledge()
    }
    return count
}

func canGoOn(_ log: SijillClient, from cursor: LogCursor) async throws -> Bool {
    do {
        for try await _ in log.replay(since: .after(cursor)) { break }
        return true
    } catch let error as SijillClientError where error.code == .cursorAhead || error.code == .cursorDiverged {
        return false
    }
}

func verified(_ log: SijillClient, key: String, since old: LogCheckpoint?) async throws -> LogCheckpoint {
    let verifier = try Verifier(keys: [key])
    let checkpoint = try await log.checkpoint(verifier, extending: old)
    let change = try await log.change(checkpoint.size, omitting: .content)
    try await log.verify(change: change.line, in: checkpoint, verifier)
    return checkpoint
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct TutorialTests {
    @Test("The tutorial's code is what is tested here")
    func same() throws {
        let here = URL(filePath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "Sources/Sijill/Sijill.docc/FollowALog.md"), encoding: .utf8)
        let source = try String(contentsOf: here, encoding: .utf8)
        let blocks = page.components(separatedBy: "```swift\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
        #expect(blocks.count == 5)
        for block in blocks { #expect(source.contains(block), "not tested: \(block)") }
    }

    @Test("The tutorial's code does what it says")
    func works() async throws {
        let live = try LiveLog()
        try live.add(20)
        try live.log.tree.publishNow(through: live.log.reader.tip!.sequence)
        try await live.start()
        let log = try SijillClient(url: live.url)
        let found = try await titles(log)
        #expect(found == live.changes.compactMap(\.content.title))

        let (file, place) = (
            URL(filePath: live.directory.path("collected")), URL(filePath: live.directory.path("place"))
        )
        try await collect(log, into: file, placeIn: place, until: 20)
        try live.add(5)
        try await collect(log, into: file, placeIn: place, until: 25)
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { Array($0) }
        #expect(lines == live.lines)

        let drained = try await drain(log, as: "tutorial")
        #expect(drained == 25)
        let again = try await drain(log, as: "tutorial")
        #expect(again == 0)

        let isThere = try await canGoOn(log, from: LogCursor(live.changes[7].cursor))
        #expect(isThere)
        let ahead = LogCursor("0000000000009999-aaaaaaaa")!
        let isAhead = try await canGoOn(log, from: ahead)
        #expect(!isAhead)

        let key = live.log.tree.served.verifiers[0].description
        let first = try await verified(log, key: key, since: nil)
        #expect(first.size == 20)
        try live.log.tree.publishNow(through: live.log.reader.tip!.sequence)
        let second = try await verified(log, key: key, since: first)
        #expect(second.size == 25)
        try await live.stop()
    }
}
