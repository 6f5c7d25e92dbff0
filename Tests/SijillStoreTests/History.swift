import SijillFormat

/// Makes histories such as the daemon would write: texts that are new, with relations to earlier ones and without,
/// revised, repeated byte for byte, repeated in other bytes, and inputs that are rejected. The same seed makes the same history.
struct History {
    var generator: SeededGenerator
    private(set) var changes: [Change] = []
    let log: LogID
    private var epoch: Epoch
    private var time: UInt64 = 1_795_211_823_123
    /// Deliveries that brought bytes: what a repeat can repeat.
    private var brought: [(change: Change, text: [UInt8])] = []
    private var clusters: [ArticleID: ArticleID] = [:]
    private var articles: [ArticleID] = []
    private var revisions: [ArticleID: Int] = [:]

    /// How often the sentences stand in a text at most: 40 make about 15 KB.
    private let repeatsMax: Int

    init(seed: UInt64, log: LogID = LogID("7gq2m0xv4b")!, repeatsMax: Int = 40) {
        self.repeatsMax = repeatsMax
        generator = SeededGenerator(seed: seed)
        self.log = log
        epoch = Epoch.random(using: &generator)
    }

    /// `count` changes more, of all kinds.
    mutating func grow(by count: Int) {
        for _ in 0..<count {
            switch Int.random(in: 0..<22, using: &generator) {
            case 0..<11: add()
            case 20..<22: revise()
            case 11..<14: repeatRaw()
            case 14..<17: repeatCanonical()
            case 17..<19: reject()
            default:
                epoch = Epoch.random(using: &generator)
                add()
            }
        }
    }

    @discardableResult
    mutating func add(_ content: Content? = nil, canonical: Bool? = nil) -> Change {
        let content = content ?? randomContent()
        let text = content.text ?? []
        let raw = Digest.of(Array("\(changes.count)".utf8) + text)
        let words = CanonicalDigest(version: .c0, digest: Digest.of(Array("words".utf8) + raw.data))
        let hasWords = canonical ?? (Int.random(in: 0..<8, using: &generator) > 0)
        let article = ArticleID(hasWords ? words.digest.high : raw.high)
        let digests = ArticleDigests(
            canonical: hasWords ? words : nil, text: Digest.of(text), content: EncodedContent(content).digest)
        let relations = randomRelations()
        let near = relations.first { $0.kind == .near }.flatMap { clusters[$0.article] }
        let added = Added(
            article: article, file: randomFile(sha256: raw), digests: digests, words: text.count / 9,
            relations: relations, cluster: near ?? article)
        if clusters.updateValue(added.cluster, forKey: article) == nil { articles.append(article) }
        revisions[article] = 1
        let change = append(.added(added), content)
        brought.append((change, text))
        return change
    }

    /// A new text for an article that is there.
    mutating func revise() {
        let texts = brought.filter { if case .duplicated = $0.change.record { false } else { true } }
        guard let article = texts.randomElement(using: &generator)?.change.record.article,
            let revision = revisions[article], let cluster = clusters[article]
        else { return reject() }
        var content = randomContent()
        content.changes = TextChanges(
            passages: [TextChanges.Passage(removed: 1...2, added: nil)], numbersRemoved: ["٣"],
            numbersAdded: [])
        let raw = Digest.of(Array("revised \(changes.count)".utf8))
        let words = CanonicalDigest(version: .c1, digest: Digest.of(Array("words".utf8) + raw.data))
        var changed = RevisionCounts()
        changed.paragraphsRemoved = 2
        changed.isRetitled = Bool.random(using: &generator)
        let revised = Revised(
            article: article, revision: revision + 1, file: randomFile(sha256: raw),
            digests: ArticleDigests(
                canonical: words, text: Digest.of(content.text ?? []), content: EncodedContent(content).digest
            ),
            words: 7, relations: randomRelations().filter { $0.article != article }, cluster: cluster,
            isMajor: Bool.random(using: &generator), isReverted: Bool.random(using: &generator),
            changed: changed)
        revisions[article] = revision + 1
        brought.append((append(.revised(revised), content), content.text ?? []))
    }

