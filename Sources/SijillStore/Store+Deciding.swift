import GRDB
import SijillFormat
import SijillText

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

/// What decisions about new texts ask for.
extension Store {
    /// The text that came with exactly these bytes. Rejected bytes do not count, so they may be tried again.
    ///
    /// A miss costs no access to the file. A hit is compared with the whole digest.
    ///
    /// - Throws: `StoreError`.
    package func seen(raw digest: Digest) throws -> SeenText? {
        try first(lookUps.withLock { $0.sequences(raw: digest.high) }) { $0.file.sha256 == digest }
    }

    /// The text with exactly these canonical words, by the same version of the rules; of several the one that
    /// came first. As `seen(raw:)`.
    ///
    /// - Throws: `StoreError`.
    package func seen(canonical digest: CanonicalDigest) throws -> SeenText? {
        try first(lookUps.withLock { $0.sequences(canonical: digest.digest.high, digest.version) }) {
            $0.digests.canonical == digest
        }
    }

    /// The revision of this article with exactly these canonical words; of several the latest.
    ///
    /// - Throws: `StoreError`.
    package func seen(canonical digest: CanonicalDigest, of article: ArticleID) throws -> SeenText? {
        let candidates = lookUps.withLock { $0.sequences(canonical: digest.digest.high, digest.version) }
        return try first(candidates.reversed()) {
            $0.digests.canonical == digest && $0.article == article && $0.match == nil
        }
    }

    /// The article that is known by this identity, as it stands now; of several the one that came last, as an
    /// address goes over to the article that stands there.
    ///
    /// - Throws: `StoreError`.
    package func standing(_ identity: Identity) throws -> KeptText? {
        let candidates = lookUps.withLock { $0.sequences(identity) }
        guard !candidates.isEmpty else { return nil }
        return try look { database in
            guard let key = try standingKey(identity, candidates, database) else { return nil }
            return try text(of: current(key), in: database)
        }
    }

    /// The article that is known by this identity, of several the last.
    func standingKey(
        _ identity: Identity, _ candidates: [SequenceNumber], _ database: Database
    ) throws -> SequenceNumber? {
        let statement = try database.cachedStatement(sql: "select identity from sketches where sequence = ?")
        for candidate in candidates.reversed()
        where try statement.first([StoreValue(candidate)])?.first == .blob(identity.data) {
            return candidate
        }
        return nil
    }

    /// An article as it stands now; nil when there is none of that id.
    ///
    /// - Throws: `StoreError`.
    package func standing(_ article: ArticleID) throws -> KeptText? {
        try look { database in
            guard let key = try key(of: article, in: database) else { return nil }
            return try text(of: current(key), in: database)
        }
    }

    /// The texts, as articles stand now, that share keys with this one; by the sequences of their changes.
    package func candidates(of probe: SketchProbe, excluding: Set<UInt64>) -> [SketchIndex.Candidate] {
        lookUps.withLock { $0.candidates(of: probe, excluding: excluding) }
    }

    /// The texts that these changes brought, one that is not there being left out.
    ///
    /// - Throws: `StoreError`.
    package func texts(of sequences: [SequenceNumber]) throws -> [KeptText] {
        try look { database in try sequences.compactMap { try text(of: $0, in: database) } }
    }

    /// Whether the bytes of a mate went to the originals with an earlier delivery of this article.
    ///
    /// - Throws: `StoreError`.
    package func keepsMate(_ sha256: Digest, of article: ArticleID) throws -> Bool {
        try look { database in
            guard let key = try key(of: article, in: database) else { return false }
            let statement = try database.cachedStatement(
                sql: "select 1 from mates where article = ? and file_sha256 = ?")
            return try statement.first([StoreValue(key), StoreValue(sha256)]) != nil
        }
    }

    /// The key of an article; nil when there is none of that id.
    func key(of article: ArticleID, in database: Database) throws -> SequenceNumber? {
        let keys = try ArticleKeys(database) { [self] id in
            lookUps.withLock { $0.sequences(article: id.value) }
        }
        return try keys.key(of: article)
    }

    /// The change that brought the text with which an article stands.
    func current(_ article: SequenceNumber) -> SequenceNumber {
        lookUps.withLock { $0.current(article: article) }
    }

    private func first(
        _ candidates: [SequenceNumber], where isWanted: (Sighting) -> Bool
    ) throws -> SeenText? {
        guard !candidates.isEmpty else { return nil }
        return try look { database in
            for candidate in candidates {
                guard let found = try sighting(candidate, in: database)?.sighting, isWanted(found) else {
                    continue
                }
                let seen = SeenText(cursor: found.cursor, article: found.article, revision: found.revision)
                return allowed(seen, at: candidate)
            }
            return nil
        }
    }

    /// Only what decisions need of a text: reading every field would take several times as long.
    private func text(of sequence: SequenceNumber, in database: Database) throws -> KeptText? {
        let statement = try database.cachedStatement(sql: Store.selectText)
        guard let row = try statement.first([StoreValue(sequence)]) else { return nil }
        let columns = ["sequence", "epoch", "revision", "id", "cluster", "title", "fetched", "text"]
        var fields = RowFields(row, columns, of: .revisions, path: path)
        let change = try fields.cursor(try fields.sequence())
        let revision = Int(clamping: try fields.number())
        let article = try fields.article()
        let cluster = try fields.article()
        var content = Content()
        content.title = try fields.optionalText()
        content.fetched = try fields.optionalText()
        content.text = try fields.utf8()
        return KeptText(
            change: change, article: article, revision: revision, cluster: cluster, content: content)
    }

    static let selectText = """
        select r.sequence, s.epoch, r.revision, a.id, h.id, r.title, r.fetched, r.text
        from revisions r join sightings s on s.sequence = r.sequence
        join articles a on a.sequence = r.article join articles h on h.sequence = a.cluster
        where r.sequence = ?
        """
}
