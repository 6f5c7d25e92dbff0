/// Which words a text has that another lacks, in order, as both are written: for people who look at a revision.
///
/// Words are the same when their canonical words are, so that harakat, spaces and punctuation change nothing. What
/// stands between words goes with the word behind it, and at the end with the last. In scripts without spaces each
/// letter counts as a word.
package struct WordDiff: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case same, removed, added
    }

    /// Words in a row that went, came or stayed; those that stayed as the later text has them.
    package struct Piece: Hashable, Sendable {
        package let kind: Kind
        package let text: [UInt8]
    }

    package let pieces: [Piece]

    /// Words that come and go at most; in texts that have less in common all words go and all come.
    private static let editsMax = 2_000

    /// The shortest script of edits (Myers 1986, "An O(ND) difference algorithm").
    ///
    /// Complexity: words times edits, and the square of the edits in memory, up to 16 MiB.
    package init(from earlier: [UInt8], to later: [UInt8]) {
        var names: [[UInt8]: Int32] = [:]
        let (old, new) = (Words(earlier, &names), Words(later, &names))
        var pieces = Pieces(old, new)
        for step in WordDiff.steps(old.names, new.names) { pieces.add(step) }
        self.pieces = pieces.finish()
    }

    fileprivate enum Step {
        case same, removed, added
    }

    private static func steps(_ old: [Int32], _ new: [Int32]) -> [Step] {
        let start = zip(old, new).prefix { $0 == $1 }.count
        let rest = min(old.count, new.count) - start
        let end = zip(old.reversed(), new.reversed()).prefix(rest).prefix { $0 == $1 }.count
        let (a, b) = (Array(old[start..<old.count - end]), Array(new[start..<new.count - end]))
        let middle =
            shortest(a, b) ?? Array(repeating: .removed, count: a.count)
            + Array(repeating: .added, count: b.count)
        return Array(repeating: .same, count: start) + middle + Array(repeating: .same, count: end)
    }

    /// Nil when it takes more than `editsMax` edits.
    private static func shortest(_ old: [Int32], _ new: [Int32]) -> [Step]? {
        let editsMax = min(old.count + new.count, WordDiff.editsMax)
        // furthest[k + middle]: how far in `old` the best path has come on the diagonal k.
        let middle = editsMax + 1
        var furthest = [Int32](repeating: 0, count: 2 * middle + 1)
        // What it was before each edit, from diagonal -d to d.
        var trace: [[Int32]] = []
        for edits in 0...editsMax {
            trace.append(Array(furthest[middle - edits...middle + edits]))
            for k in stride(from: -edits, through: edits, by: 2) {
                let goesDown =
                    k == -edits || (k != edits && furthest[middle + k - 1] < furthest[middle + k + 1])
                var x = Int(goesDown ? furthest[middle + k + 1] : furthest[middle + k - 1] + 1)
                while x < old.count, x - k < new.count, old[x] == new[x - k] { x += 1 }
                furthest[middle + k] = Int32(x)
                if x >= old.count, x - k >= new.count { return way(back: trace, old.count, new.count) }
            }
        }
        return nil
    }

    private static func way(back trace: [[Int32]], _ oldCount: Int, _ newCount: Int) -> [Step] {
        var (x, y) = (oldCount, newCount)
        var steps: [Step] = []
        for edits in trace.indices.reversed() {
            let before = trace[edits]
            let k = x - y
            guard edits > 0 else {
                steps += repeatElement(.same, count: x)
                break
            }
            func furthest(_ k: Int) -> Int { Int(before[k + edits]) }
            let goesDown = k == -edits || (k != edits && furthest(k - 1) < furthest(k + 1))
            let previous = goesDown ? k + 1 : k - 1
            let fromX = furthest(previous)
            // The words alike behind the edit; the edit itself is what is left.
            let afterEdit = goesDown ? fromX : fromX + 1
            steps += repeatElement(.same, count: x - afterEdit)
            steps.append(goesDown ? .added : .removed)
            (x, y) = (fromX, fromX - previous)
        }
        return steps.reversed()
    }
}

/// The words of a text and where each begins and ends in it.
private struct Words {
    let text: [UInt8]
    /// Numbers that stand for words: the same number, the same word.
    private(set) var names: [Int32] = []
    private(set) var starts: [Int] = []
    private(set) var ends: [Int] = []

    init(_ text: [UInt8], _ known: inout [[UInt8]: Int32]) {
        self.text = text
        var (found, places): ([[UInt8]], [Int]) = ([], [])
        var tokenizer = SearchTokenizer()
        tokenizer.tokenize(text.span, for: .prefix) { token, source, _ in
            var word: [UInt8] = []
            for index in token.indices { word.append(token[index]) }
            // One character can stand for several words: they are one here.
            if let last = places.last, source.upperBound <= last {
                found[found.count - 1] += [0x20] + word
            } else {
                found.append(word)
                starts.append(source.lowerBound)
                places.append(source.upperBound)
            }
            return true
        }
        ends = places
        for word in found {
            let name = known[word] ?? Int32(known.count)
            known[word] = name
            names.append(name)
        }
    }
}

/// Puts words together that went, came or stayed together.
private struct Pieces {
    private let old: Words
    private let new: Words
    private var oldIndex = 0
    private var newIndex = 0
    private var oldOffset = 0
    private var newOffset = 0
    private var pieces: [(kind: WordDiff.Kind, text: [UInt8])] = []

    init(_ old: Words, _ new: Words) {
        self.old = old
        self.new = new
    }

    mutating func add(_ step: WordDiff.Step) {
        switch step {
        case .same:
            // Where the later text begins with this word, what stood before it went with the words that went.
            if pieces.last?.kind == .removed, newOffset == new.starts[newIndex] {
                append(.removed, old.text[oldOffset..<max(oldOffset, old.starts[oldIndex])])
            }
            oldOffset = old.ends[oldIndex]
            oldIndex += 1
            append(.same, new.text[newOffset..<new.ends[newIndex]])
            newOffset = new.ends[newIndex]
            newIndex += 1
        case .removed:
            append(.removed, old.text[oldOffset..<old.ends[oldIndex]])
            oldOffset = old.ends[oldIndex]
            oldIndex += 1
        case .added:
            append(.added, new.text[newOffset..<new.ends[newIndex]])
            newOffset = new.ends[newIndex]
            newIndex += 1
        }
    }

    /// What stands behind the last words goes with them.
    mutating func finish() -> [WordDiff.Piece] {
        if newOffset < new.text.count {
            let kind: WordDiff.Kind = pieces.last?.kind == .added ? .added : .same
            append(kind, new.text[newOffset...])
        } else if oldOffset < old.text.count, pieces.last?.kind == .removed {
            append(.removed, old.text[oldOffset...])
        }
        return pieces.map { WordDiff.Piece(kind: $0.kind, text: $0.text) }
    }

    private mutating func append(_ kind: WordDiff.Kind, _ text: ArraySlice<UInt8>) {
        if let last = pieces.indices.last, pieces[last].kind == kind {
            pieces[last].text += text
        } else {
            pieces.append((kind, Array(text)))
        }
    }
}
