import Glibc
import SijillFiles
import SijillFormat

/// Keeps what could not be taken in, by reason, each with what is known about it (contract: inbox §3).
///
/// What it writes is durable when the call returns. Names never leave the directory of their reason.
package struct Quarantine: Sendable {
    private let root: DirectoryHandle

    package init(root: DirectoryHandle) { self.root = root }

    /// Moves a rejected file here: first `<name>.reason.json`, durably, then the file under its name, or under
    /// `<name>.<sequence>` where that is taken.
    ///
    /// - Parameters:
    ///   - current: the name under which the file lies in `directory`.
    ///   - firstSeen: nanoseconds since 1970.
    package func move(
        _ current: NameBytes, from directory: DirectoryHandle, as change: OpenChange, firstSeen: Int64,
        mates: [(name: NameBytes, aside: NameBytes)] = []
    ) throws(SystemError) {
        let folder = try self.folder(change)
        let name = try freeName(change, in: folder)
        var kept: [NameBytes] = []
        for mate in mates { kept.append(try freeName(mate.name, change.sequence, in: folder)) }
        try writeReason(change, name + Quarantine.reasonEnding, in: folder, firstSeen: firstSeen, mates: kept)
        for (mate, name) in zip(mates, kept) {
            do throws(SystemError) {
                try directory.move(mate.aside, to: folder, as: name)
            } catch {
                // It went in an attempt before this one.
                if !error.isNotFound { throw error }
            }
        }
        try directory.move(current, to: folder, as: name)
    }

    static let reasonEnding = Array(".reason.json".utf8)
    static let rejectsEnding = Array(".rejects.jsonl".utf8)

    /// Where rejected records of files of that name are kept.
    package func rejects(of change: OpenChange) throws(SystemError) -> RejectsFile {
        let folder = try folder(change)
        let name = Quarantine.cut(change.file.nameOnDisk, for: Quarantine.rejectsEnding.count)
        return try RejectsFile(name + Quarantine.rejectsEnding, in: folder)
    }

    private func folder(_ change: OpenChange) throws(SystemError) -> DirectoryHandle {
        // Only rejected changes come here; the closed list makes the folders.
        let reason = change.reason ?? .readError
        return try root.makeDirectory(Array(reason.rawValue.utf8))
    }

    private func freeName(_ change: OpenChange, in folder: DirectoryHandle) throws(SystemError) -> NameBytes {
        try freeName(change.file.nameOnDisk, change.sequence, in: folder)
    }

    private func freeName(
        _ given: NameBytes, _ sequence: SequenceNumber, in folder: DirectoryHandle
    ) throws(SystemError) -> NameBytes {
        let suffix = Array(".\(sequence)".utf8)
        let room = Quarantine.reasonEnding.count + suffix.count
        let name = Quarantine.cut(given, for: room)
        do throws(SystemError) {
            _ = try folder.status(of: name)
        } catch {
            guard error.isNotFound else { throw error }
            return name
        }
        return name + suffix
    }

    /// A name short enough for `room` more bytes behind it.
    private static func cut(_ name: NameBytes, for room: Int) -> NameBytes {
        Array(name.prefix(Limits.nameBytesMax - room))
    }

    private func writeReason(
        _ change: OpenChange, _ name: NameBytes, in folder: DirectoryHandle, firstSeen: Int64,
        mates: [NameBytes]
    ) throws(SystemError) {
        var out = RejectionWriter(change)
        out.mates(mates)
        out.member("first_seen", Timestamp(milliseconds: UInt64(max(0, firstSeen)) / 1_000_000).rfc3339)
        try folder.replaceDurably(name, with: out.finish() + [UInt8(ascii: "\n")])
    }
}

