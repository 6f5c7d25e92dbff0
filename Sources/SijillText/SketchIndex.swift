/// Finds the texts that share sketch keys with a text: the candidates of a relation.
///
/// Held in memory: for each key of each text one posting of 8 bytes, the key above, the text's place in a list
/// below. Keys are even over their 32 bits, so postings are parted by the upper bits of the key; each part is one
/// sorted run, in which a key's place is guessed, and a small sorted tail that is merged into the run when it is
/// full. So an insert moves little, no insert stops for the whole of the index, and a look-up costs the same in
/// a small index and in a large one.
package struct SketchIndex: Sendable {
    /// A text, by the number it was inserted under, and how many keys it shares with the one that was asked for.
    package struct Candidate: Hashable, Sendable {
        package let number: UInt64
        package let sharedCount: Int

        package init(number: UInt64, sharedCount: Int) {
            self.number = number
            self.sharedCount = sharedCount
        }
    }

    /// Texts that a key may stand for; a key of more is a common phrase and tells nothing.
    package static let postingsMax = 64
    /// Keys that a candidate shares at least. A text with fewer keys shares all that it has.
    package static let sharedKeysMin = 2
    /// Texts that a key stands for at most when it is so rare that it counts alone.
    package static let rareMax = 8
    /// Candidates that share one rare key only.
    package static let singlesMax = 4
    /// Candidates that are worth the exact comparison.
    package static let candidatesMax = 16

    private var parts: [Part]
    /// The numbers of the texts, ascending; postings name them by their place.
    private var numbers: [UInt64] = []
    private var removed: Set<UInt32> = []
    /// Keys of short texts: only these have keys that no sketch of a long text has.
    private var keysOfShort = KeyFilter()
    private let partShift: UInt32

    /// - Parameter partBits: how many upper bits of a key name its part.
    package init(partBits: UInt32 = 8) {
        precondition((1...16).contains(partBits), "parts are named by 1 to 16 bits")
        parts = Array(repeating: Part(), count: 1 << partBits)
        partShift = 32 - partBits
    }

    /// Texts that are found.
    package var count: Int { numbers.count - removed.count }

    /// Bytes that the index holds, room for growth included.
    package var bytes: Int {
        parts.reduce(numbers.capacity * 8) { $0 + $1.bytes } + removed.capacity * 8 + keysOfShort.bytes
    }

    /// Adds a text under a number above all before it.
    package mutating func insert(_ sketch: Sketch, number: UInt64) {
        let place = append(number, sketch)
        for key in sketch.keys {
            parts[Int(key >> partShift)].insert(Part.posting(key, place), isRemoved: removed)
        }
    }

    /// The text of that number is not found any more. Its postings go when their parts are merged.
    package mutating func remove(number: UInt64) {
        if let place = place(of: number) { removed.insert(place) }
    }

    /// The texts that share keys with a text, the ones that share most first, the earlier first of equals.
    ///
    /// Keys that stand for more than `postingsMax` texts are passed over. A text nearly all of whose keys are
    /// such (the eightieth copy of one report) would find nothing at all; so where nothing is found, and half of
    /// its sketch or more is common, the first `postingsMax` texts of each common key count.
    ///
    /// A short text may share no more than one key with a longer one that holds it. So for a short text the few texts
    /// count, too, that share a key with it that hardly any has.
    package func candidates(of probe: SketchProbe, excluding excluded: Set<UInt64> = []) -> [Candidate] {
        var places: [UInt32] = []
        var rare: [(postings: Int, place: UInt32)] = []
        var commonKeys: [UInt32] = []
        for (position, key) in probe.keys.enumerated() {
            if position >= probe.sketchCount, !keysOfShort.mayHold(key) { continue }
            let start = places.count
            gather(key, max: Self.postingsMax + 1, into: &places)
            let postings = places.count - start
            if postings > Self.postingsMax {
                places.removeLast(postings)
                if position < probe.sketchCount { commonKeys.append(key) }
            } else if probe.isShort, postings <= Self.rareMax {
                rare += places[start...].map { (postings, $0) }
            }
        }
        let sharedMin = min(Self.sharedKeysMin, probe.keys.count)
        let found = counted(&places, sharedMin, excluded)
        if found.isEmpty, !commonKeys.isEmpty, 2 * commonKeys.count >= probe.sketchCount {
            for key in commonKeys { gather(key, max: Self.postingsMax, into: &places) }
            return counted(&places, sharedMin, excluded)
        }
        return found + singles(&rare, besides: found, excluded)
    }

    private func gather(_ key: UInt32, max: Int, into places: inout [UInt32]) {
        parts[Int(key >> partShift)].gather(
            key, max: max, shift: partShift, isRemoved: removed, into: &places)
    }

    /// Texts that share a rare key and nothing else, the rarest first.
    private func singles(
        _ rare: inout [(postings: Int, place: UInt32)], besides found: [Candidate], _ excluded: Set<UInt64>
    ) -> [Candidate] {
        guard !rare.isEmpty, found.count < Self.candidatesMax else { return [] }
        rare.sort { $0 < $1 }
        var known = Set(found.map(\.number))
        var singles: [Candidate] = []
        for (_, place) in rare {
            let number = numbers[Int(place)]
            guard !excluded.contains(number), known.insert(number).inserted else { continue }
            singles.append(Candidate(number: number, sharedCount: 1))
            if singles.count == min(Self.singlesMax, Self.candidatesMax - found.count) { break }
        }
        return singles
    }

    private func counted(_ places: inout [UInt32], _ sharedMin: Int, _ excluded: Set<UInt64>) -> [Candidate] {
        places.sort()
        var found: [Candidate] = []
        var start = 0
        while start < places.count {
            var end = start + 1
            while end < places.count, places[end] == places[start] { end += 1 }
            let number = numbers[Int(places[start])]
            if end - start >= sharedMin, excluded.isEmpty || !excluded.contains(number) {
                found.append(Candidate(number: number, sharedCount: end - start))
            }
            start = end
        }
        return Candidate.best(found)
    }

    private mutating func append(_ number: UInt64, _ sketch: Sketch) -> UInt32 {
        precondition(number > numbers.last ?? 0, "texts are inserted in the order of their numbers")
        precondition(numbers.count < UInt32.max, "more texts than 32 bits can count")
        numbers.append(number)
        if sketch.keys.count <= Sketch.keysMin { for key in sketch.keys { keysOfShort.insert(key) } }
        return UInt32(numbers.count - 1)
    }

    private func place(of number: UInt64) -> UInt32? {
        var (low, high) = (0, numbers.count)
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < numbers.count && numbers[low] == number ? UInt32(low) : nil
    }
}

