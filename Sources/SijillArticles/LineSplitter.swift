import SijillFormat

/// Cuts a JSONL file that comes in pieces into its records.
///
/// A record is a line without its end: LF, or CR and LF; the last end may be missing. Blank lines (spaces, tabs, a
/// byte order mark) are counted and are no records. Memory is bounded by `lineBytesMax`: a longer line is counted
/// and hashed while its bytes are skipped.
package struct LineSplitter {
    package enum Line: Hashable, Sendable {
        /// Line number from 1, byte of the file at which the line begins, the line without its end.
        case record(number: UInt64, offset: UInt64, bytes: [UInt8])
        /// A line over the limit: its length without its end, and the digest of the skipped bytes.
        case tooLarge(number: UInt64, offset: UInt64, length: UInt64, digest: Digest)
    }

    /// Number of the line that comes next, or is being read.
    package private(set) var number: UInt64
    /// Byte of the file at which that line begins.
    package private(set) var offset: UInt64

    private let lineBytesMax: Int
    /// What has come of a line that is not over yet; one byte more than the limit, for a CR.
    private var begun: [UInt8] = []
    private var skipped: SkippedLine?

    /// A splitter that begins at `offset`, the beginning of line `number`: a file is gone on with behind a record.
    package init(lineBytesMax: Int, number: UInt64 = 1, offset: UInt64 = 0) {
        self.lineBytesMax = lineBytesMax
        self.number = number
        self.offset = offset
    }

    /// Takes the next bytes of the file and returns the lines that they end.
    package mutating func add(_ chunk: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var start = 0
        while let end = ByteSearch.first(0x0A, in: chunk, from: start) {
            if let line = endLine(chunk[start..<end], endBytes: 1) { lines.append(line) }
            start = end + 1
        }
        keep(chunk[start...])
        return lines
    }

    /// The last line, when the file does not end in LF.
    package mutating func finish() -> Line? { endLine([], endBytes: 0) }

    private mutating func endLine(_ rest: ArraySlice<UInt8>, endBytes: UInt64) -> Line? {
        keep(rest)
        let line = takeLine(hasEnd: endBytes > 0)
        offset += line.length + endBytes
        number += 1
        return line.result
    }

    private mutating func takeLine(hasEnd: Bool) -> (result: Line?, length: UInt64) {
        if let long = skipped.take() {
            let (length, digest) = long.finish(hasEnd: hasEnd)
            return (.tooLarge(number: number, offset: offset, length: length, digest: digest), long.length)
        }
        var bytes: [UInt8] = []
        swap(&bytes, &begun)
        let length = UInt64(bytes.count)
        if hasEnd, bytes.last == 0x0D { bytes.removeLast() }
        if bytes.count > lineBytesMax {
            let digest = Digest.of(bytes)
            return (
                .tooLarge(number: number, offset: offset, length: UInt64(bytes.count), digest: digest), length
            )
        }
        if LineSplitter.isBlank(bytes) { return (nil, length) }
        return (.record(number: number, offset: offset, bytes: bytes), length)
    }

    private mutating func keep(_ rest: ArraySlice<UInt8>) {
        if skipped == nil, begun.count + rest.count > lineBytesMax + 1 {
            skipped = SkippedLine()
            skipped?.add(begun[...])
            begun = []
        }
        if skipped != nil { skipped?.add(rest) } else { begun.append(contentsOf: rest) }
    }

    private static func isBlank(_ line: [UInt8]) -> Bool {
        let text = line.starts(with: UTF8Text.byteOrderMark) ? line[3...] : line[...]
        return text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}

/// A line over the limit, of which only length and digest are kept.
private struct SkippedLine {
    /// Bytes that came, a CR at the end included.
    private(set) var length: UInt64 = 0
    private var digest = DigestBuilder()
    /// The last byte was a CR, which belongs to the line only when no LF follows. It is not hashed yet.
    private var endsInCarriageReturn = false

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        guard let last = bytes.last else { return }
        if endsInCarriageReturn { digest.add([0x0D]) }
        endsInCarriageReturn = last == 0x0D
        digest.add(endsInCarriageReturn ? bytes.dropLast() : bytes)
        length += UInt64(bytes.count)
    }

    func finish(hasEnd: Bool) -> (length: UInt64, digest: Digest) {
        var digest = digest
        guard endsInCarriageReturn else { return (length, digest.finish()) }
        if hasEnd { return (length - 1, digest.finish()) }
        digest.add([0x0D])
        return (length, digest.finish())
    }
}
