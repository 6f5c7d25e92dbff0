import Glibc

/// A bar on standard error while a long command runs; nothing where that is no terminal.
struct ProgressLine {
    private let total: UInt64
    private let isShown = isatty(STDERR_FILENO) == 1
    private var done: UInt64 = 0
    private var shown = -1

    init(total: UInt64) { self.total = total }

    mutating func add(_ more: UInt64) { set(done + more) }

    mutating func set(_ value: UInt64) {
        done = value
        guard isShown, total > 0 else { return }
        let percent = Int(min(done, total) * 100 / total)
        guard percent != shown else { return }
        shown = percent
        let bar = String(repeating: "#", count: percent / 4) + String(repeating: ".", count: 25 - percent / 4)
        write("\r[\(bar)] \(percent) %")
    }

    /// Takes the bar away.
    func end() {
        if isShown, shown >= 0 { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
