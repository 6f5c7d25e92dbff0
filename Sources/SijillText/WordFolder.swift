/// Folds one text into words (`CanonicalWords` has the rule).
///
/// A fast loop folds scalar by scalar for as long as each can be folded alone. At the first that cannot, the
/// stretch from the last scalar that nothing can compose with, up to the next such scalar, goes through NFKC.
struct WordFolder {
    /// The words, joined by one space. While folding it is longer than what is written: the rest is room.
    private(set) var output: [UInt8] = []
    private(set) var list: WordList
    /// Bytes of the output that are written. After `fold` that is all of it.
    private(set) var outputCount = 0

    private let table = FoldTable.shared
    private var state = State()
    private var stretch: [UInt32] = []
    private var scratch: [UInt32] = []

    /// Where the folding stands. Offsets `…In` are of the text, `…Out` of the output.
    struct State {
        var nextIn = 0
        var nextOut = 0
        /// Where the word begins that is being written; `nextOut` when there is none.
        var wordOut = 0
        /// Behind the last separator in the text.
        var wordIn = 0
        /// The last scalar that gave a letter or a separator: folding can be taken up there again.
        var boundaryIn = 0
        var boundaryOut = 0
        /// The last letter is Latin, with nothing but marks behind it.
        var baseIsLatin = false
    }

    init(keepsSources: Bool) { list = WordList(keepsSources: keepsSources) }

    mutating func fold(_ text: Span<UInt8>) {
        refold(text)
        output.removeLast(output.count - outputCount)
    }

    /// The same, with the room behind `outputCount` left as it is: so one folder goes from text to text without new
    /// memory.
    mutating func refold(_ text: Span<UInt8>) {
        state = State()
        list.removeAll()
        // The fast loop never writes more than it reads, but for the spare byte of a pair.
        if output.count < text.count + 4 { output = Array(repeating: 0, count: text.count + 4) }
        list.ends.reserveCapacity(text.count / 8)
        while true {
            WordFolder.foldDirect(text, &output, &state, &list, table)
            guard state.nextIn < text.count else { break }
            foldStretch(text)
        }
        endWord(at: text.count, text)
        outputCount = max(0, state.nextOut - 1)
    }

    /// Folds scalars that can be folded alone; stops before the first that cannot.
    private static func foldDirect(
        _ text: Span<UInt8>, _ bytes: inout [UInt8], _ state: inout State, _ list: inout WordList,
        _ table: FoldTable
    ) {
        var at = state
        var output = bytes.mutableSpan
        while at.nextIn < text.count {
            let lead = text[at.nextIn]
            let entry: PackedEntry
            let count: Int
            if lead < 0x80 {
                entry = table.packed[Int(lead)]
                count = 1
            } else if lead < 0xE0, lead >= 0xC2, at.nextIn + 1 < text.count {
                entry = table.packed[Int(lead & 0x1F) << 6 | Int(text[at.nextIn + 1] & 0x3F)]
                count = 2
            } else {
                guard foldLong(text, &output, &at, &list, table) else { break }
                continue
            }
            if entry.isSpecial {
                guard entry.separates else { break }
                output[at.nextOut] = 0x20
                list.end(at: at.nextIn, &at, text, table)
                at.separate(count)
                continue
            }
            output[at.nextOut] = entry.first
            output[at.nextOut + 1] = entry.second
            if entry.count > 0 {
                at.boundaryIn = at.nextIn
                at.boundaryOut = at.nextOut
                at.baseIsLatin = entry.isLatin
            }
            at.nextOut += entry.count
            at.nextIn += count
        }
        state = at
    }

    /// The same for one scalar of three or four bytes, or a byte that begins none. False when it cannot be
    /// folded alone.
    @inline(__always)
    private static func foldLong(
        _ text: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ at: inout State, _ list: inout WordList,
        _ table: FoldTable
    ) -> Bool {
        let (scalar, count) = UTF8Bytes.scalar(in: text, at: at.nextIn)
        let entry = table.entries[scalar]
        guard entry.route == .direct else { return false }
        switch entry.role(insideWord: at.nextOut > at.wordOut) {
        case .dropped:
            at.nextIn += count
        case .separator:
            output[at.nextOut] = 0x20
            list.end(at: at.nextIn, &at, text, table)
            at.separate(count)
        case .letter, .mark:
            at.boundaryIn = at.nextIn
            at.boundaryOut = at.nextOut
            if entry.role == .letter { at.baseIsLatin = entry.isLatin }
            at.nextOut = UTF8Bytes.write(entry.target == 0 ? scalar : entry.target, &output, at: at.nextOut)
            at.nextIn += count
        }
        return true
    }

