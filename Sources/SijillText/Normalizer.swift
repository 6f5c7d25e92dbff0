/// NFKC (UAX #15) of one stretch of text at a time.
///
/// Stretches that begin with a starter that composes with nothing before it can be normalized apart from each other.
struct Normalizer: Sendable {
    /// What a scalar decomposes to in full, by scalar. Hangul syllables are left to arithmetic.
    var decompositions: [UInt32: [UInt32]] = [:]
    /// Primary composites by the two scalars that they are made of.
    var composites: [UInt64: UInt32] = [:]

    static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// Normalizes `scalars` in place. `scratch` is room that is kept from call to call.
    ///
    /// Complexity: n log n in the marks of one letter, else linear.
    func normalize(_ scalars: inout [UInt32], scratch: inout [UInt32], entries: ScalarMap) {
        decompose(scalars, into: &scratch, entries: entries)
        reorder(&scratch, entries: entries)
        compose(scratch, into: &scalars, entries: entries)
    }

    private func decompose(_ scalars: [UInt32], into result: inout [UInt32], entries: ScalarMap) {
        result.removeAll(keepingCapacity: true)
        for scalar in scalars {
            if let syllable = Hangul.Syllable(scalar) {
                result.append(syllable.lead)
                result.append(syllable.vowel)
                if let trail = syllable.trail { result.append(trail) }
            } else if entries[scalar].decomposes, let parts = decompositions[scalar] {
                result.append(contentsOf: parts)
            } else {
                result.append(scalar)
            }
        }
    }

    /// Canonical ordering: marks behind one starter by combining class, else in the order in which they stand.
    private func reorder(_ scalars: inout [UInt32], entries: ScalarMap) {
        var start = 0
        while start < scalars.count {
            guard entries[scalars[start]].combiningClass != 0 else {
                start += 1
                continue
            }
            var end = start
            var isOrdered = true
            var previous: UInt8 = 0
            while end < scalars.count {
                let current = entries[scalars[end]].combiningClass
                if current == 0 { break }
                if current < previous { isOrdered = false }
                previous = current
                end += 1
            }
            if !isOrdered { sort(&scalars[start..<end], entries: entries) }
            start = end
        }
    }

    private func sort(_ marks: inout ArraySlice<UInt32>, entries: ScalarMap) {
        // The place is part of the key, so that equal classes keep their order whatever the sort does.
        let keys = marks.enumerated().map { place, scalar in
            UInt64(entries[scalar].combiningClass) << 56 | UInt64(place) << 21 | UInt64(scalar)
        }
        for (index, key) in zip(marks.indices, keys.sorted()) { marks[index] = UInt32(key & 0x1F_FFFF) }
    }

    private func compose(_ scalars: [UInt32], into result: inout [UInt32], entries: ScalarMap) {
        result.removeAll(keepingCapacity: true)
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let entry = entries[scalar]
            if let starter, entry.composesBackward || Hangul.composesBackward(scalar) {
                let isAdjacent = starter == result.count - 1
                if isAdjacent || lastClass < entry.combiningClass,
                    let composite = composite(result[starter], scalar, isAdjacent: isAdjacent)
                {
                    result[starter] = composite
                    continue
                }
            }
            if entry.combiningClass == 0 { starter = result.count }
            lastClass = entry.combiningClass
            result.append(scalar)
        }
    }

    private func composite(_ first: UInt32, _ second: UInt32, isAdjacent: Bool) -> UInt32? {
        if isAdjacent, let syllable = Hangul.compose(first, second) { return syllable }
        return composites[Normalizer.pair(first, second)]
    }
}

/// The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).
enum Hangul {
    private static let leads: UInt32 = 0x1100
    private static let vowels: UInt32 = 0x1161
    private static let trails: UInt32 = 0x11A7
    private static let syllables: UInt32 = 0xAC00
    private static let leadCount: UInt32 = 19
    private static let vowelCount: UInt32 = 21
    private static let trailCount: UInt32 = 28

    struct Syllable {
        let lead: UInt32
        let vowel: UInt32
        let trail: UInt32?

        /// Nil when `scalar` is not a syllable.
        init?(_ scalar: UInt32) {
            guard scalar >= syllables, scalar - syllables < leadCount * vowelCount * trailCount else { return nil }
            let index = scalar - syllables
            lead = leads + index / (vowelCount * trailCount)
            vowel = vowels + index % (vowelCount * trailCount) / trailCount
            trail = index % trailCount == 0 ? nil : trails + index % trailCount
        }
    }

    /// A vowel or a trailing consonant.
    static func composesBackward(_ scalar: UInt32) -> Bool {
        scalar >= vowels && scalar < vowels + vowelCount || scalar > trails && scalar < trails + trailCount
    }

    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= leads, first < leads + leadCount, second >= vowels, second < vowels + vowelCount {
            return syllables + ((first - leads) * vowelCount + second - vowels) * trailCount
        }
        guard second > trails, second < trails + trailCount, let syllable = Syllable(first), syllable.trail == nil
        else { return nil }
        return first + second - trails
    }
}
