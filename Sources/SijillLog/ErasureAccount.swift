import SijillFormat

/// Erased content and originals that were seen on a walk over the log, and those that withdrawals list: the first are
/// sound only where the second name them.
struct ErasureAccount {
    /// What is erased without a withdrawal, and where.
    struct Finding {
        let path: String
        let offset: UInt64
        let message: String
    }

    private var lines: [UInt64: (path: String, offset: UInt64)] = [:]
    /// Of erased changes that stored an original; nil where it cannot be read, in a mirror.
    private var headers: [UInt64: [UInt8]?] = [:]
    /// Withdrawals that give other headers than stand there.
    private(set) var altered: [UInt64] = []
    private var originals: [Digest: (path: String, offset: UInt64)] = [:]
    private var listedLines: [UInt64: UInt64] = [:]
    private var listedOriginals: [Digest: UInt64] = [:]

    /// Takes a change as it stands in the segment at `path`.
    mutating func add(_ walked: WalkedChange, path: String) {
        if walked.line.isErased {
            lines[walked.change.sequence.value] = (path, walked.entry.offset)
            if walked.change.record.storesOriginal {
                headers[walked.change.sequence.value] = .some(walked.erasedHeader)
            }
        }
        guard case .withdrawn(let withdrawn) = walked.change.record, withdrawn.erases else { return }
        for sequence in withdrawn.sequences { listedLines[sequence.value] = walked.change.sequence.value }
        for digest in withdrawn.originals { listedOriginals[digest] = walked.change.sequence.value }
        if isAltered(withdrawn) { altered.append(walked.change.sequence.value) }
    }

    /// Whether a header of an erased original is another than when it was erased.
    private func isAltered(_ withdrawn: Withdrawn) -> Bool {
        guard let expected = withdrawn.headers else { return false }
        var found = DigestBuilder()
        for sequence in withdrawn.sequences {
            // What is not erased yet is held against its change itself.
            guard lines[sequence.value] != nil else { return false }
            guard let header = headers[sequence.value] else { continue }
            guard let header else { return false }
            found.add(header)
        }
        return found.finish() != expected
    }

    /// An original that is nothing but spaces.
    mutating func addErased(_ entry: OriginalEntry, path: String) {
        originals[entry.digest] = (path, entry.blockOffset)
    }

    /// Takes over what another account's withdrawals list.
    mutating func addListed(of other: ErasureAccount) {
        listedLines.merge(other.listedLines) { first, _ in first }
        listedOriginals.merge(other.listedOriginals) { first, _ in first }
    }

    func lists(_ sequence: SequenceNumber) -> Bool { listedLines[sequence.value] != nil }

    func lists(_ digest: Digest) -> Bool { listedOriginals[digest] != nil }

    /// What was erased though no withdrawal lists it.
    var unlisted: [Finding] {
        let lost = lines.filter { listedLines[$0.key] == nil }.map { sequence, place in
            Finding(
                path: place.path, offset: place.offset,
                message: "the content of change \(sequence) is gone, and no withdrawal lists it")
        }
        return
            (lost
            + originals.filter { listedOriginals[$0.key] == nil }.map { digest, place in
                Finding(
                    path: place.path, offset: place.offset,
                    message: "the original \(digest) is gone, and no withdrawal lists it")
            }).sorted { ($0.path, $0.offset) < ($1.path, $1.offset) }
    }

    /// Changes that a withdrawal lists and that still have their content, each with the withdrawal.
    var pending: [(sequence: UInt64, withdrawal: UInt64)] {
        listedLines.filter { lines[$0.key] == nil }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// Originals that a withdrawal lists and that are still there.
    var pendingOriginals: [(digest: Digest, withdrawal: UInt64)] {
        listedOriginals.filter { originals[$0.key] == nil }.map { ($0.key, $0.value) }
            .sorted { $0.0.hex < $1.0.hex }
    }
}
