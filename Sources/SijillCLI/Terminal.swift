import Glibc
import SijillFiles
import SijillFormat

/// Standard output or standard error.
struct Terminal {
    static let output = Terminal(descriptor: STDOUT_FILENO)
    static let error = Terminal(descriptor: STDERR_FILENO)

    let descriptor: Int32

    /// Tables, bars and colour are for people; anything else gets plain lines.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// https://no-color.org
    var hasColour: Bool { isTerminal && environment("NO_COLOR") == nil && environment("TERM") != "dumb" }

    /// Writes text for people. What cannot be written to them is lost; there is no one left to tell.
    func write(_ text: String) { try? write(Array(text.utf8)) }

    /// Writes all of `bytes`.
    ///
    /// - Throws: `SystemError`; with EPIPE when the reader has gone.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            written += try system("write", descriptor == STDOUT_FILENO ? "standard output" : "standard error")
            {
                unsafe bytes.withUnsafeBytes { raw in
                    Glibc.write(descriptor, raw.baseAddress! + written, raw.count - written)
                }
            }
        }
    }

    /// Writes `value` as one line.
    func write(_ value: JSONValue) throws(SystemError) { try write(Array((value.line + "\n").utf8)) }

    func dim(_ text: String) -> String { hasColour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
    func bold(_ text: String) -> String { hasColour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func red(_ text: String) -> String { hasColour ? "\u{1B}[31m\(text)\u{1B}[0m" : text }
    func green(_ text: String) -> String { hasColour ? "\u{1B}[32m\(text)\u{1B}[0m" : text }
}

/// Collects lines and writes them together: a line at a time would cost a system call each.
struct LineOutput {
    private var buffer: [UInt8] = []
    private let bytesMax = 128 << 10

    mutating func append(_ line: [UInt8]) throws(SystemError) {
        buffer += line
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= bytesMax { try flush() }
    }

    mutating func flush() throws(SystemError) {
        guard !buffer.isEmpty else { return }
        try Terminal.output.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}

extension String {
    /// Text of others for a terminal: nothing in it can move the cursor or turn the direction of what follows. The
    /// isolate (U+2068 … U+2069) keeps a right-to-left title from reordering the labels and numbers around it.
    var isolatedForDisplay: String {
        let shown = escapedForDisplay
        return shown.unicodeScalars.contains { $0.value >= 0x0590 } ? "\u{2068}\(shown)\u{2069}" : shown
    }
}

/// Rows of a label and a value.
struct Listing {
    private var rows: [(label: String, value: String)] = []

    mutating func add(_ label: String, _ value: String?) {
        if let value, !value.isEmpty { rows.append((label, value)) }
    }

    /// Values are escaped here, so callers pass what they have.
    func text(for terminal: Terminal) -> String {
        let width = rows.map(\.label.count).max() ?? 0
        return rows.map { row in
            let label = row.label + String(repeating: " ", count: width - row.label.count)
            let value = terminal.isTerminal ? row.value.isolatedForDisplay : row.value.escapedForDisplay
            return "\(terminal.dim(label))  \(value)\n"
        }.joined()
    }
}
