import SijillFeed
import SijillFiles
import SijillFormat

/// Figures of the machine and of what runs beside intake.
extension Metrics {
    func addOperations(to text: inout PrometheusText) {
        text.family("sijill_start_timestamp_seconds", .gauge, "When the daemon was started, in Unix time.")
        text.sample("sijill_start_timestamp_seconds", seconds: .milliseconds(Int64(started.milliseconds)))
        text.figure(
            "sijill_store_position", .gauge, "Sequence of the last change applied to the store.",
            store.applied.value)
        text.figure(
            "sijill_followers", .gauge, "Streams and long polls that are open.", followers.count)
        if let security {
            text.family(
                "sijill_certificate_end_timestamp_seconds", .gauge,
                "When the first certificate of the feed's chain ends, in Unix time.")
            text.sample(
                "sijill_certificate_end_timestamp_seconds",
                seconds: .milliseconds(Int64(security.end.milliseconds)))
        }
        if let space = try? DiskSpace.of(directory.root) {
            text.figure(
                "sijill_disk_free_bytes", .gauge, "Free space where the data directory is.", space.free)
            text.figure("sijill_disk_bytes", .gauge, "Space in all where it is.", space.total)
        }
        text.figure(
            "sijill_disk_reserve_bytes", .gauge, "Intake pauses when less is free.", reserveBytes)
        if let isSynchronized = SystemFacts.isClockSynchronized {
            text.figure(
                "sijill_clock_synchronized", .gauge, "1 while the kernel's clock is kept by NTP or the like.",
                isSynchronized ? 1 : 0)
        }
        addScrub(to: &text)
    }

    private func addScrub(to text: inout PrometheusText) {
        let figures = scrubber.figures
        text.figure(
            "sijill_scrub_rate_bytes", .gauge, "Bytes a second that the scrub may read; 0 when it is off.",
            figures.rateBytes)
        text.figure(
            "sijill_scrub_bytes_total", .counter, "Bytes of log and originals scrubbed since the start.",
            figures.bytes)
        text.figure(
            "sijill_scrub_items_total", .counter, "Changes and originals scrubbed since the start.",
            figures.items)
        text.figure(
            "sijill_scrub_position", .gauge, "Sequence that the present pass has reached; 0 between passes.",
            figures.position)
        text.family(
            "sijill_scrub_last_pass_timestamp_seconds", .gauge,
            "When the last whole pass ended, in Unix time; 0 before the first.")
        text.sample(
            "sijill_scrub_last_pass_timestamp_seconds",
            seconds: .milliseconds(Int64(figures.finished?.milliseconds ?? 0)))
        text.figure(
            "sijill_scrub_damaged", .gauge, "Changes that were found damaged when they were read last.",
            figures.damagedCount)
        text.figure(
            "sijill_scrub_paused", .gauge, "1 while the scrub waits for an erasure or after an error.",
            figures.isPaused ? 1 : 0)
    }
}
