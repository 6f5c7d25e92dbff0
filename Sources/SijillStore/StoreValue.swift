import SijillFormat

/// A value as SQLite holds it, with its type. Text is bytes: it may hold a NUL, which C strings cannot.
enum StoreValue: Hashable, Sendable {
    case null
    case integer(Int64)
    /// Shares, from 0 to 1.
    case real(Double)
    case text([UInt8])
    case blob([UInt8])

    init(_ sequence: SequenceNumber) { self.init(sequence.value) }

    /// SQLite's integers are signed: numbers from 2^63 on stand as negative ones.
    init(_ number: UInt64) { self = .integer(Int64(bitPattern: number)) }

    init(_ number: UInt64?) { self = number.map { StoreValue($0) } ?? .null }

    init(_ text: String?) { self = text.map { .text(Array($0.utf8)) } ?? .null }

    init(_ digest: Digest?) { self = digest.map { .blob($0.data) } ?? .null }
}