    /// Folds, through NFKC, the stretch that the scalar at `nextIn` belongs to.
    private mutating func foldStretch(_ text: Span<UInt8>) {
        let stopped = UTF8Bytes.scalar(in: text, at: state.nextIn).scalar
        if table.entries[stopped].route == .joining {
            state.nextIn = state.boundaryIn
            state.nextOut = state.boundaryOut
        }
        let start = state.nextIn
        gather(text)
        let end = state.nextIn
        table.normalizer.normalize(&stretch, scratch: &scratch, entries: table.entries)
        // Every scalar gives four bytes at most, a few of them three scalars.
        reserve(12 * stretch.count + text.count - end)
        var hasWritten = false
        for scalar in stretch {
            if table.entries[scalar].isSeveral, let several = table.foldings[scalar] {
                for one in several { emit(one, start..<end, &hasWritten, text) }
            } else {
                emit(scalar, start..<end, &hasWritten, text)
            }
        }
        if state.nextOut == state.wordOut { state.wordIn = end }
        state.boundaryIn = end
        state.boundaryOut = state.nextOut
    }

    /// Reads the stretch at `nextIn`: one scalar, and those behind it up to the next that composes with none
    /// of them.
    private mutating func gather(_ text: Span<UInt8>) {
        stretch.removeAll(keepingCapacity: true)
        var isFirst = true
        while state.nextIn < text.count {
            let (scalar, count) = UTF8Bytes.scalar(in: text, at: state.nextIn)
            let entry = table.entries[scalar]
            if !isFirst, entry.role != .dropped, entry.route != .joining { break }
            // What is dropped before NFKC must not come between a letter and its mark.
            if entry.role != .dropped || !FoldRules.contains(scalar, FoldRules.droppedForms) {
                stretch.append(scalar)
            }
            state.nextIn += count
            isFirst = false
        }
    }

    /// Writes one scalar as steps 4 to 8 have it. `source` is the stretch that it came from.
    private mutating func emit(
        _ scalar: UInt32, _ source: Range<Int>, _ hasWritten: inout Bool, _ text: Span<UInt8>
    ) {
        let entry = table.entries[scalar]
        if entry.isDiacritic, state.baseIsLatin { return }
        switch entry.role(insideWord: state.nextOut > state.wordOut) {
        case .dropped:
            break
        case .separator:
            endWord(at: hasWritten ? source.upperBound : source.lowerBound, text)
            state.wordIn = source.lowerBound
            state.baseIsLatin = false
        case .letter, .mark:
            if entry.role == .letter { state.baseIsLatin = entry.isLatin }
            let target = entry.target == 0 ? scalar : entry.target
            state.nextOut = UTF8Bytes.write(target, &output, at: state.nextOut)
            hasWritten = true
        }
    }

    private mutating func endWord(at end: Int, _ text: Span<UInt8>) {
        output[state.nextOut] = 0x20
        list.end(at: end, &state, text, table)
    }

    /// Makes room for `count` bytes behind `nextOut`.
    private mutating func reserve(_ count: Int) {
        let missing = state.nextOut + count + 4 - output.count
        if missing > 0 { output.append(contentsOf: repeatElement(0, count: max(missing, output.count / 2))) }
    }
}

extension WordFolder.State {
    /// Goes past a separator of `count` bytes, the word before it having been ended.
    @inline(__always)
    mutating func separate(_ count: Int) {
        boundaryIn = nextIn
        boundaryOut = nextOut
        baseIsLatin = false
        nextIn += count
        wordIn = nextIn
    }
}

/// Where the words of a text are.
struct WordList {
    /// Where each ends in the output.
    var ends: [UInt32] = []
    /// Where each stands in the text; empty unless they are kept.
    private(set) var sources: [Range<Int>] = []
    private let keepsSources: Bool

    init(keepsSources: Bool) { self.keepsSources = keepsSources }

    /// Forgets the words and keeps the memory.
    mutating func removeAll() {
        ends.removeAll(keepingCapacity: true)
        sources.removeAll(keepingCapacity: true)
    }

    /// Ends the word that is being written, if there is one. The space behind it is written already; `end` is
    /// where the word ends in the text.
    @inline(__always)
    mutating func end(
        at end: Int, _ state: inout WordFolder.State, _ text: Span<UInt8>, _ table: FoldTable
    ) {
        guard state.nextOut > state.wordOut else { return }
        ends.append(UInt32(truncatingIfNeeded: state.nextOut))
        if keepsSources { keep(state.wordIn..<end, text, table) }
        state.nextOut += 1
        state.wordOut = state.nextOut
    }

    /// Keeps where a word stands, without the invisible characters before it.
    private mutating func keep(_ range: Range<Int>, _ text: Span<UInt8>, _ table: FoldTable) {
        var start = range.lowerBound
        while start < range.upperBound {
            let (scalar, count) = UTF8Bytes.scalar(in: text, at: start)
            guard table.entries[scalar].role == .dropped else { break }
            start += count
        }
        sources.append(start..<range.upperBound)
    }
}
