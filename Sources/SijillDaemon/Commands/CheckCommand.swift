import ArgumentParser
import Glibc
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijilld check`: reads everything and says what is wrong, a line a finding.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read log, originals, indexes, state and store, and say what does not fit.",
        discussion: """
            Changes nothing. May run beside the daemon. Ends with exit code 0 when everything is sound, 1 when \
            something was found.
            """)

    @OptionGroup var options: DirectoryOptions

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func run() throws {
        let directory = try options.load().data
        guard File.exists(directory.state) || File.exists(directory.log) else {
            throw SijillError(
                .configuration, "\(directory.root.escapedForDisplay) is no data directory: it has no log",
                remedy: "name the right one with --data")
        }
        let lock = try DirectoryInUse.lock(of: directory)
        let (findings, count) = try check(directory, isRunning: lock == nil)
        withExtendedLifetime(lock) { report(findings, count) }
        if !findings.isEmpty { throw ExitCode(EndCode.checkFailed.rawValue) }
    }

    private func check(_ directory: DataDirectory, isRunning: Bool) throws -> (
        findings: [String], count: UInt64
    ) {
        // The checkpoint and the store's snapshot first: what they cover is in the log before it is asked for its end.
        var check = LogCheck(directory)
        let log = try? LogState.read(directory.state)?.log
        // A stopped directory may lack its store, as a backup does: the next start makes it again.
        let hasStore = isRunning || File.exists(directory.store)
        let comparison = hasStore ? log.map { StoreComparison(path: directory.store, log: $0) } : nil
        let bound = isRunning ? try DirectoryInUse.position(of: directory) : nil
        var progress = ProgressLine(total: try logBytes(directory))
        var next = SequenceNumber(1)
        check.bound = bound
        try check.run(
            progress: { progress.add($0) },
            found: { changes in
                // Behind a hole in the log the store cannot be held against it.
                guard changes.first?.sequence == next else { return }
                next = changes.last!.sequence.next
                comparison?.add(changes)
            })
        progress.end()
        let found = comparison?.finish() ?? []
        // An index of a store that is not sound is made again with the store.
        let words = found.isEmpty && comparison != nil ? searchFindings(directory, isRunning) : []
        return (check.findings + found + words, check.changeCount)
    }

    /// The words of the search index are compared only where no daemon writes: FTS5 does it under the store's lock.
    private func searchFindings(_ directory: DataDirectory, _ isRunning: Bool) -> [String] {
        do {
            if !isRunning { return try SearchCheck.words(path: directory.store) }
            note("the words of the search index are not compared while the daemon runs")
        } catch {
            note("the words of the search index are not compared: \(error)")
        }
        return []
    }

    private func note(_ text: String) {
        let line = Array("sijilld: \(text.escapedForDisplay)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }

    /// Bytes of log and originals, for the progress bar.
    private func logBytes(_ directory: DataDirectory) throws -> UInt64 {
        var bytes: UInt64 = 0
        for (folder, kind) in [(directory.log, ".ndjson"), (directory.originals, ".warc")] {
            for name in (try? DirectoryListing.names(folder)) ?? [] where name.hasSuffix(kind) {
                bytes += (try? File("\(folder)/\(name)", .read).size()) ?? 0
            }
        }
        return bytes
    }

    private func report(_ findings: [String], _ count: UInt64) {
        if json {
            let found = JSONValue.array(findings.map { .string(Array($0.utf8)) })
            return printJSON(JSONMember("changes", count), JSONMember(name: "findings", value: found))
        }
        for finding in findings { printLine(finding.escapedForDisplay) }
        printLine(
            findings.isEmpty ? "sound: \(count) changes" : "\(findings.count) findings in \(count) changes")
    }
}
