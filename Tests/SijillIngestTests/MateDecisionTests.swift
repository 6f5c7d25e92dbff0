import SijillArticles
import SijillFiles
import SijillFormat
import Testing

@testable import SijillIngest

/// Which mates go to the originals: contract inbox §6, evidence §3 and §4.
@Suite("Decisions about mates")
struct MateDecisionTests {
    private let reader = ArticleReader(limits: InputLimits())
    private let tended = TendedFiles()
    private static let long =
        "عاد الصيادون إلى الميناء القديم صباح اليوم بعد أسبوع من العواصف التي ضربت الساحل كله"
    private static let other =
        "افتتحت البلدية مكتبة عامة جديدة في الحي الشرقي تضم آلاف الكتب وقاعة للقراءة مفتوحة كل يوم"

    private func decider(
        _ known: KnownTexts, before: BatchDecider<KnownTexts>? = nil
    ) -> BatchDecider<KnownTexts> {
        BatchDecider(index: known, cache: TextCache(), tended: tended, before: before)
    }

    private func cursor(_ number: UInt64) -> Cursor {
        Cursor(sequence: SequenceNumber(number), epoch: Epoch("k3f9a1c2")!)
    }

    /// - Parameter record: its place in a file of many records; nil for a whole file.
    private func arrival(
        _ text: String, sidecar: String = "{}", ticket: UInt64, record: UInt64? = nil, isLast: Bool = true
    ) throws -> Arrival {
        let bytes = Array(text.utf8)
        let draft = try reader.draft(bytes, format: .text)
        let mate = Mate(
            kind: .sidecar, name: "a.meta.json", bytes: UInt64(sidecar.utf8.count),
            sha256: Digest.of(Array(sidecar.utf8)), isKept: true)
        let file = FileRecord(
            name: "a.txt", source: "default", bytes: UInt64(bytes.count), sha256: draft.raw, inode: 1,
            line: record.map { $0 + 1 }, offset: record.map { $0 * 100 }, mates: [mate])
        let key = FileKey(.root, Array(file.name.utf8))
        let status = FileStatus(device: 1, inode: 1, bytes: file.bytes, modified: 0, changed: 0)
        return Arrival(
            id: ArrivalID(ticket: ticket, record: record ?? 0), file: file,
            outcome: .draft(draft, bytes: bytes),
            taken: TakenFile(key: key, path: key.name, status: status), mates: [Array(sidecar.utf8)],
            isLastOfFile: isLast)
    }

    private func isKept(_ decision: Decision) -> Bool { !decision.record.keptMates.isEmpty }

    @Test(
        "A sidecar that comes again with the same article is kept once, in one batch and in later ones",
        arguments: [true, false])
    func again(indexKnowsFirst: Bool) throws {
        var known = KnownTexts()
        var first = decider(known)
        let added = try first.decide(try arrival(Self.long, ticket: 1), cursor: cursor(1))
        let repeated = try first.decide(try arrival(Self.long, ticket: 2), cursor: cursor(2))
        first.remember()
        if indexKnowsFirst { known.apply(added, cursor: cursor(1)) }
        var second = decider(known, before: indexKnowsFirst ? nil : first)
        let later = try second.decide(try arrival(Self.long + ".", ticket: 3), cursor: cursor(3))
        let another = try second.decide(
            try arrival(Self.long, sidecar: "{\"lang\":\"ar\"}", ticket: 4), cursor: cursor(4))
        let ofAnother = try second.decide(try arrival(Self.other, ticket: 5), cursor: cursor(5))
        #expect(
            [added, repeated, later, another, ofAnother].map(isKept) == [true, false, false, true, true])
    }

    @Test("What came beside a file of many records is kept with one of them, also over batches")
    func records() throws {
        let known = KnownTexts()
        var first = decider(known)
        let one = try first.decide(
            try arrival(Self.long, ticket: 1, record: 0, isLast: false), cursor: cursor(1))
        first.remember()
        var second = decider(known)
        let two = try second.decide(try arrival(Self.other, ticket: 1, record: 1), cursor: cursor(2))
        second.remember()
        var third = decider(known)
        let next = try third.decide(try arrival(Self.other, ticket: 1, record: 0), cursor: cursor(3))
        #expect([one, two].map(isKept) == [true, false])
        #expect(isKept(next), "nothing is remembered of a file that has ended")
    }

    @Test("A batch that is decided again because it could not be written decides the same")
    func notCommitted() throws {
        for _ in 0..<2 {
            var decider = decider(KnownTexts())
            #expect(
                isKept(try decider.decide(try arrival(Self.long, ticket: 1, record: 0), cursor: cursor(1))))
        }
    }

    @Test("An erased text keeps nothing of what came beside it; the next record of its file does")
    func erased() throws {
        let whole = try arrival(Self.long, ticket: 1)
        guard case .draft(let draft, _) = whole.outcome else { return }
        let seen = SeenText(cursor: cursor(9), article: ArticleID(5), revision: 1, isKept: false)
        var decider = decider(KnownTexts(raw: [draft.raw: seen]))
        let alone = try decider.decide(whole, cursor: cursor(10))
        let one = try decider.decide(
            try arrival(Self.long, ticket: 2, record: 0, isLast: false), cursor: cursor(11))
        let two = try decider.decide(try arrival(Self.other, ticket: 2, record: 1), cursor: cursor(12))
        #expect([alone, one, two].map(isKept) == [false, false, true])
    }
}
