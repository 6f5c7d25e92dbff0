import ArgumentParser
import Glibc
import Sijill
import SijillFiles
import SijillFormat

/// How far a reader has come, kept over its end.
struct KeepingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep in this file how far was printed, and go on from there the next time.", valueName: "file"),
        completion: .file())
    var state: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Append to this file, and go on behind its last line the next time: each change is in it once.",
            valueName: "file"),
        completion: .file())
    var output: String?

    func validate() throws {
        if state != nil, output != nil {
            throw ValidationError("--output knows its place by its last line; leave --state out")
        }
    }

    static let discussion = """
        With --state the place is kept durably after each batch is printed. A reader that is killed goes on without a \
        gap; the last batch may come once more, because printing and keeping are two steps. Each line has its own \
        'id', so whoever takes the lines can tell. With --output there is one step: after a kill, at any moment, the \
        file has each change exactly once. Where a place is kept it wins over --since.
        """
}

/// Where changes are printed, and how far that has come.
protocol ChangeSink: Sendable {
    /// Where to go on from; nil at the first start.
    var start: LogStart? { get }

    /// Puts out the lines, and keeps the place behind them.
    func put(_ lines: [[UInt8]], next: LogStart) throws
}

extension KeepingOptions {
    func sink() throws -> any ChangeSink {
        if let output { return try OutputFile(output) }
        if let state { return try StateFile(state) }
        return StandardOutput()
    }
}

/// Lines to standard output; nothing is kept.
struct StandardOutput: ChangeSink {
    let start: LogStart? = nil

    func put(_ lines: [[UInt8]], next: LogStart) throws {
        var output = LineOutput()
        for line in lines { try output.append(line) }
        try output.flush()
    }
}

/// Lines to standard output, and the place behind them in a file: a cursor in one line.
struct StateFile: ChangeSink {
    let start: LogStart?
    private let path: String
    private let lock: FileLock

    init(_ path: String) throws {
        // The file itself is replaced each time, so the lock is on one beside it.
        lock = try FileLock(path + ".lock")
        self.path = path
        guard let bytes = try File.contents(path), !bytes.isEmpty else {
            start = nil
            return
        }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
        guard let kept = line.flatMap({ LogStart($0) }) else {
            throw SijillError(
                .configuration, "\(path) holds no cursor", remedy: "remove it, or name another file")
        }
        start = kept
    }

    func put(_ lines: [[UInt8]], next: LogStart) throws {
        try StandardOutput().put(lines, next: next)
        try Durable.replace(path, Array("\(next)\n".utf8))
    }
}

/// Lines to the end of a file, which by its last whole line says how far it is. A cut line, left by a kill or a power
/// cut, is taken away.
struct OutputFile: ChangeSink {
    let start: LogStart?
    private let file: File
    private let lock: FileLock

    init(_ path: String) throws {
        lock = try FileLock(path)
        file = try File(path, .write)
        let size = try file.size()
        let end = try Self.lastNewline(in: file, before: size).map { $0 + 1 } ?? 0
        if end < size { try file.truncate(to: end) }
        guard end > 0 else {
            start = nil
            return
        }
        let before = try Self.lastNewline(in: file, before: end - 1).map { $0 + 1 } ?? 0
        let line = try file.read(at: before, count: Int(end - 1 - before))
        guard let change = try? LogChange(line: line) else {
            throw SijillError(
                .configuration, "the last line of \(path) is no change of a log",
                remedy: "name a file that sijill has written, or a new one")
        }
        start = .after(change.cursor)
    }

    func put(_ lines: [[UInt8]], next: LogStart) throws {
        guard !lines.isEmpty else { return }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.reduce(lines.count) { $0 + $1.count })
        for line in lines {
            bytes += line
            bytes.append(UInt8(ascii: "\n"))
        }
        try file.write(bytes.span, at: try file.size())
        try file.synchronize()
    }

    /// Offset of the last newline before `end`.
    private static func lastNewline(in file: File, before end: UInt64) throws -> UInt64? {
        var end = end
        while end > 0 {
            let start = end - min(end, 64 << 10)
            let piece = try file.read(at: start, count: Int(end - start))
            if let position = piece.lastIndex(of: UInt8(ascii: "\n")) { return start + UInt64(position) }
            end = start
        }
        return nil
    }
}
