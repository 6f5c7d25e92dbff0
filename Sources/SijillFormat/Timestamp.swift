/// A moment of the wall clock in UTC, to the millisecond. Used only for what is written down, never for waiting.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: UInt64

    package init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// `2026-11-20T21:57:03.123Z` (RFC 3339).
    package var rfc3339: String { String(decoding: rfc3339Bytes, as: UTF8.self) }

    /// `2026-11-20` of `rfc3339`.
    package var date: String { String(rfc3339.prefix(10)) }

    package var rfc3339Bytes: [UInt8] {
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = Calendar.date(daysSince1970: Int64(days))
        var out = ByteWriter(capacity: 24)
        out.decimal(UInt64(year), width: 4)
        out.byte("-")
        out.decimal(UInt64(month), width: 2)
        out.byte("-")
        out.decimal(UInt64(day), width: 2)
        out.byte("T")
        out.decimal(rest / 3_600_000, width: 2)
        out.byte(":")
        out.decimal(rest / 60_000 % 60, width: 2)
        out.byte(":")
        out.decimal(rest / 1_000 % 60, width: 2)
        out.byte(".")
        out.decimal(rest % 1_000, width: 3)
        out.byte("Z")
        return out.bytes
    }

    /// Reads an RFC 3339 date and time with any offset and up to nine digits of a second. Digits past the
    /// millisecond round up, so that "at or after this moment" stays exact for clocks that tick in milliseconds.
    package init?(rfc3339 text: some StringProtocol) {
        var scanner = DigitScanner(Array(text.utf8))
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2),
            scanner.take("-"), let day = scanner.number(2), scanner.take("T") || scanner.take("t"),
            let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2),
            scanner.take(":"), let second = scanner.number(2),
            (1...12).contains(month), day >= 1, day <= Calendar.days(inMonth: month, year: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if scanner.take(".") {
            guard let fraction = scanner.fraction() else { return nil }
            nanoseconds = fraction
        }
        var offsetMinutes: Int64 = 0
        if !(scanner.take("Z") || scanner.take("z")) {
            let sign: Int64
            if scanner.take("+") { sign = 1 } else if scanner.take("-") { sign = -1 } else { return nil }
            guard let hours = scanner.number(2), scanner.take(":"), let minutes = scanner.number(2),
                hours < 24, minutes < 60
            else { return nil }
            offsetMinutes = sign * (hours * 60 + minutes)
        }
        guard scanner.isAtEnd else { return nil }
        let days = Calendar.daysSince1970(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3_600 + (minute - offsetMinutes) * 60 + second
        let total = seconds * 1_000 + (nanoseconds + 999_999) / 1_000_000
        guard total >= 0 else { return nil }
        self.init(milliseconds: UInt64(total))
    }
}

/// Days of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
enum Calendar {
    static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func days(inMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed-width digits from ASCII.
struct DigitScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Exactly `digits` digits.
    mutating func number(_ digits: Int) -> Int64? {
        guard position + digits <= bytes.count,
            let value = Decimal.value(bytes[position..<position + digits])
        else { return nil }
        position += digits
        return Int64(value)
    }

    /// One to nine digits after a point, in billionths.
    mutating func fraction() -> Int64? {
        let end = bytes[position...].firstIndex { $0 < 0x30 || $0 > 0x39 } ?? bytes.count
        guard (1...9).contains(end - position), let value = Decimal.value(bytes[position..<end]) else {
            return nil
        }
        var result = Int64(value)
        for _ in (end - position)..<9 { result *= 10 }
        position = end
        return result
    }
}
