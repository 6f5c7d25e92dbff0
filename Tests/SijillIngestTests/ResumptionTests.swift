import SijillFormat
import Testing

@testable import SijillIngest

@Suite("What was taken before")
struct ResumptionTests {
    private func change(
        _ sequence: UInt64, _ name: String, inode: UInt64 = 9, text: String = "نص", offset: UInt64? = nil,
        isUnread: Bool = false
    ) -> OpenChange {
        let bytes = Array(text.utf8)
        let file = FileRecord(
            name: name, source: "وكالة", bytes: UInt64(bytes.count),
            sha256: isUnread ? nil : Digest.of(bytes),
            inode: inode, line: offset.map { _ in 1 }, offset: offset)
        return OpenChange(sequence: SequenceNumber(sequence), file: file)
    }

    private func take(
        _ resumption: inout Resumption, _ name: String, inode: UInt64 = 9, text: String = "نص"
    ) -> UInt64? {
        let bytes = Array(text.utf8)
        return resumption.takeWhole(
            inode: inode, name: name, source: "وكالة", bytes: UInt64(bytes.count), sha256: Digest.of(bytes))?
            .sequence.value
    }

    @Test("Inode and digest must both be those of the change, which answers for one file only")
    func matching() {
        var resumption = Resumption([change(1, "أ")])
        #expect(take(&resumption, "أ", inode: 8) == nil)
        #expect(take(&resumption, "أ", text: "غير") == nil)
        #expect(take(&resumption, "أ") == 1)
        #expect(take(&resumption, "أ") == nil)
        #expect(resumption.isEmpty)
    }

    @Test("A file that was renamed while the daemon was down is known by its inode")
    func renamed() {
        var resumption = Resumption([change(1, "أ")])
        resumption.found(inode: 9, name: "ب", source: "وكالة")
        #expect(take(&resumption, "ب") == 1)
    }

    @Test("A change is not given to another name of the inode while the name it names is there")
    func links() {
        var resumption = Resumption([change(1, "أ")])
        resumption.found(inode: 9, name: "أ", source: "وكالة")
        resumption.found(inode: 9, name: "ب", source: "وكالة")
        #expect(take(&resumption, "ب") == nil)
        #expect(take(&resumption, "أ") == 1)
    }

    @Test("A change without a digest is matched by inode and size")
    func unread() {
        var resumption = Resumption([change(1, "أ", isUnread: true)])
        #expect(take(&resumption, "أ", text: "أطول من ذلك") == nil)
        #expect(take(&resumption, "أ") == 1)
    }

    @Test("Of a file of many records the furthest is kept, with all sequences and rejects")
    func begun() throws {
        let open = [3, 1, 2].map { change($0, "أ", text: "\($0)", offset: $0 * 10) }
        var resumption = Resumption(open)
        let taken = resumption.takeBegun(inode: 9, name: "أ", source: "وكالة")
        let begun = try #require(taken)
        #expect(begun.last.sequence.value == 3)
        let sequences = begun.sequences.ranges.flatMap { Array($0.lowerBound.value...$0.upperBound.value) }
        #expect(sequences.sorted() == [1, 2, 3])
        #expect(resumption.isEmpty)
    }

    @Test("What no scan saw is closed, and what was seen is not")
    func vanished() {
        var resumption = Resumption([
            change(1, "أ"), change(2, "ب", inode: 10), change(3, "ج", inode: 11, offset: 4),
        ])
        resumption.found(inode: 10, name: "ب", source: "وكالة")
        let ranges = resumption.takeVanished().ranges.map(\.lowerBound.value)
        #expect(Set(ranges) == [1, 3])
        #expect(take(&resumption, "ب", inode: 10) == 2)
    }

    @Test("The reorder buffer gives out tickets in order, whatever order they come in")
    func reorder() {
        let seed = UInt64.random(in: .min ... .max)
        print("reorder seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var buffer = ReorderBuffer<UInt64>()
        var given: [UInt64] = []
        for ticket in (0..<500 as Range<UInt64>).shuffled(using: &random) {
            given += buffer.add(ticket % 3 == 0 ? [] : [ticket], ticket: ticket)
        }
        #expect(given == (0..<500).filter { $0 % 3 != 0 })
    }

    @Test("The due queue gives out keys in the order of their moments")
    func dueQueue() {
        let seed = UInt64.random(in: .min ... .max)
        print("due queue seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let start = ContinuousClock.now
        var queue = DueQueue<Int>()
        let moments = (0..<500).map { _ in Int.random(in: 0..<100, using: &random) }
        for moment in moments { queue.add(moment, due: start + .seconds(moment)) }
        #expect(queue.take(dueAt: start - .seconds(1)) == nil)
        var taken: [Int] = []
        while let item = queue.take(dueAt: start + .seconds(100)) { taken.append(item.key) }
        #expect(taken == moments.sorted())
    }
}
