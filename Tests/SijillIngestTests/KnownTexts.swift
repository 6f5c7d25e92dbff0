import SijillFormat
import SijillText

@testable import SijillIngest

/// What earlier batches brought, in memory: what the store answers, without one.
struct KnownTexts: SeenIndex {
    var raw: [Digest: SeenText] = [:]
    var canonical: [CanonicalDigest: SeenText] = [:]
    private var texts: [UInt64: (kept: KeptText, canonical: CanonicalDigest?)] = [:]
    private var identities: [Identity: ArticleID] = [:]
    private var current: [ArticleID: UInt64] = [:]
    private var sketches = SketchIndex()
    private var mates: [ArticleID: Set<Digest>] = [:]

    init(raw: [Digest: SeenText] = [:], canonical: [CanonicalDigest: SeenText] = [:]) {
        self.raw = raw
        self.canonical = canonical
    }

    func seen(raw digest: Digest) -> SeenText? { raw[digest] }

    func seen(canonical digest: CanonicalDigest) -> SeenText? { canonical[digest] }

    func seen(canonical digest: CanonicalDigest, of article: ArticleID) -> SeenText? {
        let found = texts.values.filter { $0.kept.article == article && $0.canonical == digest }
        return found.map(\.kept).max { $0.revision < $1.revision }.map {
            SeenText(cursor: $0.change, article: article, revision: $0.revision)
        }
    }

    func standing(_ identity: Identity) -> KeptText? { identities[identity].flatMap { standing($0) } }

    func standing(_ article: ArticleID) -> KeptText? { current[article].flatMap { texts[$0]?.kept } }

    func candidates(of probe: SketchProbe, excluding: Set<UInt64>) -> [SketchIndex.Candidate] {
        sketches.candidates(of: probe, excluding: excluding)
    }

    func texts(of sequences: [SequenceNumber]) -> [KeptText] {
        sequences.compactMap { texts[$0.value]?.kept }
    }

    func keepsMate(_ sha256: Digest, of article: ArticleID) -> Bool {
        mates[article]?.contains(sha256) ?? false
    }

    /// As if the change had been committed.
    mutating func apply(_ decision: Decision, cursor: Cursor) {
        let record = decision.record
        if let article = record.article {
            mates[article, default: []].formUnion(record.keptMates.map(\.sha256))
        }
        let (revision, cluster): (Int, ArticleID)
        switch record {
        case .added(let added): (revision, cluster) = (1, added.cluster)
        case .revised(let revised): (revision, cluster) = (revised.revision, revised.cluster)
        case .duplicated(let duplicated):
            let seen = SeenText(
                cursor: cursor, article: duplicated.article, revision: duplicated.revision)
            if let digest = duplicated.file.sha256, raw[digest] == nil { raw[digest] = seen }
            return
        case .rejected, .withdrawn: return
        }
        let article = record.article!
        let seen = SeenText(cursor: cursor, article: article, revision: revision)
        raw[record.file.sha256!] = seen
        let digest = record.digests!.canonical
        if let digest, canonical[digest] == nil { canonical[digest] = seen }
        let number = cursor.sequence.value
        texts[number] = (
            KeptText(
                change: cursor, article: article, revision: revision, cluster: cluster,
                content: decision.content), digest
        )
        if revision == 1, let identity = Identity(decision.content, source: record.file.source) {
            identities[identity] = article
        }
        if let before = current.updateValue(number, forKey: article) { sketches.remove(number: before) }
        sketches.insert(decision.sketch!, number: number)
    }
}
