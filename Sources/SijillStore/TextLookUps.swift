import GRDB
import SijillFormat
import SijillText

/// The part of the look-ups that knows texts: which of them share sketch keys, and by what articles are known.
///
/// It is a function of the rows of `sketches`.
struct TextLookUps: Sendable {
    /// By the identity of a new article; the last of several has it.
    private var identities = DigestTable()
    private var sketches = SketchIndex()
    /// Where an article stands that has been revised, by the change that added it.
    private var revised: [SequenceNumber: SequenceNumber] = [:]

    init() {}

    /// Takes in every row of `sketches` that `database` has.
    ///
    /// - Returns: The look-ups and how many rows there are.
    /// - Throws: `StoreError` with code `unusable`, or `DatabaseError`.
    static func read(_ database: Database, path: String) throws -> (texts: TextLookUps, count: Int) {
        let statement = try database.makeStatement(
            sql: StoreTable.sketches.select + " order by sequence")
        try statement.start([])
        var texts = TextLookUps()
        var builder = SketchIndex.Builder()
        var count = 0
        while try statement.step() {
            let text = try KeptSketch(statement.row, path: path)
            if let before = texts.add(identityOf: text) { builder.remove(number: before.value) }
            builder.add(text.sketch, number: text.sequence.value)
            count += 1
        }
        texts.sketches = builder.finish()
        return (texts, count)
    }

    /// Takes in a text that `sketches` has a row of. They come in the order of their sequences.
    mutating func add(_ text: KeptSketch) {
        if let before = add(identityOf: text) { sketches.remove(number: before.value) }
        sketches.insert(text.sketch, number: text.sequence.value)
    }

    /// The text that this one takes the place of.
    private mutating func add(identityOf text: KeptSketch) -> SequenceNumber? {
        guard text.article == text.sequence else {
            defer { revised[text.article] = text.sequence }
            return current(article: text.article)
        }
        if let identity = text.identity { identities.insert(identity.key, text.sequence) }
        return nil
    }

    /// Nothing is compared with the text of an article any more.
    mutating func remove(article: SequenceNumber) { sketches.remove(number: current(article: article).value) }

    /// Where articles with this identity may have begun, ascending.
    func sequences(_ identity: Identity) -> [SequenceNumber] { identities.sequences(identity.key) }

    /// The change that brought the text with which an article stands, by the change that added it.
    func current(article: SequenceNumber) -> SequenceNumber { revised[article] ?? article }

    /// The texts, as articles stand now, that share keys with a text.
    func candidates(of probe: SketchProbe, excluding: Set<UInt64>) -> [SketchIndex.Candidate] {
        sketches.candidates(of: probe, excluding: excluding)
    }

    /// Bytes in all, and those of them that hold sketches.
    var bytes: Int { identities.bytes + sketches.bytes + revised.capacity * 24 }
    var sketchBytes: Int { sketches.bytes }
}

/// A text as `sketches` has it.
struct KeptSketch: Sendable {
    let sequence: SequenceNumber
    /// The key of its article.
    let article: SequenceNumber
    /// By what it is known, when it is new.
    let identity: Identity?
    let sketch: Sketch
}

extension KeptSketch {
    /// Reads a row of `sketches`.
    init(_ row: [StoreValue], path: String) throws {
        var fields = RowFields(row, StoreTable.sketches.columns, of: .sketches, path: path)
        sequence = try fields.sequence()
        article = try fields.sequence()
        identity = try fields.identity()
        sketch = try fields.sketch()
    }
}
