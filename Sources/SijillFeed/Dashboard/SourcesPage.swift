import SijillFormat
import SijillLog
import SijillStore

/// `/sources`: who delivers what, what could not be taken in, and who reads the log.
extension Dashboard {
    private static let daysShown = 28
    private static let rejectedShown = 200

    private struct SourceRow: Sendable {
        let name: String
        let count: ChangeTally.SourceCount
        let last: Timestamp?
    }

    private struct ConsumerRow: Sendable {
        let consumer: Consumer
        let lag: UInt64
        /// How long the first change that it has not acknowledged has been there.
        let age: Duration?
    }

    private struct Overview: Sendable {
        let sources: [SourceRow]
        let rejected: [DashboardParts.Rejected]?
        let consumers: [ConsumerRow]?
        let today: Day
    }

    func sources(_ taste: Taste, _ asked: RoutedRequest) async throws -> Shell {
        let say = taste.language
        let (services, tally) = (services, tally)
        let overview = try await offLoop { try Self.overview(services, tally) }
        return Shell(say(.sources), .sources, scripts: HTML.script("quarantine.js")) {
            tag(.h1) { say(.sources) }
            deliveries(overview, say)
            quarantine(overview, say)
            consumers(overview, say)
        }
    }

    private static func overview(_ services: FeedServices, _ tally: ChangeTally) throws -> Overview {
        let now = WallTime.now()
        let reader = services.reader
        let sources = try tally.counts().sources.sorted {
            ($0.value.total, $1.key) > ($1.value.total, $0.key)
        }
        let rows = try sources.prefix(500).map { name, count in
            SourceRow(name: name, count: count, last: try reader.entry(of: count.last)?.entry.time)
        }
        let tip = reader.tip?.sequence ?? .none
        let consumers = try services.consumers?.all().map { consumer in
            let lag = tip.value - min(tip.value, consumer.ackedSequence.value)
            let next = lag == 0 ? nil : try reader.entry(of: consumer.ackedSequence.next)?.entry.time
            let age = next.map {
                Duration.milliseconds(now.milliseconds - min(now.milliseconds, $0.milliseconds))
            }
            return ConsumerRow(consumer: consumer, lag: lag, age: age)
        }
        return Overview(
            sources: rows, rejected: try services.configuration.dashboard?.quarantine(),
            consumers: consumers, today: Day(now))
    }

    // MARK: Deliveries

