/// One line on a terminal that says how far something has come; nothing anywhere else.
struct ProgressBar {
    private let first: UInt64
    private let total: UInt64
    private var done: UInt64 = 0
    private var shown = -1
    private let isShown = Terminal.error.isTerminal

    /// - Parameter first: what was done before, where `set` is told numbers that do not begin at 0.
    init(from first: UInt64 = 0, total: UInt64) {
        self.first = first
        self.total = max(total, first)
        done = first
    }

    mutating func advance(by count: Int) { set(done + UInt64(count)) }

    /// So far it has come; a smaller number than before is passed over.
    mutating func set(_ value: UInt64) {
        done = max(done, value)
        guard isShown, total > first else { return }
        let percent = Int(min(100, (done - first) * 100 / (total - first)))
        guard percent != shown else { return }
        shown = percent
        let filled = percent * 40 / 100
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 40 - filled)
        Terminal.error.write("\r\(bar) \(percent) %")
    }

    /// Gives the line back.
    mutating func clear() {
        guard isShown, shown >= 0 else { return }
        Terminal.error.write("\r\u{1B}[K")
        shown = -1
    }
}
