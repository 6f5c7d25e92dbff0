/// The postings of the keys that begin with the same bits: one long run, and a short one, the tail, that is merged into it
/// when it is full.
struct PostingPart: Sendable {
    private(set) var run: PostingRun<UInt16>
    /// Its keys stand in it as they are, so that a small index needs no directory to speak of.
    private(set) var tail: PostingRun<UInt32>

    private static let tailLeast = 1_024

    /// - Parameter keyBits: How many bits of a key are below those that name the part.
    init(keyBits: UInt32) {
        run = PostingRun(room: 0, keyBits)
        tail = PostingRun(room: PostingPart.tailLeast, keyBits)
    }

    /// Bytes held, room for growth included.
    var bytes: Int { run.bytes + tail.bytes }

    /// How long the tail may get: an insert moves half of it, a merge moves the run once a tail.
    private var tailMax: Int { max(PostingPart.tailLeast, run.count / 64) }

    /// - Parameter place: Of the text; above all that the part has.
    mutating func insert(_ key: UInt32, _ place: UInt32, isRemoved: Set<UInt32>) {
        tail.insert(key, place)
        if tail.count > tailMax { merge(isRemoved) }
    }

    /// Takes in what an empty part is to hold: keys above, places below, in ascending order.
    mutating func fill(ascending postings: [UInt64], isRemoved: Set<UInt32>) {
        var postings = postings[...]
        fill(room: postings.count, isRemoved) { postings.popFirst() }
    }

    /// Puts the tail into the run.
    private mutating func merge(_ isRemoved: Set<UInt32>) {
        var (old, new) = (PostingWalk(run), PostingWalk(tail))
        fill(room: run.count + tail.count, isRemoved) { old.next(&new) }
    }

    /// Of a key that is common anyway only as many postings are kept as show that.
    private mutating func fill(room: Int, _ isRemoved: Set<UInt32>, _ next: () -> UInt64?) {
        var filled = PostingRun<UInt16>(room: room, run.keyBits)
        filled.reserve(room)
        var (key, kept) = (UInt64.max, 0)
        while let posting = next() {
            let place = UInt32(truncatingIfNeeded: posting)
            if !isRemoved.isEmpty, isRemoved.contains(place) { continue }
            if posting >> 32 != key { (key, kept) = (posting >> 32, 0) }
            kept += 1
            if kept <= SketchIndex.postingsMax + 1 { filled.append(UInt32(posting >> 32), place) }
        }
        filled.endAppending()
        run = filled
        tail = PostingRun(room: tailMax, run.keyBits)
    }
}

/// Postings in ascending order with a directory: buckets of keys, even over the bits below those of the part, as keys are.
///
/// A posting is what its bucket does not say of the key, in so many bits as `Rest` has at most, and the place of the text.
struct PostingRun<Rest: FixedWidthInteger & Sendable>: Sendable {
    private(set) var rests: [Rest] = []
    private(set) var places: [UInt32] = []
    /// Where each bucket begins, then the end.
    private(set) var starts: [UInt32]
    /// How many bits of a key are below those of the part.
    let keyBits: UInt32
    /// How many of them are below those that name the bucket.
    let restBits: UInt32

    /// Postings that a bucket has in the mean, at least, and less than twice as many: a line of the processor's cache.
    private static var bucketSize: Int { 16 }

    /// An empty run that is to take in about `room` postings; none at all if that is 0.
    init(room: Int, _ keyBits: UInt32) {
        var bucketBits = room == 0 ? 0 : keyBits - min(keyBits, UInt32(Rest.bitWidth))
        while Self.bucketSize << (bucketBits + 1) <= room, bucketBits < keyBits { bucketBits += 1 }
        self.keyBits = keyBits
        restBits = keyBits - bucketBits
        starts = Array(repeating: 0, count: (1 << bucketBits) + 1)
    }

    mutating func reserve(_ room: Int) {
        rests.reserveCapacity(room)
        places.reserveCapacity(room)
    }

    var count: Int { places.count }

    /// Bytes held, room for growth included.
    var bytes: Int {
        rests.capacity * MemoryLayout<Rest>.stride + places.capacity * 4 + starts.capacity * 4 + 96
    }

    /// - Parameter place: Of the text; above all that the run has.
    mutating func insert(_ key: UInt32, _ place: UInt32) {
        let bucket = bucket(of: key)
        var index = Int(starts[bucket])
        let end = Int(starts[bucket + 1])
        while index < end, rests[index] <= rest(of: key) { index += 1 }
        rests.insert(rest(of: key), at: index)
        places.insert(place, at: index)
        for later in (bucket + 1)..<starts.count { starts[later] += 1 }
    }

    /// Takes in a posting behind all others; `endAppending` must follow.
    mutating func append(_ key: UInt32, _ place: UInt32) {
        rests.append(rest(of: key))
        places.append(place)
        starts[bucket(of: key) + 1] += 1
    }

    /// Makes the directory, and gives back the room of what was left out.
    mutating func endAppending() {
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        guard places.capacity > count + count / 16 else { return }
        rests = rests.map { $0 }
        places = places.map { $0 }
    }

    /// The bucket in which the postings of a key stand, as bounds of indices.
    @inline(__always)
    func bounds(of key: UInt32) -> PostingBounds {
        let bucket = bucket(of: key)
        return PostingBounds(start: starts[bucket], end: starts[bucket + 1])
    }

    /// The first index in a bucket whose key is not below; no branch hangs on what stands there.
    @inline(__always)
    func index(of key: UInt32, in bounds: PostingBounds) -> UInt32 {
        let (rests, rest) = (rests.span, rest(of: key))
        var index = bounds.start
        for place in Int(bounds.start)..<Int(bounds.end) { index += rests[place] < rest ? 1 : 0 }
        return index
    }

    @inline(__always)
    func bucket(of key: UInt32) -> Int { Int(key & (1 << keyBits &- 1)) >> Int(restBits) }

    @inline(__always)
    func rest(of key: UInt32) -> Rest { Rest(truncatingIfNeeded: key & (1 << restBits &- 1)) }

}

/// Indices of a run, from one on and before another.
struct PostingBounds {
    var start: UInt32 = 0
    var end: UInt32 = 0
}

/// The postings of a run one by one: below the bits of the part the key above, the place below.
private struct PostingWalk<Rest: FixedWidthInteger & Sendable> {
    private let run: PostingRun<Rest>
    private var index = 0
    private var bucket = 0
    private(set) var posting: UInt64?

    init(_ run: PostingRun<Rest>) {
        self.run = run
        step()
    }

    mutating func step() {
        guard index < run.count else {
            posting = nil
            return
        }
        while run.starts[bucket + 1] <= index { bucket += 1 }
        let key = UInt64(bucket) << UInt64(run.restBits) | UInt64(run.rests[index])
        posting = key << 32 | UInt64(run.places[index])
        index += 1
    }

    /// The lower of the next postings of two runs; nil at the end of both.
    mutating func next<Other>(_ other: inout PostingWalk<Other>) -> UInt64? {
        if let second = other.posting, posting.map({ second < $0 }) ?? true {
            other.step()
            return second
        }
        defer { if posting != nil { step() } }
        return posting
    }
}
