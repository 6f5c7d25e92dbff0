import SijillFormat

/// Files of many records whose mates an earlier batch has dealt with: what came beside a file is kept with the first of
/// its records whose text is kept.
///
/// Belongs to one queue, as the decisions do.
package final class TendedFiles {
    fileprivate var tickets: Set<UInt64> = []

    package init() {}
}

/// What one batch has decided about mates.
struct BatchMates {
    private let tended: TendedFiles
    private var begun: Set<UInt64> = []
    private var ended: [UInt64] = []
    private var kept: Set<KeptMate> = []
    /// Of the batch before, where the index may not know it yet.
    private let keptBefore: Set<KeptMate>

    private struct KeptMate: Hashable {
        let article: ArticleID
        let sha256: Digest
    }

    init(tended: TendedFiles, before: BatchMates?) {
        self.tended = tended
        keptBefore = before?.kept ?? []
    }

    /// Whether an earlier record of the same file has dealt with what came beside it.
    func areTended(_ arrival: Arrival) -> Bool {
        begun.contains(arrival.ticket) || tended.tickets.contains(arrival.ticket)
    }

    func keeps(_ sha256: Digest, of article: ArticleID) -> Bool {
        let mate = KeptMate(article: article, sha256: sha256)
        return kept.contains(mate) || keptBefore.contains(mate)
    }

    mutating func tend(_ arrival: Arrival, _ mates: [Mate], of article: ArticleID) {
        begun.insert(arrival.ticket)
        for mate in mates where mate.isKept { kept.insert(KeptMate(article: article, sha256: mate.sha256)) }
    }

    mutating func handled(_ arrival: Arrival) {
        if arrival.isLastOfFile, !arrival.file.mates.isEmpty { ended.append(arrival.ticket) }
    }

    /// The batch is committed.
    func remember() {
        tended.tickets.formUnion(begun)
        tended.tickets.subtract(ended)
    }
}

extension BatchDecider {
    /// The input of an article that was not there, as its change names it: what came beside it is kept, unless an earlier
    /// record of the file has dealt with that.
    mutating func file(newText delivery: Delivery, article: ArticleID) -> FileRecord {
        guard !delivery.file.mates.isEmpty else { return delivery.file }
        guard !mates.areTended(delivery.arrival) else { return delivery.file.withoutMatesKept }
        mates.tend(delivery.arrival, delivery.file.mates, of: article)
        return delivery.file
    }

    /// The same of another delivery of an article: what an earlier one has brought is not kept again.
    mutating func file(of delivery: Delivery, article: ArticleID) throws -> FileRecord {
        guard !delivery.file.mates.isEmpty else { return delivery.file }
        guard !mates.areTended(delivery.arrival) else { return delivery.file.withoutMatesKept }
        var file = delivery.file
        for place in file.mates.indices where file.mates[place].isKept {
            let digest = file.mates[place].sha256
            let isKnown = try mates.keeps(digest, of: article) || index.keepsMate(digest, of: article)
            file.mates[place].isKept = !isKnown
        }
        mates.tend(delivery.arrival, file.mates, of: article)
        return file
    }
}

extension FileRecord {
    var withoutMatesKept: FileRecord {
        var file = self
        for place in file.mates.indices { file.mates[place].isKept = false }
        return file
    }
}
