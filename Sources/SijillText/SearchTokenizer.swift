/// Cuts a text into the tokens of the search index, each with its place in the text as it is written.
///
/// A token is a canonical word (`CanonicalWords`). A text that is indexed gives the light stem of each word as a second
/// token at the same place. Wherever a word stands in the index its stem stands there too; so a word of a query is
/// looked up by its stem alone, which finds the word, its stem, and the stem behind any other prefix. A prefix
/// (`حسك*`) is looked up as it is written: what is cut off at its end may be what its stem hangs on.
///
/// In the scripts of `UnspacedScripts` a token is one letter.
///
/// Not to be shared between threads. It keeps its memory from text to text.
package struct SearchTokenizer {
    /// What the text is.
    package enum Purpose: Sendable {
        /// A text to be found: words, and their stems at the same place.
        case document
        /// Words to look for: the stem of each, or the word where it is its own stem.
        case query
        /// Words of which the last is only the beginning of one: as they are.
        case prefix
    }

    /// Takes one token: its bytes, where it stands in the text, and whether it stands at the place of the token before
    /// it. False ends the pass.
    package typealias Body = (_ token: Span<UInt8>, _ source: Range<Int>, _ isColocated: Bool) -> Bool

    private var folder = WordFolder(keepsSources: true)
    private var letters = LetterSplitter()

    package init() {}

    /// Passes the tokens of `text`, which is valid UTF-8 of at most 4 GiB, to `body`. A byte that is not UTF-8
    /// separates words.
    ///
    /// Complexity: linear in the bytes.
    package mutating func tokenize(_ text: Span<UInt8>, for purpose: Purpose, _ body: Body) {
        folder.refold(text)
        let (folded, list) = (folder.output, folder.list)
        let output = folded.span
        var start = 0
        var split = 0..<0
        for index in list.ends.indices {
            let end = Int(list.ends[index])
            let source = list.sources[index]
            let word = output.extracting(start..<end)
            start = end + 1
            if SearchTokenizer.hasUnspacedLetter(word) {
                // One character may stand for several words: all of them come from one pass over it.
                if source == split { continue }
                split = source
                guard letters.split(text.extracting(source), at: source.lowerBound, for: purpose, body) else {
                    return
                }
            } else if !SearchTokenizer.pass(word, source, for: purpose, body) {
                return
            }
        }
    }

    /// Passes one word on, with what belongs to it.
    @inline(__always)
    fileprivate static func pass(
        _ word: Span<UInt8>, _ source: Range<Int>, for purpose: Purpose, _ body: Body
    ) -> Bool {
        if purpose == .prefix { return body(word, source, false) }
        let prefixBytes = LightStem.prefixBytes(of: word)
        if prefixBytes == 0 { return body(word, source, false) }
        let stem = word.extracting(prefixBytes..<word.count)
        if purpose == .query { return body(stem, source, false) }
        return body(word, source, false) && body(stem, source, true)
    }

    private static func hasUnspacedLetter(_ word: Span<UInt8>) -> Bool {
        var offset = 0
        while offset < word.count {
            if word[offset] < UnspacedScripts.leadByteMin {
                offset += 1
                continue
            }
            let (scalar, count) = UTF8Bytes.scalar(in: word, at: offset)
            if UnspacedScripts.contains(scalar) { return true }
            offset += count
        }
        return false
    }
}

/// Cuts a word in which there are letters of `UnspacedScripts` into these letters and what stands between them.
private struct LetterSplitter {
    private var folder = WordFolder(keepsSources: false)
    private let table = FoldTable.shared
    /// The token that is being put together, and where it stands.
    private var token: [UInt8] = []
    private var source = 0..<0
    private var isLetter = false

    /// - Parameters:
    ///   - text: The word as it is written.
    ///   - base: Where it stands in the whole text.
    /// - Returns: False when `body` ended the pass.
    mutating func split(
        _ text: Span<UInt8>, at base: Int, for purpose: SearchTokenizer.Purpose, _ body: SearchTokenizer.Body
    ) -> Bool {
        var start = 0
        while start < text.count {
            let end = clusterEnd(text, from: start)
            folder.refold(text.extracting(start..<end))
            guard add(base + start..<base + end, for: purpose, body) else { return false }
            start = end
        }
        return flush(for: purpose, body)
    }

    /// Where the letter that begins at `start` ends with all that belongs to it: what follows can be folded apart.
    private func clusterEnd(_ text: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < text.count {
            let (scalar, count) = UTF8Bytes.scalar(in: text, at: end)
            let entry = table.entries[scalar]
            if end > start, entry.role != .dropped, entry.role != .mark, entry.route != .joining { break }
            end += count
        }
        return end
    }

    /// Adds what the folder made of the cluster at `range`.
    private mutating func add(
        _ range: Range<Int>, for purpose: SearchTokenizer.Purpose, _ body: SearchTokenizer.Body
    ) -> Bool {
        let count = folder.outputCount
        var offset = 0
        while offset < count {
            let (scalar, length) = UTF8Bytes.scalar(in: folder.output.span, at: offset)
            let bytes = offset..<offset + length
            offset += length
            if scalar == 0x20 {
                guard flush(for: purpose, body) else { return false }
                continue
            }
            let isMark = table.entries[scalar].role == .mark
            let begins = UnspacedScripts.contains(scalar)
            if !isMark || token.isEmpty, begins || isLetter {
                guard flush(for: purpose, body) else { return false }
                isLetter = begins
            }
            source = token.isEmpty ? range : source.lowerBound..<range.upperBound
            token += folder.output[bytes]
        }
        return true
    }

    private mutating func flush(
        for purpose: SearchTokenizer.Purpose, _ body: SearchTokenizer.Body
    ) -> Bool {
        defer {
            token.removeAll(keepingCapacity: true)
            isLetter = false
        }
        return token.isEmpty || SearchTokenizer.pass(token.span, source, for: purpose, body)
    }
}
