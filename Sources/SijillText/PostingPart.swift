/// The postings of the keys that begin with the same bits: one long run, and a short one, the tail, that is merged into it
/// when it is full.
struct PostingPart: Sendable {
    private(set) var run = PostingRun(room: 0)
    private(set) var tail = PostingRun(room: PostingPart.tailLeast)

    private static let tailLeast = 64

    static func posting(_ key: UInt32, _ place: UInt32) -> UInt64 { UInt64(key) << 32 | UInt64(place) }

    /// Bytes held, room for growth included.
    var bytes: Int { run.bytes + tail.bytes }

    /// How long the tail may get: an insert moves half of it, a merge moves the run once a tail.
    private var tailMax: Int { max(PostingPart.tailLeast, run.postings.count / 64) }

    /// - Parameter shift: How many bits of a key are below those that name the part.
    mutating func insert(_ posting: UInt64, isRemoved: Set<UInt32>, _ shift: UInt32) {
        tail.insert(posting, shift)
        if tail.postings.count > tailMax { merge(isRemoved, shift) }
    }

    /// Takes in a posting in no order; `build` must follow.
    mutating func append(_ posting: UInt64) { tail.append(posting) }

    mutating func build(isRemoved: Set<UInt32>, _ shift: UInt32) {
        tail.sort(shift)
        merge(isRemoved, shift)
    }

    /// Puts the tail into the run. Of a key that is common anyway only as many are kept as show that.
    private mutating func merge(_ isRemoved: Set<UInt32>, _ shift: UInt32) {
        let (old, new) = (run.postings, tail.postings)
        var merged: [UInt64] = []
        merged.reserveCapacity(old.count + new.count)
        var (oldIndex, newIndex) = (0, 0)
        var (key, kept) = (UInt64.max, 0)
        while oldIndex < old.count || newIndex < new.count {
            let isOld = newIndex == new.count || (oldIndex < old.count && old[oldIndex] < new[newIndex])
            let posting = isOld ? old[oldIndex] : new[newIndex]
            if isOld { oldIndex += 1 } else { newIndex += 1 }
            if !isRemoved.isEmpty, isRemoved.contains(UInt32(truncatingIfNeeded: posting)) { continue }
            if posting >> 32 != key { (key, kept) = (posting >> 32, 0) }
            kept += 1
            if kept <= SketchIndex.postingsMax + 1 { merged.append(posting) }
        }
        // The room of what was left out is given back.
        let isLoose = merged.capacity > merged.count + merged.count / 16
        run = PostingRun(ascending: isLoose ? merged.map { $0 } : merged, shift)
        tail = PostingRun(room: tailMax)
    }
}

/// Postings in ascending order with a directory: buckets of keys, even over the bits below those of the part, as keys are.
struct PostingRun: Sendable {
    private(set) var postings: [UInt64]
    /// Where each bucket begins, then the end.
    private var starts: [UInt32]

    /// Postings that a bucket has in the mean: two lines of the processor's cache.
    private static let bucketSize = 16

    /// An empty run that is to take in about `room` postings.
    init(room: Int) {
        postings = []
        starts = Array(repeating: 0, count: room / PostingRun.bucketSize + 2)
    }

    init(ascending: [UInt64], _ shift: UInt32) {
        self.init(room: ascending.count)
        postings = ascending
        for posting in postings { starts[bucket(of: UInt32(posting >> 32), shift) + 1] += 1 }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
    }

    var bytes: Int { postings.capacity * 8 + starts.capacity * 4 + 64 }

    mutating func insert(_ posting: UInt64, _ shift: UInt32) {
        let key = UInt32(posting >> 32)
        let index = place(of: posting, in: bounds(of: key, shift))
        postings.insert(posting, at: Int(index))
        for later in (bucket(of: key, shift) + 1)..<starts.count { starts[later] += 1 }
    }

    /// Takes in a posting in no order; `sort` must follow, and the directory is not kept.
    mutating func append(_ posting: UInt64) { postings.append(posting) }

    /// Linear: the bits that name the part are the same in all postings, and the rest is spread as hashes are.
    mutating func sort(_ shift: UInt32) {
        guard let first = postings.first else { return }
        let named = UInt64(32 - shift)
        let name = (first >> (64 - named)) << (64 - named)
        postings = postings.map { $0 << named }.sortedHashes().map { ($0 >> named) | name }
    }

    /// The bucket in which the postings of a key begin, as bounds of places.
    @inline(__always)
    func bounds(of key: UInt32, _ shift: UInt32) -> Bounds {
        let bucket = bucket(of: key, shift)
        return Bounds(start: starts[bucket], end: starts[bucket + 1])
    }

    /// The first place in a bucket whose posting is not below; no branch hangs on what stands there.
    @inline(__always)
    func place(of posting: UInt64, in bounds: Bounds) -> UInt32 {
        let postings = postings.span
        var place = bounds.start
        for index in Int(bounds.start)..<Int(bounds.end) { place += postings[index] < posting ? 1 : 0 }
        return place
    }

    @inline(__always)
    private func bucket(of key: UInt32, _ shift: UInt32) -> Int {
        let below = UInt64(key & (1 << shift &- 1))
        return Int((below * UInt64(starts.count - 1)) >> UInt64(shift))
    }

    struct Bounds {
        var start: UInt32 = 0
        var end: UInt32 = 0
    }
}
