import SijillFormat
import SijillLog

/// `/`: what comes in, as it comes.
extension Dashboard {
    private static let linesCount: UInt64 = 50
    /// Bars of the chart of arrivals, and what each stands for.
    private static let rateBars = 60
    private static let rateSeconds: UInt64 = 5

    /// What the live page shows when it is made.
    private struct Present: Sendable {
        let tip: Cursor?
        let changes: [(change: Change, isGone: Bool)]
        let rates: [Int]
        let now: Timestamp

        /// The number of the last bar, counted from 1970.
        var lastBar: UInt64 { now.milliseconds / 1_000 / rateSeconds }
    }

    func live(_ taste: Taste, _ asked: RoutedRequest) async throws -> Shell {
        let say = taste.language
        let services = services
        let now = WallTime.now()
        let present = try await offLoop { try Self.present(services, now) }
        return Shell(say(.live), .live, scripts: HTML.script("live.js")) {
            tag(.div, Attribute(.class, "head-line")) {
                tag(.h1) { say(.arrivals) }
                status(say, present.tip)
            }
            figures(say, present)
            arrivals(say, present)
        }
    }

    private static func present(_ services: FeedServices, _ now: Timestamp) throws -> Present {
        let (reader, store) = (services.reader, services.store)
        let tip = reader.tip
        let last = tip?.sequence.value ?? 0
        var changes: [(Change, Bool)] = []
        for sequence in stride(from: last, to: last > linesCount ? last - linesCount : 0, by: -1) {
            guard let line = try reader.line(of: SequenceNumber(sequence)) else { break }
            let change = try Change(line: line)
            let gone = try change.record.article.map { try store.withdrawalState(of: $0)?.isGone ?? false }
            changes.append((change, gone ?? false))
        }
        return Present(tip: tip, changes: changes, rates: try rates(reader, now), now: now)
    }

    /// Changes of each five seconds of the last five minutes.
    private static func rates(_ reader: LogReader, _ now: Timestamp) throws -> [Int] {
        let step = rateSeconds * 1_000
        let end = (now.milliseconds / step + 1) * step
        let end64 = (reader.tip?.sequence.value ?? 0) + 1
        let bounds = try (0...rateBars).map { bar in
            let time = Timestamp(milliseconds: end - UInt64(rateBars - bar) * step)
            return try reader.firstSequence(atOrAfter: time)?.value ?? end64
        }
        return zip(bounds, bounds.dropFirst()).map { Int($1 - min($0, $1)) }
    }

    private func status(_ say: Language, _ tip: Cursor?) -> HTML {
        tag(.div, Attribute(.class, "status-line")) {
            tag(
                .p, Attribute(.id, "connection"), Attribute(.class, "connection"), Attribute(.role, "status"),
                .data("state", "waiting"), .data("cursor", tip?.description ?? "0"),
                .data("connecting", say(.connecting)), .data("connected", say(.connected)),
                .data("reconnecting", say(.reconnecting)), .data("catching", say(.catchingUp)),
                .data("stopped", say(.stopped)), .data("diverged", say(.diverged))
            ) {
                tag(.span, Attribute(.class, "dot"), Attribute(.ariaHidden, "true"))
                tag(.span, Attribute(.id, "connection-text")) { say(.connecting) }
            }
            tag(
                .progress, Attribute(.id, "catch-up"), Attribute(.max, 1), Attribute(.value, 0),
                Attribute(.ariaLabel, say(.catchingUp)), Attribute(.hidden))
        }
    }