    private func deliveries(_ overview: Overview, _ say: Language) -> HTML {
        tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "deliveries")) {
            tag(.h2, Attribute(.id, "deliveries")) { say(.deliveredPerDay) }
            if overview.sources.isEmpty {
                Pieces.empty(say(.noSources))
            } else {
                tag(
                    .div, Attribute(.class, "wide"), Attribute(.tabindex, "0"), Attribute(.role, "region"),
                    Attribute(.ariaLabelledby, "deliveries")
                ) {
                    tag(.table) {
                        tag(.thead) {
                            tag(.tr) {
                                for word in [
                                    Word.source, .deliveredPerDay, .total, .added, .revised, .duplicated,
                                    .rejected, .lastDelivery,
                                ] {
                                    let isNumber = [.total, .added, .revised, .duplicated, .rejected]
                                        .contains(word)
                                    tag(
                                        .th, Attribute(.scope, "col"), isNumber ? Attribute(.class, "n") : nil
                                    ) {
                                        word == .deliveredPerDay
                                            ? tag(.span, class: "quiet", say(word)) : HTML.text(say(word))
                                    }
                                }
                            }
                        }
                        tag(.tbody) {
                            for row in overview.sources { line(row, overview.today, say) }
                        }
                    }
                }
            }
        }
    }

    private func line(_ row: SourceRow, _ today: Day, _ say: Language) -> HTML {
        let days = (0..<Self.daysShown).map { Day(number: today.number - Self.daysShown + 1 + $0) }
        return tag(.tr) {
            tag(.th, Attribute(.scope, "row")) {
                tag(.a, .href(Address("search", query: [("source", row.name)]))) { Pieces.foreign(row.name) }
            }
            tag(.td, Attribute(.class, "spark")) {
                Chart.bars(
                    days.map { row.count.byDay[$0] ?? 0 }, label: "\(row.name): \(say(.deliveredPerDay))",
                    titles: days.map(\.date))
            }
            tag(.td, Attribute(.class, "n")) { Pieces.number(row.count.total) }
            for type in [ChangeType.added, .revised, .duplicated, .rejected] {
                let count = row.count.byType[type.shortName] ?? 0
                tag(.td, Attribute(.class, count > 0 && type == .rejected ? "n bad" : "n")) {
                    Pieces.number(count)
                }
            }
            tag(.td) { row.last.map(Pieces.time) }
        }
    }

    // MARK: Quarantine

    private func quarantine(_ overview: Overview, _ say: Language) -> HTML {
        tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "quarantine")) {
            tag(.h2, Attribute(.id, "quarantine")) {
                say(.quarantine)
                if let count = overview.rejected?.count, count > 0 {
                    tag(.span, class: "count", Pieces.number(count))
                }
            }
            switch overview.rejected {
            case nil: tag(.p, class: "hint", say(.notHere))
            case .some(let rejected) where rejected.isEmpty: Pieces.empty(say(.quarantineEmpty))
            case .some(let rejected):
                tag(.p, class: "hint", say(.quarantineNote))
                list(rejected, say)
                adminDialog(say)
            }
        }
    }

    private func list(_ rejected: [DashboardParts.Rejected], _ say: Language) -> HTML {
        let newest = rejected.sorted { ($0.time ?? "", $0.id) > ($1.time ?? "", $1.id) }
        let words = JSONText.object([("retried", say(.retried)), ("failed", say(.retryFailed))])
        return tag(.ul, Attribute(.class, "rejected"), Attribute(.id, "rejected"), .data("words", words)) {
            for item in newest.prefix(Self.rejectedShown) { line(item, say) }
            if newest.count > Self.rejectedShown {
                tag(.li, Attribute(.class, "hint")) {
                    "\(Pieces.number(newest.count - Self.rejectedShown)) \(say(.moreRejects))"
                }
            }
        }
    }

    private func line(_ item: DashboardParts.Rejected, _ say: Language) -> HTML {
        tag(.li) {
            tag(.code, Attribute(.class, "badge rejected"), Attribute(.dir, "ltr")) { item.reason }
            tag(.div, Attribute(.class, "what")) {
                tag(.p, Attribute(.class, "title")) {
                    Pieces.foreign(item.name)
                    if let records = item.records {
                        tag(.small) { " \(Pieces.number(records)) \(say(.records))" }
                    }
                }
                tag(.p, Attribute(.class, "about")) {
                    if let detail = item.detail { tag(.span) { Pieces.foreign(detail, lang: "en") } }
                    if let source = item.source {
                        tag(.span, Attribute(.class, "source")) { Pieces.foreign(source) }
                    }
                    if let time = item.time.flatMap({ Timestamp(rfc3339: $0) }) {
                        tag(.span) { Pieces.time(time) }
                    }
                }
                tag(.p, Attribute(.class, "outcome"), Attribute(.role, "status"))
            }
            tag(
                .button, Attribute(.class, "plain retry"), Attribute(.type, "button"), .data("item", item.id),
                Attribute(.ariaLabel, "\(say(.retry)): \(item.name)")
            ) { say(.retry) }
        }
    }

    /// Asks for a token that may change things; a page never has one by itself.
    private func adminDialog(_ say: Language) -> HTML {
        tag(
            .dialog, Attribute(.id, "admin"), Attribute(.ariaLabelledby, "admin-title"),
            .data("needed", services.configuration.access.isRequired ? "yes" : "no")
        ) {
            tag(.form, Attribute(.method, "dialog")) {
                tag(.h2, Attribute(.id, "admin-title")) { say(.adminToken) }
                tag(.p, class: "hint", say(.adminHint))
                tag(.label, Attribute(.class, "quiet"), Attribute(.for, "admin-token")) { say(.adminToken) }
                tag(
                    .input, Attribute(.id, "admin-token"), Attribute(.type, "password"),
                    Attribute(.autocomplete, "off"), Attribute(.dir, "ltr"))
                tag(.p, Attribute(.class, "buttons")) {
                    tag(.button, Attribute(.value, "go")) { say(.retry) }
                    tag(.button, Attribute(.class, "plain"), Attribute(.value, "")) { say(.cancel) }
                }
            }
        }
    }

    // MARK: Consumers

    @HTMLBuilder private func consumers(_ overview: Overview, _ say: Language) -> HTML {
        if let rows = overview.consumers {
            tag(.section, Attribute(.class, "panel"), Attribute(.ariaLabelledby, "consumers")) {
                tag(.h2, Attribute(.id, "consumers")) { say(.consumers) }
                if rows.isEmpty {
                    Pieces.empty(say(.consumersEmpty), Self.consumersHint(say))
                } else {
                    tag(
                        .div, Attribute(.class, "wide"), Attribute(.tabindex, "0"),
                        Attribute(.role, "region"), Attribute(.ariaLabelledby, "consumers")
                    ) {
                        tag(.table) {
                            tag(.thead) {
                                tag(.tr) {
                                    for word in [Word.name, .acked, .lag, .lastSeen, .note] {
                                        tag(.th, Attribute(.scope, "col")) { say(word) }
                                    }
                                }
                            }
                            tag(.tbody) { for row in rows { line(row, say) } }
                        }
                    }
                }
            }
        }
    }

    private static func consumersHint(_ say: Language) -> HTML {
        tag(.div) {
            tag(.p) { say(.consumersHint) }
            tag(.p) { tag(.code, Attribute(.dir, "ltr")) { "sijill consumers create archive" } }
        }
    }

    private func line(_ row: ConsumerRow, _ say: Language) -> HTML {
        tag(.tr) {
            tag(.th, Attribute(.scope, "row")) { Pieces.foreign(row.consumer.name) }
            tag(.td) { tag(.code, Attribute(.dir, "ltr")) { row.consumer.acked } }
            tag(.td, row.lag == 0 ? Attribute(.class, "good") : nil) {
                if row.lag == 0 {
                    say(.upToDate)
                } else {
                    "\(say(.changes)): \(Pieces.number(row.lag))"
                    if let age = row.age {
                        " · "
                        tag(.bdi, Attribute(.dir, "ltr")) { Self.words(age) }
                    }
                }
            }
            tag(.td) { row.consumer.lastSeen.map(Pieces.time) ?? HTML.text(say(.never)) }
            tag(.td) { Pieces.foreign(row.consumer.description) }
        }
    }

    private static func words(_ age: Duration) -> String {
        let seconds = age.components.seconds
        return switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) d"
        }
    }
}
