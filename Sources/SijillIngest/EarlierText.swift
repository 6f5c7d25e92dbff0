import SijillArticles
import SijillFormat
import SijillText

/// A text before the one that is decided, as it is compared.
struct EarlierText: Sendable {
    /// The change that brought it.
    let change: Cursor
    let article: ArticleID
    let revision: Int
    let cluster: ArticleID
    let shingles: ShingleSet
    let figures: Figures

    init(change: Cursor, article: ArticleID, revision: Int, cluster: ArticleID, draft: Draft) {
        self.change = change
        self.article = article
        self.revision = revision
        self.cluster = cluster
        shingles = draft.shingles
        figures = draft.figures
    }

    /// Folds the text again; nil where it is not there any more.
    init?(_ kept: KeptText) {
        guard let text = kept.content.text else { return nil }
        self.init(kept, CanonicalWords(text))
    }

    init(_ kept: KeptText, _ words: CanonicalWords) {
        change = kept.change
        article = kept.article
        revision = kept.revision
        cluster = kept.cluster
        shingles = ShingleSet(Shingles(words))
        figures = Figures(words)
    }

    /// What it takes in memory, roughly.
    var bytes: Int { 8 * shingles.count + 40 * figures.values.count + 256 }
}

/// The text of an article as it stands, with what is compared under one identity.
struct StandingText {
    let text: EarlierText
    let content: Content
    let wordsDigest: Digest

    init(text: EarlierText, content: Content, wordsDigest: Digest) {
        self.text = text
        self.content = content
        self.wordsDigest = wordsDigest
    }

    /// Nil where the text is not there any more.
    init?(_ kept: KeptText) {
        guard let utf8 = kept.content.text else { return nil }
        let words = CanonicalWords(utf8)
        text = EarlierText(kept, words)
        content = kept.content
        wordsDigest = Digest.of(words.bytes)
    }

    /// Whether the draft's title has the same words.
    func hasTitle(of draft: Draft) -> Bool {
        !CanonicalWords.isRetitled(from: content.title, to: draft.content.title)
    }
}

/// The texts that one batch has brought so far.
struct BatchTexts {
    var raw: [Digest: SeenText] = [:]
    private(set) var canonical: [CanonicalDigest: [SeenText]] = [:]
    private(set) var identities: [Identity: ArticleID] = [:]
    /// By the sequence of the change.
    private(set) var texts: [SequenceNumber: EarlierText] = [:]
    private var standing: [ArticleID: StandingText] = [:]
    /// Where articles stand that the batch has added or revised.
    private(set) var current: [ArticleID: SequenceNumber] = [:]
    private(set) var sketches = SketchIndex(partBits: 4)
    /// Texts of earlier batches that are no longer how their article stands.
    private(set) var replaced: Set<UInt64> = []

    func standing(_ article: ArticleID) -> StandingText? { standing[article] }

    mutating func add(
        _ text: EarlierText, _ delivery: Delivery, _ identity: Identity?, replacing: SequenceNumber?
    ) {
        let draft = delivery.draft
        let sequence = text.change.sequence
        let seen = SeenText(cursor: text.change, article: text.article, revision: text.revision)
        raw[draft.raw] = seen
        if let digest = draft.canonical { canonical[digest, default: []].append(seen) }
        if let identity { identities[identity] = text.article }
        if let replacing {
            if texts.removeValue(forKey: replacing) != nil {
                sketches.remove(number: replacing.value)
            } else {
                replaced.insert(replacing.value)
            }
        }
        texts[sequence] = text
        current[text.article] = sequence
        standing[text.article] = StandingText(
            text: text, content: draft.content, wordsDigest: draft.wordsDigest)
        sketches.insert(draft.sketch, number: sequence.value)
    }
}
