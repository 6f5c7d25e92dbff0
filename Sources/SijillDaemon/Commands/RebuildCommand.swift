import ArgumentParser
import Logging
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijilld rebuild`: the store from the log.
struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make the SQLite store again from the log. The daemon must be stopped.")

    @OptionGroup var options: DirectoryOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let directory = try options.load().data
        guard File.exists(directory.state) else {
            throw SijillError(
                .configuration, "\(directory.root.escapedForDisplay) is no data directory: it has no log",
                remedy: "name the right one with --data")
        }
        let lock = try DirectoryLock(directory)
        let log = try ChangeLog(directory)
        log.announce()
        var progress = ProgressLine(total: log.tip?.sequence.value ?? 0)
        let opening = StoreOpening(directory, logger: Logger(label: "sijilld"))
        let store = try opening.rebuild(from: log.reader) { progress.set($0.value) }
        progress.end()
        var indexing = ProgressLine(total: store.applied.value)
        try store.indexAll { indexing.set($0.value) }
        indexing.end()
        let counts = store.counts()
        try store.checkpoint()
        try store.close()
        try log.close()
        withExtendedLifetime(lock) {
            if json {
                return printJSON(
                    JSONMember("changes", (log.tip?.sequence ?? .none).value),
                    JSONMember("articles", UInt64(counts.articles)))
            }
            printLine("rebuilt: \(log.tip?.sequence ?? .none) changes, \(counts.articles) articles")
        }
    }
}
