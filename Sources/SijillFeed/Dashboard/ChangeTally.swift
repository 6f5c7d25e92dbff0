import SijillFormat
import SijillLog
import SijillStore
import Synchronization

/// Counts of changes by day, source and publisher.
///
/// They are made from the table `facets` when they are first asked for, and from then on only what is new is read, so
/// a page costs the same however long the log is. Nothing is written.
final class ChangeTally: Sendable {
    /// What has been counted, up to a change.
    struct Counts: Sendable {
        fileprivate(set) var through = SequenceNumber.none
        fileprivate(set) var sources: [String: SourceCount] = [:]
        /// New articles of each publisher by day; those without one, and those beyond `publishersMax`, apart.
        fileprivate(set) var publishers: [String: [Day: Int]] = [:]
        fileprivate(set) var unnamed: [Day: Int] = [:]
        fileprivate(set) var others: [Day: Int] = [:]
        fileprivate(set) var languages: [String: Int] = [:]
        /// The day of the newest article.
        fileprivate(set) var lastDay: Day?
    }

    struct SourceCount: Sendable {
        fileprivate(set) var byType: [String: Int] = [:]
        fileprivate(set) var byDay: [Day: Int] = [:]
        fileprivate(set) var last = SequenceNumber.none
    }

    /// Names that are counted apart; a log whose every article names another must not fill the memory.
    fileprivate static let publishersMax = 20_000
    fileprivate static let sourcesMax = 5_000
    fileprivate static let languagesMax = 1_000

    private let reader: LogReader
    private let store: Store
    private let working = Mutex(Counts())
    private let shown = Mutex<Counts?>(nil)

    init(reader: LogReader, store: Store) {
        self.reader = reader
        self.store = store
    }

    /// Reads the store; call it where waiting hurts no connection. While someone else counts, what was counted before
    /// is given.
    func counts() throws -> Counts {
        let tip = reader.tip?.sequence ?? .none
        let present = shown.withLock { $0 }
        if let present, present.through == tip { return present }
        if let new = try working.withLockIfAvailable({ try refresh(&$0, through: tip) }) { return new }
        if let present { return present }
        return try working.withLock { try refresh(&$0, through: tip) }
    }

    private func refresh(_ counts: inout Counts, through tip: SequenceNumber) throws -> Counts {
        guard counts.through < tip else { return counts }
        var calendar = SequenceCalendar(reader)
        var copy = counts
        var failure: (any Error)?
        try store.facets(after: counts.through, through: tip) { facet in
            do {
                copy.add(facet, try calendar.day(of: facet.sequence))
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        copy.through = tip
        counts = copy
        shown.withLock { [copy] in $0 = copy }
        return copy
    }
}

extension ChangeTally.Counts {
    fileprivate mutating func add(_ facet: Facet, _ day: Day) {
        if let source = facet.source, sources[source] != nil || sources.count < ChangeTally.sourcesMax {
            sources[source, default: .init()].byType[facet.type, default: 0] += 1
            sources[source]?.byDay[day, default: 0] += 1
            sources[source]?.last = facet.sequence
        }
        if let lang = facet.lang, languages[lang] != nil || languages.count < ChangeTally.languagesMax {
            languages[lang, default: 0] += 1
        }
        guard facet.type == ChangeType.added.shortName else { return }
        lastDay = day
        guard let publisher = facet.publisher else {
            unnamed[day, default: 0] += 1
            return
        }
        if publishers[publisher] != nil || publishers.count < ChangeTally.publishersMax {
            publishers[publisher, default: [:]][day, default: 0] += 1
        } else {
            others[day, default: 0] += 1
        }
    }
}

/// A day of UTC, counted from 1970.
struct Day: Hashable, Comparable, Sendable {
    let number: Int

    init(number: Int) { self.number = number }

    init(_ time: Timestamp) { number = Int(time.milliseconds / 86_400_000) }

    var start: Timestamp { Timestamp(milliseconds: UInt64(max(0, number)) * 86_400_000) }
    var date: String { start.date }

    static func < (a: Day, b: Day) -> Bool { a.number < b.number }
}

/// Tells on which day a change was committed. Times never go back, so one look-up does for all changes of a day.
private struct SequenceCalendar {
    private let reader: LogReader
    private var day = Day(number: 0)
    /// The first change that may be of another day.
    private var end = SequenceNumber.none

    init(_ reader: LogReader) { self.reader = reader }

    mutating func day(of sequence: SequenceNumber) throws -> Day {
        if sequence < end { return day }
        guard let entry = try reader.entry(of: sequence) else { return day }
        day = Day(entry.entry.time)
        let next = Day(number: day.number + 1).start
        end = try reader.firstSequence(atOrAfter: next) ?? (reader.tip?.sequence ?? sequence).next
        return day
    }
}
