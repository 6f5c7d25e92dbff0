import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("Open sequences")
struct OpenSequencesTests {
    @Test("They behave as a set of numbers, whatever is opened and closed")
    func model() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var open = OpenSequences()
        var model = Set<UInt64>()
        for _ in 0..<3_000 {
            let first = UInt64.random(in: 1...120, using: &generator)
            let range = first...first + UInt64.random(in: 0...9, using: &generator)
            if Bool.random(using: &generator) {
                open.insert(range)
                model.formUnion(range)
            } else {
                open.remove(range)
                model.subtract(range)
            }
            #expect(Set(open.ranges.flatMap { $0 }) == model, "seed \(seed)")
            #expect(
                zip(open.ranges, open.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
            #expect(open.contains(SequenceNumber(first)) == model.contains(first))
        }
    }

    @Test("Done is the last number below which none is open")
    func done() {
        var open = OpenSequences()
        #expect(open.done(tip: SequenceNumber(7)) == SequenceNumber(7))
        open.insert(3...9)
        #expect(open.done(tip: SequenceNumber(9)) == SequenceNumber(2))
        open.remove(3...4)
        #expect(open.done(tip: SequenceNumber(9)) == SequenceNumber(4))
    }

    @Test("The journal remembers what was renamed away until a state says that it is closed")
    func journal() throws {
        let folder = try TemporaryDirectory()
        var open = OpenSequences()
        open.insert(1...10)
        do {
            let journal = try RemovalJournal(path: folder.path("removals"), open: open)
            try journal.renamedAway([2...2, 5...6])
            journal.closed([2...2])
            #expect(journal.open.ranges == [1...1, 3...10])
            try journal.forgetAllBut(journal.open)
        }
        let journal = try RemovalJournal(path: folder.path("removals"), open: open)
        #expect(journal.isRenamedAway(SequenceNumber(6)))
        #expect(!journal.isRenamedAway(SequenceNumber(2)))
        #expect(!journal.isRenamedAway(SequenceNumber(7)))
    }

    @Test("A state reads back as it was written")
    func state() throws {
        let folder = try TemporaryDirectory()
        var state = LogState(log: .random())
        state.segment = SequenceNumber(12)
        state.originals = state.segment
        state.sequence = SequenceNumber(40)
        state.offset = 9_000
        state.open.insert(3...3)
        state.open.insert(17...40)
        try Durable.replace(folder.path("state"), state.encoded)
        #expect(try LogState.read(folder.path("state")) == state)
        #expect(try LogState.read(folder.path("none")) == nil)
    }
}
