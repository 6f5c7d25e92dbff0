import SijillFiles
import SijillFormat

/// Bytes of one file of the log, for the kernel to send without a copy in this process (sendfile(2)).
package struct LogBytes: Sendable {
    private let file: File
    private var offset: UInt64
    package private(set) var count: Int

    /// Distance of the bytes that `areCached` looks at.
    private static let probeStep = 64 << 10

    /// - Throws: `SijillError` `.damaged` when the file is shorter than that.
    init(_ file: File, offset: UInt64, count: Int) throws {
        self.file = file
        self.offset = offset
        self.count = count
        guard try file.size() >= offset + UInt64(count) else { throw tooShort }
    }

    private var tooShort: SijillError {
        SijillError(
            .damaged, "\(file.path) ends before byte \(offset + UInt64(count))",
            remedy: "run 'sijilld check'")
    }

    /// The open file; it stays open as long as this value.
    package var descriptor: Int32 { file.descriptor }

    /// Where they stand in the file.
    package var place: Range<Int> { Int(offset)..<(Int(offset) + count) }

    /// A part of them, which must lie in them.
    package func part(from start: Int, count: Int) -> LogBytes {
        precondition(start >= 0 && count >= 0 && start + count <= self.count, "a part lies in the whole")
        var part = self
        part.offset += UInt64(start)
        part.count = count
        return part
    }

    /// Whether sending them waits for no disk, as far as a look at one byte in `probeStep` can tell.
    package var areCached: Bool {
        withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
            func isCached(_ position: Int) -> Bool {
                file.readCached(into: byte, at: offset + UInt64(position)) == 1
            }
            return stride(from: 0, to: count, by: Self.probeStep).allSatisfy(isCached) && isCached(count - 1)
        }
    }

    /// Has the kernel read them, so that they are in its page cache. Blocks while the disk is slow.
    package func load() throws {
        var position = 0
        try withUnsafeTemporaryAllocation(byteCount: Self.probeStep, alignment: 16) { buffer in
            while position < count {
                let wanted = min(buffer.count, count - position)
                let got = try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]),
                    at: offset + UInt64(position))
                // Cut since it was looked at.
                guard got > 0 else { throw tooShort }
                position += got
            }
        }
    }
}
