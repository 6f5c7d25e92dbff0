/// What the index is asked with for a text: more samples of it than its sketch keeps.
///
/// Texts with few shingles keep their 16 smallest, which lie far above the hashes that a long text keeps. Only the
/// text that asks has all its shingles at hand; so it asks for hashes up to 2⁶⁴/4, and a long text finds the short
/// ones that are part of it. A sketch, which is kept for every article, stays as small as it is.
package struct SketchProbe: Hashable, Sendable {
    /// One shingle in how many is asked for.
    package static let sampling: UInt64 = 4

    /// Keys, those of the text's sketch first.
    let keys: [UInt32]
    /// How many of them the sketch has.
    let sketchCount: Int

    /// Complexity: linear in the keys.
    package init(_ shingles: ShingleSet) {
        let hashes = shingles.hashes
        func count(below part: UInt64) -> Int {
            let limit = UInt64.max / part
            return max(hashes.prefix { $0 <= limit }.count, min(Sketch.keysMin, hashes.count))
        }
        sketchCount = count(below: Sketch.sampling)
        keys = hashes.prefix(count(below: SketchProbe.sampling)).map { UInt32(truncatingIfNeeded: $0) }
    }

    /// The text is so short that its sketch holds no more than the least number of keys: then one key in common may be
    /// all that a longer text, which keeps one shingle in sixteen, has of it.
    var isShort: Bool { sketchCount <= Sketch.keysMin }
}
