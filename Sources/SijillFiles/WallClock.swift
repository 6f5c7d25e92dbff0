import SijillFormat

extension WallClock {
    /// Now, as it is written down in a change.
    package static func timestamp() -> Timestamp {
        Timestamp(milliseconds: UInt64(max(0, now()) / 1_000_000))
    }
}
