import SijillFiles
import SijillFormat

/// Reads a file line by line from a given offset, a mebibyte at a time.
struct LineReader {
    private let file: File
    private let end: UInt64
    private var buffer: [UInt8] = []
    private var position = 0
    /// Offset in the file of `buffer[0]`.
    private var bufferOffset: UInt64

    private static let pieceBytes = 1 << 20

    /// Lines of `file` from `offset` to `end`, or to where the file ends now.
    init(_ file: File, from offset: UInt64, to end: UInt64? = nil) throws(SystemError) {
        self.file = file
        bufferOffset = offset
        self.end = if let end { end } else { try file.size() }
    }

    /// Offset of the next line.
    var offset: UInt64 { bufferOffset + UInt64(position) }

    /// The next line with its newline; without one only when the file ends in the middle of it. Nil at the end.
    mutating func next() throws(SystemError) -> [UInt8]? {
        var searched = position
        while true {
            if let newline = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = newline + 1 }
                return Array(buffer[position...newline])
            }
            searched = buffer.count - position
            guard try fill() else { break }
        }
        defer { position = buffer.count }
        return position < buffer.count ? Array(buffer[position...]) : nil
    }

    /// Drops what was read and adds the next piece; false at the end.
    private mutating func fill() throws(SystemError) -> Bool {
        buffer.removeFirst(position)
        bufferOffset += UInt64(position)
        position = 0
        let next = bufferOffset + UInt64(buffer.count)
        guard next < end else { return false }
        let piece = try file.read(at: next, count: Int(min(UInt64(Self.pieceBytes), end - next)))
        buffer += piece
        return !piece.isEmpty
    }
}
