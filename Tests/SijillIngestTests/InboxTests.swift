import Dispatch
import Foundation
import Logging
import SijillArticles
import SijillFiles
import SijillFormat
import SijillTesting
import Synchronization
import Testing

@testable import SijillIngest

/// A ledger that gives every arrival the next sequence, and keeps what it was told.
final class TestLedger: ArrivalSink {
    struct State {
        var sequence: UInt64 = 0
        var changes: [OpenChange] = []
        var titles: [String] = []
        var tickets: [UInt64] = []
        var removed: [ClosedRange<SequenceNumber>] = []
        var closed: Set<SequenceNumber> = []
        var isHolding = false
        var held: [Outcome] = []
        var waiters: [(@Sendable (State) -> Bool, CheckedContinuation<Void, Never>)] = []
    }

    let state = Mutex(State())
    private let inbox = Mutex<Inbox?>(nil)

    func submit(_ arrivals: [Arrival]) {
        let outcomes = change { state -> [Outcome] in
            let outcomes = arrivals.map { arrival -> Outcome in
                state.sequence += 1
                let sequence = SequenceNumber(state.sequence)
                var reason: RejectReason?
                var detail = ""
                switch arrival.outcome {
                case .rejected(let rejection): (reason, detail) = (rejection.reason, rejection.detail)
                case .draft(let draft, let bytes):
                    #expect(Digest.of(bytes) == arrival.file.sha256)
                    state.titles.append(draft.content.title ?? "")
                }
                state.tickets.append(arrival.ticket)
                state.changes.append(
                    OpenChange(sequence: sequence, file: arrival.file, reason: reason, detail: detail))
                return Outcome(id: arrival.id, sequence: sequence, reason: reason)
            }
            if state.isHolding {
                state.held += outcomes
                return []
            }
            return outcomes
        }
        inbox.withLock { $0 }?.committed(outcomes)
    }

    /// Commits what was held back.
    func release() {
        let held = change { state -> [Outcome] in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        inbox.withLock { $0 }?.committed(held)
    }

    var journal: RemovalHooks {
        RemovalHooks(
            removed: { ranges in self.change { $0.removed += ranges } },
            closed: { ranges in
                self.change { state in
                    for range in ranges {
                        for value in range.lowerBound.value...range.upperBound.value {
                            state.closed.insert(SequenceNumber(value))
                        }
                    }
                }
            },
            change: { sequence in self.state.withLock { $0.changes.first { $0.sequence == sequence } } })
    }

    func attach(_ inbox: Inbox?) { self.inbox.withLock { $0 = inbox } }

    @discardableResult
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, ready) = state.withLock { state -> (Result, [CheckedContinuation<Void, Never>]) in
            let result = body(&state)
            let copy = state
            let ready = state.waiters.filter { $0.0(copy) }.map(\.1)
            state.waiters.removeAll { $0.0(copy) }
            return (result, ready)
        }
        for waiter in ready { waiter.resume() }
        return result
    }

    /// Returns when the ledger has been told enough.
    func wait(until condition: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMet = state.withLock { state -> Bool in
                if condition(state) { return true }
                state.waiters.append((condition, continuation))
                return false
            }
            if isMet { continuation.resume() }
        }
    }
}

/// An inbox of a test's own, with a ledger.
final class InboxBench {
    let directory: TemporaryDirectory
    let ledger = TestLedger()
    var inbox: Inbox!  // made in init
    var settings: InboxSettings

