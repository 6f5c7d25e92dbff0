import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import SijillFeed
import SijillFiles
import SijillFormat
import SijillIngest
import SijillLog
import SijillStore

/// `/metrics`: what an operator watches (contract: inbox §7). Documentation/Metrics.md lists every name.
struct Metrics: Sendable {
    let inbox: Inbox
    let ledger: Ledger
    let reader: LogReader
    let store: Store
    let consumers: ConsumerStore?
    let directory: DataDirectory
    let followers: FollowerGauge
    let security: TransportSecurity?
    let scrubber: Scrubber
    let reserveBytes: Int
    let started: Timestamp
    let isReady: @Sendable () -> Bool

    /// The route that serves it.
    var route: Route {
        Route("/metrics") { asked in
            // Asking the inbox waits for its queue, and counting the quarantine for the disk.
            let text = try await NIOThreadPool.singleton.runIfActive { self.text() }
            let headers: HTTPFields = [
                .contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store",
                .contentLength: String(text.utf8.count),
            ]
            let body: ResponseBody = asked.isHead ? .init() : .init(byteBuffer: ByteBuffer(string: text))
            return Response(status: .ok, headers: headers, body: body)
        }
    }

    /// Every figure of now.
    func text() -> String {
        var text = PrometheusText()
        text.figure(
            "sijill_ready", .gauge, "1 while the daemon takes in and serves, else 0.", isReady() ? 1 : 0)
        addInbox(to: &text)
        addOutcomes(to: &text)
        addLog(to: &text)
        addEvidence(to: &text)
        addConsumers(to: &text)
        addQuarantine(to: &text)
        addOperations(to: &text)
        return text.text
    }

    private func addInbox(to text: inout PrometheusText) {
        let counters = inbox.counters()
        let files = counters.files
        text.family("sijill_inbox_files", .gauge, "Files in the inbox, by what they wait for.")
        for (state, count) in [
            ("settling", files.settling), ("ready", files.ready), ("in_hand", files.inHand),
            ("has_writer", files.withWriter), ("stuck", files.stuck), ("empty", files.empty),
            ("looks_cut", files.looksCut), ("blocked", files.blocked), ("waits_for_mate", files.waitsForMate),
            ("mate", files.mates), ("ignored", files.ignored), ("ignored_long", files.ignoredForLong),
        ] {
            text.sample("sijill_inbox_files", labels: [("state", state)], value: count)
        }
        text.family("sijill_inbox_oldest_seconds", .gauge, "How long the oldest waiting file has been there.")
        text.sample("sijill_inbox_oldest_seconds", seconds: files.oldest)
        text.figure(
            "sijill_inbox_inputs_in_hand", .gauge, "Inputs read and not durable yet.", counters.inputsInHand)
        text.figure(
            "sijill_inbox_bytes_in_hand", .gauge, "What these inputs weigh in memory.", counters.bytesInHand)
        text.figure(
            "sijill_inbox_paused", .gauge, "1 while nothing is taken in: no space, or a failing store.",
            counters.pauseReason == nil ? 0 : 1)
        text.figure(
            "sijill_inbox_degraded", .gauge,
            "1 while directories are polled for want of watches, or missing.",
            counters.isDegraded ? 1 : 0)
        text.figure(
            "sijill_inbox_overflows_total", .counter, "Times that the kernel lost events.", counters.overflows
        )
        text.figure(
            "sijill_inbox_found_by_rescan_total", .counter, "Files that no event told of.",
            files.foundByRescan)
        text.figure("sijill_inbox_directories", .gauge, "Directories of the inbox.", files.directories)
        text.figure("sijill_inbox_watches", .gauge, "Directories that the kernel watches.", counters.watches)
        text.figure(
            "sijill_inbox_polled_directories", .gauge, "Directories that are polled.", files.polledDirectories
        )
        addLag(counters.lag, to: &text)
    }

    private func addLag(_ lag: LagHistogram, to text: inout PrometheusText) {
        let name = "sijill_inbox_lag_seconds"
        text.family(name, .histogram, "From a file found complete to its last change durable.")
        var total: UInt64 = 0
        for (bound, count) in zip(LagHistogram.bounds, lag.counts) {
            total += count
            text.sample(name + "_bucket", labels: [("le", "\(bound)")], value: total)
        }
        total += lag.counts.last!
        text.sample(name + "_bucket", labels: [("le", "+Inf")], value: total)
        text.sample(name + "_sum", seconds: lag.sum)
        text.sample(name + "_count", value: total)
    }

