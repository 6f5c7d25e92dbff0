/// The 1-based number of a change in its log. There are no gaps.
package struct SequenceNumber: Hashable, Comparable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// Number "before the first change": the tip of an empty log.
    package static let none = SequenceNumber(0)

    /// Largest number that sixteen digits can write.
    package static let max = SequenceNumber(9_999_999_999_999_999)

    package var next: SequenceNumber { SequenceNumber(value + 1) }

    /// The 0-based place of the change in the Merkle tree. Converted only here.
    package var leafIndex: UInt64 {
        precondition(value > 0, "sequence 0 names no change")
        return value - 1
    }

    package static func < (a: SequenceNumber, b: SequenceNumber) -> Bool { a.value < b.value }

    /// Sixteen digits, as in `sequence` of a change.
    package var padded: String { Decimal.padded(value, width: 16) }

    /// Reads exactly sixteen digits.
    package init?(padded digits: some Collection<UInt8>) {
        guard digits.count == 16, let value = Decimal.value(digits) else { return nil }
        self.init(value)
    }
}

extension SequenceNumber: CustomStringConvertible {
    package var description: String { String(value) }
}

/// The run of the daemon that wrote a change: eight of `[0-9a-z]`, random, new at every start.
package struct Epoch: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Reads eight of `[0-9a-z]`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 8, text.utf8.allSatisfy(RandomName.isAlphabetic) else { return nil }
        description = String(text)
    }

    package static func random(using generator: inout some RandomNumberGenerator) -> Epoch {
        Epoch(unchecked: RandomName.make(length: 8, using: &generator))
    }

    package static func random() -> Epoch {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    private init(unchecked text: String) { description = text }
}

/// Names one change: its sequence and the epoch it was written in, `0000000000000042-k3f9a1c2`.
///
/// It is the `id` of the change and what a client resumes after (contract: feed §1). After a restore from an older
/// backup a cursor of the lost branch is recognised, because its epoch does not stand at that sequence any more.
package struct Cursor: Hashable, Sendable, CustomStringConvertible {
    package let sequence: SequenceNumber
    package let epoch: Epoch

    package init(sequence: SequenceNumber, epoch: Epoch) {
        self.sequence = sequence
        self.epoch = epoch
    }

    /// Length of a written cursor in bytes.
    package static let bytes = 25

    /// Reads sixteen digits, `-`, eight of `[0-9a-z]`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == Cursor.bytes, bytes[16] == UInt8(ascii: "-"),
            let sequence = SequenceNumber(padded: bytes[..<16]),
            let epoch = Epoch(String(decoding: bytes[17...], as: UTF8.self))
        else { return nil }
        self.init(sequence: sequence, epoch: epoch)
    }

    package var description: String { "\(sequence.padded)-\(epoch)" }
}

/// The random id of a log, made once: `source` of its changes is `urn:sijill:<id>`.
package struct LogID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 10, text.utf8.allSatisfy(RandomName.isAlphabetic) else { return nil }
        description = String(text)
    }

    package static func random() -> LogID {
        var generator = SystemRandomNumberGenerator()
        return LogID(unchecked: RandomName.make(length: 10, using: &generator))
    }

    private init(unchecked text: String) { description = text }

    /// `source` of every change in this log.
    package var urn: String { "urn:sijill:\(description)" }

    /// Reads what `urn` wrote.
    package init?(urn: some StringProtocol) {
        let prefix = "urn:sijill:"
        guard urn.hasPrefix(prefix) else { return nil }
        self.init(urn.dropFirst(prefix.count))
    }
}

/// The id of an article: `a` and 26 digits of base 32 (extended hex, lower case).
///
/// It is the first 16 bytes of the canonical digest of the article's first revision, or of the raw digest where the
/// text is too short for a canonical one, so that two nodes give one text the same id.
package struct ArticleID: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt128

    package init(_ value: UInt128) { self.value = value }

    package init?(_ text: some StringProtocol) {
        guard text.utf8.first == UInt8(ascii: "a"),
            let value = Base32.value(extendedHex: text.dropFirst())
        else { return nil }
        self.init(value)
    }

    package var description: String { "a" + Base32.extendedHex(value) }
}

/// Short random names of `[0-9a-z]`.
enum RandomName {
    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

    static func isAlphabetic(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    static func make(length: Int, using generator: inout some RandomNumberGenerator) -> String {
        let digits = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return String(decoding: digits, as: UTF8.self)
    }
}

/// Unsigned decimal numbers in ASCII.
package enum Decimal {
    /// `value` with leading zeros up to `width` digits.
    package static func padded(_ value: UInt64, width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
    }

    /// Reads digits and nothing else; nil when empty, not digits or over 64 bits.
    package static func value(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}