    init(_ configure: (inout InboxSettings) -> Void = { _ in }) throws {
        directory = try TemporaryDirectory()
        settings = InboxSettings(
            path: directory.path + "/inbox", quarantinePath: directory.path + "/quarantine")
        settings.times.settle = .milliseconds(20)
        settings.times.poll = .milliseconds(40)
        settings.times.emptyWait = .milliseconds(40)
        settings.times.rereads = [.milliseconds(20), .milliseconds(40), .milliseconds(60)]
        settings.times.writerPoll = .milliseconds(20)
        settings.times.blockedFirst = .milliseconds(20)
        configure(&settings)
        for folder in ["inbox", "quarantine", "aside"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + "/" + folder, withIntermediateDirectories: true)
        }
        try open()
    }

    func open() throws {
        inbox = try Inbox(
            settings: settings, sink: ledger, journal: ledger.journal,
            logger: Logger(label: "test") { _ in
                SwiftLogNoOpLogHandler()
            })
        ledger.attach(inbox)
    }

    func path(_ name: String) -> String { settings.path + "/" + name }

    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    func write(_ name: String, _ data: Data) throws { try data.write(to: URL(fileURLWithPath: path(name))) }

    /// Writes beside the inbox, then renames in.
    func moveIn(_ name: String, _ text: String) throws {
        let aside = directory.path + "/aside/file"
        try Data(text.utf8).write(to: URL(fileURLWithPath: aside))
        #expect(rename(aside, path(name)) == 0)
    }

    func left() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: settings.path).sorted()
    }

    func quarantined() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: settings.quarantinePath).filter {
            $0.contains("/")
        }
        .sorted()
    }

    /// Waits until this many changes were made and their files are gone.
    func closed(_ count: Int) async { await ledger.wait { $0.closed.count >= count } }

    func drained() async {
        await withCheckedContinuation { continuation in inbox.drain { continuation.resume() } }
    }
}

let news =
    "انخفاض أسعار القمح في الأسواق العربية\nأعلنت وزارة الزراعة اليوم أن المحصول الجديد وفير جدا هذا العام."

func line(_ number: Int) -> String {
    "{\"title\":\"خبر رقم \(number)\",\"text\":\"نص الخبر رقم \(number) وفيه كلمات كثيرة عن الطقس والمطر والبحر والريح\"}"
}

@Suite("The inbox, with real files", .timeLimit(.minutes(2)))
struct InboxTests {
    @Test("A file that is renamed in is taken and leaves the inbox")
    func renamedIn() async throws {
        let bench = try InboxBench()
        bench.inbox.start(open: [])
        try bench.moveIn("خبر.txt", news)
        await bench.closed(1)
        let change = try #require(bench.ledger.state.withLock { $0.changes.first })
        #expect(change.file.name == "خبر.txt")
        #expect(change.file.source == "default")
        #expect(change.file.sha256 == Digest.of(Array(news.utf8)))
        #expect(change.file.encoding == "utf-8")
        #expect(try bench.left() == [])
        #expect(bench.ledger.state.withLock { $0.removed } == [change.sequence...change.sequence])
    }

    @Test("Files written in place, in new folders of sources and linked in are all taken")
    func otherWays() async throws {
        let bench = try InboxBench()
        bench.inbox.start(open: [])
        try bench.write("كتابة.txt", news)
        try FileManager.default.createDirectory(
            atPath: bench.path("وكالة/اليوم"), withIntermediateDirectories: true)
        try bench.write("وكالة/اليوم/ثان.txt", news + "٢")
        let aside = bench.directory.path + "/aside/linked"
        try Data((news + "٣").utf8).write(to: URL(fileURLWithPath: aside))
        #expect(link(aside, bench.path("رابط.txt")) == 0)
        await bench.closed(3)
        let sources = bench.ledger.state.withLock { $0.changes.map { "\($0.file.source)/\($0.file.name)" } }
        #expect(Set(sources) == ["default/كتابة.txt", "وكالة/ثان.txt", "default/رابط.txt"])
        #expect(try bench.left() == ["وكالة", "وكالة/اليوم"])
    }

    @Test("What lies there at the start is taken, and a directory moved in whole as well")
    func startAndMovedDirectory() async throws {
        let bench = try InboxBench()
        for number in 0..<20 { try bench.write("\(number).txt", news + "\(number)") }
        bench.inbox.start(open: [])
        await bench.closed(20)
        let aside = bench.directory.path + "/aside/ملف"
        try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
        for number in 0..<5 {
            try Data((news + "م\(number)").utf8).write(to: URL(fileURLWithPath: aside + "/\(number).txt"))
        }
        #expect(rename(aside, bench.path("ملف")) == 0)
        await bench.closed(25)
        #expect(try bench.left() == ["ملف"])
        #expect(bench.ledger.state.withLock { $0.changes.count } == 25)
    }

