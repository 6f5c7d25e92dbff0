import Glibc
import Sijill
import SijillFiles

/// What `sijill status` says of one moment, as rows for people.
struct StatusReport {
    let url: String
    let status: LogStatus
    let metrics: ServerMetrics
    let consumers: [Consumer]
    /// The report before, for rates; nil for the first one.
    var earlier: Figures?
    let now = ContinuousClock.now

    /// What rates are made of.
    struct Figures {
        let time: ContinuousClock.Instant
        let changes: Double
        let bytes: Double
        let started: Double
    }

    /// Consumers beyond these are counted only.
    private static let consumersMax = 8

    var figures: Figures {
        Figures(
            time: now, changes: sum("sijill_changes_total"), bytes: metrics["sijill_input_bytes_total"] ?? 0,
            started: metrics["sijill_start_timestamp_seconds"] ?? 0)
    }

    var listing: Listing {
        var listing = Listing()
        listing.add("server", url)
        listing.add("log", status.log)
        listing.add("oldest", status.oldest?.description ?? "the log is empty")
        listing.add("tip", status.tip?.description)
        listing.add("sealed through", String(status.sealedThrough))
        listing.add("articles", status.articlesCount.map { String($0) })
        listing.add("sightings", status.sightingsCount.map { String($0) })
        listing.add("rejected", status.rejectsCount.map { String($0) })
        guard !metrics.samples.isEmpty else { return listing }
        listing.add("intake", rates)
        addInbox(to: &listing)
        listing.add("searchable", metrics["sijill_search_position"].map { String(Int($0)) })
        listing.add("unsigned", metrics["sijill_log_unsigned_changes"].map { "\(Int($0)) changes" })
        listing.add("disk", disk)
        listing.add("scrub", scrub)
        listing.add("followers", metrics["sijill_followers"].map { String(Int($0)) })
        addConsumers(to: &listing)
        return listing
    }

    private func addInbox(to listing: inout Listing) {
        listing.add("inbox", counts("sijill_inbox_files", "state"))
        if let oldest = metrics["sijill_inbox_oldest_seconds"], oldest > 0 {
            listing.add("oldest file", "\(Int(oldest)) s")
        }
        listing.add("paused", metrics["sijill_inbox_paused"] == 1 ? "yes; see the daemon's messages" : nil)
        listing.add(
            "degraded", metrics["sijill_inbox_degraded"] == 1 ? "yes; see the daemon's messages" : nil)
        listing.add("quarantine", counts("sijill_quarantine_files", "reason"))
    }

    private func counts(_ name: String, _ label: String) -> String {
        let found = metrics.samples.filter { $0.name == name && $0.value > 0 }
        let words = found.map { "\(Int($0.value)) \($0.labels[label] ?? "")" }
        return words.isEmpty ? "empty" : words.joined(separator: ", ")
    }

    private func sum(_ name: String) -> Double {
        metrics.samples.filter { $0.name == name }.reduce(0) { $0 + $1.value }
    }

    /// Changes and bytes a second since the report before; nil when there is none of this run of the daemon.
    private var rates: String? {
        let figures = figures
        guard let earlier, earlier.started == figures.started else { return nil }
        let seconds = (figures.time - earlier.time) / .seconds(1)
        guard seconds > 0 else { return nil }
        let changes = (figures.changes - earlier.changes) / seconds
        let bytes = (figures.bytes - earlier.bytes) / seconds
        return "\(Self.rounded(changes)) changes/s, \(Self.bytes(bytes))/s"
    }

    private var disk: String? {
        guard let free = metrics["sijill_disk_free_bytes"], let all = metrics["sijill_disk_bytes"] else {
            return nil
        }
        let reserve = metrics["sijill_disk_reserve_bytes"].map { ", pauses below \(Self.bytes($0))" } ?? ""
        return "\(Self.bytes(free)) free of \(Self.bytes(all))\(reserve)"
    }

    private var scrub: String? {
        guard let rate = metrics["sijill_scrub_rate_bytes"] else { return nil }
        let damaged = Int(metrics["sijill_scrub_damaged"] ?? 0)
        var words: [String] = []
        switch damaged {
        case 0: words.append("no damage")
        case 1: words.append("1 change is damaged; see the daemon's messages")
        default: words.append("\(damaged) changes are damaged; see the daemon's messages")
        }
        if rate == 0 { return (["off"] + (damaged == 0 ? [] : words)).joined(separator: ", ") }
        if let position = metrics["sijill_scrub_position"], position > 0 {
            words.append("at \(Int(position)) of \(status.sealedThrough)")
        }
        if metrics["sijill_scrub_paused"] == 1 { words.append("waiting") }
        let last = metrics["sijill_scrub_last_pass_timestamp_seconds"] ?? 0
        if last > 0 {
            words.append("last pass \(Self.age(Double(WallClock.now()) / 1_000_000_000 - last)) ago")
        }
        return words.joined(separator: ", ")
    }

    private func addConsumers(to listing: inout Listing) {
        for consumer in consumers.prefix(Self.consumersMax) {
            let seconds = consumer.lagSeconds > 0 ? ", \(Self.age(Double(consumer.lagSeconds)))" : ""
            listing.add("consumer", "\(consumer.name): \(consumer.lagChanges) behind\(seconds)")
        }
        if consumers.count > Self.consumersMax {
            listing.add("consumer", "and \(consumers.count - Self.consumersMax) more")
        }
    }

    // MARK: Figures for people

    static func bytes(_ value: Double) -> String {
        var value = value
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1_024 { return "\(unit == "B" ? String(Int(value)) : rounded(value)) \(unit)" }
            value /= 1_024
        }
        return "\(rounded(value)) TiB"
    }

    /// One digit behind the point below 100, none above.
    private static func rounded(_ value: Double) -> String {
        value >= 100 ? String(Int(value.rounded())) : String((value * 10).rounded() / 10)
    }

    private static func age(_ seconds: Double) -> String {
        let seconds = max(0, Int(seconds))
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(seconds / 86_400) days"
        }
    }
}
