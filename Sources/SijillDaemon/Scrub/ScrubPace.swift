import SijillFormat

/// How much the scrub reads at a time, and how long it waits then. Pure figures: `Scrubber` acts.
struct ScrubPace: Hashable, Sendable {
    /// `scrub.rate`: bytes a second of log and originals; 0 for none.
    let rateBytes: Int
    /// `scrub.interval`: from the beginning of a pass to that of the next.
    let interval: Duration

    /// A slow scrub reads this long's worth at once, so that it wakes the machine rarely.
    static let turn = Duration.seconds(10)
    /// The most that is read at once.
    static let sliceBytesMax = 16 << 20
    /// How long to wait while something is erased, and after an error.
    static let pause = Duration.seconds(10)
    /// The longest sleep: then the clock is asked again, and whether a first segment is sealed.
    static let sleepMax = Duration.seconds(3_600)

    var isOff: Bool { rateBytes == 0 }

    /// Bytes to read at once.
    var sliceBytes: UInt64 { UInt64(min(rateBytes * 10, Self.sliceBytesMax)) }

    /// How long to wait after so many bytes, so that the rate is never more than what is configured.
    func wait(after bytes: UInt64) -> Duration {
        let milliseconds = Double(max(bytes, 1)) / Double(rateBytes) * 1_000
        return .milliseconds(Int64(milliseconds.rounded(.up)))
    }

    /// How long until the next pass may begin; zero when it may. A clock that was set back makes it one interval at most.
    func rest(since began: Timestamp?, at now: Timestamp) -> Duration {
        guard let began else { return .zero }
        let passed = now.milliseconds - min(began.milliseconds, now.milliseconds)
        let rest = interval - .milliseconds(Int64(clamping: passed))
        return min(max(rest, .zero), Self.sleepMax)
    }
}