    /// Up to three, to different articles, some of them of the same batch.
    private mutating func randomRelations() -> [Relation] {
        guard let latest = changes.last?.record.article, Bool.random(using: &generator) else { return [] }
        let others = (0..<2).compactMap { _ in articles.randomElement(using: &generator) }
        return Set([latest] + others).sorted().map { article in
            let shared = Int.random(in: 0...40, using: &generator)
            return Relation(
                kind: Relation.Kind.allCases.randomElement(using: &generator)!, article: article,
                jaccard: Share(shared, of: 100), containment: Share(shared, of: 47),
                figuresDiffer: Bool.random(using: &generator))
        }
    }

    mutating func repeatRaw() {
        guard let first = brought.randomElement(using: &generator) else { return reject() }
        var duplicated = duplicate(of: first.change, match: .raw)
        duplicated.file = randomFile(sha256: first.change.record.file.sha256)
        append(.duplicated(duplicated), first.change.content.withoutText)
    }

    mutating func repeatCanonical() {
        let withWords = brought.filter { $0.change.record.digests?.canonical != nil && isAdded($0.change) }
        guard let first = withWords.randomElement(using: &generator) else { return reject() }
        var duplicated = duplicate(of: first.change, match: .canonical)
        let content = randomContent().withoutText
        duplicated.file = randomFile(sha256: Digest.of(Array("again \(changes.count)".utf8)))
        duplicated.digests.text = Digest.of(Array("text \(changes.count)".utf8))
        duplicated.digests.content = EncodedContent(content).digest
        brought.append((append(.duplicated(duplicated), content), first.text))
    }

    /// Withdraws an article; where it is erased, its changes are as the log has them afterwards.
    mutating func withdraw(erases: Bool, isUndo: Bool = false, _ chosen: ArticleID? = nil) {
        let article = chosen ?? brought.randomElement(using: &generator)!.change.record.article!
        let places = changes.indices.filter {
            changes[$0].record.article == article && changes[$0].record.digests != nil
        }
        var content = Content()
        content.note = "سبب"
        let withdrawn = Withdrawn(
            article: article, erases: erases, isUndo: isUndo,
            sequences: erases ? places.map { changes[$0].sequence } : [],
            originals: [], content: EncodedContent(content).digest)
        if erases { for place in places { changes[place].content = Content() } }
        brought.removeAll { $0.change.record.article == article }
        append(.withdrawn(withdrawn), content)
    }

    mutating func reject() {
        let isRead = Bool.random(using: &generator)
        let rejected = Rejected(
            file: randomFile(sha256: isRead ? Digest.of(Array("bad \(changes.count)".utf8)) : nil),
            reason: RejectReason.allCases.randomElement(using: &generator)!,
            detail: "سطر \(changes.count): not \"strict\" JSON")
        append(.rejected(rejected), Content())
    }

    private func isAdded(_ change: Change) -> Bool { change.record.type == .added }

    private func duplicate(of change: Change, match: Duplicated.Match) -> Duplicated {
        Duplicated(
            article: change.record.article!, of: change.cursor, match: match, revision: change.revision,
            file: change.record.file, digests: change.record.digests!)
    }

    @discardableResult
    mutating func append(_ record: Record, _ content: Content) -> Change {
        time += UInt64.random(in: 0...1_999, using: &generator)
        let sequence = SequenceNumber(UInt64(changes.count) + 1)
        let change = Change(
            cursor: Cursor(sequence: sequence, epoch: epoch), log: log, time: Timestamp(milliseconds: time),
            record: record, content: content)
        changes.append(change)
        return change
    }