    private func addOutcomes(to text: inout PrometheusText) {
        let tallies = ledger.tallies
        text.family("sijill_changes_total", .counter, "Changes committed since the start, by type.")
        for type in ChangeType.allCases {
            text.sample(
                "sijill_changes_total", labels: [("type", type.shortName)], value: tallies.changes[type] ?? 0)
        }
        text.family("sijill_rejected_total", .counter, "Inputs rejected since the start, by reason.")
        for (reason, count) in tallies.rejected.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            text.sample("sijill_rejected_total", labels: [("reason", reason.rawValue)], value: count)
        }
        text.figure(
            "sijill_batches_total", .counter, "Batches made durable since the start.", tallies.batches)
        text.figure(
            "sijill_input_bytes_total", .counter, "Bytes of the inputs committed since the start.",
            tallies.bytes)
        text.family("sijill_commit_seconds_total", .counter, "Time spent deciding, committing and applying.")
        text.sample("sijill_commit_seconds_total", seconds: tallies.commitTime)
    }

    private func addLog(to text: inout PrometheusText) {
        let counts = store.counts()
        text.figure(
            "sijill_log_tip", .gauge, "Sequence of the last announced change.",
            reader.tip?.sequence.value ?? 0)
        text.figure(
            "sijill_log_sealed_through", .gauge, "Sequence of the last sealed change.",
            reader.sealedThrough.value)
        addSearch(to: &text)
        text.figure("sijill_articles", .gauge, "Articles in the store.", counts.articles)
        text.figure(
            "sijill_deliveries", .gauge, "Deliveries of texts, first ones and repetitions.", counts.sightings)
    }

    private func addEvidence(to text: inout PrometheusText) {
        guard let published = reader.tree?.published else { return }
        let size = published.checkpoint.size
        text.figure(
            "sijill_log_checkpoint_size", .gauge, "Changes under the last signed checkpoint.", size)
        text.figure(
            "sijill_log_unsigned_changes", .gauge, "Announced changes that no checkpoint covers yet.",
            (reader.tip?.sequence.value ?? 0) - min(size, reader.tip?.sequence.value ?? 0))
        text.family("sijill_log_checkpoint_timestamp_seconds", .gauge, "When it was signed, in Unix time.")
        text.sample(
            "sijill_log_checkpoint_timestamp_seconds",
            seconds: .milliseconds(Int64(published.time.milliseconds)))
        let withdrawals = store.withdrawalCounts()
        text.figure(
            "sijill_articles_withdrawn", .gauge, "Articles that are not shown, erased ones included.",
            withdrawals.withdrawn)
        text.figure(
            "sijill_articles_erased", .gauge, "Articles whose texts were erased.", withdrawals.erased)
        text.figure(
            "sijill_erasure_pending", .gauge,
            "1 while an erasure is not finished; if it stays, a program reads the store: see the log.",
            File.exists(directory.erasing) ? 1 : 0)
    }

    private func addConsumers(to text: inout PrometheusText) {
        guard let consumers = try? consumers?.all(), !consumers.isEmpty else { return }
        let now = WallClock.timestamp()
        let lags = consumers.compactMap { consumer in
            (try? ConsumerLag(of: consumer, behind: reader, at: now)).map { (consumer.name, $0) }
        }
        text.family(
            "sijill_consumer_lag_changes", .gauge, "Changes that a named consumer has not acknowledged.")
        for (name, lag) in lags {
            text.sample("sijill_consumer_lag_changes", labels: [("consumer", name)], value: lag.changes)
        }
        text.family(
            "sijill_consumer_lag_seconds", .gauge, "Age of the first change that it has not acknowledged.")
        for (name, lag) in lags {
            text.sample(
                "sijill_consumer_lag_seconds", labels: [("consumer", name)],
                seconds: .milliseconds(Int64(lag.milliseconds)))
        }
    }

    private func addSearch(to text: inout PrometheusText) {
        let (searchable, applied) = (store.searchable.value, store.applied.value)
        text.figure("sijill_search_position", .gauge, "Sequence that search has reached.", searchable)
        text.figure(
            "sijill_search_behind", .gauge, "Changes that are applied and cannot be searched yet.",
            applied - min(applied, searchable))
        let tally = store.searches()
        text.figure("sijill_searches_total", .counter, "Searches answered since the start.", tally.searches)
        text.figure(
            "sijill_searches_slow_total", .counter, "Searches that took more than 50 ms.", tally.slow)
        text.family("sijill_search_seconds_total", .counter, "Time that searches took, waiting not counted.")
        text.sample("sijill_search_seconds_total", seconds: tally.time)
        let memory = store.lookUpBytes()
        text.figure("sijill_lookup_bytes", .gauge, "Memory of the look-ups, sketches included.", memory.all)
        text.figure("sijill_sketch_bytes", .gauge, "Memory of the index of sketches.", memory.sketches)
    }

    private func addQuarantine(to text: inout PrometheusText) {
        guard let items = try? QuarantineContents(path: directory.quarantine).items() else { return }
        text.family("sijill_quarantine_files", .gauge, "What lies in quarantine, by reason.")
        for (reason, found) in Dictionary(grouping: items, by: \.reason).sorted(by: { $0.key < $1.key }) {
            text.sample("sijill_quarantine_files", labels: [("reason", reason)], value: found.count)
        }
    }
}
