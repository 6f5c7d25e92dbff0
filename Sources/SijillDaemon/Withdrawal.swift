import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// Withdraws articles: `sijilld withdraw`, in the daemon or under the lock (contract: evidence §4).
///
/// The order makes it safe to end at any moment: a marker, the withdrawal in the log, the rows of the store, the bytes
/// of log and originals, the traces in the store's file, the marker. A start that finds the marker does the rest
/// again.
struct Withdrawal {
    /// What was asked for.
    struct Request {
        var article: ArticleID
        var erases: Bool
        var isUndo: Bool
        var reason: String
    }

    let log: ChangeLog
    let store: Store
    let directory: DataDirectory

    /// Withdraws, and returns when nothing is left of what was to be erased.
    ///
    /// - Throws: `SijillError` with `.usage` for an article that is not there or already as asked for; with
    ///   `.unavailable` when a reader of the store keeps traces in it: the withdrawal stands, and the next start of the
    ///   daemon goes on.
    func run(_ request: Request) throws -> JSONValue {
        let state = try standing(request)
        let entries = try self.entries(request, state)
        if request.erases { try Durable.replace(directory.erasing, []) }
        let changes = try log.commit(entries, now: WallClock.timestamp())
        log.removals.closed([changes.first!.sequence.value...changes.last!.sequence.value])
        try store.apply(changes)
        log.announce()
        if request.erases { try finish(changes) }
        return try answer(changes)
    }

    /// Does again what a crash may have left undone, before anything is served.
    func start() throws {
        if let last = try store.erasures().last { log.reader.contentErased(by: last) }
        try finishPending()
    }

    private func finishPending() throws {
        guard File.exists(directory.erasing) else { return }
        let changes = try store.erasures().map { sequence in
            guard let line = try log.reader.line(of: sequence) else {
                throw SijillError(
                    .damaged, "withdrawal \(sequence) is not in the log", remedy: "run 'sijilld check'")
            }
            do { return try Change(line: line) } catch {
                throw SijillError(
                    .damaged, "change \(sequence) cannot be read: \(error)", remedy: "run 'sijilld check'")
            }
        }
        try finish(changes)
    }

    private func finish(_ changes: [Change]) throws {
        let eraser = try LogEraser(directory)
        for change in changes {
            guard case .withdrawn(let withdrawn) = change.record else { continue }
            try eraser.erase(withdrawn)
            try log.reader.contentErased(of: withdrawn.sequences)
            try KeptFiles(directory).erase(Set(withdrawn.originals))
        }
        if let last = changes.last { log.reader.contentErased(by: last.sequence) }
        try store.purge()
        try Durable.remove(directory.erasing)
        try Durable.syncDirectory(directory.log)
    }

    private func standing(_ request: Request) throws -> WithdrawalState {
        guard let state = try store.withdrawalState(of: request.article) else {
            throw SijillError(
                .usage, "there is no article \(request.article)", remedy: "'sijill search' finds ids")
        }
        if request.isUndo, !state.isWithdrawn {
            throw SijillError(.usage, "article \(request.article) is not withdrawn")
        }
        if !request.isUndo, state.isWithdrawn, !request.erases || state.isErased {
            throw SijillError(
                .usage, "article \(request.article) is already \(state.isErased ? "erased" : "withdrawn")")
        }
        return state
    }

    /// The changes to write: several when one leaf cannot list everything.
    private func entries(_ request: Request, _ state: WithdrawalState) throws -> [ChangeLog.Entry] {
        var content = Content()
        content.note = request.reason
        let encoded = EncodedContent(content)
        var lists = [List()]
        if request.erases {
            for part in try erasable(request.article) {
                if lists.last!.sequences.count + 1 > Withdrawn.listMax
                    || lists.last!.originals.count + part.originals.count > Withdrawn.listMax
                {
                    lists.append(List())
                }
                lists[lists.count - 1].sequences.append(part.sequence)
                lists[lists.count - 1].originals += part.originals
                lists[lists.count - 1].headers += part.header
            }
        }
        return lists.map { list in
            let withdrawn = Withdrawn(
                article: request.article, erases: request.erases, isUndo: request.isUndo,
                sequences: list.sequences, originals: list.originals,
                headers: list.headers.isEmpty ? nil : Digest.of(list.headers), content: encoded.digest)
            return ChangeLog.Entry(
                record: .withdrawn(withdrawn), content: content, encoded: encoded, original: nil)
        }
    }

    /// What one change of a withdrawal lists.
    private struct List {
        var sequences: [SequenceNumber] = []
        var originals: [Digest] = []
        /// Of the inputs among the originals, one behind the other.
        var headers: [UInt8] = []
    }

    /// A change of an article that still has content, with the originals and the mates that it stored.
    private struct Erasable {
        let sequence: SequenceNumber
        let originals: [Digest]
        let header: [UInt8]
    }

    private func erasable(_ article: ArticleID) throws -> [Erasable] {
        var found: [Erasable] = []
        for sequence in try store.deliveries(of: article) {
            guard let line = try log.reader.line(of: sequence) else { continue }
            let verified: VerifiedLine
            do { verified = try VerifiedLine(line) } catch {
                throw SijillError(
                    .damaged, "change \(sequence) is damaged: \(error)", remedy: "run 'sijilld check'")
            }
            let record = verified.change.record
            let own = record.storesOriginal ? record.file.sha256 : nil
            let originals = (own.map { [$0] } ?? []) + record.keptMates.map(\.sha256)
            if !verified.isErased, !originals.isEmpty || verified.change.content != Content() {
                let header = own == nil ? [] : OriginalRecord.header(of: verified.change)
                found.append(Erasable(sequence: sequence, originals: originals, header: header))
            }
        }
        return found
    }

    private func answer(_ changes: [Change]) throws -> JSONValue {
        var sequences: UInt64 = 0
        var originals: UInt64 = 0
        var names: Set<String> = []
        for change in changes {
            guard case .withdrawn(let withdrawn) = change.record else { continue }
            sequences += UInt64(withdrawn.sequences.count)
            originals += UInt64(withdrawn.originals.count)
            for sequence in withdrawn.sequences {
                guard let line = try log.reader.line(of: sequence), let change = try? Change(line: line),
                    change.record.file.offset != nil
                else { continue }
                names.insert(change.record.file.name)
            }
        }
        return .object([
            JSONMember(name: "change", value: .string(Array(changes.last!.cursor.description.utf8))),
            JSONMember(name: "erased_changes", value: .number(String(sequences))),
            JSONMember(name: "erased_originals", value: .number(String(originals))),
            JSONMember(
                name: "kept_files",
                value: .array(try KeptFiles(directory).remaining(names).map { .string(Array($0.utf8)) })),
        ])
    }
}