    private mutating func randomFile(sha256: Digest?) -> FileRecord {
        let isOneOfMany = Bool.random(using: &generator)
        let isBroken = Int.random(in: 0..<6, using: &generator) == 0
        return FileRecord(
            name: isBroken ? "خبر\u{FFFD}.txt" : "خبر-\(changes.count).txt",
            nameBytes: isBroken ? Array("خبر".utf8) + [0xFF] : nil,
            source: ["default", "وكالة", "agence"].randomElement(using: &generator)!,
            bytes: UInt64.random(in: 1...100_000, using: &generator), sha256: sha256,
            encoding: sha256 == nil ? nil : "utf-8", format: isOneOfMany ? "jsonl" : "text",
            inode: UInt64.random(in: 0 ... .max, using: &generator),
            line: isOneOfMany ? UInt64.random(in: 1...9_999, using: &generator) : nil,
            offset: isOneOfMany ? UInt64.random(in: 0...99_999, using: &generator) : nil,
            mates: sha256 == nil ? [] : randomMates())
    }

    /// Some came alone, some with a sidecar, with the other half of a pair, or both; some of these were kept.
    private mutating func randomMates() -> [Mate] {
        var mates: [Mate] = []
        for kind in Mate.Kind.allCases where Int.random(in: 0..<3, using: &generator) == 0 {
            mates.append(
                Mate(
                    kind: kind, name: "خبر-\(changes.count).\(kind.rawValue).json",
                    bytes: UInt64.random(in: 1...1_000, using: &generator),
                    sha256: Digest.of(Array("\(kind) \(changes.count)".utf8)),
                    isKept: Bool.random(using: &generator)))
        }
        return mates
    }

    mutating func randomContent() -> Content {
        var content = Content()
        let sentences = History.sentences.shuffled(using: &generator)
        content.title = Bool.random(using: &generator) ? sentences[0] : nil
        content.byline = Bool.random(using: &generator) ? "كتبت ليلى \"أم سعد\"" : nil
        content.standfirst = Bool.random(using: &generator) ? "جملة فوق الخبر." : nil
        content.dateline = Bool.random(using: &generator) ? "مكان (بلد)" : nil
        content.removed = Bool.random(using: &generator) ? ["fbpx", "التعليقات (0)"] : []
        content.authors = Bool.random(using: &generator) ? ["ليلى", "José", "李"] : []
        content.publisher = ["صحيفة الميناء", nil, ""].randomElement(using: &generator)!
        content.url = Bool.random(using: &generator) ? "https://example.org/خبر/\(changes.count)" : nil
        content.id = Bool.random(using: &generator) ? "p-\(changes.count)" : nil
        content.lang = ["ar", "fr", nil].randomElement(using: &generator)!
        content.published = Bool.random(using: &generator) ? "2026-11-20" : nil
        content.tags = Bool.random(using: &generator) ? ["ميناء", "طقس"] : []
        content.section = Bool.random(using: &generator) ? "محليات" : nil
        content.warnings = Bool.random(using: &generator) ? ["date-guessed"] : []
        content.cut = Int.random(in: 0..<9, using: &generator) == 0 ? ["description"] : []
        if Bool.random(using: &generator) {
            content.extra = [
                JSONMember(name: "عدد", value: .number("1.50")),
                JSONMember(name: "nested", value: .object([JSONMember(name: "a", value: .array([.null]))])),
            ]
        }
        let repeats = Int.random(in: 1...repeatsMax, using: &generator)
        content.text = Array(repeatElement(sentences.joined(separator: "\n"), count: repeats).joined().utf8)
        return content
    }

    /// Written for these tests.
    static let sentences = [
        "أغلق الميناء أبوابه مساء الثلاثاء بعد أن اشتدّت الرياح.",
        "قالت البلدية إن ٣٤٠ شجرة ستُزرع على الطريق الساحلي.",
        "عاد الصيادون باكرًا، ولم يُصب أحد بأذى.",
        "Le marché aux poissons rouvrira jeudi, dit la mairie.",
        "The harbour master counted forty boats by nightfall.",
        "港の灯台は夜明けまで消えなかった。",
    ]
}

extension Change {
    /// The revision whose text it is about; 0 for a rejected file.
    var revision: Int {
        switch record {
        case .added: 1
        case .revised(let revised): revised.revision
        case .duplicated(let duplicated): duplicated.revision
        case .rejected, .withdrawn: 0
        }
    }
}

extension ArticleID: Comparable {
    package static func < (a: ArticleID, b: ArticleID) -> Bool { a.value < b.value }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