extension SketchIndex.Candidate {
    /// The ones worth comparing, best first.
    package static func best(_ candidates: [Self]) -> [Self] {
        let sorted = candidates.sorted { ($1.sharedCount, $0.number) < ($0.sharedCount, $1.number) }
        return Array(sorted.prefix(SketchIndex.candidatesMax))
    }
}

extension SketchIndex {
    /// Makes an index of many texts at once, each part being sorted once.
    package struct Builder {
        private var index: SketchIndex

        package init(partBits: UInt32 = 8) { index = SketchIndex(partBits: partBits) }

        /// Adds a text under a number above all before it.
        package mutating func add(_ sketch: Sketch, number: UInt64) {
            let place = index.append(number, sketch)
            for key in sketch.keys {
                index.parts[Int(key >> index.partShift)].append(Part.posting(key, place))
            }
        }

        /// The text of that number is not found any more.
        package mutating func remove(number: UInt64) { index.remove(number: number) }

        package consuming func finish() -> SketchIndex {
            for part in index.parts.indices { index.parts[part].build(isRemoved: index.removed) }
            return index
        }
    }
}

/// The postings of the keys that begin with the same bits.
private struct Part: Sendable {
    private var run: [UInt64] = []
    private var tail: [UInt64] = []

    static func posting(_ key: UInt32, _ place: UInt32) -> UInt64 { UInt64(key) << 32 | UInt64(place) }

    var bytes: Int { (run.capacity + tail.capacity) * MemoryLayout<UInt64>.stride + 96 }

