import CZlib
import SijillFormat

/// Unpacks gzip (RFC 1952): one member or several behind each other, the CRC and the length of each checked.
///
/// The caller gives packed bytes and takes unpacked ones, as many as it has room for, so memory stays bounded
/// whatever comes. Used by one thread at a time.
package final class Gzip {
    /// A ratio over the limit is a bomb only from so many unpacked bytes on: a page of blanks is none.
    package static let ratioFreeBytes: UInt64 = 1 << 20

    /// Bytes that came out so far.
    package private(set) var unpackedBytes: UInt64 = 0
    /// Bytes that were read of what was given.
    package private(set) var packedBytes: UInt64 = 0

    private let limits: InputLimits
    /// At a fixed address, as zlib wants it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var position = 0
    private var state = State.before
    /// There was no room for all that came out of what was read.
    private var isHoldingBack = false

    private enum State {
        /// In front of the first member.
        case before
        case member
        /// Behind a member: another may follow, or NULs that fill a block.
        case behind
        case padding
    }

    package init(limits: InputLimits) {
        self.limits = limits
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the gzip format alone.
        let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib cannot begin: no memory, or another version than it was built for")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Whether bytes begin as gzip does.
    package static func isMagic(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// All given bytes have been read, and nothing is left to come out of them.
    package var needsInput: Bool { position == input.count && !isHoldingBack }

    /// Gives the next packed bytes; all before must have been read.
    package func give(_ packed: [UInt8]) {
        precondition(needsInput, "packed bytes are given when those before have been read")
        input = packed
        position = 0
    }

    /// Unpacks up to `count` bytes to the end of `output`; fewer when `needsInput`.
    ///
    /// - Throws: `bomb` over the limits, `unsupported-compression` for bytes that are no sound gzip.
    package func unpack(_ count: Int, to output: inout [UInt8]) throws(Rejection) {
        let start = output.count
        let wanted = start + count
        while output.count < wanted, try reachMember() {
            let code = step(wanted - output.count, &output)
            try checkLimits()
            switch code {
            case Z_OK, Z_BUF_ERROR: if needsInput { return }
            case Z_STREAM_END:
                inflateReset(stream)
                state = .behind
            default: throw damaged("its data or check sum is wrong")
            }
        }
    }

    /// - Throws: `truncated` when the packed bytes end inside a member.
    package func finish() throws(Rejection) {
        guard state == .behind || state == .padding else {
            throw Rejection(
                .truncated,
                "the gzip data ends without its trailer, after \(packedBytes) bytes; deliver all of it")
        }
    }

    /// Whether a byte of a member comes next, or is held back.
    private func reachMember() throws(Rejection) -> Bool {
        guard !needsInput else { return false }
        if isHoldingBack { return true }
        if state == .behind, input[position] == 0 { state = .padding }
        if state == .padding {
            while position < input.count, input[position] == 0 { read(1) }
            guard needsInput else { throw damaged("something follows its end that is no gzip") }
            return false
        }
        state = .member
        return true
    }

    private func read(_ count: Int) {
        position += count
        packedBytes += UInt64(count)
    }

    private func step(_ count: Int, _ output: inout [UInt8]) -> Int32 {
        var code = Z_OK
        let piece = [UInt8](unsafeUninitializedCapacity: min(count, 256 << 10)) { buffer, filled in
            input.withUnsafeMutableBufferPointer { input in
                // There was input before a member is reached. zlib keeps neither pointer behind this call.
                stream.pointee.next_in = input.baseAddress! + position
                stream.pointee.avail_in = UInt32(clamping: input.count - position)
                stream.pointee.next_out = buffer.baseAddress
                stream.pointee.avail_out = UInt32(buffer.count)
                code = inflate(stream, Z_NO_FLUSH)
                filled = buffer.count - Int(stream.pointee.avail_out)
                isHoldingBack = stream.pointee.avail_out == 0 && code == Z_OK
            }
        }
        read(Int(UInt32(clamping: input.count - position) - stream.pointee.avail_in))
        unpackedBytes += UInt64(piece.count)
        output += piece
        return code
    }

    private func checkLimits() throws(Rejection) {
        if unpackedBytes > limits.gzipOutBytesMax {
            throw Rejection(
                .bomb,
                "unpacked it has over \(limits.gzipOutBytesMax) bytes; split it or raise limits.gzip_out")
        }
        if unpackedBytes > Gzip.ratioFreeBytes, unpackedBytes / UInt64(limits.gzipRatioMax) >= packedBytes {
            throw Rejection(
                .bomb,
                "unpacked it is over \(limits.gzipRatioMax) times as big; deliver it unpacked or raise "
                    + "limits.gzip_ratio")
        }
    }

    private func damaged(_ what: String) -> Rejection {
        Rejection(
            .unsupportedCompression, "damaged gzip near byte \(packedBytes): \(what); pack it again",
            offset: packedBytes)
    }
}

extension Gzip {
    /// All of `packed`, which has at most `bytesMax` unpacked bytes.
    ///
    /// - Throws: also `too-large`.
    package static func unpacked(
        _ packed: [UInt8], limits: InputLimits, bytesMax: Int
    ) throws(Rejection) -> [UInt8] {
        let gzip = Gzip(limits: limits)
        var bytes: [UInt8] = []
        gzip.give(packed)
        while !gzip.needsInput {
            try gzip.unpack(256 << 10, to: &bytes)
            if bytes.count > bytesMax {
                throw Rejection(
                    .tooLarge,
                    "unpacked, the file has over the limit of \(bytesMax) bytes; split it or raise the limit")
            }
        }
        try gzip.finish()
        return bytes
    }
}
