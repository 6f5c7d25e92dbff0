import Glibc
import SijillFormat

/// JSON for the programs of a page.
enum JSONText {
    static func object(_ members: [(String, String)]) -> String {
        var writer = ByteWriter()
        writer.json(.object(members.map { JSONMember($0.0, $0.1) }))
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// The clock on the wall.
enum WallTime {
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000)
    }
}