    @Test("Arrivals come in the order of their tickets")
    func order() async throws {
        let bench = try InboxBench { $0.intake.workers = 4 }
        bench.inbox.start(open: [])
        for number in 0..<300 { try bench.moveIn("\(number).txt", news + "\(number)") }
        await bench.closed(300)
        let tickets = bench.ledger.state.withLock { $0.tickets }
        #expect(tickets == tickets.sorted())
        let names = bench.ledger.state.withLock { $0.changes.map(\.file.name) }
        #expect(names == (0..<300).map { "\($0).txt" })
    }

    @Test("A file with a writer is left alone until it is closed")
    func writer() async throws {
        let bench = try InboxBench()
        let aside = bench.directory.path + "/aside/open"
        let handle = open(aside, O_CREAT | O_RDWR, 0o644)
        try #require(handle >= 0)
        #expect(Array(news.utf8).withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) } > 0)
        bench.inbox.start(open: [])
        #expect(rename(aside, bench.path("مفتوح.txt")) == 0)
        try bench.moveIn("بعد.txt", news + "٢")
        await bench.closed(1)
        #expect(bench.ledger.state.withLock { $0.changes.map(\.file.name) } == ["بعد.txt"])
        close(handle)
        await bench.closed(2)
        #expect(try bench.left() == [])
    }

