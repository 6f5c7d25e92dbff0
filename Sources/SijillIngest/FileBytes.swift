import Glibc
import SijillArticles
import SijillFiles
import SijillFormat

/// What a file holds as it is parsed: its bytes as they lie there, or unpacked.
///
/// Unpacked bytes come from front to back; a place further in front is reached by beginning again. Used by one
/// block of `sijill.intake` at a time, or on the inbox's queue.
final class FileBytes {
    let descriptor: FileDescriptor
    /// Nil for a file that is not packed.
    let survey: GzipSurvey?
    private let limits: InputLimits
    private var gzip: Gzip
    /// Offset of the next packed byte to read.
    private var packedPosition: UInt64 = 0
    /// What was skipped on the way to a place, kept for its room.
    private var skipped: [UInt8] = []

    fileprivate static let chunkBytes = 64 << 10

    init(_ descriptor: FileDescriptor, survey: GzipSurvey?, limits: InputLimits) {
        self.descriptor = descriptor
        self.survey = survey
        self.limits = limits
        gzip = Gzip(limits: limits)
    }

    /// Reads up to `count` bytes at `offset` to the end of `bytes`; returns how many, 0 at the end.
    func read(_ count: Int, at offset: UInt64, into bytes: inout [UInt8]) throws(SystemError) -> Int {
        guard survey != nil else { return try descriptor.read(count, at: offset, into: &bytes) }
        if offset < gzip.unpackedBytes {
            gzip = Gzip(limits: limits)
            packedPosition = 0
        }
        while gzip.unpackedBytes < offset {
            skipped.removeAll(keepingCapacity: true)
            let left = Int(min(offset - gzip.unpackedBytes, UInt64(FileBytes.chunkBytes)))
            if try unpack(left, into: &skipped) == 0 { return 0 }
        }
        return try unpack(count, into: &bytes)
    }

    private func unpack(_ count: Int, into bytes: inout [UInt8]) throws(SystemError) -> Int {
        let start = bytes.count
        while bytes.count < start + count {
            if gzip.needsInput {
                var chunk: [UInt8] = []
                let got = try descriptor.read(FileBytes.chunkBytes, at: packedPosition, into: &chunk)
                if got == 0 { break }
                packedPosition += UInt64(got)
                gzip.give(chunk)
            }
            do throws(Rejection) {
                try gzip.unpack(start + count - bytes.count, to: &bytes)
            } catch {
                // The whole file was sound when it was surveyed: it is being written to.
                throw SystemError("inflate", descriptor.path, code: EIO)
            }
        }
        return bytes.count - start
    }
}

/// What unpacking a whole file once told, with nothing kept: done before anything is taken of it, so that a
/// bomb or a file with a wrong check sum is one rejected input and no record of it is in the log.
struct GzipSurvey: Hashable, Sendable {
    /// Of the file as it lies there.
    let packedDigest: Digest
    let unpackedBytes: UInt64

    /// Unpacks the file in bounded memory.
    static func of(
        _ descriptor: FileDescriptor, limits: InputLimits
    ) throws(SystemError) -> Result<GzipSurvey, Rejection> {
        let gzip = Gzip(limits: limits)
        var digest = DigestBuilder()
        var position: UInt64 = 0
        var unpacked: [UInt8] = []
        while true {
            var chunk: [UInt8] = []
            if try descriptor.read(FileBytes.chunkBytes, at: position, into: &chunk) == 0 { break }
            position += UInt64(chunk.count)
            digest.add(chunk)
            gzip.give(chunk)
            do throws(Rejection) {
                while !gzip.needsInput {
                    unpacked.removeAll(keepingCapacity: true)
                    try gzip.unpack(256 << 10, to: &unpacked)
                }
            } catch {
                return .failure(error)
            }
        }
        do throws(Rejection) { try gzip.finish() } catch { return .failure(error) }
        return .success(GzipSurvey(packedDigest: digest.finish(), unpackedBytes: gzip.unpackedBytes))
    }
}

extension FileDescriptor {
    /// Of the whole file, read in bounded memory.
    func digest() throws(SystemError) -> Digest {
        var digest = DigestBuilder()
        var position: UInt64 = 0
        while true {
            var chunk: [UInt8] = []
            if try read(FileBytes.chunkBytes, at: position, into: &chunk) == 0 { return digest.finish() }
            position += UInt64(chunk.count)
            digest.add(chunk)
        }
    }
}
