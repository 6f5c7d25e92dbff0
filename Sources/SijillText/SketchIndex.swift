/// Finds the texts that share sketch keys with a text: the candidates of a relation.
///
/// Held in memory: for each key of each text one posting of 6 bytes, the key as far as its place does not say it, and the
/// text's place in a list. Keys are even over their 32 bits, so postings are parted by the upper bits of the key (`PostingPart`): an
/// insert moves little, and no insert stops for the whole of the index. A look-up asks for a hundred keys, and in a
/// large index each stands in memory that no cache of the processor holds; so all of them are looked for side by
/// side, step by step, and the processor waits for many at once.
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

    private var parts: [PostingPart]
    /// The numbers of the texts, ascending; postings name them by their place.
    private var numbers: [UInt64] = []
    private var removed: Set<UInt32> = []
    /// Keys of short texts: only these have keys that no sketch of a long text has.
    private var keysOfShort = KeyFilter()
    private let partShift: UInt32

    /// - Parameter partBits: how many upper bits of a key name its part.
    package init(partBits: UInt32 = 8) {
        precondition((1...16).contains(partBits), "parts are named by 1 to 16 bits")
        parts = Array(repeating: PostingPart(keyBits: 32 - partBits), count: 1 << partBits)
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
            parts[Int(key >> partShift)].insert(key, place, isRemoved: removed)
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
        let searches = searches(for: probe)
        for search in searches {
            let start = places.count
            gather(search, max: Self.postingsMax + 1, into: &places)
            let postings = places.count - start
            if postings > Self.postingsMax {
                places.removeLast(postings)
                if search.isInSketch { commonKeys.append(search.key) }
            } else if probe.isShort, postings <= Self.rareMax {
                rare += places[start...].map { (postings, $0) }
            }
        }
        let sharedMin = min(Self.sharedKeysMin, probe.keys.count)
        let found = counted(&places, sharedMin, excluded)
        if found.isEmpty, !commonKeys.isEmpty, 2 * commonKeys.count >= probe.sketchCount {
            for search in searches where commonKeys.contains(search.key) {
                gather(search, max: Self.postingsMax, into: &places)
            }
            return counted(&places, sharedMin, excluded)
        }
        return found + singles(&rare, besides: found, excluded)
    }

    /// A key that is looked for, and where its postings begin in the buckets that they stand in.
    private struct Search {
        let key: UInt32
        /// The key is one of the sketch, not of the probe alone.
        let isInSketch: Bool
        var run = PostingBounds()
        var tail = PostingBounds()
    }

    /// Where the postings of the probe's keys begin, of all that may be there.
    private func searches(for probe: SketchProbe) -> [Search] {
        var searches: [Search] = []
        searches.reserveCapacity(probe.keys.count)
        for (position, key) in probe.keys.enumerated() {
            let isInSketch = position < probe.sketchCount
            if isInSketch || keysOfShort.mayHold(key) {
                searches.append(Search(key: key, isInSketch: isInSketch))
            }
        }
        // Nothing in a loop waits for the memory that another round of it asks for.
        let parts = parts.span
        var open = searches.mutableSpan
        for index in open.indices {
            let key = open[index].key
            open[index].run = parts[Int(key >> partShift)].run.bounds(of: key)
            open[index].tail = parts[Int(key >> partShift)].tail.bounds(of: key)
        }
        for index in open.indices {
            let key = open[index].key
            let part = Int(key >> partShift)
            open[index].run.start = parts[part].run.index(of: key, in: open[index].run)
            open[index].tail.start = parts[part].tail.index(of: key, in: open[index].tail)
        }
        return searches
    }

    /// Appends the places that stand under the key of a search, `max` of them at most, the earliest first.
    private func gather(_ search: Search, max: Int, into places: inout [UInt32]) {
        let parts = parts.span
        let part = Int(search.key >> partShift)
        var left = max
        gather(
            parts[part].run.rest(of: search.key), parts[part].run.rests.span, parts[part].run.places.span,
            search.run, &left, into: &places)
        gather(
            parts[part].tail.rest(of: search.key), parts[part].tail.rests.span,
            parts[part].tail.places.span, search.tail, &left, into: &places)
    }

    @inline(__always)
    private func gather<Rest: FixedWidthInteger>(
        _ rest: Rest, _ rests: borrowing Span<Rest>, _ places: borrowing Span<UInt32>,
        _ bounds: PostingBounds, _ left: inout Int, into found: inout [UInt32]
    ) {
        var index = Int(bounds.start)
        while index < Int(bounds.end), left > 0, rests[index] == rest {
            let place = places[index]
            if removed.isEmpty || !removed.contains(place) {
                found.append(place)
                left -= 1
            }
            index += 1
        }
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
        /// For each part, in no order, what it takes in at the end: the key above, the place below.
        private var postings: [[UInt64]]

        package init(partBits: UInt32 = 8) {
            index = SketchIndex(partBits: partBits)
            postings = Array(repeating: [], count: index.parts.count)
        }

        /// Adds a text under a number above all before it.
        package mutating func add(_ sketch: Sketch, number: UInt64) {
            let place = index.append(number, sketch)
            for key in sketch.keys {
                postings[Int(key >> index.partShift)].append(UInt64(key) << 32 | UInt64(place))
            }
        }

        /// The text of that number is not found any more.
        package mutating func remove(number: UInt64) { index.remove(number: number) }

        package consuming func finish() -> SketchIndex {
            // The bits that name the part are the same in all its postings; without them they are spread as hashes are.
            let named = UInt64(32 - index.partShift)
            for part in index.parts.indices {
                let ascending = postings[part].map { $0 << named }.sortedHashes().map { $0 >> named }
                postings[part] = []
                index.parts[part].fill(ascending: ascending, isRemoved: index.removed)
            }
            return index
        }
    }
}
