import SijillFiles
import SijillFormat
import Testing

@testable import SijillIngest

/// Drives `Settling` with moments counted from its beginning; nothing waits.
struct SettlingDesk {
    let start = ContinuousClock.now
    var settling: Settling
    var actions: [Settling.Action] = []
    /// The moment of the last event.
    private var now: ContinuousClock.Instant

    init(_ source: SourceSettings = SourceSettings()) {
        now = start
        settling = Settling(sources: SourceRules(["default": source]), now: start)
    }

    static func key(_ name: String, in directory: DirectoryID = .root) -> FileKey {
        FileKey(directory, Array(name.utf8))
    }

    static func status(
        inode: UInt64 = 1, bytes: UInt64 = 10, changed: Int64 = 0, kind: FileStatus.Kind = .regular
    ) -> FileStatus {
        FileStatus(device: 1, inode: inode, bytes: bytes, modified: changed, changed: changed, kind: kind)
    }

    @discardableResult
    mutating func at(_ seconds: Double, _ event: Settling.Event) -> [Settling.Action] {
        now = start + .milliseconds(Int64((seconds * 1_000).rounded()))
        actions = settling.handle(event, now: now)
        return actions
    }

    mutating func takeReady() -> HandOut? { settling.takeReady(now: now) }

    mutating func names() -> [String] {
        var names: [String] = []
        while let handOut = takeReady() {
            names.append(String(decoding: handOut.key.name, as: UTF8.self))
        }
        return names
    }

    /// Takes one file and answers what the intake found.
    mutating func intake(_ seconds: Double, _ name: String, _ result: IntakeResult) -> HandOut? {
        let handOut = takeReady()
        at(seconds, .intake(SettlingDesk.key(name), result))
        return handOut
    }

    /// When it wants to be told `.due`, in seconds.
    var due: Double { Double((settling.nextDue - start) / .milliseconds(1)) / 1_000 }

    func counts(_ seconds: Double) -> Settling.Counts {
        settling.counts(now: start + .milliseconds(Int64((seconds * 1_000).rounded())))
    }
}

@Suite("When a file is complete")
struct SettlingTests {
    private let key = SettlingDesk.key("خبر.txt")
    private let name = "خبر.txt"

    @Test("A file that is renamed in is ready at once")
    func renamedIn() throws {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        let next = desk.takeReady()
        let handOut = try #require(next)
        #expect(handOut.key == key)
        #expect(handOut.asksForWriters && handOut.mayBeEmpty && !handOut.isLastReading)
        #expect(desk.takeReady() == nil)
    }

    @Test("A closed file is ready when it has been unchanged for a second, and not before")
    func closed() {
        var desk = SettlingDesk()
        desk.at(0, .created(key))
        #expect(desk.at(0.1, .closedWrite(key)) == [.look(key)])
        desk.at(0.1, .looked(key, SettlingDesk.status()))
        #expect(desk.at(1.0, .due) == [])
        #expect(desk.due == 1.1)
        #expect(desk.at(1.1, .due) == [.look(key)])
        desk.at(1.1, .looked(key, SettlingDesk.status()))
        #expect(desk.names() == [name])
    }

    @Test("A file that changes while it settles waits another second")
    func changes() {
        var desk = SettlingDesk()
        desk.at(0, .closedWrite(key))
        desk.at(0, .looked(key, SettlingDesk.status(bytes: 10)))
        #expect(desk.at(1, .due) == [.look(key)])
        desk.at(1, .looked(key, SettlingDesk.status(bytes: 11)))
        #expect(desk.names() == [])
        #expect(desk.at(2, .due) == [.look(key)])
        desk.at(2, .looked(key, SettlingDesk.status(bytes: 11)))
        #expect(desk.names() == [name])
    }

    @Test("Each event begins the second anew, with one timer for the file")
    func eventsBeginAnew() {
        var desk = SettlingDesk()
        for step in 0..<50 {
            desk.at(Double(step) * 0.5, .closedWrite(key))
            desk.at(Double(step) * 0.5, .looked(key, SettlingDesk.status(changed: Int64(step))))
            desk.at(Double(step) * 0.5, .due)
            #expect(desk.names() == [])
        }
        #expect(desk.at(25.5, .due) == [.look(key)])
        desk.at(25.5, .looked(key, SettlingDesk.status(changed: 49)))
        #expect(desk.names() == [name])
    }

