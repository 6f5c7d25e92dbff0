/// Tells whether a text is a date in one of the common forms. The text itself is kept as it was given: neither
/// precision nor offset is ever added.
///
/// Forms: RFC 3339 with or without seconds, fraction and offset, a space allowed for the T (ISO 8601:2019 §5.4), the
/// date alone, and RFC 5322 §3.3 (RFC 2822), its day of the week left out or not.
struct GivenDate {
    private let bytes: [UInt8]
    private var position = 0

    static func isDate(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        // The longest form, with nine digits of a second and a spelled offset, is shorter.
        guard bytes.count <= 64 else { return false }
        var internet = GivenDate(bytes: bytes)
        if internet.isInternetDate() { return true }
        var mail = GivenDate(bytes: bytes)
        return mail.isMailDate()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func isInternetDate() -> Bool {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
            GivenDate.isDay(day, month: month, year: year)
        else { return false }
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
        if isAtEnd { return true }
        guard take(" ") else { return false }
        if let zone = word() { return GivenDate.zones.contains(zone) && isAtEnd }
        return isOffset() && isAtEnd
    }

    /// hh:mm, with seconds and their fraction or without.
    private mutating func isTime() -> Bool {
        guard let hour = number(2), take(":"), let minute = number(2), hour < 24, minute < 60 else {
            return false
        }
        guard take(":") else { return true }
        guard let second = number(2), second <= 60 else { return false }
        guard take(".") || take(",") else { return true }
        return number(1...9) != nil
    }

    /// Z, or a sign with hh:mm, hhmm or hh.
    private mutating func isOffset() -> Bool {
        if take("Z") || take("z") { return true }
        guard take("+") || take("-"), let hours = number(2), hours < 24 else { return false }
        if isAtEnd { return true }
        _ = take(":")
        guard let minutes = number(2) else { return false }
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
    private static let zones: Set<String> = [
        "ut", "utc", "gmt", "z", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt",
    ]
}
