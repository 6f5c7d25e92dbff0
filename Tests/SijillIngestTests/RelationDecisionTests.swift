import Foundation
import SijillArticles
import SijillFiles
import SijillFormat
import SijillText
import Testing

@testable import SijillIngest

/// Decides one delivery after the other, in batches of the size that is asked for.
struct Desk {
    struct Kind: Sendable, CustomTestStringConvertible {
        var batch = 1
        var cacheBytes = TextCache.bytesMaxDefault
        /// Whether the index knows the batch before a decision.
        var knowsBatchBefore = Knowledge.always

        var testDescription: String { "batches of \(batch), cache \(cacheBytes), \(knowsBatchBefore)" }
    }

    enum Knowledge { case always, meanwhile, notYet }

    private let reader = ArticleReader(limits: InputLimits())
    private let kind: Kind
    private let cache: TextCache
    private var known = KnownTexts()
    private var decider: BatchDecider<KnownTexts>
    private var pending: [(Decision, Cursor)] = []
    /// What the index does not know yet.
    private var behind: [(Decision, Cursor)] = []
    private var number: UInt64 = 0

    init(_ kind: Kind) {
        self.kind = kind
        cache = TextCache(bytesMax: kind.cacheBytes)
        decider = BatchDecider(index: known, cache: cache)
    }

    mutating func take(
        _ text: String, title: String? = nil, url: String? = nil, id: String? = nil, fetched: String? = nil,
        source: String = "default"
    ) throws -> Record {
        number += 1
        var members: [String: String] = ["text": text]
        members["title"] = title
        members["url"] = url
        members["id"] = id
        members["fetched"] = fetched
        let bytes = [UInt8](try JSONSerialization.data(withJSONObject: members, options: .sortedKeys))
        let draft = try reader.draft(bytes, format: .json)
        let file = FileRecord(
            name: "\(number).json", source: source, bytes: UInt64(bytes.count), sha256: draft.raw,
            inode: number)
        let key = FileKey(.root, Array(file.name.utf8))
        let status = FileStatus(device: 1, inode: number, bytes: file.bytes, modified: 0, changed: 0)
        let arrival = Arrival(
            id: ArrivalID(ticket: number, record: 0), file: file, outcome: .draft(draft, bytes: bytes),
            taken: TakenFile(key: key, path: key.name, status: status), isLastOfFile: true)
        let cursor = Cursor(sequence: SequenceNumber(number), epoch: Epoch("k3f9a1c2")!)
        let decision = try decider.decide(arrival, cursor: cursor)
        pending.append((decision, cursor))
        if pending.count == kind.batch { endBatch() }
        return decision.record
    }

    private mutating func endBatch() {
        decider.remember()
        behind += pending
        let kept = kind.knowsBatchBefore == .notYet ? pending.count : 0
        for (decision, cursor) in behind.dropLast(kept) { known.apply(decision, cursor: cursor) }
        behind = behind.suffix(kept)
        pending = []
        decider = BatchDecider(
            index: known, cache: cache, before: kind.knowsBatchBefore == .always ? nil : decider)
    }
}

/// Every decision must be the same in one batch, in many, without a cache, and where the index does not know the batch
/// before yet.
@Suite("Decisions about relations and revisions")
struct RelationDecisionTests {
    static let desks = [
        Desk.Kind(), Desk.Kind(cacheBytes: 0), Desk.Kind(batch: 2, cacheBytes: 4_000),
        Desk.Kind(batch: 1_000), Desk.Kind(knowsBatchBefore: .notYet),
        Desk.Kind(batch: 2, cacheBytes: 0, knowsBatchBefore: .notYet),
        Desk.Kind(batch: 2, cacheBytes: 0, knowsBatchBefore: .meanwhile),
    ]

    private func words(_ range: Range<Int>, _ word: String = "كلمة") -> String {
        range.map { "\(word)\(letters($0))" }.joined(separator: " ")
    }

    /// A number in letters: figures are another matter.
    private func letters(_ number: Int) -> String {
        String(String(number).map { Character(Unicode.Scalar(0x62A + $0.wholeNumberValue!)!) })
    }

    private struct Unexpected: Error { let record: Record }

