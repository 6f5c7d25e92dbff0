/// Tells whether a text is a date in one of the common forms. The text itself is kept as it was given:
/// neither precision nor offset is ever added.
///
/// Forms: RFC 3339 with or without seconds, fraction and offset, a space allowed for the T (ISO 8601:2019
/// §5.4), the date alone, and RFC 5322 §3.3 (RFC 2822), its day of the week left out or not.
struct GivenDate {
    private let bytes: [UInt8]
    private var position = 0
    private var year = 0
    private var month = 0
    private var day = 0
    /// Of the day; 0 where no time was given.
    private var seconds = 0
    /// Minutes east of UTC; 0 where none were given.
    private var offset = 0

    static func isDate(_ text: some StringProtocol) -> Bool { parsed(text) != nil }

    /// Seconds since 1970 began, to tell which of two dates is the later: what was not given counts as 0, a
    /// missing offset as that of UTC. Nil for what is no date.
    static func seconds(_ text: some StringProtocol) -> Int? {
        guard let date = parsed(text) else { return nil }
        return date.daysSince1970 * 86_400 + date.seconds - date.offset * 60
    }

    private static func parsed(_ text: some StringProtocol) -> GivenDate? {
        let bytes = Array(text.utf8)
        // The longest form, with nine digits of a second and a spelled offset, is shorter.
        guard bytes.count <= 64 else { return nil }
        var internet = GivenDate(bytes: bytes)
        if internet.isInternetDate() { return internet }
        var mail = GivenDate(bytes: bytes)
        return mail.isMailDate() ? mail : nil
    }

    /// By counting the year from March on, so that the leap day is the last (Hinnant, "chrono-compatible
    /// low-level date algorithms").
    private var daysSince1970: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func isInternetDate() -> Bool {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            GivenDate.isDay(day, month: month, year: year)
        else { return false }
        (self.year, self.month, self.day) = (year, month, day)
        if isAtEnd { return true }
        guard take("T") || take("t") || take(" "), isTime() else { return false }
        if isAtEnd { return true }
        _ = take(" ")
        return isOffset() && isAtEnd
    }

    private mutating func isMailDate() -> Bool {
        if let name = word() {
            guard GivenDate.days.contains(name), take(",") else { return false }
            _ = take(" ")
        }
        guard let day = number(1...2), take(" "), let monthName = word(),
            let month = GivenDate.months.firstIndex(of: monthName), take(" "), let year = number(4),
            GivenDate.isDay(day, month: month + 1, year: year), take(" "), isTime()
        else { return false }
        (self.year, self.month, self.day) = (year, month + 1, day)
        if isAtEnd { return true }
        guard take(" ") else { return false }
        if let zone = word() {
            offset = (GivenDate.zones[zone] ?? 0) * 60
            return GivenDate.zones[zone] != nil && isAtEnd
        }
        return isOffset() && isAtEnd
    }

    /// hh:mm, with seconds and their fraction or without.
    private mutating func isTime() -> Bool {
        guard let hour = number(2), take(":"), let minute = number(2), hour < 24, minute < 60 else {
            return false
        }
        seconds = hour * 3_600 + minute * 60
        guard take(":") else { return true }
        guard let second = number(2), second <= 60 else { return false }
        seconds += second
        guard take(".") || take(",") else { return true }
        return number(1...9) != nil
    }

    /// Z, or a sign with hh:mm, hhmm or hh.
    private mutating func isOffset() -> Bool {
        if take("Z") || take("z") { return true }
        let isWest = position < bytes.count && bytes[position] == UInt8(ascii: "-")
        guard take("+") || take("-"), let hours = number(2), hours < 24 else { return false }
        offset = (isWest ? -60 : 60) * hours
        if isAtEnd { return true }
        _ = take(":")
        guard let minutes = number(2) else { return false }
        offset += isWest ? -minutes : minutes
        return minutes < 60
    }

    private var isAtEnd: Bool { position == bytes.count }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func number(_ digits: Int) -> Int? { number(digits...digits) }

    private mutating func number(_ digits: ClosedRange<Int>) -> Int? {
        var value = 0
        let start = position
        while position < bytes.count, position - start < digits.upperBound,
            (0x30...0x39).contains(bytes[position])
        {
            value = value * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        return position - start >= digits.lowerBound ? value : nil
    }

    /// ASCII letters in lower case; nil when there are none.
    private mutating func word() -> String? {
        let start = position
        while position < bytes.count, (0x61...0x7A).contains(bytes[position] | 0x20) { position += 1 }
        if position == start { return nil }
        return String(decoding: bytes[start..<position].map { $0 | 0x20 }, as: UTF8.self)
    }

    private static func isDay(_ day: Int, month: Int, year: Int) -> Bool {
        guard (1...12).contains(month), day >= 1 else { return false }
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        return day <= [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    private static let days: Set<String> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    /// Hours east of UTC (RFC 5322 §4.3).
    private static let zones = [
        "ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
        "pst": -8, "pdt": -7,
    ]
}