/// Rejected records of files of one name and one reason, one JSON object a line.
///
/// Each line carries the sequence of its change, so that after a crash none is written twice: what stands in the file
/// is read when it is opened, and a torn last line is cut off.
package final class RejectsFile {
    private let descriptor: FileDescriptor
    private let folder: DirectoryHandle
    private var sequences: Set<SequenceNumber> = []
    private var waiting: [UInt8] = []
    private var isSynced = true

    /// - Complexity: O(bytes of the file): its sequences are read.
    init(_ name: NameBytes, in folder: DirectoryHandle) throws(SystemError) {
        self.folder = folder
        descriptor = try folder.openForAppending(name)
        var splitter = LineStarts()
        var offset: UInt64 = 0
        while true {
            var chunk: [UInt8] = []
            let count = try descriptor.read(1 << 20, at: offset, into: &chunk)
            if count == 0 { break }
            offset += UInt64(count)
            splitter.add(chunk)
        }
        sequences = splitter.sequences
        if splitter.wholeBytes < offset { try descriptor.truncate(to: splitter.wholeBytes) }
    }

    /// Adds a rejected record unless it is there. `bytes` are nil where there were too many to keep.
    func add(_ change: OpenChange, bytes: [UInt8]?) throws(SystemError) {
        guard sequences.insert(change.sequence).inserted else { return }
        var out = RejectionWriter(change)
        if let bytes { out.raw(bytes) }
        waiting += out.finish() + [UInt8(ascii: "\n")]
        isSynced = false
        if waiting.count >= 1 << 20 { try write() }
    }

    /// Makes all that was added durable.
    func sync() throws(SystemError) {
        try write()
        guard !isSynced else { return }
        try descriptor.sync()
        try folder.sync()
        isSynced = true
    }

    private func write() throws(SystemError) {
        guard !waiting.isEmpty else { return }
        let before = try descriptor.status().bytes
        do throws(SystemError) {
            try descriptor.write(waiting)
        } catch {
            // Half a batch would be written again in full: cut it off. Failing that, the next opening does.
            try? descriptor.truncate(to: before)
            throw error
        }
        waiting.removeAll()
    }
}

/// Finds the sequences at the beginnings of lines, in bounded memory.
private struct LineStarts {
    private(set) var sequences: Set<SequenceNumber> = []
    private(set) var wholeBytes: UInt64 = 0
    private var line: [UInt8] = []
    private var lineBytes: UInt64 = 0

    private static let opening = Array("{\"sequence\":".utf8)

    mutating func add(_ chunk: [UInt8]) {
        for byte in chunk {
            lineBytes += 1
            if byte == UInt8(ascii: "\n") {
                endLine()
            } else if line.count < 64 {
                line.append(byte)
            }
        }
    }

    private mutating func endLine() {
        if line.starts(with: LineStarts.opening) {
            let digits = line.dropFirst(LineStarts.opening.count).prefix { $0 >= 0x30 && $0 <= 0x39 }
            if let value = Decimal.value(digits) { sequences.insert(SequenceNumber(value)) }
        }
        wholeBytes += lineBytes
        lineBytes = 0
        line.removeAll(keepingCapacity: true)
    }
}

/// One JSON object about a rejected input.
private struct RejectionWriter {
    private var out = ByteWriter(capacity: 512)

    init(_ change: OpenChange) {
        out.append("{\"sequence\":" as StaticString)
        out.decimal(change.sequence.value)
        member("name", change.file.name)
        if let bytes = change.file.nameBytes { member("name_b64", Base64.encode(bytes)) }
        member("source", change.file.source)
        member("reason", (change.reason ?? .readError).rawValue)
        member("detail", change.detail)
        if let line = change.file.line { member("line", number: line) }
        if let offset = change.file.offset { member("offset", number: offset) }
        member("bytes", number: change.file.bytes)
        if let digest = change.file.sha256 { member("sha256", digest.hex) }
        let now = UInt64(max(0, WallClock.now())) / 1_000_000
        member("at", Timestamp(milliseconds: now).rfc3339)
    }

    mutating func member(_ name: String, _ text: String) {
        begin(name)
        out.jsonString(text)
    }

    mutating func raw(_ bytes: [UInt8]) {
        if (try? UTF8Span(validating: bytes.span)) != nil {
            begin("raw")
            out.jsonString(bytes)
        } else {
            member("raw_b64", Base64.encode(bytes))
        }
    }

    /// The names under which the mates lie beside the file, as base 64 where they are not UTF-8.
    mutating func mates(_ names: [NameBytes]) {
        guard !names.isEmpty else { return }
        begin("mates")
        for (position, name) in names.enumerated() {
            out.byte(position == 0 ? "[" : ",")
            let text = String(validating: name, as: UTF8.self)
            out.append("{\"\(text == nil ? "name_b64" : "name")\":")
            out.jsonString(text ?? Base64.encode(name))
            out.byte("}")
        }
        out.byte("]")
    }

    private mutating func member(_ name: String, number: UInt64) {
        begin(name)
        out.decimal(number)
    }

    private mutating func begin(_ name: String) {
        out.byte(",")
        out.jsonString(name)
        out.byte(":")
    }

    func finish() -> [UInt8] { out.bytes + [UInt8(ascii: "}")] }
}

extension FileRecord {
    /// The name's bytes as they were.
    var nameOnDisk: NameBytes { nameBytes ?? Array(name.utf8) }
}