    private func added(_ record: Record) throws -> Added {
        guard case .added(let added) = record else { throw Unexpected(record: record) }
        return added
    }

    private func revised(_ record: Record) throws -> Revised {
        guard case .revised(let revised) = record else { throw Unexpected(record: record) }
        return revised
    }

    private func duplicated(_ record: Record) throws -> Duplicated {
        guard case .duplicated(let duplicated) = record else { throw Unexpected(record: record) }
        return duplicated
    }

    @Test(
        "A near copy is added, linked with its scores, and joins the earlier one's cluster", arguments: desks)
    func near(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let first = try added(desk.take(words(0..<200)))
        _ = try added(desk.take(words(500..<700)))
        let copy = try added(desk.take(words(0..<190) + " " + words(900..<910)))
        #expect(first.relations == [] && first.cluster == first.article)
        #expect(copy.relations.map(\.kind) == [.near])
        #expect(copy.relations.first?.article == first.article)
        #expect(copy.relations.first?.jaccard == Share(188, of: 208))
        #expect(copy.relations.first?.containment == Share(188, of: 198))
        #expect(copy.relations.first?.figuresDiffer == false)
        #expect(copy.cluster == first.article)
    }

    @Test("A part, a whole and a passage are what they are, and join no cluster", arguments: desks)
    func kinds(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let first = try added(desk.take(words(0..<300)))
        let part = try added(desk.take(words(100..<200)))
        let whole = try added(desk.take(words(0..<300) + " " + words(1_000..<1_400)))
        let passage = try added(desk.take(words(0..<80) + " " + words(2_000..<2_150)))
        #expect(part.relations.map(\.kind) == [.within])
        #expect(whole.relations.map(\.kind) == [.contains, .contains])
        #expect(Set(whole.relations.map(\.article)) == [first.article, part.article])
        #expect(passage.relations.map(\.kind) == [.related, .related])
        for record in [part, whole, passage] { #expect(record.cluster == record.article) }
    }

    @Test("Clusters are stars: a copy of a copy too far from the head stands alone", arguments: desks)
    func stars(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let head = try added(desk.take(words(0..<200)))
        let second = try added(desk.take(words(45..<245)))
        let third = try added(desk.take(words(90..<290)))
        #expect(second.cluster == head.article)
        #expect(third.relations.first?.kind == .near && third.relations.first?.article == second.article)
        #expect(third.cluster == third.article)
    }

    @Test("One figure that differs is told", arguments: desks)
    func figures(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        _ = try desk.take(words(0..<100) + " في ٢٠١٩")
        let other = try added(desk.take(words(0..<100) + " في 2020"))
        #expect(other.relations.map(\.kind) == [.near])
        #expect(other.relations.first?.figuresDiffer == true)
    }

    @Test("Under one address an article is revised, with what came and went", arguments: desks)
    func revision(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let paragraphs = (0..<6).map { words($0 * 30..<$0 * 30 + 30) }
        let old = paragraphs.joined(separator: "\n\n") + "\n\nقتل 3"
        let new = (paragraphs[..<5] + [words(900..<930), "قتل 4"]).joined(separator: "\n\n")
        let first = try added(desk.take(old, title: "خبر", url: "https://www.example.org/a?utm_source=x"))
        let second = try revised(desk.take(new, title: "خبر", url: "http://example.org/a/"))
        #expect(second.article == first.article && second.revision == 2 && second.cluster == first.cluster)
        #expect(!second.isMajor && !second.isReverted)
        #expect(second.relations == [], "it is no relation of itself")
        #expect(second.changed.paragraphsAdded == 2 && second.changed.paragraphsRemoved == 2)
        #expect(second.changed.numbersAdded == 1 && second.changed.numbersRemoved == 1)
        #expect(!second.changed.isRetitled)
        // What stands now is compared with, by all who come later.
        let copy = try added(desk.take(new + " زيادة"))
        #expect(copy.relations.map(\.article) == [first.article])
        #expect(copy.relations.first?.jaccard == Share(180, of: 181))
        let third = try revised(desk.take(old + " " + words(950..<960), url: "https://example.org/a"))
        #expect(third.revision == 3)
        #expect(third.relations.map(\.article) == [copy.article])
    }

    @Test(
        "The same words and title under one address are a duplicate, another title is a revision",
        arguments: desks)
    func retitled(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let url = "https://example.org/a"
        let first = try added(desk.take(words(0..<50), title: "العنوان الأول", url: url))
        let same = try duplicated(desk.take(words(0..<50) + "!", title: "العنوان الأوّل", url: url))
        #expect(same.match == .canonical && same.article == first.article && same.revision == 1)
        #expect(
            try duplicated(desk.take(words(0..<50) + "?", url: url)).revision == 1,
            "no title is no other title")
        let other = try revised(desk.take(words(0..<50), title: "العنوان الثاني", url: url))
        #expect(other.revision == 2 && other.changed.isRetitled && other.changed.paragraphsAdded == 0)
        // Words that a short text shares with others prove nothing, but under one address they do.
        let short = "https://example.org/short"
        _ = try added(desk.take("خبر عاجل", title: "عنوان", url: short))
        #expect(try duplicated(desk.take("خبرٌ عاجل!", title: "عنوان", url: short)).digests.canonical == nil)
    }

