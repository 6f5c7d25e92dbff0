import SijillFormat
import SijillStore
import Synchronization

/// `/timeline`: new articles of each day by publisher, and texts that several publishers have told.
extension Dashboard {
    private static let timelineDays = 30
    private static let seriesMax = 6
    private static let spreadsShown = 50

    /// One colour of the chart.
    private struct Series: Sendable {
        /// Nil for those without a publisher, and the rest.
        let name: String?
        let isRest: Bool
        let counts: [Int]

        var total: Int { counts.reduce(0, +) }
    }

    func timeline(_ taste: Taste, _ asked: RoutedRequest) async throws -> Shell {
        let say = taste.language
        let (tally, spreads) = (tally, spreads)
        let (counts, told) = try await offLoop { (try tally.counts(), try spreads.newest()) }
        let last = counts.lastDay ?? Day(WallTime.now())
        let days = (0..<Self.timelineDays).map { Day(number: last.number - Self.timelineDays + 1 + $0) }
        let series = Self.series(counts, days)
        return Shell(say(.timeline), .timeline) {
            tag(.h1) { say(.timeline) }
            chart(series, days, say)
            spreading(told, say)
        }
    }

    /// The publishers of most articles in these days, then the rest together, then those that name none.
    private static func series(_ counts: ChangeTally.Counts, _ days: [Day]) -> [Series] {
        func line(_ byDay: [Day: Int]) -> [Int] { days.map { byDay[$0] ?? 0 } }
        let all = counts.publishers.map { Series(name: $0, isRest: false, counts: line($1)) }
            .filter { $0.total > 0 }
            .sorted { ($0.total, $1.name ?? "") > ($1.total, $0.name ?? "") }
        var rest = line(counts.others)
        for one in all.dropFirst(seriesMax) { rest = zip(rest, one.counts).map(+) }
        let ends = [
            Series(name: nil, isRest: true, counts: rest),
            Series(name: nil, isRest: false, counts: line(counts.unnamed)),
        ]
        return Array(all.prefix(seriesMax)) + ends
    }

    private func chart(_ series: [Series], _ days: [Day], _ say: Language) -> HTML {
        tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "per-day")) {
            tag(.h2, Attribute(.id, "per-day")) { say(.perDay) }
            tag(.p, class: "hint", say(.lastDays))
            if series.allSatisfy({ $0.total == 0 }) {
                Pieces.empty(say(.timelineEmpty))
            } else {
                let bars = days.indices.map { day in series.map { $0.counts[day] } }
                let titles = zip(days, bars).map { "\($0.date): \(Pieces.number($1.reduce(0, +)))" }
                Chart.stacked(bars, titles: titles, label: say(.perDay))
                tag(.p, Attribute(.class, "axis"), Attribute(.ariaHidden, "true")) {
                    tag(.span) { days.first?.date ?? "" }
                    tag(.span) { days[days.count / 2].date }
                    tag(.span) { days.last?.date ?? "" }
                }
                tag(.ul, Attribute(.class, "key")) {
                    for (place, one) in series.enumerated() where one.total > 0 {
                        tag(.li) {
                            tag(
                                .span, Attribute(.class, "swatch series\(place)"),
                                Attribute(.ariaHidden, "true"))
                            Self.name(one, say)
                            tag(.span, class: "n", Pieces.number(one.total))
                        }
                    }
                }
                table(series.filter { $0.total > 0 }, days, say)
            }
        }
    }

    private static func name(_ series: Series, _ say: Language) -> HTML {
        guard let name = series.name else { return .text(say(series.isRest ? .others : .noPublisher)) }
        return Pieces.foreign(name)
    }

    /// The same in figures.
    private func table(_ series: [Series], _ days: [Day], _ say: Language) -> HTML {
        tag(.details) {
            tag(.summary) { say(.asTable) }
            tag(
                .div, Attribute(.class, "wide"), Attribute(.tabindex, "0"), Attribute(.role, "region"),
                Attribute(.ariaLabelledby, "per-day")
            ) {
                tag(.table) {
                    tag(.thead) {
                        tag(.tr) {
                            tag(.th, Attribute(.scope, "col")) { say(.day) }
                            for one in series {
                                tag(.th, Attribute(.scope, "col"), Attribute(.class, "n")) {
                                    Self.name(one, say)
                                }
                            }
                        }
                    }
                    tag(.tbody) {
                        for day in days.indices.reversed()
                        where series.contains(where: { $0.counts[day] > 0 }) {
                            tag(.tr) {
                                tag(.th, Attribute(.scope, "row"), Attribute(.dir, "ltr")) { days[day].date }
                                for one in series {
                                    tag(.td, Attribute(.class, "n")) { Pieces.number(one.counts[day]) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func spreading(_ told: [Spread], _ say: Language) -> HTML {
        tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "spreading")) {
            tag(.h2, Attribute(.id, "spreading")) { say(.spreading) }
            tag(.p, class: "hint", say(.spreadingNote))
            if told.isEmpty { Pieces.empty(say(.noSpread)) }
            tag(.ol, Attribute(.class, "spreads")) {
                for spread in told.prefix(Self.spreadsShown) {
                    tag(.li) {
                        tag(.span, Attribute(.class, "number")) { "\(spread.publishers.count)" }
                        tag(.div, Attribute(.class, "what")) {
                            tag(.p, Attribute(.class, "title")) {
                                tag(.a, .href(Pieces.article(spread.head))) {
                                    Pieces.foreign(spread.title ?? say(.untitled), lang: spread.lang)
                                }
                            }
                            tag(.p, Attribute(.class, "about")) {
                                for publisher in spread.publishers.prefix(12) {
                                    tag(.span, Attribute(.class, "publisher")) { Pieces.foreign(publisher) }
                                }
                                tag(.span) { "\(say(.articles)): \(Pieces.number(spread.articles))" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The clusters that spread over several publishers, looked up again when the log has grown and a moment has gone by.
final class Spreads: Sendable {
    private struct Kept {
        var list: [Spread] = []
        var through = SequenceNumber.none
        var withdrawals = 0
        var time: ContinuousClock.Instant?
    }

    private static let pause = Duration.seconds(5)

    private let store: Store
    private let kept = Mutex(Kept())

    init(store: Store) { self.store = store }

    /// Reads the store; call it where waiting hurts no connection.
    func newest() throws -> [Spread] {
        try kept.withLock { kept in
            let (applied, withdrawals) = (store.applied, store.counts().withdrawals)
            let isRecent = kept.time.map { .now - $0 < Self.pause } ?? false
            if kept.withdrawals == withdrawals, kept.through == applied || isRecent { return kept.list }
            kept.list = try store.spreads(newest: 20_000, limit: 50)
            (kept.through, kept.withdrawals, kept.time) = (applied, withdrawals, .now)
            return kept.list
        }
    }
}
