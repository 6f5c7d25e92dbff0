import SijillFormat
import Testing

@testable import SijillStore

@Suite struct DigestTableTests {
    @Test("Every key is found with its first sequence, through all growth, and no other key is")
    func againstDictionary() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        var table = DigestTable(multiplier: generator.next())
        var model: [UInt128: UInt64] = [:]
        for sequence in UInt64(1)...50_000 {
            let isKnown = Int.random(in: 0..<10, using: &generator) == 0
            let key = isKnown ? model.keys.first! : UInt128.random(in: 0 ... .max, using: &generator)
            table.insert(key, SequenceNumber(sequence))
            if model[key] == nil { model[key] = sequence }
        }
        #expect(table.count == model.count, "seed \(seed)")
        let wrong = model.filter { table[$0.key] != SequenceNumber($0.value) }
        #expect(wrong.isEmpty, "seed \(seed)")
        for _ in 0..<10_000 {
            let key = UInt128.random(in: 0 ... .max, using: &generator)
            #expect(table[key] == nil, "seed \(seed)")
        }
    }

    @Test("Keys that begin on one slot, the last one too, are all found")
    func clustered() {
        // With multiplier 1 the slot is made of the upper bits alone, so all of these want the last one.
        var table = DigestTable(multiplier: 1)
        let keys = (UInt128(0)..<40).map { UInt128(UInt64.max - 40) + $0 }
        for (position, key) in keys.enumerated() { table.insert(key, SequenceNumber(UInt64(position) + 1)) }
        for (position, key) in keys.enumerated() {
            #expect(table[key] == SequenceNumber(UInt64(position) + 1))
        }
    }

    @Test("A key costs at most 38 bytes, and 30 where the number of keys was known")
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
        #expect(Double(sized.bytes) / 100_000 <= 30.01)
        #expect(worst <= 40)
    }
}
