import ArgumentParser
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijilld recover --accept-loss`: go on after the log was damaged, under a new log id.
struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Put a damaged log aside, and take in again what can be read of it, under a new log id.",
        discussion: """
            For a log that does not start (exit code 65) and cannot be restored. The damaged log, its originals and its \
            key are kept as they are in DATA/lost/<log>; every original that is whole goes back into the inbox, and the \
            next start takes it in to a new log with a new key. Articles keep their ids. Withdrawn articles stay in \
            DATA/lost, where no later erasure reaches them. Clients see another log and have to begin anew; proofs made \
            before stay valid for the old log.
            """)

    @OptionGroup var options: DirectoryOptions

    @Flag(help: "Say that changes may be lost for good.")
    var acceptLoss = false

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        let directory = configuration.data
        guard acceptLoss else {
            throw SijillError(
                .usage, "a damaged log is not repaired: what cannot be read is lost",
                remedy: "restore a backup if there is one; else say --accept-loss")
        }
        guard File.exists(directory.log) else {
            throw SijillError(
                .configuration, "\(directory.root.escapedForDisplay) is no data directory: it has no log",
                remedy: "name the right one with --data")
        }
        let lock = try DirectoryLock(directory)
        try refuseSound(directory, configuration.logOrigin)
        let aside = try putAside(directory)
        if !json { printLine("the damaged log is kept in \(aside.root.escapedForDisplay)") }
        let taken = try withExtendedLifetime(lock) { try takeBack(from: aside, to: configuration.inboxPath) }
        if json {
            printJSON(
                JSONMember("kept", aside.root), JSONMember("originals", UInt64(taken.count)),
                JSONMember("withdrawn", UInt64(taken.withdrawn)), JSONMember("lost", UInt64(taken.lost)))
        } else {
            taken.report()
        }
    }

    /// A log that opens is not to be thrown away.
    private func refuseSound(_ directory: DataDirectory, _ origin: String?) throws {
        var check = LogCheck(directory)
        try check.run()
        if check.findings.isEmpty {
            throw SijillError(.usage, "the log is sound: there is nothing to recover")
        }
        if !json { for finding in check.findings.prefix(20) { printLine(finding.escapedForDisplay) } }
    }

    private func putAside(_ directory: DataDirectory) throws -> DataDirectory {
        let name = (try? LogState.read(directory.state))??.log.description ?? "unknown"
        try Durable.createDirectory(directory.lost)
        var path = "\(directory.lost)/\(name)"
        var number = 1
        while File.exists(path) {
            number += 1
            path = "\(directory.lost)/\(name)-\(number)"
        }
        try Durable.createDirectory(path)
        let aside = DataDirectory(path)
        // The log last: until it has gone, the command can be given again.
        for (old, new) in [
            (directory.originals, aside.originals), (directory.signingKey, aside.signingKey),
            (directory.log, aside.log),
        ] where File.exists(old) && old != directory.keyElsewhere {
            try Durable.rename(old, new)
        }
        for file in Store.files(path: directory.store) { try Durable.remove(file) }
        try Durable.syncDirectory(directory.root)
        return aside
    }

    private func takeBack(from aside: DataDirectory, to inbox: String) throws -> Taken {
        var taken = Taken()
        guard File.exists(aside.originals) else { return taken }
        try Durable.createDirectory(inbox)
        var salvage = try LogSalvage(aside)
        try salvage.originals { found in
            if found.isWithdrawn {
                taken.withdrawn += 1
                return
            }
            try RecoveredFile(found).write(to: inbox)
            taken.count += 1
        }
        taken.lost = salvage.lostCount
        return taken
    }

    /// How many originals went back to the inbox, or why not.
    private struct Taken {
        var count = 0
        var withdrawn = 0
        var lost = 0

        func report() {
            printLine("\(count) originals were put back into the inbox; start the daemon to take them in")
            if withdrawn > 0 {
                printLine("\(withdrawn) originals of withdrawn articles were left where they are")
            }
            if lost > 0 { printLine("\(lost) records or changes could not be read") }
        }
    }
}

/// An input that goes back to the inbox: under its source, in a folder of its own, under its name.
private struct RecoveredFile {
    private let found: LogSalvage.Found

    init(_ found: LogSalvage.Found) { self.found = found }

    func write(to inbox: String) throws {
        var folder = inbox
        var source = found.file?.source ?? "default"
        if source.contains("/") || source.hasPrefix(".") { source = "default" }
        let parts = [source, "recovered", found.sequence.padded]
        for part in parts {
            folder += "/\(part)"
            try Durable.createDirectory(folder)
        }
        let path = "\(folder)/\(name)"
        try Durable.replace(path, found.bytes)
    }

    /// What it is read as, where its change cannot be read any more. Packed files do not say what is in them.
    private var ending: String {
        switch found.mediaType {
        case "application/json": "json"
        case "text/html": "html"
        case "application/gzip": "txt.gz"
        default: "txt"
        }
    }

    /// The name that it came under; a record of a file of many becomes a file of its own.
    private var name: String {
        guard let file = found.file else { return "\(found.sequence.padded).\(ending)" }
        var name = String(file.name.split(separator: "/").last ?? "input")
        if name.hasPrefix(".") { name = "_" + name }
        while name.utf8.count > 200 { name.removeFirst() }
        return file.line.map { "\(name)-\($0).json" } ?? name
    }
}