    @Test("A file that was only linked in is looked at twice")
    func linked() {
        var desk = SettlingDesk()
        #expect(desk.at(0, .created(key)) == [])
        #expect(desk.at(1, .due) == [.look(key)])
        desk.at(1, .looked(key, SettlingDesk.status()))
        #expect(desk.names() == [])
        #expect(desk.at(2, .due) == [.look(key)])
        desk.at(2, .looked(key, SettlingDesk.status()))
        #expect(desk.names() == [name])
    }

    @Test("A scan takes old files at once, in the order of ctime and name, and lets young ones settle")
    func scanned() {
        var desk = SettlingDesk()
        let second: Int64 = 1_000_000_000
        func entry(_ name: String, _ age: Int64) -> ScanEntry {
            ScanEntry(
                name: Array(name.utf8), status: SettlingDesk.status(changed: 100 * second - age * second))
        }
        let entries = [entry("ب", 5), entry("أ", 5), entry("ج", 9), entry("جديد", 0), entry("مستقبل", -50)]
        desk.at(
            0,
            .scanned([.init(directory: .root, entries: entries)], .start, wallClock: 100 * second))
        #expect(desk.names() == ["ج", "أ", "ب"])
        #expect(desk.at(1, .due).count == 2)
        for young in [entries[3], entries[4]] {
            desk.at(1, .looked(FileKey(.root, young.name), young.status))
        }
        #expect(Set(desk.names()) == ["جديد", "مستقبل"])
    }

    @Test("An empty file waits a minute; one that was renamed in does not")
    func empty() {
        var desk = SettlingDesk()
        desk.at(0, .closedWrite(key))
        desk.at(0, .looked(key, SettlingDesk.status(bytes: 0)))
        desk.at(1, .due)
        desk.at(1, .looked(key, SettlingDesk.status(bytes: 0)))
        #expect(desk.names() == [])
        #expect(desk.counts(1).empty == 1)
        desk.at(59.9, .due)
        #expect(desk.names() == [])
        desk.at(60, .due)
        #expect(desk.takeReady()?.mayBeEmpty == true)

        var other = SettlingDesk()
        other.at(0, .movedIn(key))
        #expect(other.settling.takeReady()?.mayBeEmpty == true)
    }