    @Test("Rejected files move to quarantine with their reason, and a FIFO or a link never hangs")
    func rejected() async throws {
        let bench = try InboxBench()
        try bench.write("فارغ.txt", "")
        try bench.write("صورة.png", "x")
        try bench.write("مقطوع.json", "{\"text\":\"نص طويل")
        #expect(mkfifo(bench.path("أنبوب"), 0o644) == 0)
        #expect(symlink("/etc/hostname", bench.path("رابط.txt")) == 0)
        bench.inbox.start(open: [])
        await bench.closed(5)
        let reasons = bench.ledger.state.withLock { state in
            Dictionary(uniqueKeysWithValues: state.changes.map { ($0.file.name, $0.reason) })
        }
        #expect(
            reasons == [
                "فارغ.txt": .empty, "صورة.png": .unsupportedType, "مقطوع.json": .truncated,
                "أنبوب": .notRegular,
                "رابط.txt": .symlink,
            ])
        #expect(try bench.left() == [])
        let names = try bench.quarantined()
        for (name, reason) in reasons {
            let folder = try #require(reason).rawValue
            #expect(names.contains("\(folder)/\(name)"))
            let report = try Data(
                contentsOf: URL(
                    fileURLWithPath: "\(bench.settings.quarantinePath)/\(folder)/\(name).reason.json"))
            let members = try JSONParser.parse(Array(report))
            #expect(members["name"]?.text == name)
            #expect(members["reason"]?.text == folder)
        }
        #expect(names.count == 10)
    }

    @Test("A rejected file whose name is taken in quarantine keeps its name with its sequence")
    func rejectedTwice() async throws {
        let bench = try InboxBench()
        bench.inbox.start(open: [])
        for text in ["a", "b", "c"] {
            try bench.moveIn("x.bin", text)
            let count = text == "a" ? 1 : text == "b" ? 2 : 3
            await bench.closed(count)
        }
        #expect(
            try bench.quarantined() == [
                "unsupported-type/x.bin", "unsupported-type/x.bin.2", "unsupported-type/x.bin.2.reason.json",
                "unsupported-type/x.bin.3", "unsupported-type/x.bin.3.reason.json",
                "unsupported-type/x.bin.reason.json",
            ])
    }

    @Test("A JSONL file of many pieces is taken record by record, and only its bad lines are rejected")
    func manyRecords() async throws {
        let bench = try InboxBench { $0.intake.bytesMax = 9 << 20 }
        var text = ""
        let count = 5_000
        for number in 1...count {
            text += number % 1_000 == 7 ? "{broken\n" : line(number) + "\n"
            if number % 100 == 0 { text += "\n" }
        }
        try #require(text.utf8.count > Int(FileReader.smallBytesMax))
        bench.inbox.start(open: [])
        try bench.moveIn("كثير.jsonl", text)
        try bench.moveIn("واحد.txt", news)
        await bench.closed(count + 1)
        let changes = bench.ledger.state.withLock { $0.changes }
        let records = changes.filter { $0.file.offset != nil }
        #expect(records.count == count)
        #expect(records.filter { $0.reason != nil }.count == 5)
        #expect(records.map { $0.file.offset ?? 0 } == records.map { $0.file.offset ?? 0 }.sorted())
        #expect(try bench.left() == [])
        let rejects = try String(
            contentsOfFile: bench.settings.quarantinePath + "/bad-json/كثير.jsonl.rejects.jsonl",
            encoding: .utf8)
        let lines = rejects.split(separator: "\n")
        #expect(lines.count == 5)
        let first = try JSONParser.parse(Array(try #require(lines.first).utf8))
        #expect(first["raw"]?.text == "{broken")
        #expect(first["line"] == .number("7"))
    }

    @Test("An array in a JSON file gives one input for each element")
    func array() async throws {
        let bench = try InboxBench()
        bench.inbox.start(open: [])
        try bench.moveIn("قائمة.json", "[" + (1...30).map(line).joined(separator: ",\n") + "]")
        await bench.closed(30)
        #expect(
            bench.ledger.state.withLock { $0.changes.map { $0.file.line } } == (1...30).map { UInt64($0) })
        #expect(try bench.left() == [])
    }

    @Test("A file that replaces one in hand is a second file")
    func replaced() async throws {
        let bench = try InboxBench()
        bench.ledger.state.withLock { $0.isHolding = true }
        bench.inbox.start(open: [])
        try bench.moveIn("خبر.txt", news)
        await bench.ledger.wait { $0.changes.count == 1 }
        try bench.moveIn("خبر.txt", news + " والثاني")
        bench.ledger.release()
        await bench.closed(2)
        let digests = bench.ledger.state.withLock { $0.changes.map(\.file.sha256) }
        #expect(digests == [Digest.of(Array(news.utf8)), Digest.of(Array((news + " والثاني").utf8))])
        #expect(try bench.left() == [])
    }

    @Test("Files that come while many are removed are taken: those events are read with the removals'")
    func whileManyAreRemoved() async throws {
        let bench = try InboxBench()
        bench.ledger.state.withLock { $0.isHolding = true }
        bench.inbox.start(open: [])
        let count = 4 * Inbox.removedAtOnce
        for number in 0..<count { try bench.moveIn("\(number).txt", "\(news) \(number)") }
        await bench.ledger.wait { $0.changes.count == count }
        bench.ledger.release()
        for number in 0..<count { try bench.moveIn("ب\(number).txt", "\(news) ب\(number)") }
        await bench.closed(2 * count)
        #expect(try bench.left() == [])
        // The watch is read at once again.
        try bench.moveIn("آخر.txt", "\(news) آخر")
        await bench.closed(2 * count + 1)
    }

    @Test("A file that was written to after it was read is not lost")
    func writtenAfterReading() async throws {
        let bench = try InboxBench()
        bench.ledger.state.withLock { $0.isHolding = true }
        bench.inbox.start(open: [])
        try bench.moveIn("خبر.txt", news)
        await bench.ledger.wait { $0.changes.count == 1 }
        let handle = try #require(FileHandle(forWritingAtPath: bench.path("خبر.txt")))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\nوهذه فقرة أخرى".utf8))
        try handle.close()
        bench.ledger.release()
        await bench.closed(2)
        let bytes = bench.ledger.state.withLock { $0.changes.map(\.file.bytes) }
        #expect(bytes.count == 2 && bytes[1] > bytes[0])
    }

    @Test("Paused, files stay; taken up again, they are taken; drained, nothing more is")
    func pauseAndDrain() async throws {
        let bench = try InboxBench()
        bench.inbox.pause(reason: "the disk is full")
        bench.inbox.start(open: [])
        try bench.moveIn("١.txt", news)
        #expect(bench.inbox.counters().pauseReason == "the disk is full")
        #expect(bench.ledger.state.withLock { $0.changes.isEmpty })
        bench.inbox.resume()
        await bench.closed(1)
        bench.inbox.rescan()
        await bench.drained()
        try bench.moveIn("٢.txt", news + "٢")
        bench.inbox.rescan()
        #expect(bench.inbox.counters().inputsInHand == 0)
        #expect(bench.ledger.state.withLock { $0.changes.count } == 1)
        #expect(try bench.left() == ["٢.txt"])
    }

    @Test("An inbox that is removed and made again is watched again")
    func madeAgain() async throws {
        let bench = try InboxBench { $0.times.rescan = .milliseconds(50) }
        bench.inbox.start(open: [])
        try bench.moveIn("١.txt", news)
        await bench.closed(1)
        try FileManager.default.removeItem(atPath: bench.settings.path)
        try FileManager.default.createDirectory(
            atPath: bench.settings.path, withIntermediateDirectories: true)
        try bench.moveIn("٢.txt", news + "٢")
        await bench.closed(2)
        #expect(try bench.left() == [])
    }

    @Test("What lies too deep is rejected, whatever it is")
    func tooDeep() async throws {
        let bench = try InboxBench()
        let folder = "a/b/c/d/e/f/g/h/i"
        try FileManager.default.createDirectory(atPath: bench.path(folder), withIntermediateDirectories: true)
        try bench.write("\(folder)/كثير.jsonl", line(1) + "\n" + line(2))
        try bench.write("\(folder)/خبر.txt", news)
        try bench.write("a/b/c/d/e/f/g/h/خبر.txt", news)
        bench.inbox.start(open: [])
        await bench.closed(3)
        let reasons = bench.ledger.state.withLock { $0.changes.map(\.reason) }
        #expect(reasons.filter { $0 == .tooDeep }.count == 2)
        #expect(reasons.filter { $0 == nil }.count == 1)
    }

    @Test("Thousands of files at once are all taken, each once")
    func manyFiles() async throws {
        let bench = try InboxBench()
        let count = 3_000
        let aside = bench.directory.path + "/aside/كثير"
        try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
        let body = String(repeating: news + "\n", count: 25)
        for number in 0..<count {
            let path = "\(aside)/\(number).txt"
            let handle = Glibc.open(path, O_CREAT | O_WRONLY, 0o644)
            let bytes = Array("\(number)\n\(body)".utf8)
            #expect(bytes.withUnsafeBytes { Glibc.write(handle, $0.baseAddress, $0.count) } == bytes.count)
            close(handle)
        }
        bench.inbox.start(open: [])
        #expect(rename(aside, bench.path("كثير")) == 0)
        await bench.closed(count)
        let names = bench.ledger.state.withLock { Set($0.changes.map(\.file.name)).count }
        #expect(names == count)
        #expect(bench.inbox.counters().isQuiet)
        #expect(try bench.left() == ["كثير"])
    }

    @Test("An inbox that cannot be used is a configuration error that names it")
    func unusable() throws {
        let directory = try TemporaryDirectory()
        let settings = InboxSettings(path: directory.path + "/nowhere", quarantinePath: directory.path)
        let ledger = TestLedger()
        #expect {
            try Inbox(
                settings: settings, sink: ledger, journal: ledger.journal, logger: Logger(label: "test"))
        } throws: { error in
            guard let error = error as? SijillError else { return false }
            return error.code == .configuration && error.message.contains("nowhere") && !error.remedy.isEmpty
        }
    }
}
