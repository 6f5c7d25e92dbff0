/// Which of two dates, as they were given, is the later.
package enum GivenDates {
    /// Whether `text` is a date after `other`; false where either is missing or is no date.
    package static func isLater(_ text: String?, than other: String?) -> Bool {
        guard let text, let other, let seconds = GivenDate.seconds(text),
            let otherSeconds = GivenDate.seconds(other)
        else { return false }
        return seconds > otherSeconds
    }
}
