import SijillFormat

/// From digests to the sequences of the changes that first brought them, in memory.
///
/// Open addressing with linear probing over the first 16 bytes of a digest: 24 bytes a slot, at most four
/// slots in five taken, so 30 bytes a key when sized for its keys and 38 just after growing. Keys are never
/// removed.
///
/// Two different digests may share their first 16 bytes (nobody has seen it happen; making a pair takes about
/// 2^64 tries). The first one keeps the key, so whoever looks up must compare the whole digest with the row
/// that was found.
struct DigestTable: Sendable {
    private var keys: [UInt128]
    /// Sequences; 0, which names no change, marks a free slot.
    private var values: [UInt64]
    /// Odd and random, so that nobody can choose texts whose keys fall on one slot.
    private let multiplier: UInt64
    private(set) var count = 0

    init(capacity: Int = 0, multiplier: UInt64 = .random(in: 0 ... .max)) {
        let slots = max(64, capacity + capacity / 4 + 1)
        keys = Array(repeating: 0, count: slots)
        values = Array(repeating: 0, count: slots)
        self.multiplier = multiplier | 1
    }

    /// Bytes that the table holds.
    var bytes: Int { values.count * (MemoryLayout<UInt128>.stride + MemoryLayout<UInt64>.stride) }

    subscript(key: UInt128) -> SequenceNumber? {
        let value = values[slot(of: key)]
        return value == 0 ? nil : SequenceNumber(value)
    }

    /// Remembers `sequence` for `key`, unless the key has one already. Amortised O(1).
    mutating func insert(_ key: UInt128, _ sequence: SequenceNumber) {
        precondition(sequence != .none, "sequence 0 names no change")
        if (count + 1) * 5 > values.count * 4 { grow() }
        let slot = slot(of: key)
        guard values[slot] == 0 else { return }
        keys[slot] = key
        values[slot] = sequence.value
        count += 1
    }

    /// The slot that holds `key`, or the free one where it belongs. There is always a free one.
    private func slot(of key: UInt128) -> Int {
        let mixed = UInt64(truncatingIfNeeded: key ^ (key >> 64)) &* multiplier
        var slot = Int(mixed.multipliedFullWidth(by: UInt64(values.count)).high)
        while values[slot] != 0, keys[slot] != key {
            slot += 1
            if slot == values.count { slot = 0 }
        }
        return slot
    }

    private mutating func grow() {
        var larger = DigestTable(capacity: count + count / 4 + 64, multiplier: multiplier)
        for (slot, value) in values.enumerated() where value != 0 {
            larger.insert(keys[slot], SequenceNumber(value))
        }
        self = larger
    }
}
