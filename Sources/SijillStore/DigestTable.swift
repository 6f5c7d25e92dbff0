import SijillFormat

/// From digests to the sequences of the changes that brought them, in memory.
///
/// Open addressing with linear probing: 12 bytes a slot, at most four slots in five taken, so 15 bytes a key
/// when sized for its keys and 19 just after growing. Keys are never removed.
///
/// A slot holds 56 bits of a hash of the key, and the sequence. So what is found is a candidate: whoever looks
/// up compares the whole digest with the row of that sequence. Two keys with one hash cost a look at a row, and
/// are never taken for each other; a key that was inserted several times gives all its sequences.
struct DigestTable: Sendable {
    /// 56 bits of a hash and 40 of a sequence in three words, so that a slot needs no padding.
    private struct Slot {
        var low: UInt32 = 0
        var middle: UInt32 = 0
        var high: UInt32 = 0

        init() {}

        init(hash: UInt64, sequence: UInt64) {
            low = UInt32(truncatingIfNeeded: sequence)
            middle = UInt32(truncatingIfNeeded: sequence >> 32) | UInt32(truncatingIfNeeded: hash) << 8
            high = UInt32(truncatingIfNeeded: hash >> 24)
        }

        /// 0, which names no change, marks a free slot.
        var sequence: UInt64 { UInt64(middle & 0xFF) << 32 | UInt64(low) }
        var hash: UInt64 { UInt64(high) << 24 | UInt64(middle >> 8) }
        var isFree: Bool { low == 0 && middle & 0xFF == 0 }
    }

    /// The highest sequence that a slot can hold: a million million changes.
    static let sequenceMax: UInt64 = 1 << 40 - 1

    private var slots: [Slot]
    /// Odd and random, so that nobody can choose texts whose keys fall on one slot.
    private let multiplier: UInt64
    private(set) var count = 0

    init(capacity: Int = 0, multiplier: UInt64 = .random(in: 0 ... .max)) {
        slots = Array(repeating: Slot(), count: max(64, capacity + capacity / 4 + 1))
        self.multiplier = multiplier | 1
    }

    /// Bytes that the table holds.
    var bytes: Int { slots.count * MemoryLayout<Slot>.stride }

    /// The changes that may have brought `key`, ascending; nearly always those that did.
    func sequences(_ key: UInt128) -> [SequenceNumber] {
        let hash = hash(of: key)
        var found: [SequenceNumber] = []
        var index = home(of: hash)
        while !slots[index].isFree {
            if slots[index].hash == hash { found.append(SequenceNumber(slots[index].sequence)) }
            index = next(index)
        }
        if found.count > 1 { found.sort() }
        return found
    }

    /// Remembers `sequence` for `key`, beside those that it has. Amortised O(1).
    mutating func insert(_ key: UInt128, _ sequence: SequenceNumber) {
        precondition(
            sequence != .none && sequence.value <= DigestTable.sequenceMax, "no sequence of a change")
        if (count + 1) * 5 > slots.count * 4 { grow() }
        place(Slot(hash: hash(of: key), sequence: sequence.value))
    }

    private mutating func place(_ slot: Slot) {
        var index = home(of: slot.hash)
        while !slots[index].isFree { index = next(index) }
        slots[index] = slot
        count += 1
    }

    private func hash(of key: UInt128) -> UInt64 {
        (UInt64(truncatingIfNeeded: key ^ (key >> 64)) &* multiplier) >> 8
    }

    /// Where the slots of a hash begin. There is always a free one behind.
    private func home(of hash: UInt64) -> Int {
        Int((hash << 8).multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    private func next(_ index: Int) -> Int { index + 1 == slots.count ? 0 : index + 1 }

    private mutating func grow() {
        var larger = DigestTable(capacity: count + count / 4 + 64, multiplier: multiplier)
        for slot in slots where !slot.isFree { larger.place(slot) }
        self = larger
    }
}