    /// How long the tail may get: an insert moves half of it, a merge moves the run once a tail.
    private var tailMax: Int { max(64, run.count / 64) }

    mutating func insert(_ posting: UInt64, isRemoved: Set<UInt32>) {
        tail.insert(posting, at: Part.firstIndex(tail, from: posting, in: 0..<tail.count))
        if tail.count > tailMax { merge(isRemoved) }
    }

    /// Takes in a posting in no order; `build` must follow.
    mutating func append(_ posting: UInt64) { run.append(posting) }

    mutating func build(isRemoved: Set<UInt32>) {
        run.sort()
        swap(&run, &tail)
        run = []
        merge(isRemoved)
    }

    /// Puts the tail into the run. Of a key that is common anyway only as many are kept as show that.
    private mutating func merge(_ isRemoved: Set<UInt32>) {
        var merged: [UInt64] = []
        merged.reserveCapacity(run.count + tail.count)
        var (runIndex, tailIndex) = (0, 0)
        var (key, kept) = (UInt64.max, 0)
        while runIndex < run.count || tailIndex < tail.count {
            let fromRun = tailIndex == tail.count || (runIndex < run.count && run[runIndex] < tail[tailIndex])
            let posting = fromRun ? run[runIndex] : tail[tailIndex]
            if fromRun { runIndex += 1 } else { tailIndex += 1 }
            if !isRemoved.isEmpty, isRemoved.contains(UInt32(truncatingIfNeeded: posting)) { continue }
            if posting >> 32 != key { (key, kept) = (posting >> 32, 0) }
            kept += 1
            if kept <= SketchIndex.postingsMax + 1 { merged.append(posting) }
        }
        // The room of what was left out is given back.
        run = merged.capacity > merged.count + merged.count / 16 ? merged.map { $0 } : merged
        tail = []
    }

    /// Appends the places that stand under `key`, `max` of them at most, the earliest first.
    func gather(_ key: UInt32, max: Int, shift: UInt32, isRemoved: Set<UInt32>, into places: inout [UInt32]) {
        let first = Part.posting(key, 0)
        var left = max
        Part.gather(run, from: guessed(first, key, shift), key, &left, isRemoved, into: &places)
        if left > 0 {
            let start = Part.firstIndex(tail, from: first, in: 0..<tail.count)
            Part.gather(tail, from: start, key, &left, isRemoved, into: &places)
        }
    }

    private static func gather(
        _ postings: [UInt64], from start: Int, _ key: UInt32, _ left: inout Int, _ isRemoved: Set<UInt32>,
        into places: inout [UInt32]
    ) {
        var index = start
        while index < postings.count, left > 0, UInt32(truncatingIfNeeded: postings[index] >> 32) == key {
            let place = UInt32(truncatingIfNeeded: postings[index])
            if isRemoved.isEmpty || !isRemoved.contains(place) {
                places.append(place)
                left -= 1
            }
            index += 1
        }
    }

    private func guess(_ key: UInt32, _ shift: UInt32) -> Int {
        let below = UInt64(key & (1 << shift &- 1))
        return Int(below * UInt64(run.count) >> UInt64(shift))
    }

    /// Where `posting` belongs in the run. Keys are even over their bits, so the place is guessed from the bits
    /// below those of the part, and looked for around the guess in steps that double.
    private func guessed(_ posting: UInt64, _ key: UInt32, _ shift: UInt32) -> Int {
        guard !run.isEmpty else { return 0 }
        let guess = guess(key, shift)
        var (low, high, step) = (guess, guess, 32)
        while low > 0, run[low - 1] >= posting {
            high = low
            low = Swift.max(0, low - step)
            step *= 2
        }
        while high < run.count, run[high] < posting {
            low = high + 1
            high = min(run.count, high + step)
            step *= 2
        }
        return Part.firstIndex(run, from: posting, in: low..<high)
    }

    /// The first place in `range` whose posting is not below; `range.upperBound` when there is none.
    private static func firstIndex(_ postings: [UInt64], from posting: UInt64, in range: Range<Int>) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if postings[middle] < posting { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