    @Test("An earlier revision again is its duplicate, unless it was fetched later", arguments: desks)
    func reverted(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let url = "https://example.org/a"
        let (old, new) = (words(0..<100), words(0..<90) + " " + words(200..<220))
        let first = try added(desk.take(old, url: url, fetched: "2026-11-20T10:00:00Z"))
        _ = try revised(desk.take(new, url: url, fetched: "2026-11-20T12:00:00Z"))
        let late = try duplicated(desk.take(old + "!", url: url, fetched: "2026-11-20T11:00:00Z"))
        #expect(late.article == first.article && late.revision == 1)
        let undated = try duplicated(desk.take(old + "?", url: url))
        #expect(undated.revision == 1)
        let back = try revised(desk.take(old + ".", url: url, fetched: "2026-11-20T15:30:00+02:00"))
        #expect(back.isReverted && back.revision == 3)
        #expect(try duplicated(desk.take(old + "؟", url: url)).revision == 3)
    }

    @Test(
        "Little in common is a major revision, next to nothing is another article at the same address",
        arguments: desks)
    func replaced(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let url = "https://example.org/live"
        let first = try added(desk.take(words(0..<100), url: url))
        let major = try revised(desk.take(words(0..<45) + " " + words(200..<255), url: url))
        #expect(major.isMajor && major.article == first.article)
        let other = try added(desk.take(words(0..<20) + " " + words(300..<400), url: url))
        #expect(other.article != first.article)
        #expect(other.relations.map(\.kind) == [.replacedURL])
        #expect(other.relations.map(\.article) == [first.article])
        // The address is the new article's from now on.
        let next = try revised(desk.take(words(0..<20) + " " + words(300..<405), url: url))
        #expect(next.article == other.article && next.revision == 2)
        // A text that is known elsewhere is not added a second time.
        #expect(try duplicated(desk.take(words(0..<100) + "!", url: url)).article == first.article)
    }

    @Test("A producer's id counts within its source, and an address before it", arguments: desks)
    func producerID(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let first = try added(desk.take(words(0..<100), id: "7", source: "agency"))
        let second = try revised(desk.take(words(0..<95), id: "7", source: "agency"))
        #expect(second.article == first.article)
        let elsewhere = try added(desk.take(words(0..<90), id: "7", source: "paper"))
        #expect(elsewhere.relations.map(\.kind) == [.near])
        let addressed = try added(
            desk.take(words(0..<85), url: "https://example.org/7", id: "7", source: "agency"))
        #expect(addressed.article != first.article)
    }

    @Test(
        "A canonical copy from another address is a duplicate, and the address gets no article of it",
        arguments: desks)
    func elsewhere(_ desk: Desk.Kind) throws {
        var desk = Desk(desk)
        let first = try added(desk.take(words(0..<100), url: "https://example.org/a"))
        let copy = try duplicated(desk.take(words(0..<100) + ".", url: "https://example.com/b"))
        #expect(copy.article == first.article)
        let update = try added(desk.take(words(0..<104), url: "https://example.com/b"))
        #expect(update.relations.map(\.kind) == [.near] && update.cluster == first.article)
    }
}