    @Test("What looks cut is read again after 5, 20 and 60 seconds, and the last time is the last")
    func looksCut() throws {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        var readings: [Bool] = []
        for (moment, next) in [(0.0, 5.0), (5, 20), (20, 60)] {
            let handOut = desk.intake(moment, name, .looksCut)
            readings.append(try #require(handOut).isLastReading)
            #expect(desk.due == next)
            desk.at(next, .due)
        }
        readings.append(desk.takeReady()?.isLastReading ?? false)
        #expect(readings == [false, false, false, true])
    }

    @Test("A file that is closed again after it looked cut begins anew")
    func cutThenClosed() {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        for moment in [0.0, 5] {
            _ = desk.intake(moment, name, .looksCut)
            desk.at(moment == 0 ? 5 : 20, .due)
        }
        _ = desk.intake(20, name, .looksCut)
        desk.at(30, .closedWrite(key))
        desk.at(30, .looked(key, SettlingDesk.status()))
        desk.at(31, .due)
        desk.at(31, .looked(key, SettlingDesk.status()))
        #expect(desk.takeReady()?.isLastReading == false)
    }

    @Test(
        "A file with a writer is asked every second for a minute, then every ten, and is stuck after an hour")
    func writer() {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        var moment = 0.0
        var steps: [Double] = []
        while moment < 3_700 {
            #expect(desk.intake(moment, name, .hasWriter) != nil)
            if moment < 3_600 { #expect(desk.counts(moment).stuck == 0) }
            // A rescan may be due first; it is not what is asked about here.
            var next = desk.due
            while desk.at(next, .due).contains(.scan(.root, .rescan)), desk.counts(next).ready == 0 {
                next = desk.due
            }
            steps.append(next - moment)
            moment = next
        }
        #expect(steps.prefix(60).allSatisfy { $0 == 1 })
        #expect(steps.dropFirst(60).allSatisfy { $0 == 10 })
        #expect(desk.intake(moment, name, .hasWriter) != nil)
        #expect(desk.counts(moment).stuck == 1)
    }

    @Test("What may not be read is tried again with waits that double from a second to five minutes")
    func blocked() {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        var moment = 0.0
        var waits: [Double] = []
        for _ in 0..<12 {
            #expect(desk.intake(moment, name, .blocked) != nil)
            var next = desk.due
            while desk.at(next, .due).contains(.scan(.root, .rescan)), desk.counts(next).ready == 0 {
                next = desk.due
            }
            waits.append(next - moment)
            moment = next
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    }

    @Test("What cannot be removed is tried again with back-off and never handed out again")
    func removalBlocked() {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        _ = desk.intake(0, name, .taken)
        desk.at(0, .removalBlocked(key))
        #expect(desk.counts(0).blocked == 1)
        desk.at(0.5, .closedWrite(key))
        #expect(desk.at(1, .due) == [.remove(key)])
        desk.at(1, .removalBlocked(key))
        #expect(desk.due == 3)
        #expect(desk.names() == [])
        desk.at(3, .removed(key, isReplaced: false))
        // The event that came meanwhile is of another file under the name.
        #expect(desk.counts(3).settling == 1)
    }

    @Test("A file that comes under the name of one in hand is a second file")
    func replaced() {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        _ = desk.intake(0, name, .taken)
        desk.at(0.1, .movedIn(key))
        #expect(desk.names() == [])
        desk.at(0.2, .removed(key, isReplaced: false))
        #expect(desk.names() == [name])
        desk.at(0.3, .intake(key, .taken))
        desk.at(0.4, .removed(key, isReplaced: false))
        #expect(desk.counts(0.4).waiting == 0)
    }

    @Test("Without leases, two equal looks five seconds apart stand in for them")
    func noLeases() {
        var desk = SettlingDesk()
        desk.at(0, .movedIn(key))
        #expect(desk.intake(0, name, .noLeases)?.asksForWriters == true)
        #expect(desk.actions == [.look(key)])
        desk.at(0, .looked(key, SettlingDesk.status()))
        desk.at(4.9, .due)
        #expect(desk.names() == [])
        #expect(desk.at(5, .due) == [.look(key)])
        desk.at(5, .looked(key, SettlingDesk.status()))
        #expect(desk.takeReady()?.asksForWriters == false)

        var network = SettlingDesk()
        network.at(0, .watched(.root, isPolled: true, hasNoLeases: true))
        #expect(network.at(0, .movedIn(key)) == [.look(key)])
        network.at(0, .looked(key, SettlingDesk.status()))
        #expect(network.at(5, .due) == [.look(key), .scan(.root, .poll)])
        network.at(5, .looked(key, SettlingDesk.status()))
        #expect(network.settling.takeReady()?.asksForWriters == false)
    }

    @Test("While paused nothing is given out; afterwards everything is, in order")
    func paused() {
        var desk = SettlingDesk()
        desk.settling.isPaused = true
        for name in ["١", "٢", "٣"] { desk.at(0, .movedIn(SettlingDesk.key(name))) }
        #expect(desk.names() == [])
        desk.settling.isPaused = false
        #expect(desk.names() == ["١", "٢", "٣"])
    }

    @Test(
        "Names of unfinished files and of what programs leave behind are left alone",
        arguments: [
            ".hidden", "~lock", "#a#", "a~", "a.tmp", "A.TMP", "a.part", "خبر.crdownload", "a.swp",
            "Thumbs.db",
            "desktop.ini", ".sijill-12", "x.writing", "x.filepart", "x.opdownload",
        ])
    func ignored(_ name: String) {
        var desk = SettlingDesk()
        desk.at(0, .created(SettlingDesk.key(name)))
        desk.at(0, .closedWrite(SettlingDesk.key(name)))
        desk.at(0, .movedIn(SettlingDesk.key(name)))
        let entry = ScanEntry(name: Array(name.utf8), status: SettlingDesk.status())
        let day: Int64 = 86_400_000_000_000
        desk.at(0, .scanned([.init(directory: .root, entries: [entry])], .start, wallClock: day))
        #expect(desk.names() == [])
        #expect(desk.counts(0).waiting == 0)
        #expect(desk.counts(0).ignored == 1)
        #expect(desk.counts(0).ignoredForLong == 1)
    }

    @Test("The first-level folder is the source, and files below eight directories are too deep")
    func directories() throws {
        var desk = SettlingDesk()
        var parent = DirectoryID.root
        for depth in 1...9 {
            let name = Array((depth == 1 ? "وكالة" : "d\(depth)").utf8)
            let actions = desk.at(0, .directoryAppeared(parent, name, wasMoved: false))
            guard case .scan(let id, .appeared)? = actions.first else {
                Issue.record("no scan of a new directory")
                return
            }
            #expect(desk.settling.directories[id]?.source == "وكالة")
            desk.at(0, .movedIn(FileKey(id, Array("f".utf8))))
            #expect(desk.takeReady()?.isTooDeep == (depth == 9))
            parent = id
        }
        let first = try #require(desk.settling.directories.child(of: .root, named: Array("وكالة".utf8)))
        #expect(desk.at(1, .directoryGone(first)).count == 9)
        #expect(desk.settling.directories.count == 1)
    }

    @Test("A directory that is moved in whole has whole files")
    func directoryMovedIn() throws {
        var desk = SettlingDesk()
        desk.at(0, .directoryAppeared(.root, Array("مجلد".utf8), wasMoved: true))
        let id = try #require(desk.settling.directories.child(of: .root, named: Array("مجلد".utf8)))
        #expect(desk.actions == [.scan(id, .movedIn)])
        let entries = [ScanEntry(name: Array("a".utf8), status: SettlingDesk.status(changed: 100))]
        desk.at(0, .scanned([.init(directory: id, entries: entries)], .movedIn, wallClock: 100))
        #expect(desk.names() == ["a"])
    }

    @Test("Everything is scanned once a minute and at once after an overflow; idle, nothing else is due")
    func rescan() {
        var desk = SettlingDesk()
        #expect(desk.due == 60)
        #expect(desk.at(60, .due) == [.scan(.root, .rescan)])
        #expect(desk.due == 120)
        #expect(desk.at(70, .rescan) == [.scan(.root, .rescan)])
        #expect(desk.due == 130)
    }

    @Test("Files may vanish in every state")
    func vanishing() {
        var desk = SettlingDesk()
        desk.at(0, .closedWrite(key))
        desk.at(0, .looked(key, nil))
        #expect(desk.counts(0).waiting == 0)
        desk.at(0, .movedIn(key))
        desk.at(0, .movedFrom(key))
        #expect(desk.names() == [])
        desk.at(0, .movedIn(key))
        #expect(desk.intake(0, name, .vanished) != nil)
        #expect(desk.counts(0).waiting == 0)
    }

    @Test("Random events never lose a file: one that stays and is quiet is handed out")
    func randomEvents() {
        let seed = UInt64.random(in: .min ... .max)
        print("settling seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var desk = SettlingDesk()
            var moment = 0.0
            var isInHand = false
            for _ in 0..<40 {
                moment += Double(Int.random(in: 0...30, using: &random)) / 10
                switch Int.random(in: 0..<7, using: &random) {
                case 0: desk.at(moment, .created(key))
                case 1: desk.at(moment, .closedWrite(key))
                case 2: desk.at(moment, .movedIn(key))
                case 3: desk.at(moment, .looked(key, SettlingDesk.status(changed: Int64(moment * 10))))
                case 4 where !isInHand: isInHand = desk.takeReady() != nil
                case 5 where isInHand:
                    let results: [IntakeResult] = [
                        .hasWriter, .looksCut, .changedWhileRead, .blocked, .empty, .noLeases,
                    ]
                    desk.at(moment, .intake(key, results.randomElement(using: &random)!))
                    isInHand = false
                default: desk.at(moment, .due)
                }
            }
            // It is there now, quiet and readable.
            if isInHand {
                desk.at(moment, .removed(key, isReplaced: true))
            } else {
                desk.at(moment, .closedWrite(key))
            }
            for _ in 0..<200 where desk.counts(moment).ready == 0 {
                for case .look(let looked) in desk.actions {
                    desk.at(moment, .looked(looked, SettlingDesk.status()))
                }
                if desk.counts(moment).ready > 0 { break }
                moment = desk.due
                desk.at(moment, .due)
            }
            #expect(desk.names() == [name])
        }
    }
}

/// SplitMix64: the same seed gives the same numbers.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
