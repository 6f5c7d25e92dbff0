import SijillText

/// Two texts beside each other: paragraphs that both have, and those in which words went and came.
struct SideBySide: Sendable {
    enum Row: Sendable {
        /// The same words on both sides, each as it is written there.
        case same(earlier: String, later: String)
        /// Nil on a side that has no such paragraph.
        case changed(earlier: [WordDiff.Piece]?, later: [WordDiff.Piece]?)
    }

    let rows: [Row]
    /// Figures that the other text has less often.
    let figuresRemoved: [String]
    let figuresAdded: [String]

    var isSame: Bool {
        rows.allSatisfy { row in
            if case .same = row { true } else { false }
        }
    }

    init(earlier: [UInt8], later: [UInt8]) {
        let (old, new) = (ParagraphDiff.lines(earlier), ParagraphDiff.lines(later))
        let passages = ParagraphDiff(from: earlier, to: later).passages
        var rows: [Row] = []
        var (oldNext, newNext) = (0, 0)
        func same(_ count: Int) {
            for _ in 0..<count {
                rows.append(.same(earlier: Self.text(old[oldNext]), later: Self.text(new[newNext])))
                (oldNext, newNext) = (oldNext + 1, newNext + 1)
            }
        }
        for passage in passages {
            let before = passage.removed.map { $0.lowerBound - 1 - oldNext }
            same(before ?? passage.added.map { $0.lowerBound - 1 - newNext } ?? 0)
            let removed = Array(old[oldNext..<(passage.removed?.upperBound ?? oldNext)])
            let added = Array(new[newNext..<(passage.added?.upperBound ?? newNext)])
            rows += Self.changed(removed, added)
            (oldNext, newNext) = (oldNext + removed.count, newNext + added.count)
        }
        same(old.count - oldNext)
        self.rows = rows
        let figures = (Figures(CanonicalWords(earlier)), Figures(CanonicalWords(later)))
        figuresRemoved = figures.0.subtracting(figures.1)
        figuresAdded = figures.1.subtracting(figures.0)
    }

    /// Pairs of paragraphs of one passage that are looked at; more are compared in their order.
    private static let pairsMax = 400

    /// Paragraphs that have words in common stand beside each other, in order; others stand alone.
    private static func changed(_ removed: [ArraySlice<UInt8>], _ added: [ArraySlice<UInt8>]) -> [Row] {
        var rows: [Row] = []
        var rest = added[...]
        let isSmall = removed.count * added.count <= pairsMax
        for paragraph in removed {
            let differences = rest.prefix(isSmall ? rest.count : 1).lazy.map { line in
                WordDiff(from: Array(paragraph), to: Array(line))
            }
            guard let place = differences.firstIndex(where: { !isSmall || isAlike($0) }) else {
                rows.append(.changed(earlier: WordDiff(from: Array(paragraph), to: []).pieces, later: nil))
                continue
            }
            rows += rest[..<place].map(alone)
            let pieces = differences[place].pieces
            rows.append(
                .changed(
                    earlier: pieces.filter { $0.kind != .added }, later: pieces.filter { $0.kind != .removed }
                ))
            rest = rest[(place + 1)...]
        }
        return rows + rest.map(alone)
    }

    private static func alone(_ added: ArraySlice<UInt8>) -> Row {
        .changed(earlier: nil, later: WordDiff(from: [], to: Array(added)).pieces)
    }

    /// Whether a third of both texts is in common.
    private static func isAlike(_ difference: WordDiff) -> Bool {
        let bytes = difference.pieces.reduce(into: (same: 0, other: 0)) { bytes, piece in
            if piece.kind == .same { bytes.same += piece.text.count } else { bytes.other += piece.text.count }
        }
        return bytes.same * 4 > bytes.other
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String { String(decoding: line, as: UTF8.self) }
}
