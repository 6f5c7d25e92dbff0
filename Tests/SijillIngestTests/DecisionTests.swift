import Foundation
import SijillArticles
import SijillFiles
import SijillFormat
import SijillTesting
import Testing

@testable import SijillIngest

@Suite("Decisions")
struct DecisionTests {
    private typealias Known = KnownTexts

    private func decider(_ known: Known = Known()) -> BatchDecider<Known> {
        BatchDecider(index: known, cache: TextCache())
    }

    private let reader = ArticleReader(limits: InputLimits())

    private func cursor(_ number: UInt64) -> Cursor {
        Cursor(sequence: SequenceNumber(number), epoch: Epoch("k3f9a1c2")!)
    }

    private func arrival(_ text: String) throws -> Arrival {
        let bytes = Array(text.utf8)
        let draft = try reader.draft(bytes, format: .text)
        let file = FileRecord(
            name: "a.txt", source: "default", bytes: UInt64(bytes.count), sha256: draft.raw, inode: 1)
        return arrival(file, .draft(draft, bytes: bytes))
    }

    private func arrival(_ file: FileRecord, _ outcome: Arrival.Outcome) -> Arrival {
        let key = FileKey(.root, Array(file.name.utf8))
        let status = FileStatus(device: 1, inode: file.inode, bytes: file.bytes, modified: 0, changed: 0)
        return Arrival(
            id: ArrivalID(ticket: 1, record: 0), file: file, outcome: outcome,
            taken: TakenFile(key: key, path: key.name, status: status), isLastOfFile: true)
    }

    private static let long =
        "عاد الصيادون إلى الميناء القديم صباح اليوم بعد أسبوع من العواصف التي ضربت الساحل كله"

    @Test("A new text is added under the id that its words give, with its bytes kept")
    func added() throws {
        var decider = decider()
        let decision = try decider.decide(try arrival(Self.long), cursor: cursor(1))
        guard case .added(let added) = decision.record else { throw Unexpected() }
        #expect(added.article == ArticleID(added.digests.canonical!.digest.high))
        #expect(added.cluster == added.article)
        #expect(decision.original == Array(Self.long.utf8))
    }

    @Test("The same bytes in one batch are a raw duplicate, other bytes of the same words a canonical one")
    func sameBatch() throws {
        var decider = decider()
        let first = try decider.decide(try arrival(Self.long), cursor: cursor(1))
        let raw = try decider.decide(try arrival(Self.long), cursor: cursor(2))
        let other = Self.long.replacingOccurrences(of: "الصيادون", with: "الصيّادون")
        let canonical = try decider.decide(try arrival(other), cursor: cursor(3))
        let again = try decider.decide(try arrival(other), cursor: cursor(4))
        #expect(match(raw) == .raw)
        #expect(raw.original == nil, "known bytes are not kept twice")
        #expect(raw.content.text == nil)
        #expect(match(canonical) == .canonical)
        #expect(canonical.original == Array(other.utf8))
        #expect(of(raw) == cursor(1))
        #expect(of(canonical) == cursor(1))
        #expect(match(again) == .raw)
        #expect(of(again) == cursor(3), "these bytes stand with the change that brought them")
        #expect(Set([raw, canonical, again].map(\.record.article)) == [first.record.article])
    }

    @Test("What earlier batches brought is found the same way")
    func known() throws {
        let arrival = try arrival(Self.long)
        guard case .draft(let draft, _) = arrival.outcome else { throw Unexpected() }
        let seen = SeenText(cursor: cursor(9), article: ArticleID(5), revision: 1)
        var byBytes = decider(Known(raw: [draft.raw: seen]))
        #expect(match(try byBytes.decide(arrival, cursor: cursor(10))) == .raw)
        var byWords = decider(Known(canonical: [draft.canonical!: seen]))
        let decision = try byWords.decide(arrival, cursor: cursor(10))
        #expect(match(decision) == .canonical)
        #expect(decision.record.article == ArticleID(5))
    }

    @Test("Short texts are told apart by their bytes alone, in every script")
    func short() throws {
        var decider = decider()
        let texts = ["خبر عاجل", "Срочная новость", "速報です", "ข่าวด่วน", "خبر  عاجل"]
        var articles: Set<ArticleID?> = []
        for (number, text) in texts.enumerated() {
            let decision = try decider.decide(try arrival(text), cursor: cursor(UInt64(number) + 1))
            #expect(decision.record.type == .added)
            articles.insert(decision.record.article)
        }
        #expect(articles.count == texts.count)
    }

    @Test("A rejected input brings no text, so the same bytes may be tried again")
    func rejected() throws {
        var decider = decider()
        let file = FileRecord(name: "a.txt", source: "default", bytes: 0, sha256: Digest.of([]), inode: 1)
        let arrival = arrival(file, .rejected(Rejection(.empty, "no bytes")))
        for number in 1...2 {
            let decision = try decider.decide(arrival, cursor: cursor(UInt64(number)))
            #expect(decision.record.type == .rejected)
            #expect(decision.original == nil)
        }
    }

    private struct Unexpected: Error {}

    private func match(_ decision: Decision) -> Duplicated.Match? {
        if case .duplicated(let duplicated) = decision.record { duplicated.match } else { nil }
    }

    private func of(_ decision: Decision) -> Cursor? {
        if case .duplicated(let duplicated) = decision.record { duplicated.of } else { nil }
    }
}
