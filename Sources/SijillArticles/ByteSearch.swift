import Glibc

/// Looks for one byte, at the speed of memchr(3).
enum ByteSearch {
    /// The first position of `byte` in `bytes[start..<end]`; nil when there is none.
    static func first(_ byte: UInt8, in bytes: [UInt8], from start: Int = 0, to end: Int? = nil) -> Int? {
        let end = end ?? bytes.count
        precondition(start >= 0 && start <= end && end <= bytes.count, "a search outside the bytes")
        guard start < end else { return nil }
        return bytes.withUnsafeBytes { raw in
            // Not empty, as start < end: there is a base address, and memchr stays inside start..<end.
            let base = raw.baseAddress!
            guard let found = memchr(base + start, Int32(byte), end - start) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
