import NIOCore
import SijillFormat
import SijillTesting
import Testing

@testable import Sijill

@Suite struct ResumptionTests {
    private static let lost = SijillClientError(.unreachable, "lost")

    private func cursor(_ sequence: UInt64, _ epoch: String = "k3f9a1c2") -> LogCursor {
        LogCursor(Cursor(sequence: SequenceNumber(sequence), epoch: Epoch(epoch)!))
    }

    @Test("A gap, a repetition and a step back are errors")
    func order() throws {
        for wrong: UInt64 in [1, 3, 4, 6, 1_000] {
            var resumption = Resumption(start: .after(sequence: 3), isLive: true)
            try resumption.received(cursor(4))
            let error = #expect(throws: SijillClientError.self) { try resumption.received(cursor(wrong)) }
            #expect(error?.code == .brokenPromise)
            // No retry cures it.
            let pause = resumption.pause(after: error!, random: 1)
            #expect(pause == nil)
        }
        var resumption = Resumption(start: .after(cursor(3)), isLive: true)
        #expect(throws: SijillClientError.self) { try resumption.received(cursor(5)) }
    }

    @Test("The next request begins behind the last change, or where the server said that the stream begins")
    func start() throws {
        var resumption = Resumption(start: .now, isLive: true)
        resumption.connected(next: .after(cursor(7)), tip: cursor(7))
        #expect(resumption.start == .after(cursor(7)))
        #expect(throws: SijillClientError.self) {
            var copy = resumption
            try copy.received(cursor(9))
        }
        try resumption.received(cursor(8, "zzzzzzzz"))
        #expect(resumption.start == .after(cursor(8, "zzzzzzzz")))
    }

    @Test("Before the first answer an error ends it; then pauses double up to their limit and begin anew")
    func pauses() throws {
        var resumption = Resumption(start: .earliest, isLive: true)
        let early = resumption.pause(after: Self.lost, random: 1)
        #expect(early == nil)
        resumption.connected(next: nil, tip: nil)
        var pauses: [Duration] = []
        for _ in 0..<12 { pauses.append(resumption.pause(after: Self.lost, random: 1) ?? .zero) }
        #expect(pauses.prefix(3) == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        #expect(pauses.allSatisfy { $0 <= .seconds(30) } && pauses.last == .seconds(30))
        let half = resumption.pause(after: Self.lost, random: 0.5)
        #expect(half == .seconds(15))
        try resumption.received(cursor(1))
        let anew = resumption.pause(after: Self.lost, random: 1)
        #expect(anew == .milliseconds(250))
        let refused = SijillClientError(.cursorDiverged, "no")
        let never = resumption.pause(after: refused, random: 1)
        #expect(never == nil)
    }

    @Test(
        "A replay ends at the tip of its first answer, whatever comes later, and gives up after some failures"
    )
    func replay() throws {
        var resumption = Resumption(start: .earliest, isLive: false)
        resumption.connected(next: nil, tip: cursor(2))
        try resumption.received(cursor(1))
        #expect(!resumption.isComplete)
        resumption.connected(next: nil, tip: cursor(5))
        try resumption.received(cursor(2))
        #expect(resumption.isComplete)

        var empty = Resumption(start: .earliest, isLive: false)
        empty.connected(next: nil, tip: nil)
        #expect(empty.isComplete)

        var failing = Resumption(start: .earliest, isLive: false)
        failing.connected(next: nil, tip: cursor(2))
        let failures = (0...Reconnection().replayFailuresMax).map { _ in
            failing.pause(after: Self.lost, random: 0.5)
        }
        #expect(failures.dropLast().allSatisfy { $0 != nil } && failures.last == .some(nil))
    }

    @Test(
        "Under a filter sequences may have gaps but never go back, and a page moves the place beyond its changes"
    )
    func filtered() throws {
        var live = Resumption(start: .after(sequence: 3), isLive: true, isFiltered: true)
        try live.received(cursor(9))
        for wrong: UInt64 in [9, 4, 1] {
            #expect(throws: SijillClientError.self) {
                var copy = live
                try copy.received(cursor(wrong))
            }
        }
        var replay = Resumption(start: .earliest, isLive: false, isFiltered: true)
        replay.connected(next: nil, tip: cursor(20))
        replay.pageEnded(next: .after(cursor(12)))
        #expect(!replay.isComplete)
        #expect(replay.start == .after(cursor(12)))
        replay.connected(next: nil, tip: cursor(25))
        try replay.received(cursor(15))
        replay.pageEnded(next: .after(cursor(20)))
        #expect(replay.isComplete)
    }

    @Test("A patient client tries before the first answer, and any client waits as long as the server asks")
    func patience() {
        var reconnection = Reconnection()
        reconnection.isPatient = true
        var patient = Resumption(start: .earliest, isLive: false, reconnection: reconnection)
        for _ in 0..<50 {
            let pause = patient.pause(after: Self.lost, random: 1)
            #expect(pause != nil)
        }
        var asked = Resumption(start: .earliest, isLive: true)
        let busy = SijillClientError(status: 503, body: [], url: "here", retryAfter: "5")
        let pause = asked.pause(after: busy, random: 0.5)
        #expect(pause == .seconds(5))
    }

    @Test("Lines come whole however the bytes are cut, and blank ones are passed over")
    func splitting() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let lines = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in
                (0..<Int.random(in: 0..<20, using: &generator)).map { _ in
                    UInt8.random(in: 11...255, using: &generator)
                }
            }
            var bytes = lines.flatMap { $0 + [UInt8(ascii: "\n")] }[...]
            var splitter = LineSplitter()
            var found: [[UInt8]] = []
            while !bytes.isEmpty {
                let piece = bytes.prefix(Int.random(in: 1...9, using: &generator))
                bytes = bytes.dropFirst(piece.count)
                splitter.append(ByteBuffer(bytes: piece))
                while let line = try splitter.next() { found.append(line) }
            }
            #expect(found == lines.filter { !$0.isEmpty }, "seed \(seed)")
            #expect(splitter.restCount == 0)
        }
    }

    @Test("A start is read from what people write, and nothing else")
    func starts() {
        #expect(LogStart("earliest") == .earliest)
        #expect(LogStart("now") == .now)
        #expect(LogStart("42") == .after(sequence: 42))
        #expect(LogStart(cursor(42).description) == .after(cursor(42)))
        #expect(LogStart("2026-11-20T21:57:03+03:00")?.parameter == "2026-11-20T21%3A57%3A03%2B03%3A00")
        for text in ["", "yesterday", "-1", "0000000000000000-abcdefgh", "2026-11-20"] {
            #expect(LogStart(text) == nil)
        }
    }
}