    private func figures(_ say: Language, _ present: Present) -> HTML {
        let counts = services.store.counts()
        let repeats = counts.sightings - counts.articles - counts.revisions
        let tip = present.tip?.sequence.value ?? 0
        let behind = tip - min(tip, services.store.searchable.value)
        return tag(.section, Attribute(.class, "panels"), Attribute(.ariaLabel, say(.log))) {
            tag(.dl, Attribute(.class, "figures panel")) {
                Pieces.figure("count-added", say(.articles), Pieces.number(counts.articles))
                Pieces.figure("count-revised", say(.revisions), Pieces.number(counts.revisions))
                Pieces.figure("count-duplicated", say(.duplicates), Pieces.number(repeats))
                Pieces.figure("count-rejected", say(.rejects), Pieces.number(counts.rejects))
            }
            tag(.div, Attribute(.class, "panel rate")) {
                tag(.p, Attribute(.class, "panel-title")) {
                    tag(.span) { say(.rate) }
                    tag(.small) { say(.rateNote) }
                }
                let sum = present.rates.reduce(0, +)
                Chart.bars(
                    present.rates, label: "\(say(.rate)): \(Pieces.number(sum))",
                    live: [
                        Attribute(.id, "rate"), .data("name", say(.rate)),
                        .data("last", "\(present.lastBar)"),
                        .data("now", "\(present.now.milliseconds)"),
                    ])
                tag(.p, Attribute(.class, "rate-foot")) {
                    tag(.span) { say(.fiveMinutesAgo) }
                    tag(.span) {
                        tag(.b, Attribute(.id, "rate-now")) { Pieces.number(sum) }
                        " " + say(.inFiveMinutes)
                    }
                }
            }
            tag(
                .dl, Attribute(.class, "panel states"), Attribute(.id, "states"),
                .data("metrics", services.configuration.dashboard == nil ? "no" : "yes")
            ) {
                if services.configuration.dashboard != nil {
                    state("inbox", say(.inbox), "…", say)
                    state("latency", say(.latency), "–", say)
                }
                state(
                    "search-lag", say(.searchLag),
                    behind == 0 ? say(.upToDate) : "\(Pieces.number(behind)) \(say(.behind))", say)
                state("checkpoint", say(.checkpoint), Pieces.number(checkpointSize), say)
            }
        }
    }

    private var checkpointSize: UInt64 { services.reader.tree?.published.checkpoint.size ?? 0 }

    private func state(_ id: String, _ name: String, _ value: String, _ say: Language) -> HTML {
        tag(.div) {
            tag(.dt) { name }
            tag(
                .dd, Attribute(.id, id), .data("quiet", say(.inboxQuiet)), .data("waiting", say(.waiting)),
                .data("hand", say(.inHand)), .data("paused", say(.paused)), .data("stuck", say(.stuck)),
                .data("within", say(.latencyNote)), .data("current", say(.upToDate)),
                .data("behind", say(.behind))
            ) { value }
        }
    }

    private func arrivals(_ say: Language, _ present: Present) -> HTML {
        tag(.section, Attribute(.class, "arrivals"), Attribute(.ariaLabel, say(.changes))) {
            tag(.div, Attribute(.class, "tools")) {
                tag(.fieldset, Attribute(.class, "chips"), Attribute(.id, "kinds")) {
                    tag(.legend, class: "quiet", say(.filterTypes))
                    for type in ChangeType.allCases {
                        tag(.label, Attribute(.class, "chip")) {
                            tag(
                                .input, Attribute(.type, "checkbox"), Attribute(.value, type.shortName),
                                Attribute(.checked))
                            tag(.span) { say(type.word) }
                        }
                    }
                }
                tag(
                    .button, Attribute(.id, "hold"), Attribute(.class, "plain"), Attribute(.type, "button"),
                    Attribute(.ariaPressed, "false"), .data("hold", say(.pause)), .data("go", say(.goOn)),
                    .data("held", say(.held))
                ) { say(.pause) }
            }
            tag(
                .div, Attribute(.id, "nothing"), present.changes.isEmpty ? nil : Attribute(.hidden)
            ) {
                Pieces.empty(say(.empty), emptyHint(say))
            }
            tag(.p, Attribute(.id, "announced"), Attribute(.class, "quiet"), Attribute(.ariaLive, "polite"))
            tag(.ol, Attribute(.id, "changes"), Attribute(.class, "changes"), words(say)) {
                for line in present.changes {
                    ChangeLine(change: line.change, isGone: line.isGone, say: say).html
                }
            }
        }
    }

    private func emptyHint(_ say: Language) -> HTML {
        let path = services.configuration.dashboard?.inboxPath ?? "var/inbox"
        return tag(.div) {
            tag(.p) { say(.emptyHint) }
            tag(.p) { tag(.code, Attribute(.dir, "ltr")) { "mv article.txt \(path)/" } }
        }
    }

    /// The words that `live.js` writes into lines.
    private func words(_ say: Language) -> Attribute {
        let words: [(String, Word)] =
            ChangeType.allCases.map { ($0.shortName, $0.word) }
            + Relation.Kind.allCases.map { ("kind_\($0.rawValue)", $0.word) } + [
                ("untitled", .untitled), ("erased", .erased), ("figures", .figuresDiffer),
                ("raw", .sameBytes), ("canonical", .sameWords), ("major", .major), ("reverted", .reverted),
                ("revision", .revision), ("restored", .restored),
            ]
        return .data(
            "words", JSONText.object(words.map { ($0.0, say($0.1)) }))
    }

}
