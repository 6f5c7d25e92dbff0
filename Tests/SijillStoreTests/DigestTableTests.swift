import SijillFormat
import Testing

@testable import SijillStore

@Suite struct DigestTableTests {
    @Test("Every key is found with all its sequences, through all growth, and no other key is")
    func againstDictionary() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var table = DigestTable(multiplier: generator.next())
        var model: [UInt128: [SequenceNumber]] = [:]
        var keys: [UInt128] = []
        for sequence in UInt64(1)...50_000 {
            let known =
                Int.random(in: 0..<10, using: &generator) == 0 ? keys.randomElement(using: &generator) : nil
            let key = known ?? UInt128.random(in: 0 ... .max, using: &generator)
            if known == nil { keys.append(key) }
            table.insert(key, SequenceNumber(sequence))
            model[key, default: []].append(SequenceNumber(sequence))
        }
        #expect(table.count == 50_000, "seed \(seed)")
        let wrong = model.filter { table.sequences($0.key) != $0.value }
        #expect(wrong.isEmpty, "seed \(seed)")
        for _ in 0..<10_000 {
            let key = UInt128.random(in: 0 ... .max, using: &generator)
            #expect(table.sequences(key) == [], "seed \(seed)")
        }
    }

    @Test("Keys that begin on one slot, the last one too, are all found")
    func clustered() {
        // With multiplier 1 the slot is made of the upper bits alone, so all of these want the last one.
        var table = DigestTable(multiplier: 1)
        let keys = (UInt128(0)..<40).map { UInt128(UInt64.max - 40 * 256) + $0 * 256 }
        for (position, key) in keys.enumerated() { table.insert(key, SequenceNumber(UInt64(position) + 1)) }
        for (position, key) in keys.enumerated() {
            #expect(table.sequences(key) == [SequenceNumber(UInt64(position) + 1)])
        }
    }

    @Test("The highest sequence comes back, and one that a slot cannot hold traps")
    func highest() async {
        var table = DigestTable()
        table.insert(7, SequenceNumber(DigestTable.sequenceMax))
        #expect(table.sequences(7) == [SequenceNumber(DigestTable.sequenceMax)])
        await #expect(processExitsWith: .failure) {
            var table = DigestTable()
            table.insert(7, SequenceNumber(DigestTable.sequenceMax + 1))
        }
    }

    @Test("A key costs at most 20 bytes, and 15 where the number of keys was known")
    func memory() {
        var generator = SeededGenerator(seed: 11)
        var sized = DigestTable(capacity: 100_000)
        var grown = DigestTable()
        var worst = 0.0
        for sequence in UInt64(1)...100_000 {
            let key = UInt128.random(in: 0 ... .max, using: &generator)
            sized.insert(key, SequenceNumber(sequence))
            grown.insert(key, SequenceNumber(sequence))
            if sequence > 1_000 { worst = max(worst, Double(grown.bytes) / Double(sequence)) }
        }
        #expect(Double(sized.bytes) / 100_000 <= 15.01)
        #expect(worst <= 20)
    }
}
